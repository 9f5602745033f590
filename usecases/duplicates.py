"""Is the same event open already? Same category, near in space and time (row 7)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.case import SETTLED, CaseState, Status
from domain.pack import MergeSettings
from domain.place import LocateMethod, Place, metres_between
from domain.report import NewReport
from domain.views import CaseView
from usecases.city import City

MOST_PROPOSALS = 3
POINT_METHODS = (LocateMethod.EXACT, LocateMethod.BORDER, LocateMethod.NEAREST)


@dataclass(frozen=True, kw_only=True, slots=True)
class Duplicates:
    """``master`` is near enough to merge at once; ``proposals`` want an operator's eye.

    ``repeated`` says why it is the same demand filed again, where it is (重复诉求).
    """

    master: str | None = None
    proposals: tuple[str, ...] = ()
    repeated: str = ""


NONE_FOUND = Duplicates()


def find_duplicates(
    *, city: City, case_no: str, category: str, severity: int, place: Place, at: datetime
) -> Duplicates:
    """Look for open cases of the category within the pack's metres and hours, nearest first.

    A report worse than the open case is no duplicate of it: it would wait on a milder clock.
    A drill is never a master: what is real must not end with it. Nor is a case that was settled
    before the report came: what is seen again after the closing is a repetition (row 39).
    """
    settings = city.pack.merge
    reach = max(settings.auto_m, settings.propose_m)
    if reach <= 0 or place.lon is None or place.lat is None or place.method not in POINT_METHODS:
        return NONE_FOUND
    found = city.store.open_nearby(
        category=category,
        lon=place.lon,
        lat=place.lat,
        metres=reach,
        since=at - timedelta(hours=settings.hours),
        exclude=case_no,
    )
    near = [
        (view, metres)
        for view, metres in found
        if view.severity <= severity
        and not view.exercise
        and _in_hand(view, at)
        and not _is_event_of_others(view)
    ]
    sure = [view.case_no for view, metres in near if metres <= settings.auto_m]
    if sure:
        return Duplicates(master=sure[0])
    return Duplicates(proposals=tuple(view.case_no for view, _ in near[:MOST_PROPOSALS]))


def _in_hand(view: CaseView, at: datetime) -> bool:
    settled = Status(view.status) in SETTLED
    return not settled or (view.closed_at is not None and view.closed_at > at)


def find_repeated(*, city: City, report: NewReport, place: Place, apart_from: str | None) -> CaseView | None:
    """Return the case last closed at this place about this thing within the pack's days (row 39), or None.

    A drill repeats nothing and is not repeated; a report split off is no repetition of what it left.
    """
    settings = city.pack.repeat
    if report.exercise or settings.metres <= 0 or settings.days <= 0:
        return None
    if place.lon is None or place.lat is None or place.method not in POINT_METHODS:
        return None
    found = city.store.closed_nearby(
        category=report.category,
        lon=place.lon,
        lat=place.lat,
        metres=settings.metres,
        since=report.received_at - timedelta(days=settings.days),
        until=report.received_at,
    )
    others = (view for view in found if view.case_no not in (report.case_no, apart_from))
    return next((view for view in others if not view.exercise), None)


def _is_event_of_others(view: CaseView) -> bool:
    """Tell whether a case was opened over others (a burst, E8): a report is about one of those, not about it."""
    return not view.reports and (view.parent is None or bool(view.aspects.children))


def in_each_others_way(*, settings: MergeSettings, states: Sequence[CaseState]) -> set[str]:
    """Return the cases that must wait, of those decided together.

    Cases decided in one go do not see each other in the store. Of two that may be about the
    same event only the first goes on; the other is decided again when the first can be found.
    """
    reach = max(settings.auto_m, settings.propose_m)
    taken: list[CaseState] = []
    waiting: set[str] = set()
    for state in states:
        if reach > 0 and any(_near(state, other, reach) for other in taken):
            waiting.add(state.case_no)
        else:
            taken.append(state)
    return waiting


def _near(state: CaseState, other: CaseState, reach: float) -> bool:
    here, there = state.place, other.place
    if state.category != other.category or state.exercise or other.exercise:
        return False
    if here.lon is None or here.lat is None or there.lon is None or there.lat is None:
        return False
    return metres_between(lon=here.lon, lat=here.lat, other_lon=there.lon, other_lat=there.lat) <= reach
