"""How ``cityops whatif`` tells what it found: figures, refusals, load by unit, cases."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table

from domain.errors import REFUSALS, RefusalCode
from domain.messages import COMMAND_ZH
from domain.pack import CityPack
from domain.whatif import Fidelity, Refusal
from domain.whatif_figures import Compared, Load, Raised, Tally

if TYPE_CHECKING:
    from boot.cli_whatif import Seen
    from usecases.whatif import Period

HEADER = ("case_no", "category", "what", "now", "draft")
FIGURES = {
    "dispatched": "已派遣 dispatched",
    "signed_in": "已签收 signed in",
    "closed": "已结案 closed",
    "overdue": "处置超期 overdue",
    "escalated": "有升级的案件 cases escalated",
    "reached_community": "　升至社区 reached community",
    "reached_street": "　升至街道 reached street",
    "reached_district": "　升至区级 reached district",
    "reached_city": "　升至市级 reached city",
    "escalations": "升级次数 escalations",
    "reminders": "签收提醒 sign-in reminders",
    "duty_calls": "值班电话 duty calls",
    "notices": "通知 messages owed",
    "refused": "被拒操作 commands refused",
    "handed_on": "改由新主办操作 commands by another owner",
}
FIELDS = {
    "status": "状态 status",
    "owner": "主办 owner",
    "dispatched_at": "派遣 dispatched",
    "signed_in_at": "签收 signed in",
    "closed_at": "结案 closed",
    "handling_due": "处置期限 handling due",
    "total_due": "总期限 total due",
    "overdue": "超期 overdue",
    "raised": "升级 escalations",
    "refused": "被拒 refused",
}
OWN_CODES = {
    "unknown_unit": ("新规则中没有该单位", "the draft has no such unit"),
    "unknown_category": ("新规则中没有该类别", "the draft has no such category"),
    "unknown_channel": ("新规则中没有该渠道", "the draft has no such channel"),
    "no_facts": ("没有记录的事实", "no facts are recorded"),
    "fault": ("重演出错，见日志", "the replay failed, see the log"),
}


def print_all(
    *, console: Console, packs: tuple[CityPack, CityPack], period: "Period", seen: "Seen", top: int
) -> None:
    """Print everything, the figures first."""
    base, _ = packs
    zone = ZoneInfo(base.city.timezone)
    _print_what(console, packs, period, seen)
    if seen.tally.cases:
        _print_figures(console, seen.tally)
        _print_refused(console, seen.tally)
        _print_loads(console, packs, seen.tally, top=top)
        _print_cases(console, packs, seen.most, zone=zone)


def _print_what(console: Console, packs: tuple[CityPack, CityPack], period: "Period", seen: "Seen") -> None:
    base, draft = packs
    zone, tally = ZoneInfo(base.city.timezone), seen.tally
    since, until, horizon = (_time(at, zone) for at in (period.since, period.until, period.horizon))
    rate = tally.cases / seen.seconds if seen.seconds else 0.0
    lines = [
        f"现行 now {base.version}  →  草案 draft {draft.version}",
        f"收到时间 received {since} … {until}; 演至 played up to {horizon}",
        f"{tally.cases} 件 cases, {seen.seconds:.1f} s ({rate:.0f} 件/秒 cases/s)",
    ]
    if tally.cases:
        lines.append(
            "重演保真度 fidelity: 按现行规则重演与记录相比 replayed under the rules in force, against the record:"
        )
        lines.append(f"  全部 all {_faithful(tally.fidelity)}")
        lines.append(f"  按现行版本立案 begun under this very version {_faithful(tally.fidelity_same_rules)}")
    if base.version == draft.version:
        lines.append("两个规则包内容相同 both packs have the same content")
    for code, count in seen.unable.most_common():
        named = ", ".join(seen.examples[code])
        lines.append(f"未能重演 not replayed: {count} × {_reason(code)} ({named})")
    if seen.unreported:
        lines.append(
            f"未重演 not replayed: {seen.unreported} 件由引擎自建的案件 cases the engine made itself (parents, children)"
        )
    for line in lines:
        console.print(line, soft_wrap=True, markup=False)


def _faithful(counts: Counter[Fidelity]) -> str:
    cases = counts.total()
    if not cases:
        return "0 件 cases"
    words = ((Fidelity.EXACT, "一致 the same"), (Fidelity.LATE, "引擎当时迟到 the engine was late then"))
    told = (f"{counts[one] / cases:.1%} {text}" for one, text in words)
    return f"{cases} 件 cases: {', '.join(told)}, {counts[Fidelity.OTHER]} 件不同 differ"


def _print_figures(console: Console, tally: Tally) -> None:
    before, after = tally.base.figures, tally.draft.figures
    table = Table("数字 figure", "现行 now", "草案 draft", "差 difference")
    for name, words in FIGURES.items():
        if before[name] or after[name]:
            table.add_row(words, str(before[name]), str(after[name]), f"{after[name] - before[name]:+d}")
    console.print(table)
    share = tally.different / tally.cases
    console.print(f"有差别的案件 cases that differ: {tally.different} ({share:.1%})", markup=False)
    for name, words in FIELDS.items():
        if tally.changed[name]:
            console.print(f"  {words}: {tally.changed[name]}", markup=False)
    if tally.earlier or tally.later:
        console.print(
            f"  处置期限更早 due earlier: {tally.earlier}; 更晚 due later: {tally.later}", markup=False
        )


def _print_refused(console: Console, tally: Tally) -> None:
    for counted, words in (
        (tally.refused_only, "草案会拒绝的操作 commands only the draft refuses"),
        (tally.accepted_only, "草案才会接受的操作 commands only the draft takes"),
    ):
        if counted:
            console.print(f"{words}: {counted.total()}", markup=False)
        for (kind, code), count in counted.most_common():
            name = f"{COMMAND_ZH.get(kind, '')} {kind}".strip()
            console.print(f"  {count} × {name}: {code} – {_reason(code)}", soft_wrap=True, markup=False)


def _print_loads(console: Console, packs: tuple[CityPack, CityPack], tally: Tally, *, top: int) -> None:
    rows = [row for row in tally.loads() if row[1].figures() != row[2].figures()]
    if not rows or not top:
        return
    table = Table(
        "单位 unit", "案件 cases", "任务 tasks", "通知 messages", "升级 escalations",
        title=f"负荷变化 load that changes: {len(rows)} 个单位 units",
    )  # fmt: skip
    for unit, before, after in rows[:top]:
        table.add_row(_name(packs, unit), *_pairs(before, after))
    console.print(table)
    for (old, new), count in tally.moves.most_common(top):
        console.print(f"  {count} 件 cases: {_name(packs, old)} → {_name(packs, new)}", markup=False)


def _pairs(before: Load, after: Load) -> Iterator[str]:
    for old, new in zip(before.figures(), after.figures(), strict=True):
        yield f"{old}" if old == new else f"{old} → {new}"


def _print_cases(
    console: Console, packs: tuple[CityPack, CityPack], most: Sequence[Compared], *, zone: ZoneInfo
) -> None:
    if not most:
        return
    console.print("差别最大的案件 cases that differ most:", markup=False)
    for found in most:
        console.print(f"  {found.case_no} {found.category}", markup=False)
        for name, (old, new) in found.changes.items():
            before, after = (_value(packs, value, zone) for value in (old, new))
            console.print(f"    {FIELDS[name]}: {before} → {after}", soft_wrap=True, markup=False)


def _value(packs: tuple[CityPack, CityPack], value: object, zone: ZoneInfo) -> str:
    if isinstance(value, datetime):
        return _time(value, zone)
    if isinstance(value, bool):
        return "是 yes" if value else "否 no"
    if isinstance(value, tuple):
        return ", ".join(_item(one, zone) for one in value) or "–"
    if isinstance(value, str) and any(pack.tree.find(value) is not None for pack in packs):
        return _name(packs, value)
    return "–" if value is None else str(value)


def _item(one: object, zone: ZoneInfo) -> str:
    if isinstance(one, Raised):
        return f"{_time(one.at, zone)} {one.level} {one.trigger}"
    if isinstance(one, Refusal):
        return f"{_time(one.at, zone)} {one.kind}: {one.code}"
    return str(one)


def _time(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S}"


def _reason(code: str) -> str:
    known = {one.value: texts for one, texts in REFUSALS.items() if isinstance(one, RefusalCode)}
    zh, en = (OWN_CODES | known).get(code, (code, code))
    return f"{zh} / {en}"


def _name(packs: tuple[CityPack, CityPack], code: str) -> str:
    unit = next((unit for unit in (pack.tree.find(code) for pack in packs) if unit is not None), None)
    return f"{unit.name_zh}({code})" if unit is not None else code


def rows_of(found: Compared) -> Iterator[tuple[str, str, str, str, str]]:
    """Yield a row per difference, times in UTC, for a table program."""
    for name, (old, new) in found.changes.items():
        yield found.case_no, _cell(found.category), name, _cell(_plain(old)), _cell(_plain(new))


def _cell(text: str) -> str:
    """Return a text that no table program takes for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple):
        return "; ".join(_item(one, ZoneInfo("UTC")) for one in value)
    return "" if value is None else str(value)
