"""``cityops route`` and ``cityops simulate``: what would happen, with the reasons; no server needed."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from boot.future_text import name_of, print_future, print_json
from boot.settings import Settings
from domain.decision import RoutingDecision
from domain.pack import CityPack
from domain.place import Place
from store.pack import UnableToLoadPack

console = Console()

Lon = Annotated[float | None, typer.Option(help="longitude in degrees")]
Lat = Annotated[float | None, typer.Option(help="latitude in degrees")]
Address = Annotated[str | None, typer.Option(help="address, when there is no point")]
Category = Annotated[str, typer.Option(help="category code, for example E0110")]
Condition = Annotated[str | None, typer.Option(help="filing condition")]
Severity = Annotated[int | None, typer.Option(min=1, max=4, help="severity, 1 is worst")]
ChannelName = Annotated[
    str | None, typer.Option(help="channel; it declares the coordinate system (default: the pack's first)")
]
At = Annotated[str | None, typer.Option(help="when it happens, city time, for example 2026-09-30T23:50")]
Pack = Annotated[
    Path | None, typer.Option(help="folder of the city pack (default: CITYOPS_PACK, cities/wuhan)")
]
Policy = Annotated[
    Path | None,
    typer.Option("--policy", "--pack", help="folder of the pack (default: CITYOPS_PACK, cities/wuhan)"),
]
Tag = Annotated[list[str] | None, typer.Option(help="tag; may be repeated")]


def route(  # noqa: PLR0917 - each parameter is an option of the command
    category: Category,
    lon: Lon = None,
    lat: Lat = None,
    address: Address = None,
    condition: Condition = None,
    severity: Severity = None,
    channel: ChannelName = None,
    at: At = None,
    tag: Tag = None,
    pack: Pack = None,
) -> None:
    """Print who would get such an event, and why."""
    from boot.hypothetical import Event, UnableToImagine, answer_of

    event = Event(
        lon=lon, lat=lat, address=address, category=category, condition=condition, severity=severity,
        channel=channel, at=at, tags=tuple(tag or ()),
    )  # fmt: skip
    try:
        city, found = answer_of(settings=_settings(pack), event=event)
    except (UnableToImagine, UnableToLoadPack) as error:
        _fail(error)
    print_place(found.place)
    print_decision(city, found.decision)
    if found.decision.lead is None:
        raise typer.Exit(3)


def simulate(  # noqa: PLR0917 - each parameter is an option of the command
    category: Category,
    lon: Lon = None,
    lat: Lat = None,
    address: Address = None,
    condition: Condition = None,
    severity: Severity = None,
    channel: ChannelName = None,
    at: At = None,
    tag: Tag = None,
    pack: Policy = None,
    days: Annotated[float | None, typer.Option(help="how far to look, in days (default: to the end)")] = None,
    json_lines: Annotated[bool, typer.Option("--json", help="print JSON for programs")] = False,  # noqa: FBT002 - a command line flag
) -> None:
    """Print the whole future of such an event if nobody acted: who would be called, and when."""
    from boot.hypothetical import Event, UnableToImagine, whole_future_of

    event = Event(
        lon=lon, lat=lat, address=address, category=category, condition=condition, severity=severity,
        channel=channel, at=at, tags=tuple(tag or ()),
    )  # fmt: skip
    try:
        within = timedelta(days=days) if days is not None else None
        city, first, found = whole_future_of(settings=_settings(pack), event=event, within=within)
    except (UnableToImagine, UnableToLoadPack) as error:
        _fail(error)
    if json_lines:
        print_json(city, first, found)
        return
    print_place(first.state.place)
    print_future(console, city, first, found)


def _fail(error: Exception) -> NoReturn:
    console.print(str(error), style="red", soft_wrap=True, markup=False)
    raise typer.Exit(1) from error


def _settings(pack: Path | None) -> Settings:
    return Settings() if pack is None else Settings(pack=pack)


def print_place(place: Place) -> None:
    """Print where it is."""
    chain = " › ".join(f"{area.name}({area.code})" for area in place.chain) or "未定位 not located"
    console.print(f"[bold]地点 place[/] {chain}", soft_wrap=True)
    zones = ", ".join(f"{zone.name}({zone.code})" for zone in place.zones)
    marks = ", ".join(flag.value for flag in place.flags)
    console.print(
        f"  方法 method {place.method.value}; 功能区 zones {zones or '–'}; 标记 flags {marks or '–'}"
    )


def print_decision(pack: CityPack, decision: RoutingDecision) -> None:
    """Print the decision, each aspect with its rule, and the runners-up."""
    console.print(
        f"[bold]主办 lead[/] {name_of(pack, decision.lead)}; 层级 level {decision.level.name.lower()}; "
        f"立案条件 condition {decision.condition}; 时限 limit {decision.limit}; "
        f"严重程度 severity {decision.severity}; 置信 confidence {decision.confidence:g}",
        soft_wrap=True,
    )
    if decision.co_handlers:
        console.print("  协办 co-handlers " + ", ".join(name_of(pack, unit) for unit in decision.co_handlers))
    if decision.copy_to:
        console.print("  抄送 copies " + ", ".join(name_of(pack, unit) for unit in decision.copy_to))
    if decision.shortfall is not None:
        console.print(f"  [red]转甄别 to triage[/]: {decision.shortfall.value}")
    for reason in decision.reasons:
        console.print(
            f"  {reason.aspect:<12} [{reason.rule}] {reason.zh} / {reason.en}", soft_wrap=True, markup=False
        )
    for loser in decision.runners_up:
        console.print(
            f"  落选 runner-up {loser.rule} → {loser.lead}: {loser.why_zh} / {loser.why_en}", markup=False
        )
