"""``cityops account …``: who may sign in. The first security administrator is made here, later ones on the pages too.

Whoever has the shell of the server stands above every account; what they do stands in the log
under the name ``console``. Passwords are asked for or read from standard input, never arguments.
"""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from boot.settings import Settings
from domain.account import POSTS, Grant, Post, Principal

if TYPE_CHECKING:
    from usecases.city import City

app = typer.Typer(help="账号与岗位 / accounts and posts", no_args_is_help=True)
console = Console()

Name = Annotated[str, typer.Argument(help="the account's name: a-z, 0-9, dots, hyphens")]
Unit = Annotated[str, typer.Option(help="code of the unit (default: the city's command centre)")]
Areas = Annotated[list[str] | None, typer.Option("--area", help="only this area; may be repeated")]
Reason = Annotated[str, typer.Option(help="why; stands in the log")]
FromStdin = Annotated[
    bool, typer.Option("--password-stdin", help="read the first password from standard input")
]
Ask = Annotated[bool, typer.Option("--ask", help="ask for the first password instead of drawing one")]


@app.command("list")
def list_() -> None:
    """List the accounts with their posts."""
    from usecases.accounts import listed

    table = Table()
    table.add_column("账号 account", no_wrap=True)
    for heading in ("姓名 name", "岗位 posts", "状态 state", "最近登录 last sign-in"):
        table.add_column(heading, overflow="fold")
    with _city() as city:
        for one in listed(city=city, who=_console(city)):
            posts = "\n".join(
                " ".join((POSTS[grant.post].zh, grant.post.value, grant.unit, *grant.areas))
                for grant in one.grants
            )
            seen = "–" if one.seen_at is None else f"{one.seen_at.astimezone(UTC):%Y-%m-%d %H:%M}Z"
            table.add_row(one.account, one.name, posts, _state(one.disabled, one.demo), seen)
    console.print(table)


@app.command()
def add(
    account: Name,
    *,
    post: Annotated[Post | None, typer.Option(help="its first post")] = None,
    unit: Unit = "",
    area: Areas = None,
    name: Annotated[str, typer.Option(help="how pages call its owner")] = "",
    subject: Annotated[str, typer.Option(help="the subject at the identity provider")] = "",
    password_stdin: FromStdin = False,
    ask: Ask = False,
) -> None:
    """Open an account. Its first password is printed once, and must be changed at the first sign-in."""
    from usecases.accounts import open_account

    with _city() as city:
        given = _password(stdin=password_stdin, ask=ask)
        first = open_account(
            city=city, who=_console(city), account=account, name=name,
            posts=[_grant(city, post, unit, area)] if post else [], at=datetime.now(UTC), password=given,
            subject=subject or None,
        )  # fmt: skip
    _told(account, first, drawn=given is None)


@app.command()
def grant(
    account: Name, post: Annotated[Post, typer.Argument()], unit: Unit = "", area: Areas = None
) -> None:
    """Give somebody a post."""
    from usecases.accounts import give_post

    with _city() as city:
        give_post(city=city, who=_console(city), account=account, grant=_grant(city, post, unit, area))
    console.print(f"已授予 given: {account} {post.value}", markup=False)


@app.command()
def revoke(account: Name, post: Annotated[Post, typer.Argument()], unit: Unit = "") -> None:
    """Take a post away."""
    from usecases.accounts import take_post

    with _city() as city:
        take_post(city=city, who=_console(city), account=account, post=post, unit=unit or _root(city))
    console.print(f"已撤销 taken: {account} {post.value}", markup=False)


@app.command()
def close(account: Name, reason: Reason = "") -> None:
    """Close an account and end its sessions."""
    from usecases.accounts import close_account

    with _city() as city:
        close_account(city=city, who=_console(city), account=account, reason=reason)
    console.print(f"已停用 closed: {account}", markup=False)


@app.command()
def reopen(account: Name, reason: Reason = "") -> None:
    """Open a closed account again."""
    from usecases.accounts import reopen_account

    with _city() as city:
        reopen_account(city=city, who=_console(city), account=account, reason=reason)
    console.print(f"已启用 open again: {account}", markup=False)


@app.command()
def unlock(account: Name) -> None:
    """End the lock that failed sign-ins brought."""
    from usecases.accounts import unlock_account

    with _city() as city:
        unlock_account(city=city, who=_console(city), account=account)
    console.print(f"已解锁 unlocked: {account}", markup=False)


@app.command()
def password(account: Name, *, password_stdin: FromStdin = False, ask: Ask = False) -> None:
    """Give somebody a first password again; their sessions end."""
    from usecases.accounts import reset_password

    with _city() as city:
        given = _password(stdin=password_stdin, ask=ask)
        first = reset_password(
            city=city, who=_console(city), account=account, at=datetime.now(UTC), password=given
        )
    _told(account, first, drawn=given is None)


@app.command("reset-factor")
def reset_factor_(account: Name, reason: Reason = "") -> None:
    """Set somebody's second factor back: their phone is gone."""
    from usecases.accounts import reset_factor

    with _city() as city:
        reset_factor(city=city, who=_console(city), account=account, reason=reason)
    console.print(f"已重置 set back: {account}", markup=False)


@contextmanager
def _city() -> "Iterator[City]":
    """Yield the city on its database; no server is needed. Whatever is refused ends the command."""
    from sqlalchemy.exc import DBAPIError

    from boot.wiring import connect, connect_store, open_city
    from usecases.problems import BadRequest

    settings = Settings()
    store = connect_store(settings)
    try:
        yield open_city(settings=settings, store=store, client=asyncio.run(connect()))
    except BadRequest as error:
        _fail(f"{error.finding.text(lang='zh')} / {error.finding.text(lang='en')}")
    except DBAPIError:
        _fail("数据库未就绪,先运行 cityops migrate / the database is not ready: cityops migrate")
    finally:
        store.close()


def _console(city: "City") -> Principal:
    """Return as whom the shell of the server acts."""
    held = Grant(post=Post.SECURITY_ADMIN, unit=_root(city))
    return Principal(account="console", name="console", grants=(held,))


def _root(city: "City") -> str:
    """Return the unit the others hang under: the city's command centre."""
    units = city.pack.tree.explicit
    return next((unit.code for unit in units if not unit.parent), units[0].code if units else "")


def _grant(city: "City", post: Post, unit: str, areas: list[str] | None) -> Grant:
    return Grant(post=post, unit=unit or _root(city), areas=tuple(areas or ()))


def _password(*, stdin: bool, ask: bool) -> str | None:
    if stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if ask:
        shown: str = typer.prompt("密码 password", hide_input=True, confirmation_prompt=True)
        return shown
    return None


def _told(account: str, first: str, *, drawn: bool) -> None:
    """Print a drawn password alone on standard output, so that a script can take it."""
    text = f"{account}: 首次登录须修改密码 the password must be changed at the first sign-in"
    Console(stderr=True).print(text, style="yellow", markup=False)
    if drawn:
        typer.echo(first)


def _state(disabled: bool, demo: bool) -> str:  # noqa: FBT001 - two columns
    return ("停用 closed" if disabled else "使用中 in use") + (" · 演示 demo" if demo else "")


def _fail(text: str) -> NoReturn:
    Console(stderr=True).print(text, style="red", soft_wrap=True, markup=False)
    raise typer.Exit(1)
