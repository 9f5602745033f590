"""Who may what, as a document: ``python -m boot.permissions_page`` writes ``docs/permissions.md``.

Every address of the API and of the pages with what it declares: the API by its door
(``api.doors``), a page by its guard (``web.guard``). A test compares the committed page with what
this makes of the code, and another calls every address as every post and compares with that.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts

from api.app import create_app
from api.doors import Door
from domain.account import POSTS, Permission, Post
from web.app import create_web
from web.guard import anyone, needs, public

DOCUMENT = Path(__file__).parent.parent / "docs" / "permissions.md"

HEAD = """# Who may what

<!-- Written by `python -m boot.permissions_page`; do not edit. -->

Every address with what it asks for and who is let in. `●` is let in; what they then see and may change is
limited to the area and units of their post ([how posts work](howto/permissions.md)). `–` is refused: 403, and for
nobody 401 or the sign-in page. A source's key opens only what is marked under **key**, within the scopes of
the key. The Open311 endpoint has its own rules ([Open311](howto/open311.md)); the OpenAPI document and its
pages (`/openapi.json`, `/docs`, `/redoc`) and files of the consoles (`/static/…`) are for everybody.
A test calls every address as every post and compares. In demo mode the API asks nobody who they are.
"""


class UnableToTell(ValueError):
    """An address does not say who may use it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """One method of one address, and what it declares."""

    area: str
    method: str
    path: str
    door: Door

    @property
    def asks(self) -> str:
        """Return what it asks for, in words."""
        if self.door.public:
            return "nothing"
        if self.door.anyone:
            return "signed in"
        if self.door.permission is None:
            return "key"
        return f"`{self.door.permission.value}`"

    def opens_to(self, post: Post | None) -> bool:
        """Tell whether a post (None: nobody) is let in."""
        return self.door.public if post is None else self.door.opens_to(post)

    @property
    def opens_to_key(self) -> bool:
        """Tell whether a source's key is let in."""
        return self.door.public or self.door.sources


def addresses() -> list[Address]:
    """Return every address, the API's first. Raises UnableToTell where one declares nothing."""
    return [
        *_declared("API", create_app(life=_no_services)),
        *_declared("pages", create_web()),
    ]


@asynccontextmanager
async def _no_services(_: FastAPI) -> AsyncIterator[None]:
    yield


def _declared(area: str, app: FastAPI) -> Iterator[Address]:
    for context in iter_route_contexts(app.routes):
        route = context.original_route
        if not isinstance(route, APIRoute) or context.path is None:
            continue
        for method in sorted((route.methods or set()) - {"HEAD", "OPTIONS"}):
            yield Address(area=area, method=method, path=context.path, door=_door(route))


def _door(route: APIRoute) -> Door:
    """Return what a route declares, whichever of the two ways it does."""
    calls = list(_calls(route.dependant))
    doors = [call for call in calls if isinstance(call, Door)]
    if len(doors) == 1:
        return doors[0]
    guards = [call for call in calls if isinstance(call, needs)]
    permissions = {one for guard in guards for one in guard.permissions}
    if len(permissions) > 1:
        return _AllOf(permissions=frozenset(permissions))
    if permissions:
        return Door(permission=next(iter(permissions)))
    if anyone in calls:
        return Door(anyone=True)
    if public in calls:
        return Door(public=True)
    raise UnableToTell(f"{route.path} says not who may use it")


@dataclass(frozen=True, kw_only=True)
class _AllOf(Door):
    """A page that needs several permissions at once."""

    permissions: frozenset[Permission] = frozenset()

    def opens_to(self, post: Post) -> bool:
        return self.permissions <= POSTS[post].may


def _calls(dependant: Dependant) -> Iterator[object]:
    for one in dependant.dependencies:
        yield one.call
        yield from _calls(one)


def page() -> str:
    """Return the document."""
    every = addresses()
    parts = [HEAD, "## Posts\n", _posts()]
    for area in ("API", "pages"):
        parts += [f"## {area}\n", _table([one for one in every if one.area == area])]
    return "\n".join(parts)


def _posts() -> str:
    lines = ["| post | | reach | may |", "|---|---|---|---|"]
    for post, facts in POSTS.items():
        may = ", ".join(f"`{one.value}`" for one in Permission if one in facts.may)
        lines.append(f"| `{post.value}` | {facts.zh} {facts.en} | {facts.reach.value} | {may} |")
    return "\n".join((*lines, ""))


def _table(rows: list[Address]) -> str:
    names = " | ".join(post.value.replace("_", " ") for post in Post)
    lines = [f"| address | asks for | nobody | key | {names} |", "|---|---|" + ":-:|" * (len(Post) + 2)]
    for one in sorted(rows, key=lambda row: (row.path, row.method)):
        cells = [_mark(one.opens_to(None)), _mark(one.opens_to_key), *(_mark(one.opens_to(p)) for p in Post)]
        lines.append(f"| `{one.method} {one.path}` | {_asks(one)} | {' | '.join(cells)} |")
    return "\n".join((*lines, ""))


def _asks(one: Address) -> str:
    if isinstance(one.door, _AllOf):
        return ", ".join(f"`{each}`" for each in sorted(each.value for each in one.door.permissions))
    if one.door.roles:
        roles = ", ".join(sorted(role.value for role in one.door.roles))
        return f"{one.asks} as {roles}"
    return one.asks


def _mark(open_: object) -> str:
    return "●" if open_ else "–"


def main() -> None:
    """Write the document."""
    DOCUMENT.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
