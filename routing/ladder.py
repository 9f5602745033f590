"""Who commands at each level for a place and category: the ladder of escalation."""

from domain.decision import RouteRequest
from domain.pack import COMMAND, COMMUNITY, GRID
from domain.place import Level, Place
from domain.policy import Rung
from domain.rota import rota_of, windows
from domain.unit import DutyHours, Unit
from routing.book import RouteBook
from routing.facts import Facts, gather
from routing.resolve import may_have

CLIMB = tuple(sorted(Level, reverse=True))
_KIND = {Level.GRID: GRID, Level.COMMUNITY: COMMUNITY}


def ladder(*, place: Place, category: str, book: RouteBook) -> tuple[Rung, ...]:
    """Return one rung per level in the order a case climbs: grid first, city last.

    A rung without a unit says why: the place is not known that finely, the level has no
    unit, nobody is on duty there, or the community's duty list does not name the category.
    Raises KeyError for an unknown category.
    """
    facts = gather(
        request=RouteRequest(place=place, category=category), category=book.catalogue[category], book=book
    )
    return tuple(_rung(level=level, facts=facts, book=book) for level in CLIMB)


def _rung(*, level: Level, facts: Facts, book: RouteBook) -> Rung:
    kind = _KIND.get(level, COMMAND)
    areas = [zone.code for zone in facts.taking]
    areas += [facts.codes[level]] if level in facts.codes else []
    why = "所在区域未知 area not known" if not areas or level not in facts.codes else "无此级单位 no unit"
    for area_code in areas:
        unit = book.tree.responsible(kind=kind, level=level, area_code=area_code)
        if unit is None:
            continue
        if unit.duty is DutyHours.NONE:
            why = "无人值守 nobody on duty"
        elif not may_have(unit, facts.category.code):
            why = "不在社区职责清单内 outside the community's duty list"
        else:
            return Rung(level=level, unit=unit.code, duty=unit.duty, windows=duty_windows(unit, book=book))
    return Rung(level=level, unit=None, duty=DutyHours.NONE, why_empty=why)


def duty_windows(unit: Unit, *, book: RouteBook) -> tuple[tuple[int, int], ...]:
    """Return when somebody is at a unit whose duty is by rota: minutes of the week; else nothing."""
    if unit.duty is not DutyHours.ROTA:
        return ()
    rota = rota_of(rotas=book.rotas, unit=unit.code, kind=unit.kind, level=unit.level)
    return windows(rota) if rota is not None else ()
