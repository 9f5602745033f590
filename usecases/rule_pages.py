"""The city's rules as people read them: units, who is on duty, the calendar, the catalogue, and a case on trial."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice

from domain.account import Permission, Principal
from domain.catalogue import Category
from domain.decision import RoutingDecision
from domain.pack import RoutingRule
from domain.rota import Rota, Stint, on_duty, rota_of, stints
from domain.unit import Unit
from usecases.city import City
from usecases.permits import permit
from usecases.preview import Preview, PreviewReport, preview
from usecases.problems import BadRequest, ProblemCode

MOST_UNITS = 100
DAYS = 7


@dataclass(frozen=True, kw_only=True, slots=True)
class UnitPage:
    """A unit with those above it, its duty now and its handoffs of the coming days."""

    unit: Unit
    above: tuple[Unit, ...]
    rota: Rota | None
    on_duty: str | None
    stints: tuple[Stint, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class DutyRow:
    """A unit with a rota of its own: who has the duty, until when, and who is next (None: nobody)."""

    unit: str
    now: str | None
    until: datetime
    then: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Day:
    """A day of the calendar. ``kind`` is work, off, holiday or makeup (调休上班)."""

    on: date
    kind: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Year:
    """A year by months; ``known``: the holidays of this year have been entered."""

    year: int
    known: bool
    months: tuple[tuple[Day, ...], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Considered:
    """A rule that could have decided, in the order they are asked; ``fired``: this one did."""

    rule: RoutingRule
    fired: bool
    named: bool
    """The explanation speaks of it: it decided, or matched and lost."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Tried:
    """A report on trial: what would happen, and every rule that was asked."""

    preview: Preview
    considered: tuple[Considered, ...]


def units(
    *, city: City, who: Principal, text: str = "", kind: str = "", level: int | None = None
) -> tuple[Unit, ...]:
    """Return units whose code or name holds a text, at most ``MOST_UNITS``. Raises BadRequest (not_permitted)."""
    permit(who, Permission.SEE_RULES)
    wanted = text.strip().casefold()

    def fits(unit: Unit) -> bool:
        named = not wanted or any(wanted in one.casefold() for one in (unit.code, unit.name_zh, unit.name_en))
        return named and kind in ("", unit.kind) and level in (None, int(unit.level))

    return tuple(islice((unit for unit in _asked(city, wanted, kind) if fits(unit)), MOST_UNITS))


def unit(*, city: City, who: Principal, code: str) -> UnitPage:
    """Return a unit. Raises BadRequest (not_permitted, unit_not_found)."""
    permit(who, Permission.SEE_RULES)
    found = city.pack.tree.find(code)
    if found is None:
        raise BadRequest(ProblemCode.UNIT_NOT_FOUND, unit=code[:60])
    rota = rota_of(rotas=city.pack.rotas, unit=found.code, kind=found.kind, level=found.level)
    now = city.now()
    return UnitPage(
        unit=found,
        above=city.pack.tree.parents(code),
        rota=rota,
        on_duty=None if rota is None else on_duty(rota=rota, at=now, unit=code),
        stints=()
        if rota is None
        else stints(rota=rota, starts=now, ends=now + timedelta(days=DAYS), unit=code),
    )


def duty(*, city: City, who: Principal) -> tuple[DutyRow, ...]:
    """Return who is on duty at every unit that has a rota of its own. Raises BadRequest (not_permitted)."""
    permit(who, Permission.SEE_RULES)
    now = city.now()
    rows = []
    for rota in city.pack.rotas:
        if rota.unit is None:
            continue
        turns = stints(rota=rota, starts=now, ends=now + timedelta(days=DAYS), unit=rota.unit)
        then = turns[1].who if len(turns) > 1 else turns[0].who
        rows.append(DutyRow(unit=rota.unit, now=turns[0].who, until=turns[0].ends, then=then))
    return tuple(rows)


def year(*, city: City, who: Principal, number: int) -> Year:
    """Return a year of the working calendar. Raises BadRequest (not_permitted)."""
    permit(who, Permission.SEE_RULES)
    months = tuple(tuple(_days(city, number, month)) for month in range(1, 13))
    return Year(year=number, known=number in city.pack.calendar.known_years, months=months)


def categories(*, city: City, who: Principal, text: str = "") -> tuple[Category, ...]:
    """Return the categories whose code, names or words hold a text. Raises BadRequest (not_permitted)."""
    permit(who, Permission.SEE_RULES)
    wanted = text.strip().casefold()
    return tuple(
        one
        for one in city.pack.catalogue.values()
        if not wanted
        or any(wanted in word.casefold() for word in (one.code, one.name_zh, one.name_en, *one.keywords))
    )


def try_out(*, city: City, who: Principal, ask: PreviewReport) -> Tried:
    """Return what would happen to a report and why, by the code that does it. Raises BadRequest."""
    permit(who, Permission.SEE_RULES)
    found = preview(city=city, ask=ask)
    return Tried(preview=found, considered=tuple(_considered(city, found.decision)))


def _considered(city: City, decision: RoutingDecision | None) -> Iterator[Considered]:
    if decision is None:
        return
    fired = {reason.rule for reason in decision.reasons}
    named = fired | {lost.rule for lost in decision.runners_up}
    for ranked in city.grounds.book.rules.get(decision.category, ()):
        rule = ranked.rule
        yield Considered(rule=rule, fired=rule.id in fired, named=rule.id in named)


def _asked(city: City, wanted: str, kind: str) -> Iterator[Unit]:
    """Yield the units the pack names, and stamped ones only where somebody looks for some."""
    if wanted or kind:
        return city.pack.tree.units()
    return iter(city.pack.tree.explicit)


def _days(city: City, number: int, month: int) -> Iterator[Day]:
    calendar = city.pack.calendar
    on = date(number, month, 1)
    while on.month == month:
        weekend = on.isoweekday() in calendar.weekend
        if on in calendar.holidays:
            kind = "holiday"
        elif on in calendar.workdays:
            kind = "makeup"
        else:
            kind = "off" if weekend else "work"
        yield Day(on=on, kind=kind)
        on += timedelta(days=1)
