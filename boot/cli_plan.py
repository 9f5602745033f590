"""``cityops plan`` and ``cityops apply``: change the rules of a running city, seen before it is done."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.console import Console

from boot.settings import Settings

if TYPE_CHECKING:
    from usecases.city import City, Grounds
    from usecases.plan import CasePlan
    from usecases.plan_apply import Application
    from usecases.plan_file import PlanFile

console = Console()
LOOK_AGAIN_S = 0.3

Cases = Annotated[str, typer.Option(help="open cases to apply it to: none, all, or a file of case numbers")]
Who = Annotated[str, typer.Option("--by", help="account name of whoever does this")]


def plan(
    pack: Annotated[Path, typer.Argument(help="folder of the changed pack")],
    out: Annotated[Path | None, typer.Option(help="write the plan to this file, for cityops apply")] = None,
    cases: Cases = "all",
    top: Annotated[int, typer.Option(help="how many cases to print", min=0)] = 30,
    by: Who = "planner",
) -> None:
    """Show what a changed pack would change, for the rules and for every open case. Changes nothing."""
    from boot.plan_text import print_cases, print_changes
    from boot.wiring import grounds_of
    from usecases.gateway import UnableToReachCase
    from usecases.plan_changes import changes
    from usecases.plan_file import UnableToReadPlan

    settings = Settings()
    _sound(pack)
    base, draft = grounds_of(settings), grounds_of(settings.model_copy(update={"pack": pack}))
    found = changes(before=base.pack, after=draft.pack)
    print_changes(console, packs=(base.pack, draft.pack), found=found, outlines=_outlines(base, draft))
    try:
        planned = asyncio.run(_open_cases(settings, draft, by))
    except UnableToReachCase as error:
        _fail(error)
    print_cases(console, packs=(base.pack, draft.pack), planned=planned, top=top)
    if out is not None:
        try:
            file = _plan_of(settings, pack, (base, draft), planned, cases)
        except UnableToReadPlan as error:
            _fail(error)
        out.write_text(file.text(), encoding="utf-8")
        told = f"{len(file.chosen)}/{len(file.open)} 件在办案件 open cases chosen"
        console.print(f"计划已写入 plan written: {out}; {told}", soft_wrap=True, markup=False)
    if any(one.problems for one in planned):
        raise typer.Exit(3)


def _sound(pack: Path) -> None:
    """End with the errors ``cityops check`` finds, if any."""
    from usecases.check_pack import check

    errors = [problem for problem in check(folder=pack) if not problem.warning]
    for problem in errors:
        console.print(str(problem), style="red", soft_wrap=True, markup=False)
    if errors:
        console.print(f"{len(errors)} 个错误，未作计划 errors: nothing is planned", style="red")
        raise typer.Exit(1)


def _outlines(base: "Grounds", draft: "Grounds") -> bool:
    return base.atlas.version != draft.atlas.version


async def _open_cases(settings: Settings, draft: "Grounds", who: str) -> "list[CasePlan]":
    from boot.wiring import connect, connect_store, open_city
    from usecases.plan import plan_cases

    with closing(connect_store(settings)) as store:
        city = open_city(settings=settings, store=store, client=await connect())
        planned = [found async for found in plan_cases(city=city, draft=draft, who=who)]
        await city.intake.close()
        return planned


def _plan_of(
    settings: Settings,
    pack: Path,
    worlds: "tuple[Grounds, Grounds]",
    planned: "Sequence[CasePlan]",
    cases: str,
) -> "PlanFile":
    from datetime import UTC, datetime

    from boot.wiring import city_clock
    from domain.clock import city_time
    from usecases.plan_file import PlanFile, choose

    base, draft = worlds
    numbers = tuple(one.case_no for one in planned)
    return PlanFile(
        version_from=base.pack.version,
        version_to=draft.pack.version,
        outlines=draft.atlas.version,
        folder=str(pack.resolve()),
        generated_at=city_time(city_clock(settings), datetime.now(UTC)),
        open=numbers,
        chosen=choose(cases, open_cases=numbers),
    )


def apply(
    file: Annotated[Path, typer.Argument(help="what cityops plan --out wrote")],
    cases: Annotated[
        str | None, typer.Option(help="other cases than the plan's: none, all, or a file of case numbers")
    ] = None,
    reason: Annotated[str, typer.Option(help="why, kept with every case")] = "",
    by: Who = "planner",
    wait: Annotated[float, typer.Option(help="seconds to wait for the cases to take the rules")] = 120.0,
) -> None:
    """Put a planned pack in force, and for the chosen open cases too. Doing it again changes nothing."""
    from boot.install import UnableToInstall
    from boot.wiring import connect_store, publish_pack
    from usecases.plan_file import UnableToReadPlan, choose, read_plan

    settings = Settings()
    try:
        planned = read_plan(file)
        chosen = planned.chosen if cases is None else choose(cases, open_cases=planned.open)
        _put_in_place(settings, planned)
    except (UnableToReadPlan, UnableToInstall) as error:
        _fail(error)
    with closing(connect_store(settings)) as store:
        fresh = publish_pack(settings=settings, store=store)
    told = "已发布 published" if fresh else "早已发布 published before"
    console.print(f"{told}: {planned.version_to}", markup=False)
    left = asyncio.run(_apply_to(settings, chosen, by=by, reason=reason, wait_s=wait)) if chosen else 0
    raise typer.Exit(4 if left else 0)


def _content(settings: Settings, folder: Path) -> tuple[str, str]:
    """Return the versions of a pack's rules and of its areas' outlines, empty where there is no folder.

    Raises UnableToLoadPack and UnableToReadLayer.
    """
    from boot.install import version_in
    from boot.wiring import atlas_cache
    from geo.publish import open_atlas, publish

    version = version_in(folder)
    if not version:
        return "", ""
    return version, open_atlas(publish(pack_folder=folder, cache=atlas_cache(settings))).version


def _put_in_place(settings: Settings, planned: "PlanFile") -> None:
    """Install the planned pack, outlines included, unless it is there. Raises UnableToReadPlan or UnableToInstall."""
    from boot.install import install
    from geo.checks.problems import UnableToReadLayer
    from store.pack import UnableToLoadPack
    from usecases.plan_file import UnableToReadPlan

    wanted = planned.version_to, planned.outlines
    found = _content(settings, settings.pack)
    if found == wanted:
        return
    here, _ = found
    if here not in ("", planned.version_from, planned.version_to):
        raise UnableToReadPlan(
            f"现行规则包已是 {here}，计划是从 {planned.version_from} 出发的，请重新计划 / the pack in force is "
            f"{here}, this plan begins with {planned.version_from}: make a new plan"
        )
    new = Path(planned.folder)
    try:
        same = _content(settings, new) == wanted
    except (UnableToLoadPack, UnableToReadLayer):
        same = False
    if not same:
        raise UnableToReadPlan(
            f"{new} 的内容已与计划不符，请重新计划 / {new} is not as it was planned: make a new plan"
        )
    keep = settings.data_dir.resolve() / "packs"
    install(new=new, target=settings.pack, keep=keep, before=planned.version_from)
    console.print(
        f"已就位 in place: {settings.pack}; 原规则包保存于 the old pack is kept in {keep}", markup=False
    )


async def _apply_to(settings: Settings, chosen: Sequence[str], *, by: str, reason: str, wait_s: float) -> int:
    """Put the commands and wait for their fate; return how many cases have not taken the rules."""
    from boot.wiring import connect, connect_store, open_city
    from usecases.plan import applier
    from usecases.plan_apply import Application, put_all

    with closing(connect_store(settings)) as store:
        city = open_city(settings=settings, store=store, client=await connect())
        actor = applier(grounds=city.grounds, who=by)
        application = Application(grounds=city.grounds, actor=actor, reason=reason)
        put = await put_all(city=city, cases=chosen, application=application)
        _tell_put(put)
        left = await _taken(city, chosen, application, wait_s)
        await city.intake.close()
        return left + put["unreachable"] + put["not_running"]


def _tell_put(put: "Counter[str]") -> None:
    words = {
        "put": "已下达 ordered",
        "known": "早已下达 ordered before",
        "ended": "其间已结束 ended meanwhile",
        "unreachable": "无法联系 not reached, apply again",
        "not_running": "没有运行 not running, see the runbook",
    }
    for name, text in words.items():
        if put[name]:
            console.print(f"{put[name]} 件 cases {text}", markup=False)


async def _taken(city: "City", chosen: Sequence[str], application: "Application", wait_s: float) -> int:
    """Wait until every case has answered; return how many are left, refusals included."""
    from usecases.plan_apply import fates

    loop = asyncio.get_running_loop()
    end, waiting = loop.time() + wait_s, 0
    while True:
        found = await asyncio.to_thread(lambda: fates(city=city, cases=chosen, version=application.version))
        if not found.get("pending") or loop.time() >= end:
            break
        if len(found["pending"]) != waiting:
            waiting = len(found["pending"])
            console.print(f"等待 waiting: {waiting}", markup=False)
        await asyncio.sleep(LOOK_AGAIN_S)
    for fate, numbers in sorted(found.items()):
        named = "" if fate == "done" else f": {', '.join(numbers[:5])}"
        console.print(f"{len(numbers)} 件 cases {_FATES.get(fate, fate)}{named}", markup=False)
    return sum(len(numbers) for fate, numbers in found.items() if fate not in ("done", "case_ended"))


_FATES = {"done": "已适用新规则 under the new rules", "pending": "仍在送达 still being delivered"}


def _fail(error: Exception) -> NoReturn:
    console.print(str(error), style="red", soft_wrap=True, markup=False)
    raise typer.Exit(1) from error
