"""The same demand filed again (重复诉求): it joins its open case, and nobody is dispatched twice.

A ticket repeats what it names, or what the same caller filed in the same category about the
same place within the pack's days. Another reporter at the same place is a duplicate
(``usecases.duplicates``); what comes after the closing is a repetition of row 39.
"""

from datetime import timedelta

from domain.case import SETTLED, Status
from domain.place import Level, Place, metres_between
from domain.report import NewReport
from domain.views import CaseView
from store.rows import StoredReport
from usecases.callers import DESK
from usecases.city import City
from usecases.duplicates import MOST_PROPOSALS, POINT_METHODS, Duplicates
from usecases.file_report import UNCLASSIFIED
from usecases.place_and_owner import Answer

NAMED, SAME_CALLER = "names an earlier report", "same caller and category"
MAYBE = "same caller and category, place unknown"


def find_demand(*, city: City, report: NewReport, found: Answer) -> Duplicates | None:
    """Return the open case this report is about already, to join or to look at; None when it is new.

    A report worse than the case is no part of it, and one whose place nobody knows may not be:
    an operator looks, as with duplicates. A drill and what is real have nothing to do with each other.
    """
    if report.exercise:
        return None
    earlier = city.store.named_reports(report=report)
    days = city.pack.repeat.demand_days
    if days > 0 and report.category != UNCLASSIFIED:
        earlier += city.store.reports_of_caller(
            report=report, since=report.received_at - timedelta(days=days)
        )
    proposals: list[str] = []
    for one in earlier:
        view = city.store.case(case_no=one.belongs_to)
        why = _why(city, report, one, view, found)
        if view is None or not why:
            continue
        if why != MAYBE and (_pending(view) or view.severity <= found.decision.severity):
            return Duplicates(master=view.case_no, repeated="" if _another_reporter(report, one) else why)
        proposals.append(view.case_no)
    # The latest is the likeliest.
    shown = tuple(dict.fromkeys(reversed(proposals)))[:MOST_PROPOSALS]
    return Duplicates(proposals=shown) if shown else None


def _another_reporter(report: NewReport, one: StoredReport) -> bool:
    """Tell whether somebody else reports the same event: one more reporter, and no demand filed again.

    An operator names the case a new caller speaks of (row 7); a source names the ticket it repeats.
    """
    return report.source == DESK and report.caller != one.caller


def _why(city: City, report: NewReport, one: StoredReport, view: CaseView | None, found: Answer) -> str:
    """Say in what way a report repeats an earlier one; MAYBE where nobody can tell, empty where it does not."""
    if view is None or view.case_no == report.case_no or view.exercise or Status(view.status) in SETTLED:
        return ""
    if one.report_no in report.related or (one.source_no is not None and one.source_no in report.related):
        return NAMED
    most = city.pack.repeat.demand_metres
    same = (
        _same_as_reported(report, one, most) if _pending(view) else _same_place(found.place, view.place, most)
    )
    if same is None:
        return SAME_CALLER if _same_address(report, one) else MAYBE
    return SAME_CALLER if same else ""


def _pending(view: CaseView) -> bool:
    """Tell whether a case is not decided yet: filed a moment ago, or while Temporal is away.

    Nothing is known of it but what was reported. Whoever joins it waits until it runs.
    """
    return view.epoch == 0


def _same_as_reported(report: NewReport, one: NewReport, most: float) -> bool | None:
    """Compare what was said, of a case nobody has located or graded yet."""
    here, there = report.reported, one.reported
    if report.severity != one.severity or here.crs is not there.crs:
        return None
    if here.lon is None or here.lat is None or there.lon is None or there.lat is None:
        return None
    metres = metres_between(lon=here.lon, lat=here.lat, other_lon=there.lon, other_lat=there.lat)
    return metres <= most


def _same_place(here: Place, there: Place, most: float) -> bool | None:
    """Tell whether two places are near each other by their points, else by their smallest areas; None: unknown."""
    points = [
        (place.lon, place.lat)
        for place in (here, there)
        if place.lon is not None and place.lat is not None and place.method in POINT_METHODS
    ]
    if len(points) == 2:
        (lon, lat), (other_lon, other_lat) = points
        return metres_between(lon=lon, lat=lat, other_lon=other_lon, other_lat=other_lat) <= most
    mine, theirs = _areas(here), _areas(there)
    for level in (Level.COMMUNITY, Level.STREET, Level.DISTRICT):
        if level in mine and level in theirs:
            # A community is small enough to be one place; a street is not.
            return mine[level] == theirs[level] and (level is Level.COMMUNITY or None)
    return None


def _areas(place: Place) -> dict[Level, str]:
    return {area.level: area.code for area in place.chain}


def _same_address(report: NewReport, one: NewReport) -> bool:
    mine, theirs = ("".join((each.reported.address or "").split()) for each in (report, one))
    return bool(mine) and mine == theirs
