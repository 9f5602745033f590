"""``cityops duty``: who is on duty, and when the duty is handed over."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.table import Table

from domain.pack import CityPack
from domain.rota import Rota, on_duty, rota_of, stints

console = Console()


def duty(
    pack: Annotated[Path, typer.Argument(help="a pack's folder, for example cities/wuhan")],
    unit: Annotated[
        str | None, typer.Option(help="code of a unit (default: every unit that has a rota of its own)")
    ] = None,
    days: Annotated[float, typer.Option(help="how many days of handoffs to print", min=0.0, max=366.0)] = 7.0,
    at: Annotated[
        str | None, typer.Option(help="from when on, city time, for example 2026-10-01T08:00 (default: now)")
    ] = None,
) -> None:
    """Print who is on duty at each unit with a rota, and the handoffs of the next days."""
    from store.pack import UnableToLoadPack, load

    try:
        city = load(folder=pack)
        starts = moment(at, pack=city)
    except (UnableToLoadPack, ValueError) as error:
        console.print(str(error), style="red", soft_wrap=True, markup=False)
        raise typer.Exit(1) from error
    found = rotas(city, unit=unit)
    if not found:
        asked = (
            f"单位 {unit} 没有值班表 / unit {unit} has no rota" if unit else "没有值班表 / there is no rota"
        )
        console.print(asked, style="yellow", markup=False)
        raise typer.Exit(1 if unit else 0)
    for code, rota in found:
        print_duty(city, code=code, rota=rota, starts=starts, ends=starts + timedelta(days=days))


def moment(text: str | None, *, pack: CityPack) -> datetime:
    """Return a time given in city time, UTC-aware; now when none is given. ValueError for another text."""
    if text is None:
        return datetime.now(UTC)
    given = datetime.fromisoformat(text)
    return given.astimezone(UTC) if given.tzinfo else given.replace(tzinfo=ZoneInfo(pack.city.timezone))


def rotas(pack: CityPack, *, unit: str | None) -> list[tuple[str, Rota]]:
    """Return the rota of one unit, or of every unit that has one of its own, with the unit's code."""
    if unit is None:
        return [(rota.unit, rota) for rota in pack.rotas if rota.unit is not None]
    found = pack.tree.find(unit)
    if found is None:
        return []
    rota = rota_of(rotas=pack.rotas, unit=found.code, kind=found.kind, level=found.level)
    return [(found.code, rota)] if rota is not None else []


def print_duty(pack: CityPack, *, code: str, rota: Rota, starts: datetime, ends: datetime) -> None:
    """Print one unit's duty: who has it at the start, then a line for every handoff."""
    zone = ZoneInfo(rota.timezone)
    unit = pack.tree.find(code)
    name = f"{unit.name_zh} {unit.name_en}" if unit is not None else ""
    now = on_duty(rota=rota, at=starts, unit=code)
    console.print(f"[bold]{code}[/] {name}", soft_wrap=True)
    console.print(f"  {_shown(starts, zone)} 值班 on duty: {now or '无人 nobody'}", soft_wrap=True)
    table = Table("交接 handoff", "至 until", "值班 on duty", expand=False)
    for stint in stints(rota=rota, starts=starts, ends=ends, unit=code)[1:]:
        who = stint.who or "[red]无人 nobody[/]"
        table.add_row(_shown(stint.starts, zone), _shown(stint.ends, zone), who)
    if table.row_count:
        console.print(table)


def _shown(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %a %H:%M}"
