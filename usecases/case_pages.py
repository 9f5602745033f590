"""A case as a page shows it to somebody: itself, its history, its neighbours, what it belongs to."""

from dataclasses import dataclass, field

from domain.account import Permission, Principal
from domain.aspects import LinkedAlarm
from domain.case import Fact
from domain.case_tabs import Tab, states_of
from domain.place import metres_between
from domain.policy import Rung
from domain.views import CaseFilter, CaseView, Timeline
from store.rows_desk import SaidRow
from usecases import reading
from usecases.case_lists import page_of
from usecases.city import City
from usecases.media import Shown as ShownMedia
from usecases.permits import scope_of, sees
from usecases.place_and_owner import full_ladder
from usecases.reporters import MaskedReporter, contacts, knows_all
from usecases.reports_of_case import CaseReport

NEARBY_M = 300.0
NEARBY_DEGREES = 0.0035
"""Somewhat more than ``NEARBY_M`` in degrees at the latitudes of China: the box before the circle."""
MOST_NEARBY = 8
MOST_EARLIER = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class Relative:
    """Another case that has to do with this one; ``view`` is None where it is outside the reader's scope.

    ``how`` is parent, child, master, merged, repeat_of, nearby or reporter; ``metres`` of a nearby one.
    """

    how: str
    case_no: str
    view: CaseView | None
    metres: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class CasePage:
    """All of a case's page that one look needs."""

    view: CaseView
    facts: tuple[Fact, ...]
    relatives: tuple[Relative, ...]
    alarms: tuple[LinkedAlarm, ...]
    media: tuple[ShownMedia, ...]
    reports: tuple[CaseReport, ...]
    reporters: tuple[MaskedReporter, ...] = field(default=(), repr=False)
    said: tuple[SaidRow, ...] = field(default=(), repr=False)


def seen(*, city: City, who: Principal, case_no: str) -> CaseView:
    """Return a case; what its reporter was asked and said only to who may know reporters.

    Raises BadRequest (not_permitted, outside_scope, case_not_found).
    """
    return reading.case(city=city, who=who, case_no=case_no)


def timeline(*, city: City, who: Principal, case_no: str) -> Timeline:
    """Return a case with every fact, the earliest first. Raises BadRequest as ``seen``."""
    return reading.history(city=city, who=who, case_no=case_no)


def whole(*, city: City, who: Principal, case_no: str) -> CasePage:
    """Return everything the page of a case shows. Raises BadRequest as ``seen``."""
    found = timeline(city=city, who=who, case_no=case_no)
    view = found.case
    told = who.may(Permission.SEE_REPORTERS) and reading.knows_reporters(city, who, view)
    said = reading.said(city=city, who=who, case_no=case_no) if told else []
    return CasePage(
        view=view,
        facts=found.facts,
        relatives=_relatives(city, who, view),
        alarms=view.aspects.linked,
        media=tuple(reading.attachments(city=city, who=who, case_no=case_no)),
        reports=tuple(reading.reports(city=city, who=who, case_no=case_no)),
        reporters=contacts(city=city, who=who, view=view),
        said=tuple(said),
    )


def chain_of(*, city: City, view: CaseView) -> tuple[Rung, ...]:
    """Return who commands at each level where the case is, as routing knows it now, the city first."""
    grounds = city.grounds
    if view.category not in grounds.pack.catalogue:
        return ()
    rungs = full_ladder(pack=grounds.pack, book=grounds.book, place=view.place, category=view.category)
    return tuple(sorted(rungs, key=lambda rung: rung.level))


def _relatives(city: City, who: Principal, view: CaseView) -> tuple[Relative, ...]:
    numbers: list[tuple[str, str]] = []
    if view.parent:
        numbers.append(("parent", view.parent))
    if view.master:
        numbers.append(("master", view.master))
    if view.repeat_of:
        numbers.append(("repeat_of", view.repeat_of))
    numbers += [("child", child.case_no) for child in view.aspects.children]
    numbers += [("merged", number) for number in view.reports if number != view.case_no]
    known = city.store.cases_of(case_numbers=[number for _, number in numbers])
    scope = scope_of(city=city, who=who)

    def shown(number: str) -> CaseView | None:
        one = known.get(number)
        return one if one is not None and sees(scope=scope, view=one) else None

    # A number among the reports that is no case of its own is a report: it stands with the reports.
    named = tuple(
        Relative(how=how, case_no=number, view=shown(number))
        for how, number in numbers
        if how != "merged" or number in known
    )
    return (*named, *_nearby(city, who, view), *_of_reporters(city, who, view))


def _of_reporters(city: City, who: Principal, view: CaseView) -> tuple[Relative, ...]:
    """Return other cases of those who reported this one, to whoever may know reporters.

    Of somebody who asked to stay unnamed only to whoever may know even them.
    """
    if not who.may(Permission.SEE_REPORTERS) or not reading.knows_reporters(city, who, view):
        return ()
    unnamed = knows_all(city=city, who=who, view=view)
    numbers: dict[str, None] = {}
    for report in city.store.reports_of(case_no=view.case_no):
        hidden = report.reporter.confidential or report.reporter.anonymous
        if report.caller and (unnamed or not hidden):
            latest = city.store.latest_of_caller(caller=report.caller, limit=MOST_EARLIER)
            numbers.update(dict.fromkeys(one.belongs_to for one in latest))
    others = [number for number in numbers if number != view.case_no][:MOST_EARLIER]
    known = city.store.cases_of(case_numbers=others)
    scope = scope_of(city=city, who=who)
    return tuple(
        Relative(how="reporter", case_no=number, view=known[number])
        for number in others
        if number in known and sees(scope=scope, view=known[number])
    )


def _nearby(city: City, who: Principal, view: CaseView) -> tuple[Relative, ...]:
    """Return open cases around, whatever they are about, the nearest first."""
    if view.lon is None or view.lat is None:
        return ()
    box = (
        view.lon - NEARBY_DEGREES,
        view.lat - NEARBY_DEGREES,
        view.lon + NEARBY_DEGREES,
        view.lat + NEARBY_DEGREES,
    )
    where = CaseFilter(status=states_of(Tab.OPEN), box=box)
    found = []
    for one in page_of(city=city, who=who, where=where, limit=50).cases:
        if one.case_no == view.case_no or one.lon is None or one.lat is None:
            continue
        metres = metres_between(lon=view.lon, lat=view.lat, other_lon=one.lon, other_lat=one.lat)
        if metres <= NEARBY_M:
            found.append(Relative(how="nearby", case_no=one.case_no, view=one, metres=round(metres)))
    return tuple(sorted(found, key=lambda one: (one.metres or 0.0, one.case_no))[:MOST_NEARBY])
