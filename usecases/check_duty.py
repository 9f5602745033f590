"""``cityops check``, the duty: every level of command has somebody on duty in the next ninety days."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from domain.pack import COMMAND, CityPack
from domain.place import Level
from domain.rota import Rota, gaps, rota_of
from domain.unit import DutyHours, Unit
from store.pack import ProblemBook

DAYS = 90
UNITS = "units.toml"
COMMANDING = (Level.CITY, Level.DISTRICT, Level.STREET)
"""三级指挥: the levels that command, and so may not be away for a night."""


def check_duty(*, pack: CityPack, today: date, book: ProblemBook) -> None:
    """Report rotas of nobody, rotas with gaps, and command centres that are away.

    ``today`` is the city's date the ninety days begin with. A community or grid may keep
    working hours: escalation goes past it at night.
    """
    starts = datetime.combine(today, time(), tzinfo=ZoneInfo(pack.city.timezone)).astimezone(UTC)
    for rota in pack.rotas:
        where = book.where("rota", rota.name)
        for code, zh, en in _subject(rota, pack):
            book.add(where=where, code=code, zh=zh, en=en)
        _report_gaps(rota, starts=starts, where=where, pack=pack, book=book)
    _check_without_rota(pack=pack, book=book)
    for level in COMMANDING:
        _check_level(level, pack=pack, book=book)


def _subject(rota: Rota, pack: CityPack) -> Iterator[tuple[str, str, str]]:
    """Yield what is wrong with whom a rota is for."""
    if rota.unit is not None:
        unit = pack.tree.find(rota.unit)
        if unit is None:
            yield "unknown_unit", f"单位“{rota.unit}”不存在", f"unit {rota.unit!r} does not exist"
        elif unit.duty is DutyHours.NONE:
            zh = f"单位“{rota.unit}”有值班表,而 duty 为 none"
            yield "rota_of_nobody", zh, f"unit {rota.unit!r} has a rota, but its duty is none"
    elif rota.kind is not None and not _has_kind(pack, rota):
        zh, en = f"没有类型与层级为“{rota.name}”的单位", f"there is no unit of {rota.name!r}"
        yield "unknown_unit", zh, en


def _has_kind(pack: CityPack, rota: Rota) -> bool:
    wanted = (rota.kind, rota.level)
    return any((t.kind, t.level) == wanted for t in pack.tree.templates) or any(
        (unit.kind, unit.level) == wanted for unit in pack.tree.explicit
    )


def _report_gaps(
    rota: Rota, *, starts: datetime, where: tuple[str, int], pack: CityPack, book: ProblemBook
) -> None:
    """Where somebody must always be, no gap is allowed; elsewhere the weekly shifts are the hours kept."""
    ends = starts + timedelta(days=DAYS)
    strict = _commands(rota, pack) or _duty(rota, pack) is DutyHours.ALWAYS
    hours = () if strict else gaps(rota=replace(rota, overrides=()), starts=starts, ends=ends)
    found = [gap for gap in gaps(rota=rota, starts=starts, ends=ends) if gap not in hours]
    if not found:
        return
    zone = ZoneInfo(rota.timezone)
    here, there = found[0].starts.astimezone(zone), found[0].ends.astimezone(zone)
    day = starts.astimezone(zone).date()
    book.add(
        where=where,
        code="rota_gap",
        zh=f"“{rota.name}”自 {day} 起 {DAYS} 天内有 {len(found)} 段无人值守,"
        f"如 {here:%Y-%m-%d %H:%M} 至 {there:%Y-%m-%d %H:%M}",
        en=f"{rota.name!r} has nobody on duty in {len(found)} spans of the {DAYS} days from {day},"
        f" for example {here:%Y-%m-%d %H:%M} to {there:%Y-%m-%d %H:%M}",
        warning=not strict,
    )


def _duty(rota: Rota, pack: CityPack) -> DutyHours | None:
    if rota.unit is not None:
        unit = pack.tree.find(rota.unit)
        return unit.duty if unit is not None else None
    template = next((t for t in pack.tree.templates if (t.kind, t.level) == (rota.kind, rota.level)), None)
    return template.duty if template is not None else None


def _commands(rota: Rota, pack: CityPack) -> bool:
    unit = pack.tree.find(rota.unit) if rota.unit is not None else None
    kind, level = (unit.kind, unit.level) if unit is not None else (rota.kind, rota.level)
    return kind == COMMAND and level in COMMANDING


def _check_without_rota(*, pack: CityPack, book: ProblemBook) -> None:
    """A unit that is there by rota needs one."""
    lone = [unit for unit in pack.tree.explicit if unit.duty is DutyHours.ROTA and not _rota(unit, pack)]
    for unit in lone:
        zh = f"单位“{unit.code}”的 duty 为 rota,而 rota.toml 中没有它的值班表"
        en = f"the duty of unit {unit.code!r} is by rota, but rota.toml has none for it"
        book.add(where=book.where("unit", unit.code), code="no_rota", zh=zh, en=en)
    for template in pack.tree.templates:
        named = rota_of(rotas=pack.rotas, unit="", kind=template.kind, level=template.level)
        if template.duty is DutyHours.ROTA and named is None:
            name = f"{template.kind}@{template.level.name}"
            zh, en = (
                f"“{name}”的 duty 为 rota,而没有值班表",
                f"the duty of {name} is by rota, but it has none",
            )
            book.add(where=book.where("per_area", name), code="no_rota", zh=zh, en=en)


def _rota(unit: Unit, pack: CityPack) -> Rota | None:
    return rota_of(rotas=pack.rotas, unit=unit.code, kind=unit.kind, level=unit.level)


def _check_level(level: Level, *, pack: CityPack, book: ProblemBook) -> None:
    """A command centre with working hours is away at night: urgent cases go past it. The city's may not be."""
    away: dict[tuple[str, int], list[Unit]] = {}
    areas = (*(area.code for area in pack.areas.at(level)), *(zone.code for zone in pack.areas.zones))
    for code in areas:
        unit = pack.tree.responsible(kind=COMMAND, level=level, area_code=code)
        if unit is not None and unit.duty is DutyHours.WORK:
            written = book.where("unit", unit.code)
            where = written if written[0] else book.where("per_area", f"{COMMAND}@{level.name}")
            away.setdefault(where if where[0] else (UNITS, 1), []).append(unit)
    name = level.name.lower()
    for where, units in away.items():
        first = units[0].code
        book.add(
            where=where,
            code="level_away_at_night",
            zh=f"{name} 层级 {len(units)} 个指挥单位只在工作时间值守(如 {first}),夜间紧急案件越过此级",
            en=f"{len(units)} command centres of level {name} keep working hours (for example {first}):"
            " urgent cases go past them at night",
            warning=level is not Level.CITY,
        )
