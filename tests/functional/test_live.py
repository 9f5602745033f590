"""An open page over HTTP: what it hears, how it comes back after a cut, and when it hears no more."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from boot.stack import Stack
from tests.functional.town import COMMAND, Town, handler, leader
from tests.people import sign_in, sign_out

pytestmark = [pytest.mark.e2e, pytest.mark.temporal]
Json = dict[str, Any]


@dataclass(kw_only=True)
class Page:
    """A connection as a browser keeps it: events so far, and the id it would come back with."""

    answer: httpx.Response
    last_id: str = ""
    lines: AsyncIterator[str] = field(init=False)

    def __post_init__(self) -> None:
        self.lines = self.answer.aiter_lines()

    async def event(self) -> tuple[str, Any]:
        """Return the next event's name and data; StopAsyncIteration when the connection has ended."""
        name, data = "", ""
        async for line in self.lines:
            word, _, rest = line.partition(": ")
            if word == "event":
                name = rest
            elif word == "data":
                data = rest
            elif word == "id":
                self.last_id = rest
            elif not line and data:
                return name, json.loads(data)
        raise StopAsyncIteration

    async def until(self, number: str, status: str) -> list[Json]:
        """Return every change up to one of this case in this state."""
        found: list[Json] = []
        async with asyncio.timeout(60):
            while not any((one["number"], one["status"]) == (number, status) for one in found):
                name, data = await self.event()
                assert name == "changes"
                found += data
        return found


@asynccontextmanager
async def visitor(stack: Stack, account: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=stack.api_url, timeout=60.0) as http:
        await sign_in(http, account)
        yield http


@asynccontextmanager
async def opened(http: httpx.AsyncClient, *, after: str = "", last_id: str = "") -> AsyncIterator[Page]:
    headers = {"last-event-id": last_id} if last_id else {}
    params = {"after": after} if after else {}
    async with http.stream("GET", "/live", params=params, headers=headers) as answer:
        assert answer.status_code == 200
        page = Page(answer=answer)
        yield page


async def hello(page: Page) -> Json:
    name, data = await page.event()
    assert name == "hello"
    return dict(data)


async def test_a_page_hears_every_state_of_a_case_and_nothing_twice_over_a_cut(
    stack: Stack, town: Town
) -> None:
    async with visitor(stack, "supervisor.city") as http:
        async with opened(http) as page:
            assert page.answer.headers["content-type"].startswith("text/event-stream")
            assert page.answer.headers["cache-control"] in ("no-cache", "no-store")
            assert page.answer.headers["x-accel-buffering"] == "no"
            assert "content-encoding" not in page.answer.headers
            assert (await hello(page))["zone"] == "Asia/Shanghai"
            begun = page.last_id
            case = await town.dispatched()
            number = case["case_no"]
            first = await page.until(number, "dispatched")
            assert {"id", "kind", "number", "status", "severity", "at"} == set(first[0])
            left = page.last_id
        after = await town.act(
            number, "sign_in", handler(case["owner"]), assignee="crew-7"
        )  # while nobody listens
        async with opened(http, last_id=left) as page:
            await hello(page)
            again = await page.until(number, after["status"])
        async with opened(http, after=begun) as page:
            await hello(page)
            whole = await page.until(number, after["status"])
    ids = [one["id"] for one in first + again if one["number"] == number]
    assert len(ids) == len(set(ids))
    # The last state of a burst is told, each state once at most, and none after the cut is missing.
    assert [one["status"] for one in again if one["number"] == number] == [after["status"]]
    assert [one["status"] for one in whole if one["number"] == number][-1] == after["status"]


async def test_a_page_hears_only_what_its_reader_may_see(stack: Stack, town: Town) -> None:
    async with (
        visitor(stack, "supervisor.city") as all_of_it,
        visitor(stack, "bridge.staff") as staff,
        opened(all_of_it) as one,
        opened(staff) as other,
    ):
        await hello(one)
        await hello(other)
        rubbish = await town.dispatched()
        body = {"title": "桥梁巡查", "text": "请巡查。", "limit": "4UH", "to": {"units": ["4201-BRIDGE"]}}
        order = await town.json("POST", "/api/v1/instructions", body, actor=leader(COMMAND))
        assert rubbish["case_no"] in {told["number"] for told in await one.until(order["number"], "open")}
        # Nothing about the rubbish came to the bridge's people before their instruction.
        (told,) = await other.until(order["number"], "open")
        assert (told["kind"], told["severity"]) == ("instruction", order["urgency"])


async def test_a_position_nobody_knows_means_loading_again(stack: Stack) -> None:
    async with visitor(stack, "operator1") as http:
        for wrong in ("rubbish", "999999999999-1", "0-0"):
            async with opened(http, after=wrong) as page:
                assert (await hello(page))["zone"]
                assert (await page.event())[0] == "reload"
                with pytest.raises(StopAsyncIteration):
                    await page.event()


async def test_nobody_who_is_not_signed_in_hears_anything(stack: Stack) -> None:
    async with httpx.AsyncClient(base_url=stack.api_url, timeout=60.0) as http:
        answer = await http.get("/live")
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in")


async def test_a_page_hears_no_more_after_its_reader_has_signed_out(stack: Stack) -> None:
    async with visitor(stack, "admin.system") as http, opened(http) as page:
        await hello(page)
        await sign_out(http)
        with pytest.raises(StopAsyncIteration):
            async with asyncio.timeout(60):
                await page.event()
