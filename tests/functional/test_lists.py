"""Lists of cases: every filter, and pages that neither repeat nor skip while new cases come in."""

from typing import Any
from urllib.parse import urlencode

import pytest

from tests.functional.lives import signed_in
from tests.functional.town import OPERATOR, Json, Town, handler, leader

pytestmark = [pytest.mark.e2e, pytest.mark.temporal]


async def listed(town: Town, **where: Any) -> list[str]:
    """Return the numbers of all cases that match, over all pages."""
    found: list[str] = []
    cursor: str | None = None
    while True:
        given = {**where, **({} if cursor is None else {"cursor": cursor})}
        page = await town.json("GET", f"/api/v1/cases?{urlencode(given, doseq=True)}")
        found += [case["case_no"] for case in page["cases"]]
        cursor = page["next_cursor"]
        if cursor is None:
            return found


async def test_every_filter_keeps_what_it_names_and_nothing_else(town: Town) -> None:
    zoned = await town.spot("E0113", zone=True)
    receipt = await town.file(zoned, category="E0113", channel="patrol", severity=3)
    first = await town.wait(receipt["case_no"], "dispatched")
    second = await signed_in(town)
    second = await town.act(second["case_no"], "report_up", leader(second["owner"]), reason="缺少设备")
    names = ("status", "owner", "category", "severity", "district", "street", "community", "grid", "channel")
    for case, other in ((first, second), (second, first)):
        for name in names:
            found = await listed(town, **{name: case[name]})
            assert case["case_no"] in found, name
            assert (other["case_no"] in found) is (other[name] == case[name]), name
    assert first["case_no"] in await listed(town, zone=first["zones"][0])
    assert second["case_no"] not in await listed(town, zone=first["zones"][0])
    assert await listed(town, supervisor=second["supervisors"][0], grid=second["grid"]) == [second["case_no"]]
    assert second["case_no"] in await listed(town, level=4)
    assert second["case_no"] not in await listed(town, level=1)
    assert await listed(town, grid=second["grid"], category="E0113") == []
    both = await listed(town, status=["dispatched", "handling"])
    assert {first["case_no"], second["case_no"]} <= set(both)


async def test_times_limit_a_list_from_included_to_excluded(town: Town) -> None:
    case = await town.dispatched()
    at, grid = case["received_at"], case["grid"]
    assert await listed(town, grid=grid, received_from=at) == [case["case_no"]]
    assert await listed(town, grid=grid, received_to=at) == []
    assert await listed(town, grid=grid, received_from="2026-11-18T00:00:00+08:00") == [case["case_no"]]
    assert await listed(town, grid=grid, received_to="2026-11-18T00:00:00+08:00") == []


async def test_nothing_is_overdue_on_its_first_morning(town: Town) -> None:
    case = await town.dispatched()
    assert await listed(town, grid=case["grid"], overdue="true") == []
    assert await listed(town, grid=case["grid"], overdue="false") == [case["case_no"]]


async def test_pages_are_complete_and_stable_while_new_cases_arrive(town: Town) -> None:
    tag: Json = {"channel": "message_board", "category": "E0201"}
    known = [(await town.file(**tag))["case_no"] for _ in range(12)]
    found: list[Json] = []
    cursor = ""
    while True:
        page = await town.json("GET", f"/api/v1/cases?channel=message_board&category=E0201&limit=5{cursor}")
        assert len(page["cases"]) <= 5
        found += page["cases"]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
        await town.file(**tag)
    numbers = [case["case_no"] for case in found]
    assert numbers == known[::-1]
    assert [case["received_at"] for case in found] == sorted(
        (case["received_at"] for case in found), reverse=True
    )


async def test_an_inbox_is_read_page_by_page(town: Town) -> None:
    spot = await town.spot("H-MKT-01")
    unit = f"{spot.area(2)}-MARKET_REG"
    sent = []
    for _ in range(3):
        case = await town.wait(
            (await town.file(spot, category="H-MKT-01", exercise=True))["case_no"], "dispatched"
        )
        assert case["owner"] == unit
        sent.append(case["case_no"])

    async def pages() -> list[str]:
        found, cursor = [], ""
        while True:
            path = f"/api/v1/units/{unit}/messages?limit=2{cursor}"
            page = await town.json("GET", path, actor=handler(unit))
            found += [one["case_no"] for one in page["messages"]]
            if page["next_cursor"] is None:
                return [number for number in found if number in sent]
            cursor = f"&cursor={page['next_cursor']}"

    found = await town.until(pages, lambda numbers: len(numbers) >= 3)
    assert sorted(found) == sorted(sent)


async def test_the_city_says_what_a_client_needs_to_know(town: Town) -> None:
    city = await town.json("GET", "/api/v1/city")
    assert (city["city"]["name_zh"], city["city"]["timezone"]) == ("武汉市", "Asia/Shanghai")
    assert {"name": "weilinli", "crs": "GCJ02", "kind": "app"}.items() <= next(
        channel for channel in city["channels"] if channel["name"] == "weilinli"
    ).items()
    categories = await town.json("GET", "/api/v1/categories")
    assert any(category["code"] == "E0110" and category["conditions"] for category in categories)
    unit = await town.json("GET", "/api/v1/units/4201-COMMAND")
    assert unit["name_zh"] == "武汉市城市运行管理中心"
    assert "contacts" not in unit


async def test_a_list_does_not_show_what_a_reporter_was_asked_and_answered(town: Town) -> None:
    receipt = await town.file(channel="hotline")
    case = await town.wait(receipt["case_no"], "triaging")
    number = case["case_no"]
    await town.act(number, "ask_reporter", OPERATOR, missing="place", question="王女士家在哪里？")
    await town.act(number, "reporter_answered", OPERATOR, answer="三楼，电话13812345678")
    info = (await town.case(number))["aspects"]["info"]
    assert (info["question"], info["answers"]) == ("王女士家在哪里？", ["三楼，电话13812345678"])

    page = await town.json("GET", f"/api/v1/cases?{urlencode({'status': 'triaging', 'limit': 200})}")
    (row,) = [found for found in page["cases"] if found["case_no"] == number]
    assert row["aspects"]["info"] == {**info, "question": "", "answers": []}
    assert "13812345678" not in str(page)
