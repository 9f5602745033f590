"""What the demonstration prints: progress while it runs, and the closing figures."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from boot.demo.client import Tally
from boot.demo.figures import Figures
from boot.demo.play import Play
from boot.demo.verify import Miss
from boot.stack import Ports
from domain.case import STATUS_ZH, Status, Trigger
from domain.place import Level

MARK = "[演示模式 demo mode]"
REFRESH_S = 0.5
LINES = 12
"""How often a screen that cannot be redrawn gets a line of progress."""
LEVEL_ZH = {"city": "市", "district": "区", "street": "街道", "community": "社区", "grid": "网格"}
TRIGGER_ZH = {
    Trigger.SEVERITY: "严重程度 severity",
    Trigger.NO_MEANS: "报请 reported up",
    Trigger.NOT_SIGNED_IN: "未签收 not signed in",
    Trigger.OVERDUE: "超期 overdue",
    Trigger.RETURNED_AGAIN: "推诿 returned again",
    Trigger.NOT_SOLVED: "未解决 not solved",
    Trigger.SPAN: "跨域 span",
    Trigger.BURST: "突发集中 burst",
    Trigger.TAG: "重点标签 tag",
    Trigger.JUMP: "越级 jump",
    Trigger.NO_ACKNOWLEDGEMENT: "未确认 not acknowledged",
}


def say(console: Console, text: str, *, style: str = "") -> None:
    """Print a line, marked as a demonstration."""
    console.print(Text(f"{MARK} {text}", style=style), soft_wrap=True)


def addresses(console: Console, ports: Ports) -> None:
    """Say where people find things."""
    say(console, f"页面 pages  http://127.0.0.1:{ports.api}/")
    say(console, f"API        http://127.0.0.1:{ports.api}/docs")
    say(console, f"健康 health http://127.0.0.1:{ports.api}/healthz")
    say(console, f"Temporal   http://127.0.0.1:{ports.temporal_ui}")
    say(console, "Ctrl-C 停止 / Ctrl-C stops")


async def progress(console: Console, play: Play) -> None:
    """Show how far the day is until cancelled: redrawn on a terminal, a line now and then elsewhere."""
    if not console.is_terminal:
        await _lines(console, play)
    with Live(console=console, refresh_per_second=2, transient=True) as live:
        while True:
            live.update(_screen(play))
            await asyncio.sleep(REFRESH_S)


async def _lines(console: Console, play: Play) -> None:
    said = 0
    while True:
        share = _share(play)
        if share * LINES >= said:
            say(console, _line(play))
            said = int(share * LINES) + 1
        await asyncio.sleep(REFRESH_S)


def _share(play: Play) -> float:
    passed = (play.city.clock.now() - play.day.begins).total_seconds()
    return max(0.0, min(1.0, passed / play.day.seconds))


def _screen(play: Play) -> Group:
    counted = Counter(view["status"] for view in play.city.board.views.values())
    states = "  ".join(
        f"{STATUS_ZH[status]} {counted[status.value]}" for status in Status if counted[status.value]
    )
    bar = ProgressBar(total=1.0, completed=_share(play), width=60)
    return Group(Text(f"{MARK} {_line(play)}"), bar, Text(states))


def _line(play: Play) -> str:
    zone = ZoneInfo(play.city.pack.city.timezone)
    now = play.city.clock.now().astimezone(zone)
    accepted = sum(1 for played in play.lives if played.case_no)
    ended = sum(1 for played in play.lives if played.done)
    broke = sum(1 for played in play.lives if played.broke)
    return (
        f"城市时间 city time {now:%m-%d %H:%M}  已受理 accepted {accepted}/{len(play.lives)}  "
        f"已完成 done {ended}  未达 broken {broke}  故障 faults {len(play.city.client.tally.faults)}"
    )


def closing(console: Console, numbers: Figures, *, repeated: int, tally: Tally) -> None:
    """Print the day's figures."""
    say(console, "当日统计 closing figures", style="bold")
    table = Table(title=MARK, title_justify="left")
    table.add_column("项目 figure", overflow="fold")
    table.add_column("数值 value", overflow="fold")
    for name, value in _rows(numbers, repeated=repeated, tally=tally):
        table.add_row(name, value)
    console.print(table)


def _rows(numbers: Figures, *, repeated: int, tally: Tally) -> list[tuple[str, str]]:
    judged = numbers.on_time + numbers.late
    share = f" = {numbers.on_time / judged:.0%}" if judged else ""
    p50, p95 = (_seconds(numbers.latency(part)) for part in (0.5, 0.95))
    statuses = {f"{STATUS_ZH[Status(name)]} {name}": count for name, count in numbers.statuses.items()}
    names = [level.name.lower() for level in Level]
    levels = {f"{LEVEL_ZH[name]} {name}": numbers.levels[name] for name in names}
    triggers = {f"{one.value} {TRIGGER_ZH[one]}": numbers.triggers[one.value] for one in Trigger}
    return [
        ("报告与报警 reports and alerts", str(numbers.channels.total())),
        ("渠道 by channel", _list(numbers.channels)),
        ("状态 by status", _list(statuses)),
        ("层级 by level reached", _list(levels)),
        ("按时 on time", f"{numbers.on_time} / {judged}{share}"),
        ("提级 escalations by trigger", _list(triggers)),
        ("顶级催办 reminders to the top", str(numbers.reminded_top)),
        ("督办 supervision orders", f"{numbers.ordered}; 已销号 sealed {numbers.sealed}"),
        ("并案 merged", f"{numbers.merged}; 汇入主案 joined to their master {numbers.joined}"),
        ("重办 reopened", str(numbers.reopened)),
        ("返工 reworked", str(numbers.reworked)),
        ("退回 returned / 裁定 arbitrated", f"{numbers.returned} / {numbers.arbitrated}"),
        ("人工甄别 triaged by hand", str(numbers.triaged)),
        ("重复请求 repeated requests, answered the same", str(repeated)),
        ("受理到派遣 accepted to dispatched", f"p50 {p50}, p95 {p95} 机器秒 machine seconds"),
        ("待发 still owed", _list(numbers.messages) or "0"),
        ("接口请求 API requests", f"{tally.requests}; 稍后执行 carried out later {tally.later}"),
        ("拒绝 refused", _list(tally.refused) or "0"),
        ("故障 faults", str(len(tally.faults))),
    ]  # fmt: skip


def _list(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items() if count)


def _seconds(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def verdict(console: Console, *, missed: Sequence[Miss], lives: int, faults: Sequence[str]) -> None:
    """Print whether every case came to what it should have, and what did not."""
    for fault in faults[:10]:
        say(console, f"故障 fault: {fault}", style="red")
    for miss in missed[:40]:
        say(console, f"未达 missed: {miss.case_no} ({miss.life}): {miss.why}", style="red")
    if missed or faults:
        say(console, f"{len(missed)} 处未达预期 misses, {len(faults)} 个故障 faults", style="bold red")
    else:
        say(console, f"{lives} 件全部达到应有状态 / every case is as it should be", style="bold green")
