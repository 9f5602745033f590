"""The API and the pages as one process serves them, on a real store, with an account of every post signed in."""

import asyncio
import itertools
import re
from collections.abc import AsyncIterator, Iterator, Mapping, MutableMapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from boot.api import build
from boot.settings import Settings
from boot.site import Site
from domain.account import Grant, Post
from domain.source import KeyKind, Scope, Source
from store.rows_people import Account
from usecases.city import City
from usecases.sign_in import principal_of
from usecases.signing import Passed, open_session
from usecases.sources import new_key
from web.tokens import masked

CITY_UNIT, DISTRICT_UNIT = "4201-COMMAND", "420102-COMMAND"
UNITS: Mapping[Post, str] = {
    Post.TRIAGE: DISTRICT_UNIT,
    Post.DISTRICT_SUPERVISOR: DISTRICT_UNIT,
    Post.STAFF: "420102-URBAN_MGMT",
    Post.LEADER: "420102-URBAN_MGMT",
    Post.GRID_WORKER: DISTRICT_UNIT,
    Post.CHECKER: DISTRICT_UNIT,
}
SOURCE = "probe"
COOKIE = "cityops_session"
FORM = "cityops_form"
"""The sign-in's forms are bound to a cookie of their own: nobody has a session yet."""
CODE = re.compile(rb'(?:"code":\s?"|<code>)(\w+)')
"""A problem's code, as the API writes it and as pages show it."""


AT_THE_DOOR = frozenset(
    {
        "sign_in_needed", "not_permitted", "csrf_failed", "key_required", "key_invalid", "key_scope", "key_source",
        "header_actor_outside_demo", "outside_scope",
    }
)  # fmt: skip
"""Codes of a refusal that is about who asks; others (a wrong password, a step not theirs) are about what is asked."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """The beginning of an answer: a stream is not read to its end. ``code`` is a refusal's."""

    status: int
    location: str = ""
    code: str = ""

    @property
    def refused(self) -> bool:
        """Tell whether whoever asked was not let in: 401, 403, or sent to the sign-in page."""
        sent_away = self.status == 303 and self.location.startswith("/sign-in?")
        return sent_away or (self.status in (401, 403) and self.code in AT_THE_DOOR)


@dataclass(kw_only=True)
class SignedInSite:
    """The whole site, its city, and people of every post."""

    site: Site
    city: City
    key: str
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)
    _sessions: dict[str, tuple[str, dict[str, str]]] = field(default_factory=dict)

    def hired(self, *grants: Grant) -> str:
        """Open an account with these posts and return its name."""
        name = f"p{next(self._numbers)}-{grants[0].post.value.replace('_', '-')}"
        now = datetime.now(UTC)
        self.city.store.add_account(
            account=Account(account=name, name=name, created_at=now, password_at=now, grants=grants)
        )
        return name

    def session(self, account: str) -> dict[str, str]:
        """Sign somebody in, both factors shown, unless they are, and return the headers of a page of ours."""
        token, headers = self._sessions.get(account, ("", {}))
        if token and principal_of(city=self.city, token=token, at=datetime.now(UTC)) is not None:
            return headers
        found = self.city.store.account(account=account)
        assert found is not None
        passed = Passed(way="password", strong=True)
        signed = open_session(city=self.city, account=found, passed=passed, at=datetime.now(UTC))
        cookies = f"{COOKIE}={signed.token}; {FORM}={signed.csrf}"
        headers = {"cookie": cookies, "x-csrf-token": masked(signed.csrf)}
        self._sessions[account] = (signed.token, headers)
        return headers

    async def ask(self, method: str, path: str, *, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        """Send a request and return how the answer begins."""
        scope = _scope(method, path, headers)
        begun: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        first: list[Answer] = []
        given: Iterator[MutableMapping[str, Any]] = iter(
            [{"type": "http.request", "body": body, "more_body": False}]
        )

        hanging_up: asyncio.Future[MutableMapping[str, Any]] = asyncio.get_running_loop().create_future()

        async def receive() -> MutableMapping[str, Any]:
            for one in given:
                return one
            return await hanging_up  # which nobody does

        async def send(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                location = dict(message["headers"]).get(b"location", b"").decode()
                first.append(Answer(status=message["status"], location=location))
                if message["status"] not in (401, 403):
                    begun.set_result(first[0])
            elif not begun.done():
                found = CODE.search(message.get("body", b""))
                begun.set_result(replace(first[0], code=found.group(1).decode() if found else ""))

        running = asyncio.create_task(self.site(scope, receive, send))
        running.add_done_callback(lambda _: None if begun.done() else begun.cancel())
        await asyncio.wait({begun})
        if begun.cancelled():
            await running
        answer = begun.result()
        running.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await running
        return answer


def _scope(method: str, path: str, headers: Mapping[str, str]) -> dict[str, Any]:
    path, _, query = path.partition("?")
    sent = {"host": "127.0.0.1:8000", **headers}
    return {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
        "path": path, "raw_path": path.encode(), "query_string": query.encode(), "root_path": "",
        "headers": [(name.encode(), text.encode()) for name, text in sent.items()],
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 8000),
    }  # fmt: skip


def nobody() -> dict[str, str]:
    """Return the headers of a page of ours that nobody is signed in on."""
    return {"cookie": f"{FORM}=a-form", "x-csrf-token": masked("a-form")}


@asynccontextmanager
async def signed_in_site(settings: Settings) -> AsyncIterator[SignedInSite]:
    """Serve a migrated database as one process does, outside demo mode. Temporal is not there."""
    site = build(settings)
    async with site.api.router.lifespan_context(site.api):
        city: City = site.api.state.service.city
        source = Source(name=SOURCE, channel="console", scopes=tuple(Scope))
        city.store.put_source(source=source, at=datetime.now(UTC))
        key = new_key(
            store=city.store, secret=city.secret, source=SOURCE, kind=KeyKind.API_KEY,
            at=datetime.now(UTC), random_bits=city.random_bits,
        )  # fmt: skip
        yield SignedInSite(site=site, city=city, key=key.shown)
