"""The life of a case as it should be, from the report to the last reporter's answer."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from tests.functional.town import COMMAND, OPERATOR, Town, checker, handler

pytestmark = [pytest.mark.e2e, pytest.mark.temporal]
WUHAN = ZoneInfo("Asia/Shanghai")


async def test_a_report_is_located_and_given_to_the_unit_that_has_the_duty(town: Town) -> None:
    spot = await town.spot("E0110")
    receipt = await town.file(spot, category="E0110")
    assert (receipt["repeated"], receipt["warnings"]) == (False, [])
    case = await town.wait(receipt["case_no"], "dispatched")
    assert [area["level"] for area in case["place"]["chain"]] == [1, 2, 3, 4, 5]
    assert (case["owner"], case["level"]) == (f"{spot.area(5)}-GRID", "grid")
    assert case["co_handlers"] == [f"{spot.area(3)}-SANITATION"]
    assert case["decision"]["lead"] == case["owner"]
    assert {reason["aspect"] for reason in case["decision"]["reasons"]} >= {"rule", "lead", "limit"}
    # Four working hours from ten in the morning, over the noon break from 12:00 to 14:00.
    dispatched, due = (datetime.fromisoformat(case[name]) for name in ("dispatched_at", "handling_due"))
    assert (due - dispatched).total_seconds() == 6 * 3600
    assert due.astimezone(WUHAN).hour == 16
