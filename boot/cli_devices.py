"""``cityops devices …``: the device registry from files, and where its devices stand now."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.console import Console

from boot.settings import Settings

if TYPE_CHECKING:
    from store.engine import Store

app = typer.Typer(help="感知设备登记 / the device registry", no_args_is_help=True)
console = Console()


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="CSV file with a header", exists=True, dir_okay=False)],
    source: Annotated[str, typer.Option(help="the source whose devices they are")],
) -> None:
    """Register the devices of a CSV file. Where a line is wrong, all wrong lines are told and nothing is taken."""
    from boot.wiring import grounds_of
    from domain.clock import city_time
    from usecases.device_file import import_devices
    from usecases.problems import BadRequest

    settings = Settings()
    grounds = grounds_of(settings)
    at = city_time(grounds.clock, datetime.now(UTC))
    with _store(settings) as store:
        try:
            found = import_devices(grounds=grounds, store=store, source=source, file=file, at=at)
        except BadRequest as error:
            _fail(f"{error.finding.text(lang='zh')} / {error.finding.text(lang='en')}")
    for problem in found.problems:
        console.print(str(problem), markup=False, soft_wrap=True)
    if found.problems:
        _fail(f"未登记任何设备 nothing registered: {len(found.problems)} 处问题 problems")
    done = found.registered
    console.print(
        f"新增 added {done.added}  更改 changed {done.changed}  不变 same {done.same}", markup=False
    )


@app.command()
def relocate() -> None:
    """Locate every device again, after outlines have changed."""
    from boot.wiring import grounds_of
    from domain.clock import city_time
    from usecases.devices import relocate

    settings = Settings()
    grounds = grounds_of(settings)
    at = city_time(grounds.clock, datetime.now(UTC))
    with _store(settings) as store:
        done, lost = relocate(pack=grounds.pack, atlas=grounds.atlas, store=store, at=at)
    for source, code in lost:
        console.print(f"{source}/{code}: 无法定位,保留原区域 not located, keeps its areas", markup=False)
    console.print(f"更改 changed {done.changed}  不变 same {done.same}", markup=False)
    if lost:
        raise typer.Exit(1)


@contextmanager
def _store(settings: Settings) -> "Iterator[Store]":
    from sqlalchemy.exc import DBAPIError

    from boot.wiring import connect_store

    with closing(connect_store(settings)) as store:
        try:
            yield store
        except DBAPIError:
            _fail("数据库未就绪,先运行 cityops migrate / the database is not ready: cityops migrate")


def _fail(text: str) -> NoReturn:
    console.print(text, style="red", soft_wrap=True, markup=False)
    raise typer.Exit(1)
