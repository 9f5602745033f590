"""How ``cityops simulate`` tells a future: a row per thing that would happen, and what then goes on for ever."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table

from domain.case import STATUS_ZH, Fact, Outcome
from domain.pack import CityPack
from domain.simulate import Again, Close, Future, Line

UNSHOWN = frozenset({"areas", "flags"})
CLOSES = {
    Close.ASLEEP: "此后没有任何时限 nothing is armed any more",
    Close.LOOK_ENDS: "预演到此为止，案件仍在继续 the look ends here, the case goes on",
}


def print_future(console: Console, pack: CityPack, first: Outcome, found: Future) -> None:
    """Print a row per thing that would happen, then how the future closes."""
    zone = ZoneInfo(pack.city.timezone)
    table = Table("时间 when", "事项 what", "层级 level", "通知 told", "说明 why", expand=False)
    for line in _lines(first, found):
        level = line.outcome.state.level.name.lower()
        for fact in line.outcome.facts:
            told = "\n".join(_told(pack, line.outcome, fact))
            table.add_row(_time(fact.at, zone), fact.kind, level, told, _why(fact))
        if line.more and line.last is not None:
            again = (
                f"同样再来 {line.more} 次，最后 {_time(line.last, zone)} / the same {line.more} times more"
            )
            table.add_row("", "…", level, "", again)
    console.print(table)
    console.print(closing(pack, found), soft_wrap=True, markup=False)


def closing(pack: CityPack, found: Future) -> str:
    """Return how the future closes, in words."""
    zone = ZoneInfo(pack.city.timezone)
    if found.close is Close.ENDS:
        status = found.state.status
        return f"案件到此结束 the case ends here: {STATUS_ZH[status]} {status.value}"
    if found.close is Close.REPEATS:
        return "\n".join(_again(one, zone) for one in found.then)
    return CLOSES[found.close]


def print_json(pack: CityPack, first: Outcome, found: Future) -> None:
    """Print the same for programs; times are UTC, intervals seconds."""
    state = first.state
    told = {
        "version": pack.version,
        "areas": [area.code for area in state.place.chain],
        "lead": state.decision.lead if state.decision is not None else None,
        "owner": state.owner,
        "severity": state.severity,
        "handling_due": _iso(state.handling_due),
        "total_due": _iso(state.total_due),
        "events": [event for line in _lines(first, found) for event in _events(line)],
        "close": found.close.value,
        "status": found.state.status.value,
        "then": [_again_json(one) for one in found.then],
    }
    print(json.dumps(told, ensure_ascii=False, indent=2))


def name_of(pack: CityPack, code: str | None) -> str:
    """Return a unit's Chinese name with its code."""
    unit = pack.tree.find(code) if code is not None else None
    return f"{unit.name_zh}({unit.code})" if unit is not None else "–"


def _lines(first: Outcome, found: Future) -> Iterator[Line]:
    yield Line(first, first.facts[0].at)
    yield from found.lines


def _told(pack: CityPack, outcome: Outcome, fact: Fact) -> Iterator[str]:
    for notice in outcome.notices:
        if notice.seq == fact.seq:
            yield name_of(pack, notice.unit) if notice.unit else "诉求人 reporter"


def _why(fact: Fact) -> str:
    return ", ".join(f"{key}={value}" for key, value in fact.data.items() if key not in UNSHOWN)


def _events(line: Line) -> Iterator[dict[str, Any]]:
    for fact in line.outcome.facts:
        told = [
            {"template": notice.template, "unit": notice.unit, "report": notice.report_no is not None}
            for notice in line.outcome.notices
            if notice.seq == fact.seq
        ]
        yield {
            "at": _iso(fact.at),
            "kind": fact.kind,
            "row": fact.row,
            "status": line.outcome.state.status.value,
            "level": line.outcome.state.level.name.lower(),
            "due": _iso(fact.due),
            "data": fact.data,
            "told": told,
            "more": line.more,
            "last": _iso(line.last),
        }


def _again(one: Again, zone: ZoneInfo) -> str:
    zh, en = _interval(one)
    name = f"{one.name.value} {one.item}".strip()
    return f"此后{zh}重复 {name}，下次 {_time(one.next_at, zone)} / then {en}: {name}"


def _interval(one: Again) -> tuple[str, str]:
    if one.limit is not None:
        return f"每 {one.limit} ", f"every {one.limit}"
    if one.every is not None:
        minutes = one.every / timedelta(minutes=1)
        return f"每 {minutes:g} 分钟", f"every {minutes:g} minutes"
    return "不断", "again and again"


def _again_json(one: Again) -> dict[str, Any]:
    return {
        "alarm": one.name.value,
        "item": one.item,
        "next_at": _iso(one.next_at),
        "every_s": one.every.total_seconds() if one.every is not None else None,
        "limit": str(one.limit) if one.limit is not None else None,
    }


def _time(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %a %H:%M:%S}"


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at is not None else None
