"""A city's rules as data, seen through the public API: seasons, classes, stages and the words of a report."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
import pytest_asyncio
from temporalio.testing import WorkflowEnvironment

from store.engine import Store
from tests.functional.leap import Leap, leaping
from tests.functional.town import Json, handler
from usecases.city import Grounds

pytestmark = [pytest.mark.e2e, pytest.mark.temporal]
JULY = datetime(2026, 7, 1, 2, 0, tzinfo=UTC)
"""Wednesday, 10:00 in Wuhan, in the season of the summer fast track."""


@pytest_asyncio.fixture(loop_scope="session")
async def summer(temporal_env: WorkflowEnvironment, store: Store, wuhan: Grounds) -> AsyncIterator[Leap]:
    """Return a town in July."""
    async with leaping(env=temporal_env, store=store, grounds=wuhan, begins=JULY) as town:
        yield town


def limits(case: Json) -> list[str]:
    """Return which rules set the case's handling limit, in order."""
    return [reason["rule"] for reason in case["decision"]["reasons"] if reason["aspect"] == "limit"]


async def test_words_of_the_text_put_a_case_on_the_summer_track(summer: Leap) -> None:
    fast = await summer.dispatched("E0111", description="清爽度夏:楼下渣土堆积,气味大")
    assert limits(fast) == ["E0111/accumulated", "overlay:summer-2026"]
    # Three working days from Wednesday morning end on Monday morning.
    assert fast["handling_due"].startswith("2026-07-06T02:")
    plain = await summer.dispatched("E0111", description="楼下渣土堆积")
    assert limits(plain) == ["E0111/accumulated"]
    assert plain["handling_due"] > fast["handling_due"]


async def test_the_summer_track_is_over_in_autumn(leap: Leap) -> None:
    case = await leap.dispatched("E0111", description="清爽度夏:楼下渣土堆积", tags=["summer"])
    assert limits(case) == ["E0111/accumulated"]


async def test_a_leaders_instruction_in_the_text_is_supervised_from_the_start(leap: Leap) -> None:
    case = await leap.dispatched("E0111", description="市长批示件:楼下渣土堆积")
    assert case["level"] in ("city", "district")
    kinds = [fact["kind"] for fact in await leap.facts(case["case_no"])]
    assert "tagged" in kinds
    assert [order["cause"] for order in case["aspects"]["supervisions"]] == ["E9"]


async def test_one_case_has_the_several_deadlines_of_its_condition(leap: Leap) -> None:
    case = await leap.dispatched("E0101", condition="staged", description="屋顶正在加盖")
    owner, case_no = handler(case["owner"]), case["case_no"]
    stages = case["aspects"]["milestones"]
    assert [stage["code"] for stage in stages] == ["stop", "penalty", "demolition"]
    assert [stage["due"] for stage in stages] == sorted(stage["due"] for stage in stages)
    await leap.act(case_no, "sign_in", owner)
    await leap.act(case_no, "start_handling", owner, assignee="li", contacted=True)
    await leap.act(case_no, "reach_milestone", owner, milestone="stop", note="已责令停止")
    await leap.leap_to_due(case_no, "milestone.due", "penalty")
    facts = await leap.facts(case_no)
    told = [
        (fact["kind"], fact["data"]["milestone"]) for fact in facts if fact["kind"].startswith("milestone")
    ]
    assert told == [("milestone_reached", "stop"), ("milestone_late", "penalty")]
