"""``cityops source …``: the systems that may send us something, and their keys."""

import random
import tomllib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from boot.settings import Settings
from domain.source import KeyKind, Scope, Source, WireFormat

if TYPE_CHECKING:
    from store.engine import Store

app = typer.Typer(help="来源系统及其密钥 / sources and their keys", no_args_is_help=True)
console = Console()

Name = Annotated[str, typer.Argument(help="the source's name")]


@app.command("list")
def list_() -> None:
    """List the sources."""
    table = _table("来源 source", "渠道 channel", "格式 form", "权限 scopes", "限额 min / day", "密钥 keys")
    now = datetime.now(UTC)
    with _store() as store:
        for one in store.sources():
            keys = sum(1 for key in store.keys(source=one.name) if key.active(now))
            name = one.name if one.enabled else f"[dim]{one.name} 停用 disabled[/]"
            table.add_row(name, one.channel, one.form.value, " ".join(one.scopes), _quota(one), str(keys))
    console.print(table)


@app.command()
def show(name: Name) -> None:
    """Show one source with its keys; no key can be shown again."""
    with _store() as store:
        found = _found(store, name)
        for line in _lines(found):
            console.print(line, markup=False, soft_wrap=True)
        table = _table(
            "密钥 key", "种类 kind", "生成 made", "到期 ends", "最近使用 last used", "网段 networks"
        )
        now = datetime.now(UTC)
        for key in store.keys(source=name):
            ends = _shown(key.revoked_at or key.expires_at) + ("" if key.active(now) else " 已失效 ended")
            table.add_row(
                key.id, key.kind.value, _shown(key.created_at), ends, _shown(key.last_used_at),
                " ".join(key.networks),
            )  # fmt: skip
    console.print(table)


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="lower-case letters, digits and hyphens")],
    *,
    channel: Annotated[str, typer.Option(help="one of the pack's channels")],
    scope: Annotated[list[Scope], typer.Option(help="what its keys may be used for; may be repeated")],
    form: Annotated[WireFormat, typer.Option(help="how its alerts are written")] = WireFormat.JSON,
    title_zh: Annotated[str, typer.Option(help="Chinese name")] = "",
    title_en: Annotated[str, typer.Option(help="English name")] = "",
    citizen: Annotated[bool, typer.Option(help="a channel of citizens: never answered 429")] = False,
    per_minute: Annotated[int, typer.Option(help="messages a minute, 0 for any", min=0)] = 0,
    per_day: Annotated[int, typer.Option(help="messages a day, 0 for any", min=0)] = 0,
    mapping: Annotated[
        Path | None, typer.Option(help="TOML file with the tables [mapping] and [severities]")
    ] = None,
) -> None:
    """Add a source that is in no pack."""
    from store.pack import UnableToLoadPack, load
    from usecases.problems import BadRequest
    from usecases.sources import add_source

    try:
        tables = {} if mapping is None else tomllib.loads(mapping.read_text(encoding="utf-8"))
        wanted = Source(
            name=name, channel=channel, title_zh=title_zh, title_en=title_en, citizen=citizen,
            scopes=tuple(scope), per_minute=per_minute, per_day=per_day, form=form,
            mapping=tables.get("mapping", {}), severities=tables.get("severities", {}),
        )  # fmt: skip
        pack = load(folder=Settings().pack)
        with _store() as store:
            add_source(store=store, pack=pack, source=wanted, at=datetime.now(UTC))
    except BadRequest as error:
        _fail(f"{error.finding.text(lang='zh')} / {error.finding.text(lang='en')}")
    except (OSError, tomllib.TOMLDecodeError, UnableToLoadPack) as error:
        _fail(str(error))
    console.print(f"已添加 added: {name}", markup=False)


@app.command()
def disable(name: Name) -> None:
    """Keep a source out: its keys are refused until it is enabled again."""
    _enable(name, enabled=False)


@app.command()
def enable(name: Name) -> None:
    """Let a source in again."""
    _enable(name, enabled=True)


@app.command()
def key(
    name: Name,
    webhook: Annotated[bool, typer.Option(help="a secret that signs messages (Standard Webhooks)")] = False,  # noqa: FBT002 - a command line flag
    expires_days: Annotated[float | None, typer.Option(help="days until it ends", min=0.001)] = None,
    network: Annotated[
        list[str] | None, typer.Option(help="CIDR block it may be used from; may be repeated")
    ] = None,
) -> None:
    """Make a key and print it: this once, it is kept nowhere. Two may be active, to change from one to the next."""
    from boot.wiring import secret_of
    from usecases.secret import UnableToDerive
    from usecases.sources import UnableToAddKey, new_key

    settings = Settings()
    try:
        with _store() as store:
            made = new_key(
                store=store,
                secret=secret_of(settings),
                random_bits=random.SystemRandom().getrandbits,
                source=name,
                kind=KeyKind.WEBHOOK if webhook else KeyKind.API_KEY,
                at=datetime.now(UTC),
                expires_in=None if expires_days is None else timedelta(days=expires_days),
                networks=tuple(network or ()),
            )
    except (UnableToAddKey, UnableToDerive, ValueError) as error:
        _fail(str(error))
    # The key alone goes to standard output, so that a script can take it.
    Console(stderr=True).print(f"{made.key.id}: 仅显示一次 shown this once", style="yellow", markup=False)
    typer.echo(made.shown)


@app.command()
def revoke(
    key_id: Annotated[str, typer.Argument(help="the key's id: ck_ID_…, or see cityops source show")],
) -> None:
    """End a key. Running processes refuse it within five seconds."""
    with _store() as store:
        if not store.revoke_key(key_id=key_id, at=datetime.now(UTC)):
            _fail(f"没有密钥 no key {key_id}")
    console.print(f"已吊销 revoked: {key_id}", markup=False)


@app.command()
def apply(
    pack: Annotated[Path | None, typer.Option(help="folder of the pack (default: the one in force)")] = None,
    dry_run: Annotated[bool, typer.Option(help="show the difference, change nothing")] = False,  # noqa: FBT002 - a command line flag
) -> None:
    """Make the sources what the pack says, changes of people included, and show the difference first."""
    from store.pack import UnableToLoadPack, load
    from usecases.sources import differences

    try:
        wanted = load(folder=pack or Settings().pack).sources
    except UnableToLoadPack as error:
        _fail(str(error))
    changed = 0
    with _store() as store:
        for source in wanted:
            there = store.source(name=source.name)
            # Whether a source is let in is no matter of the pack.
            new = source if there is None else replace(source, enabled=there.enabled)
            found = differences(before=there, after=new)
            for line in found:
                console.print(f"{source.name}: {line}", markup=False, soft_wrap=True)
            if found and not dry_run:
                store.put_source(source=new, at=datetime.now(UTC))
            changed += bool(found)
    told = "将更改 would change" if dry_run else "已更改 changed"
    console.print(f"{told}: {changed}", markup=False)


@contextmanager
def _store() -> "Iterator[Store]":
    from sqlalchemy.exc import DBAPIError

    from boot.wiring import connect_store

    with closing(connect_store(Settings())) as store:
        try:
            yield store
        except DBAPIError:
            _fail("数据库未就绪,先运行 cityops migrate / the database is not ready: cityops migrate")


def _found(store: "Store", name: str) -> Source:
    found = store.source(name=name)
    if found is None:
        _fail(f"没有来源 no source {name}")
    return found


def _enable(name: str, *, enabled: bool) -> None:
    with _store() as store:
        if not store.enable_source(name=name, enabled=enabled):
            _fail(f"没有来源 no source {name}")
    console.print(f"{name}: {'已启用 enabled' if enabled else '已停用 disabled'}", markup=False)


def _lines(source: Source) -> list[str]:
    lines = [
        f"{source.name}  {source.title_zh} {source.title_en}" + ("" if source.enabled else "  停用 disabled"),
        f"  渠道 channel {source.channel}  格式 form {source.form.value}  市民 citizen {'是 yes' if source.citizen else '否 no'}",
        f"  权限 scopes {' '.join(source.scopes)}  限额 per minute / day {_quota(source)}",
        f"  映射 mapping v{source.mapping_version}",
    ]
    lines += [f"    {name} ← {path}" for name, path in sorted(source.mapping.items())]
    return lines + [f"    {word} = {grade}" for word, grade in sorted(source.severities.items())]


def _table(first: str, *others: str) -> Table:
    """Return a table whose first column is never cut: it is what the next command takes."""
    table = Table()
    table.add_column(first, no_wrap=True)
    for heading in others:
        table.add_column(heading, overflow="fold")
    return table


def _quota(source: Source) -> str:
    return f"{source.per_minute or '–'} / {source.per_day or '–'}"


def _shown(at: datetime | None) -> str:
    return "–" if at is None else f"{at.astimezone(UTC):%Y-%m-%d %H:%M}Z"


def _fail(text: str) -> NoReturn:
    console.print(text, style="red", soft_wrap=True, markup=False)
    raise typer.Exit(1)
