"""How ``cityops plan`` tells what would change: section by section, then case by case."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from rich.console import Console

from domain.errors import REFUSALS
from domain.pack import CityPack
from usecases.plan import (
    CATEGORY_GONE,
    NOT_RUNNING,
    OWNER_GONE,
    UNITS_GONE,
    UNREACHABLE,
    CasePlan,
    Terms,
)
from usecases.plan_changes import SECTIONS, Change

MOST_LINES = 40
"""Of one section, so many changes are printed."""
PROBLEMS = {
    OWNER_GONE: ("新规则包中没有主办单位", "its owner is not in the new pack"),
    UNITS_GONE: (
        "新规则包中没有其协办、督办或核查单位",
        "a unit that helps, supervises or checks is not in the new pack",
    ),
    CATEGORY_GONE: ("新规则包中没有该类别", "its category is not in the new pack"),
    UNREACHABLE: ("无法联系，Temporal 未应答", "not reached: Temporal does not answer"),
    NOT_RUNNING: ("没有运行中的流程", "nothing runs for it, see the runbook"),
} | {code.value: texts for code, texts in REFUSALS.items()}


def print_changes(
    console: Console, *, packs: tuple[CityPack, CityPack], found: Sequence[Change], outlines: bool
) -> None:
    """Print what the new pack says differently."""
    base, draft = packs
    console.print(f"现行 in force {base.version}  →  新 new {draft.version}", soft_wrap=True, markup=False)
    if not found and not outlines:
        console.print("规则没有变化 the rules do not change")
    for section, group in groupby(found, key=lambda change: change.section):
        lines = list(group)
        console.print(f"{SECTIONS[section]}: {len(lines)}", style="bold", markup=False)
        for change in lines[:MOST_LINES]:
            console.print(f"  {change}", soft_wrap=True, markup=False)
        if len(lines) > MOST_LINES:
            console.print(f"  … 另有 and {len(lines) - MOST_LINES} more")
    if outlines:
        console.print(f"{SECTIONS['outlines']}: 变化 changed", style="bold", markup=False)


def print_cases(
    console: Console, *, packs: tuple[CityPack, CityPack], planned: Sequence[CasePlan], top: int
) -> None:
    """Print what would change for the open cases: figures, problems aloud, then the cases."""
    base, _ = packs
    differ = [one for one in planned if one.differs]
    console.print(
        f"在办案件 open cases: {len(planned)}; 适用后有变化 changed if applied: {len(differ)}",
        style="bold",
        markup=False,
    )
    for name, count in sorted(_figures(differ).items()):
        console.print(f"  {name}: {count}", markup=False)
    _print_problems(console, planned)
    zone = ZoneInfo(base.city.timezone)
    for one in differ[:top]:
        console.print(f"  {one.case_no} {one.category} {one.status} {_name(packs, one.owner)}", markup=False)
        for line in _differences(one, zone):
            console.print(f"    {line}", soft_wrap=True, markup=False)
    if len(differ) > top:
        console.print(f"  … 另有 and {len(differ) - top} more")


def _figures(differ: Sequence[CasePlan]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for one in differ:
        if one.before is None or one.after is None:
            continue
        counts["处置期限提前 handling due earlier"] += _before(
            one.after.handling_due, one.before.handling_due
        )
        counts["处置期限推后 handling due later"] += _before(one.before.handling_due, one.after.handling_due)
        counts["总期限变化 total due changes"] += one.before.total_due != one.after.total_due
        counts["时限变化 limit changes"] += one.before.limit != one.after.limit
        counts["提级对象变化 ladder changes"] += one.before.ladder != one.after.ladder
        counts["时钟变化 armed deadlines change"] += one.before.deadlines != one.after.deadlines
    return Counter({name: count for name, count in counts.items() if count})


def _before(one: datetime | None, other: datetime | None) -> bool:
    return one is not None and other is not None and one < other


def _print_problems(console: Console, planned: Sequence[CasePlan]) -> None:
    codes = Counter(code for one in planned for code in one.problems)
    for code, count in codes.most_common():
        zh, en = PROBLEMS.get(code, (code, code))
        numbers = [one.case_no for one in planned if code in one.problems][:5]
        told = f"  ！{count} 件 cases: {zh} / {en} [{code}] {', '.join(numbers)}"
        console.print(told, style="red", soft_wrap=True, markup=False)


def _differences(one: CasePlan, zone: ZoneInfo) -> list[str]:
    before, after = one.before, one.after
    if before is None or after is None:
        return []
    lines = [
        f"{words}: {_said(old, zone)} → {_said(new, zone)}"
        for words, old, new in (
            ("时限 limit", before.limit, after.limit),
            ("处置期限 handling due", before.handling_due, after.handling_due),
            ("总期限 total due", before.total_due, after.total_due),
        )
        if old != new
    ]
    lines += _armed(before, after, zone)
    ladder = zip(before.ladder, after.ladder, strict=False)
    lines += [f"{old[0]}: {old[1] or '–'} → {new[1] or '–'}" for old, new in ladder if old != new]
    return lines


def _armed(before: Terms, after: Terms, zone: ZoneInfo) -> list[str]:
    old, new = dict(before.deadlines), dict(after.deadlines)
    return [
        f"{name}: {_said(old.get(name), zone)} → {_said(new.get(name), zone)}"
        for name in sorted(old.keys() | new.keys())
        if old.get(name) != new.get(name)
    ]


def _said(value: str | datetime | None, zone: ZoneInfo) -> str:
    if isinstance(value, datetime):
        return f"{value.astimezone(zone):%Y-%m-%d %H:%M:%S}"
    return value or "–"


def _name(packs: tuple[CityPack, CityPack], code: str) -> str:
    unit = next((unit for unit in (pack.tree.find(code) for pack in packs) if unit is not None), None)
    return f"{unit.name_zh}({code})" if unit is not None else code
