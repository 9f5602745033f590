"""Enquiry at the desk: a case by number, telephone, or place and category; where it stands, in words to read out."""

from dataclasses import dataclass
from datetime import datetime

from domain.account import Permission, Principal
from domain.case import ENDED, SETTLED, Status
from domain.identifiers import is_number
from domain.pack import PEER
from domain.place import Level
from domain.views import CaseFilter, CaseView
from usecases.city import City
from usecases.desk_callers import cases_of
from usecases.permits import may_see, permit
from usecases.problems import BadRequest, ProblemCode
from usecases.queries import case_view
from usecases.reading import cases
from usecases.staff import Acted, act_as, allowed

MOST_FOUND = 20
AROUND_DEGREES = 0.003
"""Half the side of the box looked at around a place, some 300 m."""
TAKE_BACK = "cancel_case"


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """What is known of a case that is asked about; the first that is given is looked for."""

    number: str = ""
    phone: str = ""
    lon: float | None = None
    lat: float | None = None
    category: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """Where a case stands, and what the desk may do for its reporter.

    ``unit`` is who has it now, None before it is anybody's; ``due`` when it is to be done;
    ``report_no`` is the report words are added to.
    """

    view: CaseView
    report_no: str
    unit: str | None
    due: datetime | None
    ended: bool
    settled: bool
    takes_words: bool
    takes_urge: bool
    takes_back: bool


def find(*, city: City, who: Principal, asked: Question) -> tuple[Standing, ...]:
    """Return the cases that are meant, within one's scope, newest first. Raises BadRequest (not_permitted)."""
    permit(who, Permission.FILE)
    if asked.number.strip():
        return _standings(city, who, _by_number(city, who, plain_number(asked.number)))
    if asked.phone.strip():
        caller = cases_of(city=city, who=who, phone=asked.phone)
        return tuple(_standing(city, who, one.view, one.report_no) for one in (*caller.open, *caller.recent))
    if asked.lon is None or asked.lat is None:
        return ()
    lon, lat = asked.lon, asked.lat
    box = (lon - AROUND_DEGREES, lat - AROUND_DEGREES, lon + AROUND_DEGREES, lat + AROUND_DEGREES)
    where = CaseFilter(box=box, category=asked.category)
    return _standings(city, who, cases(city=city, who=who, where=where, limit=MOST_FOUND, cursor=None).cases)


def standing(*, city: City, who: Principal, number: str) -> Standing:
    """Return where one case or report stands. Raises BadRequest (case_not_found, outside_scope, not_permitted)."""
    permit(who, Permission.FILE)
    report = city.store.report(report_no=number) if is_number(number) else None
    view = case_view(city=city, case_no=report.belongs_to if report is not None else number)
    may_see(city=city, who=who, view=view)
    return _standing(city, who, view, report.report_no if report is not None else None)


async def take_back(*, city: City, who: Principal, case_no: str, reason: str, request_id: str) -> Acted:
    """Take a case back for its reporter (row 36); the case refuses what is urgent or an illegal act.

    Raises BadRequest and CommandRefused.
    """
    permit(who, Permission.FILE)
    return await act_as(
        city=city, who=who, case_no=case_no, kind=TAKE_BACK, fields={"reason": reason}, request_id=request_id
    )


def plain_number(text: str) -> str:
    """Return a number as it is kept: people read it out in groups and type it with blanks, or in small letters."""
    return "".join(text.upper().replace("—", "-").replace("–", "-").split())[:60]


def _by_number(city: City, who: Principal, number: str) -> tuple[CaseView, ...]:
    report = city.store.report(report_no=number) if is_number(number) else None
    if report is None:
        where = CaseFilter(text=number)
        return cases(city=city, who=who, where=where, limit=MOST_FOUND, cursor=None).cases
    view = case_view(city=city, case_no=report.belongs_to)
    try:
        may_see(city=city, who=who, view=view)
    except BadRequest as refused:
        if refused.finding.code is ProblemCode.OUTSIDE_SCOPE:
            return ()
        raise
    return (view,)


def _standings(city: City, who: Principal, views: tuple[CaseView, ...]) -> tuple[Standing, ...]:
    return tuple(_standing(city, who, view) for view in views)


def _standing(city: City, who: Principal, view: CaseView, report_no: str | None = None) -> Standing:
    status = Status(view.status)
    may = {one.kind for one in allowed(city=city, who=who, view=view)}
    owner = city.pack.tree.find(view.owner) if view.owner else None
    outside = owner is not None and owner.kind == PEER
    return Standing(
        view=view,
        report_no=report_no or next(iter(view.reports), view.case_no),
        unit=view.owner if owner is not None and (view.dispatched_at is not None or outside) else None,
        due=view.handling_due,
        ended=status in ENDED,
        settled=status in SETTLED,
        takes_words=status not in ENDED and bool(view.reports),
        takes_urge=status not in SETTLED and bool(view.reports),
        takes_back=TAKE_BACK in may,
    )


def place_words(view: CaseView) -> str:
    """Return a case's place as one reads it out: district, street, and what the reporter said."""
    chain = [area.name for area in view.place.chain if area.level in (Level.DISTRICT, Level.STREET)]
    return " ".join((*chain, view.place.address or "")).strip()
