"""Looks on site and checks that wait for a checker or grid worker: nearest first where they are known to be."""

from dataclasses import dataclass
from datetime import UTC, datetime

from domain.account import Permission, Principal
from domain.case import Status
from domain.place import metres_between
from domain.views import CaseFilter, CaseSort, CaseView
from usecases.city import City
from usecases.permits import scope_of
from usecases.staff import allowed

MOST = 200
WANTED = {Status.VERIFYING_PRE.value: "record_verification", Status.CHECKING.value: "record_check"}
"""States in which somebody is looked for on site, and the command that says what was seen."""
_LAST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class VerifyEntry:
    """One place to look at. ``kind`` is the command that says what was seen; ``metres`` the way there.

    ``asked_at`` is since when it waits.
    """

    view: CaseView
    kind: str
    asked_at: datetime | None
    metres: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class VerifyList:
    """Everything to look at, in order. ``more``: there is more than one page shows."""

    entries: tuple[VerifyEntry, ...]
    more: bool


def verify_list(
    *, city: City, who: Principal, near: tuple[float, float] | None = None, limit: int = MOST
) -> VerifyList:
    """Return what waits for this person: the nearest first from ``near`` (WGS-84), else due soonest.

    One statement. Raises BadRequest (not_permitted).
    """
    scope = scope_of(city=city, who=who, permission=Permission.VERIFY)
    where = CaseFilter(status=tuple(WANTED), scope=scope, sort=CaseSort.DUE)
    page = city.store.list_cases(where=where, limit=limit, cursor=None)
    found = [_entry(view, near) for view in page.cases if _waits(city, who, view)]
    return VerifyList(entries=_sorted(found, near), more=page.next_cursor is not None)


def _waits(city: City, who: Principal, view: CaseView) -> bool:
    """Tell whether the case would take what this person saw: theirs to check, and not handled by their unit."""
    return any(one.kind == WANTED[view.status] for one in allowed(city=city, who=who, view=view))


def _entry(view: CaseView, near: tuple[float, float] | None) -> VerifyEntry:
    asked = view.aspects.verification
    metres = None
    if near is not None and view.lon is not None and view.lat is not None:
        metres = metres_between(lon=near[0], lat=near[1], other_lon=view.lon, other_lat=view.lat)
    return VerifyEntry(
        view=view,
        kind=WANTED[view.status],
        asked_at=asked.asked_at if asked is not None and not asked.finding else view.submitted_at,
        metres=metres,
    )


def _sorted(found: list[VerifyEntry], near: tuple[float, float] | None) -> tuple[VerifyEntry, ...]:
    by_due = sorted(found, key=lambda one: (one.view.next_due or _LAST, one.view.case_no))
    if near is None:
        return tuple(by_due)
    return tuple(sorted(by_due, key=lambda one: (one.metres is None, one.metres or 0.0)))
