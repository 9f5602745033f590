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
from usecases.city import City
from usecases.duplicates import POINT_METHODS, Duplicates
from usecases.file_report import UNCLASSIFIED
from usecases.place_and_owner import Answer

NAMED, SAME_CALLER = "names an earlier report", "same caller and category"


def find_demand(*, city: City, report: NewReport, found: Answer) -> Duplicates | None:
    """Return the open case this report is about already, to join or to look at; None when it is new.

    A report worse than the case is no part of it: it is shown to an operator, as with
    duplicates. A drill and what is real have nothing to do with each other.
    """
    if report.exercise:
        return None
    caller = report.caller if report.category != UNCLASSIFIED else ""
    days = city.pack.repeat.demand_days
    if days <= 0:
        caller = ""
    earlier = city.store.earlier_reports(
        caller=caller,
        category=report.category,
        named=report.related,
        source=report.source,
        since=report.received_at - timedelta(days=days),
        before=report,
    )
    for one in earlier:
        view = city.store.case(case_no=one.belongs_to)
        why = _why(city, report, one, view, found)
        if view is not None and why:
            if view.severity > found.decision.severity:
                return Duplicates(proposals=(view.case_no,))
            return Duplicates(master=view.case_no, repeated=why)
    return None


def _why(city: City, report: NewReport, one: StoredReport, view: CaseView | None, found: Answer) -> str:
    """Say in what way a report repeats an earlier one; empty where it does not."""
    if view is None or view.case_no == report.case_no or view.exercise or Status(view.status) in SETTLED:
        return ""
    if one.report_no in report.related or (one.source_no is not None and one.source_no in report.related):
        return NAMED
    near = _same_place(found.place, view.place, most=city.pack.repeat.demand_metres)
    return SAME_CALLER if near else ""


def _same_place(here: Place, there: Place, *, most: float) -> bool:
    """Tell whether two places may be one: near points; else the same street; else nobody knows better."""
    points = [
        (place.lon, place.lat)
        for place in (here, there)
        if place.lon is not None and place.lat is not None and place.method in POINT_METHODS
    ]
    if len(points) == 2:
        (lon, lat), (other_lon, other_lat) = points
        return metres_between(lon=lon, lat=lat, other_lon=other_lon, other_lat=other_lat) <= most
    streets = {area.code for place in (here, there) for area in place.chain if area.level is Level.STREET}
    return len(streets) <= 1
