"""What can be wrong with an organisation tree: no way up, cycles, double duty, levels without anybody."""

from collections import Counter

from domain.org import Area
from domain.pack import COMMAND, COMMUNITY, GRID, PEER, CityPack
from domain.place import Level
from domain.unit import DutyHours, Unit
from store.pack.problems import ProblemBook
from store.pack.units import FILE

COMMANDERS = {
    Level.CITY: COMMAND,
    Level.DISTRICT: COMMAND,
    Level.STREET: COMMAND,
    Level.COMMUNITY: COMMUNITY,
    Level.GRID: GRID,
}
"""Who commands at each level, and so must exist there."""


def check_tree(*, pack: CityPack, book: ProblemBook) -> None:
    """Report every unit that cannot work where it stands. Walks the whole tree: tens of thousands."""
    _check_roots(pack=pack, book=book)
    seen: Counter[tuple[str, Level, str]] = Counter()
    codes: Counter[str] = Counter()
    orphans: Counter[tuple[tuple[str, int], str]] = Counter()
    for unit in pack.tree.units():
        codes[unit.code] += 1
        if book.where("unit", unit.code)[0]:
            _check_unit(unit=unit, seen=seen, pack=pack, book=book)
        elif unit.parent is None or pack.tree.find(unit.parent) is None:
            orphans[_origin(unit, book), unit.parent or ""] += 1
    for (where, parent), count in orphans.items():
        zh, en = f"{count} 个单位的上级“{parent}”不存在", f"{count} units have no parent {parent!r}"
        book.add(where=where, code="unknown_parent_unit", zh=zh, en=en)
    for code in (code for code, count in codes.items() if count > 1):
        zh, en = f"单位编码“{code}”由模板与清单重复产生", f"unit code {code!r} comes from template and list"
        book.add(where=book.where("unit", code), code="duplicate_unit", zh=zh, en=en)
    _check_duty_lists(pack=pack, book=book)
    for level, kind in COMMANDERS.items():
        _check_commanded(level=level, kind=kind, pack=pack, book=book)


def _origin(unit: Unit, book: ProblemBook) -> tuple[str, int]:
    where = book.where("unit", unit.code)
    return where if where[0] else book.where("per_area", f"{unit.kind}@{unit.level.name}")


def _check_unit(
    *, unit: Unit, seen: Counter[tuple[str, Level, str]], pack: CityPack, book: ProblemBook
) -> None:
    where = _origin(unit, book)
    area = pack.areas.zone(unit.area_code) if unit.zone else pack.areas.get(unit.area_code)
    if area is None or (isinstance(area, Area) and area.level != unit.level):
        zh = f"单位“{unit.code}”负责的区域“{unit.area_code}”不存在或层级不符"
        en = f"unit {unit.code!r} answers for {unit.area_code!r}, which does not exist at its level"
        book.add(where=where, code="unknown_area", zh=zh, en=en)
    duty = (unit.kind, unit.level, unit.area_code)
    seen[duty] += 1
    if seen[duty] > 1 and unit.kind != PEER:
        zh = f"“{unit.area_code}”已有类型“{unit.kind}”的单位,“{unit.code}”永远不会被选中"
        en = f"{unit.area_code!r} already has a unit of kind {unit.kind!r}: {unit.code!r} is never chosen"
        book.add(where=where, code="double_duty", zh=zh, en=en)
    above = pack.tree.find(unit.parent) if unit.parent is not None else None
    if unit.parent is not None and above is None:
        zh, en = f"上级单位“{unit.parent}”不存在", f"parent unit {unit.parent!r} does not exist"
        book.add(where=where, code="unknown_parent_unit", zh=zh, en=en)
    elif above is not None and above.level > unit.level:
        zh, en = (
            f"上级单位“{above.code}”的层级低于“{unit.code}”",
            f"parent {above.code!r} is below {unit.code!r}",
        )
        book.add(where=where, code="parent_below", zh=zh, en=en)
    if unit.parent is not None and _in_cycle(unit, pack):
        zh, en = f"单位“{unit.code}”的上级关系成环", f"the parents of unit {unit.code!r} form a cycle"
        book.add(where=where, code="unit_cycle", zh=zh, en=en)


def _in_cycle(unit: Unit, pack: CityPack) -> bool:
    parents = pack.tree.parents(unit.code)
    top = parents[-1] if parents else unit
    return top.parent is not None and pack.tree.find(top.parent) is not None


def _check_roots(*, pack: CityPack, book: ProblemBook) -> None:
    """One unit has no parent: the city's command centre. Every other must lead up to it."""
    roots = [unit for unit in pack.tree.explicit if unit.parent is None]
    for unit in roots:
        if unit.level != Level.CITY or unit.kind != COMMAND:
            zh, en = (
                f"单位“{unit.code}”没有上级,不在组织树内",
                f"unit {unit.code!r} has no parent: outside the tree",
            )
            book.add(where=_origin(unit, book), code="outside_tree", zh=zh, en=en)
    if not any(unit.level == Level.CITY and unit.kind == COMMAND for unit in roots):
        zh, en = "没有市级运管中心(类型 COMMAND)", "there is no command centre (kind COMMAND) at city level"
        book.add(where=(FILE, 1), code="no_root", zh=zh, en=en)


def _check_duty_lists(*, pack: CityPack, book: ProblemBook) -> None:
    lists = [(_origin(unit, book), unit.duty_list) for unit in pack.tree.explicit]
    lists += [(book.where("per_area", f"{t.kind}@{t.level.name}"), t.duty_list) for t in pack.tree.templates]
    for where, duty_list in lists:
        for code in duty_list:
            if code not in pack.catalogue and not any(mark in code for mark in "*?["):
                zh, en = f"职责清单中的类别“{code}”不在目录中", f"duty list names unknown category {code!r}"
                book.add(where=where, code="unknown_category", zh=zh, en=en)


def _check_commanded(*, level: Level, kind: str, pack: CityPack, book: ProblemBook) -> None:
    """A level with areas needs its commander in each, with somebody on duty; else cases skip it.

    A city that commands nowhere at a level below its own (police districts, say, that only
    divide the map) is warned: escalation skips that level everywhere, by design.
    """
    missing, off = [], []
    areas = pack.areas.at(level)
    for area in areas:
        unit = pack.tree.responsible(kind=kind, level=level, area_code=area.code)
        if unit is None:
            missing.append(area)
        elif unit.duty is DutyHours.NONE:
            off.append(area)
    where = book.where("per_area", f"{kind}@{level.name}")
    where = where if where[0] else (FILE, 1)
    name = level.name.lower()
    for found, code, zh, en in (
        (missing, "level_without_unit", "没有", "without"),
        (off, "level_without_duty", "无人值守的", "with nobody on duty as"),
    ):
        if found:
            first = found[0]
            book.add(
                where=where,
                code=code,
                zh=f"{name} 层级有 {len(found)} 个区域{zh} {kind} 单位,如 {first.code} {first.name}",
                en=f"{len(found)} areas of level {name} {en} {kind}, for example {first.code} {first.name}",
                warning=level is not Level.CITY and found is missing and len(missing) == len(areas),
            )
