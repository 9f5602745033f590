"""``cityops inbound …``: what came in and nobody could read, and what is done about it."""

import asyncio
import getpass
import sys
import tomllib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from boot.settings import Settings
from domain.actor import Actor, Role
from domain.envelope import DeadCode, Envelope

if TYPE_CHECKING:
    from usecases.city import City
    from usecases.dead_letters import Letter, Proposal

app = typer.Typer(help="收到而无法读取的消息 / what came in and nobody could read", no_args_is_help=True)
console = Console()

Number = Annotated[int, typer.Argument(help="the letter's number", min=1)]
SourceName = Annotated[str | None, typer.Option("--source", help="of this source only")]
Code = Annotated[DeadCode | None, typer.Option("--code", help="of this code only")]
MappingFile = Annotated[
    Path, typer.Option("--mapping", help="TOML file with the tables [mapping] and [severities]")
]


@app.command("list")
def list_(
    source: SourceName = None,
    code: Code = None,
    closed: Annotated[bool, typer.Option(help="those that were seen to")] = False,  # noqa: FBT002 - a flag
    limit: Annotated[int, typer.Option(min=1, max=200)] = 50,
) -> None:
    """List dead letters, newest first, without contents, and say what waits to be read."""
    from usecases.dead_letters import page

    table = Table()
    table.add_column("死信 letter", no_wrap=True)
    for heading in ("来源 source", "收到 received", "字节 bytes", "原因 why"):
        table.add_column(heading, overflow="fold")
    with _city() as city:
        found = page(
            city=city, actor=_actor(), limit=limit, source=source, code=None if code is None else code.value,
            closed=closed,
        )  # fmt: skip
        backlog = city.store.backlog()
    for one in found.letters:
        table.add_row(
            str(one.id), one.source, _shown(one.received_at), str(one.size), f"{one.code}: {one.zh}"
        )
    console.print(table)
    console.print(f"待读 waiting: {backlog.waiting}  死信 dead letters: {backlog.dead}", markup=False)


@app.command()
def show(
    number: Number, reason: Annotated[str, typer.Option(help="why you look: contents may be personal")]
) -> None:
    """Print a letter's bytes to standard output. Who looked, when and why is written down."""
    from usecases.dead_letters import look

    with _city() as city:
        found = look(city=city, actor=_actor(), number=number, reason=reason)
    aside = Console(stderr=True)
    for line in _lines(found.letter):
        aside.print(line, markup=False, soft_wrap=True)
    for act in found.acts:
        aside.print(f"  {_shown(act.at)} {act.actor} {act.kind} {act.reason}", markup=False, soft_wrap=True)
    sys.stdout.buffer.write(found.body)


@app.command()
def preview(
    mapping: MappingFile,
    number: Annotated[list[int] | None, typer.Argument(help="letters; none for the source's latest")] = None,
    source: SourceName = None,
) -> None:
    """Show what letters would become under another mapping. Nothing is stored but that you looked."""
    from usecases.dead_letters import preview as try_out

    with _city() as city:
        found = try_out(
            city=city, actor=_actor(), ids=tuple(number or ()), source=source, proposal=_proposal(mapping)
        )
    for one in found:
        for part in one.parts:
            if isinstance(part, Envelope):
                said = (
                    f"{part.kind.value} {part.event_id} {part.subject} {part.hazard or part.category or ''}"
                )
                value = "" if part.value is None else f" {part.metric}={part.value:g}{part.unit}"
                console.print(f"{one.letter.id} ✓ {said}{value} {_shown(part.occurred_at)}", markup=False)
            else:
                console.print(f"{one.letter.id} ✗ {part.code.value} {dict(part.params)}", markup=False)


@app.command("mapping")
def put(name: Annotated[str, typer.Argument(help="the source's name")], mapping: MappingFile) -> None:
    """Have a source's messages read another way from now on."""
    from usecases.dead_letters import put_mapping

    with _city() as city:
        found = put_mapping(city=city, actor=_actor(), name=name, proposal=_proposal(mapping))
    console.print(f"{name}: 映射 mapping v{found.mapping_version}", markup=False)


@app.command()
def replay(
    number: Annotated[list[int] | None, typer.Argument(help="letters")] = None,
    source: SourceName = None,
    code: Code = None,
    reason: Annotated[str, typer.Option(help="why")] = "",
) -> None:
    """Send letters through again: these, or a source's oldest 500. They are dated by when they were received."""
    from usecases.dead_letters import replay as replay_one
    from usecases.dead_letters import replay_all

    if not number and source is None:
        _fail("请给出编号或 --source / give numbers, or --source")
    sent = 0
    with _city() as city:
        for one in number or ():
            replay_one(city=city, actor=_actor(), number=one, reason=reason)
            sent += 1
        if source is not None:
            # Once: what dies again at once would be sent through for ever.
            only = None if code is None else code.value
            sent += len(replay_all(city=city, actor=_actor(), source=source, code=only, reason=reason))
    console.print(f"已重放 sent through again: {sent}", markup=False)


@app.command()
def close(number: Number, reason: Annotated[str, typer.Option(help="why it needs nothing more")]) -> None:
    """Close a letter that needs nothing more."""
    from usecases.dead_letters import close as close_one

    with _city() as city:
        close_one(city=city, actor=_actor(), number=number, reason=reason)
    console.print(f"已关闭 closed: {number}", markup=False)


@contextmanager
def _city() -> "Iterator[City]":
    from sqlalchemy.exc import DBAPIError

    from boot.wiring import connect, connect_store, open_city
    from domain.errors import CommandRefused
    from usecases.problems import BadRequest

    settings = Settings()
    with closing(connect_store(settings)) as store:
        try:
            city = open_city(settings=settings, store=store, client=asyncio.run(connect()))
            yield city
        except DBAPIError:
            _fail("数据库未就绪,先运行 cityops migrate / the database is not ready: cityops migrate")
        except BadRequest as error:
            _fail(f"{error.finding.text(lang='zh')} / {error.finding.text(lang='en')}")
        except CommandRefused as error:
            _fail(f"{error.text(lang='zh')} / {error.text(lang='en')}")


def _actor() -> Actor:
    """Whoever may run this on the machine may see to letters; the account's name is written down."""
    return Actor(id=f"cli:{getpass.getuser()}", role=Role.OPERATOR)


def _proposal(path: Path) -> "Proposal":
    from usecases.dead_letters import Proposal

    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        _fail(str(error))
    mapping, severities = tables.get("mapping", {}), tables.get("severities", {})
    if not all(isinstance(text, str) for text in mapping.values()):
        _fail("[mapping]: 值须为文本 / values are texts")
    if not all(type(grade) is int for grade in severities.values()):
        _fail("[severities]: 值须为 1 … 4 / values are 1 … 4")
    return Proposal(mapping=mapping or None, severities=severities or None)


def _lines(letter: "Letter") -> list[str]:
    return [
        f"{letter.id}  {letter.source}  {letter.format}  {_shown(letter.received_at)}  {letter.state}",
        f"  {letter.code}: {letter.zh} / {letter.en}",
    ]


def _shown(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M}Z"


def _fail(text: str) -> NoReturn:
    console.print(text, style="red", soft_wrap=True, markup=False)
    raise typer.Exit(1)
