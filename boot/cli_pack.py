"""``cityops check`` and ``cityops pack …``."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

app = typer.Typer(help="城市包 / city packs", no_args_is_help=True)
console = Console()


def check(
    folder: Annotated[Path, typer.Argument(help="a pack's folder, for example cities/wuhan")],
    from_: Annotated[
        str | None,
        typer.Option(
            "--from", help="first of the ninety days to be judged, for example 2026-06-01 (default: today)"
        ),
    ] = None,
) -> None:
    """Check a city pack and say in plain words, with file and line, what is wrong."""
    from usecases.check_pack import check as check_pack

    try:
        day = date.fromisoformat(from_) if from_ is not None else datetime.now(UTC).date()
    except ValueError as error:
        console.print(f"--from {from_}: {error}", style="red", markup=False)
        raise typer.Exit(2) from error
    problems = check_pack(folder=folder, today=day)
    for problem in problems:
        style = "yellow" if problem.warning else "red"
        console.print(str(problem), style=style, soft_wrap=True, markup=False)
    errors = sum(1 for problem in problems if not problem.warning)
    console.print(f"{errors} 个错误 errors, {len(problems) - errors} 个提醒 warnings")
    raise typer.Exit(1 if errors else 0)


@app.command("import")
def import_(
    spec: Annotated[Path, typer.Argument(help="TOML file that names layers, columns, CRS and the feed")],
    data: Annotated[
        Path, typer.Argument(help="folder of the city's files; the spec's paths are relative to it")
    ],
    out: Annotated[Path, typer.Argument(help="folder of the new pack")],
    repair: Annotated[bool, typer.Option(help="repair what can be repaired, each with its reason")] = False,  # noqa: FBT002 - a command line flag
    crs: Annotated[
        list[str] | None, typer.Option(help="declare a file's system, FILE=EPSG:N; may be repeated")
    ] = None,
) -> None:
    """Build a pack from a city's open data; refuses or repairs what real layers bring, with the reason."""
    from usecases.import_pack import UnableToReadSpec, import_pack

    declared = dict(one.split("=", 1) for one in crs or [] if "=" in one)
    try:
        report = import_pack(spec=spec, data=data, out=out, repair=repair, crs=declared)
    except (UnableToReadSpec, OSError) as error:
        console.print(str(error), style="red", soft_wrap=True)
        raise typer.Exit(1) from error
    for line in report.lines():
        console.print(line, soft_wrap=True, markup=False)
    raise typer.Exit(1 if report.refused else 0)
