"""Many report the same thing in the same minute: one after the other is decided, and none waits for a retry."""

from collections import Counter

import pytest

from domain.case import Status
from domain.place import ReportedPlace
from tests.integration.temporal_env import Desk
from usecases.file_report import FileReport
from usecases.start_case import ROUNDS, Start, start_cases

pytestmark = pytest.mark.temporal

LON, LAT = 114.24759, 30.58163


STEP = 5e-6
"""Half a metre: surely the same event, and not the very point that a hotline writes for want of a place."""


def call(n: int, *, east: float = 0.0) -> FileReport:
    place = ReportedPlace(lon=LON + east + n * STEP, lat=LAT)
    return FileReport(channel="hotline", description=f"垃圾堆放 {n}", category="E0110", place=place)


def owed(desk: Desk) -> list[Start]:
    """Return what a relay claims at once."""
    rows = desk.store.claim(kinds=("start_case",), limit=99, now=desk.city.now(), worker="test", lease_s=0.0)
    reports = ((row.id, desk.store.report(report_no=row.payload["report_no"])) for row in rows)
    return [Start(outbox_id=number, report=report) for number, report in reports if report is not None]


async def started(desk: Desk, starts: list[Start]) -> list[Start]:
    """Start cases without time being skipped meanwhile; return those that are left."""
    with desk.env.with_time_skipping_disabled():
        return await start_cases(city=desk.city, starts=starts)


async def test_the_first_is_a_case_and_the_others_join_it_in_one_go(desk: Desk) -> None:
    numbers = [await desk.filed(call(n)) for n in range(ROUNDS)]
    assert await started(desk, owed(desk)) == []
    states = Counter(desk.told(number).case.status for number in numbers)
    assert states == {Status.DISPATCHED: 1, Status.MERGED: ROUNDS - 1}


async def test_those_not_so_near_are_all_shown_to_an_operator_in_one_go(desk: Desk) -> None:
    numbers = [await desk.filed(call(n, east=n * 15e-5)) for n in range(3)]
    assert await started(desk, owed(desk)) == []
    first, *others = numbers
    assert "triage_waits" not in [fact.kind for fact in desk.told(first).facts]
    for number in others:
        waits = next(fact for fact in desk.told(number).facts if fact.kind == "triage_waits")
        proposals = waits.data["proposals"]
        assert isinstance(proposals, list)
        assert first in proposals


async def test_a_crowd_leaves_the_others_their_turn(desk: Desk) -> None:
    numbers = [await desk.filed(call(n)) for n in range(ROUNDS + 2)]
    left = await started(desk, owed(desk))
    assert {start.report.case_no for start in left} < set(numbers)
    assert len(left) == 2
    assert await started(desk, left) == []
