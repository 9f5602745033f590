"""A merged report is split off and lives again, once; merges that meet never make a circle."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.actor import Actor, Role
from domain.case import Status
from domain.decide import decide
from domain.errors import CommandRefused, RefusalCode
from domain.messages import CancelCase, Command, MergeInto
from domain.messages_triage import SplitReport
from domain.place import ReportedPlace
from domain.report import Reporter
from domain.views import record_of
from store.rows import OutboxKind
from tests.integration.temporal_env import Desk
from usecases.act import act
from usecases.command import build
from usecases.deliver import join_of
from usecases.file_report import FileReport
from usecases.revive import revival_of, revive

pytestmark = pytest.mark.temporal

HERE = ReportedPlace(lon=114.24759, lat=30.58163)
NEAR = ReportedPlace(lon=114.24762, lat=30.58163)
"""Three metres on: surely the same. Some thirty on either side are questions for an operator."""
EAST = ReportedPlace(lon=114.24789, lat=30.58163)
WEST = ReportedPlace(lon=114.24729, lat=30.58163)
OPERATOR = Actor(id="li", role=Role.OPERATOR, unit="4201-COMMAND")


def rubbish(place: ReportedPlace = HERE) -> FileReport:
    return FileReport(
        channel="hotline",
        description="垃圾堆放",
        category="E0110",
        place=place,
        reporter=Reporter(phone="13800000000"),
    )


async def begun(desk: Desk, place: ReportedPlace, status: Status) -> str:
    case_no = await desk.filed(rubbish(place))
    await desk.relay()
    assert desk.told(case_no).case.status == status
    return case_no


async def revived(desk: Desk) -> list[bool]:
    """Carry out what is owed, as the relay does; whose lease it was has run out."""
    rows = desk.store.claim(
        kinds=(OutboxKind.REVIVE_CASE,), limit=9, now=desk.city.now(), worker="test", lease_s=0.0
    )
    done = []
    for row in rows:
        with desk.env.with_time_skipping_disabled():
            done.append(
                await revive(city=desk.city, revival=revival_of(outbox_id=row.id, payload=row.payload))
            )
    return done


async def split(desk: Desk, master: str, report_no: str) -> None:
    await desk.send(master, SplitReport, by=OPERATOR, report_no=report_no, reason="two heaps")


def belongs_to(desk: Desk, report_no: str) -> str:
    report = desk.store.report(report_no=report_no)
    assert report is not None
    return report.belongs_to


async def runs(desk: Desk, case_no: str, at_least: int) -> int:
    """Return how many runs a number has had; Temporal's list is told a moment later."""
    while True:
        found = [one async for one in desk.env.client.list_workflows(f"WorkflowId = '{case_no}'")]
        if len(found) >= at_least:
            return len(found)
        await asyncio.sleep(0.05)


async def lives_once_more(desk: Desk, case_no: str, *, master: str, runs_then: int) -> None:
    """Check that the split report is a case of its own, in a second epoch, with one history."""
    state = await desk.state(case_no)
    assert (state.epoch, state.status, state.master) == (2, Status.DISPATCHED, None)
    told = desk.told(case_no)
    assert (told.case.status, told.case.master, told.case.epoch) == (Status.DISPATCHED, None, 2)
    assert belongs_to(desk, case_no) == case_no
    assert case_no not in desk.told(master).case.reports
    kept = [report.report_no for report in (await desk.state(master)).reports]
    assert kept == list(desk.told(master).case.reports)
    numbers = [fact.seq for fact in told.facts]
    assert numbers == list(range(1, len(numbers) + 1)), (
        "numbers go on, without a gap and without a repetition"
    )
    assert [fact.data.get("apart_from") for fact in told.facts if fact.row == 2][-1] == master
    assert await runs(desk, case_no, runs_then) == runs_then


async def test_a_report_joined_at_once_is_split_off_and_begins_its_first_run(desk: Desk) -> None:
    master = await begun(desk, HERE, Status.DISPATCHED)
    second = await begun(desk, NEAR, Status.MERGED)
    await split(desk, master, second)
    assert belongs_to(desk, second) == master, "until it lives again"

    assert await revived(desk) == [True]
    await lives_once_more(desk, second, master=master, runs_then=1)
    assert await revived(desk) == []


async def test_a_case_merged_by_hand_runs_again_after_its_end(desk: Desk) -> None:
    master = await begun(desk, HERE, Status.DISPATCHED)
    middle = await begun(desk, EAST, Status.TRIAGING)
    await desk.send(middle, MergeInto, by=OPERATOR, master=master)
    assert await desk.handle(middle).result() == Status.MERGED
    await split(desk, master, middle)

    assert await revived(desk) == [True]
    await lives_once_more(desk, middle, master=master, runs_then=2)
    told = [fact.kind for fact in desk.told(middle).facts]
    assert told.count("merged") == 1
    assert told.count("received") == 2


@pytest.mark.parametrize("ended", [False, True])
async def test_a_relay_that_dies_after_the_start_leaves_one_new_run(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, ended: bool
) -> None:
    master = await begun(desk, HERE, Status.DISPATCHED)
    middle = await begun(desk, EAST, Status.TRIAGING)
    await desk.send(middle, MergeInto, by=OPERATOR, master=master)
    await split(desk, master, middle)
    with monkeypatch.context() as dying:
        dying.setattr(desk.store, "record", _die)
        with pytest.raises(ConnectionResetError):
            await revived(desk)
    assert desk.told(middle).case.status == Status.MERGED
    if ended:
        cancel = desk.command(CancelCase, by=OPERATOR, reason="a mistake")
        await desk.city.cases.act(case_no=middle, command=cancel)
        assert await desk.handle(middle).result() == Status.CANCELLED

    assert await revived(desk) == [True]
    told = desk.told(middle)
    assert told.case.status == (Status.CANCELLED if ended else Status.DISPATCHED)
    assert [fact.kind for fact in told.facts].count("received") == 2
    assert belongs_to(desk, middle) == middle
    assert await runs(desk, middle, 2) == 2


def _die(**_: object) -> None:
    raise ConnectionResetError


async def test_a_relay_that_died_before_the_start_has_done_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    master = await begun(desk, HERE, Status.DISPATCHED)
    second = await begun(desk, NEAR, Status.MERGED)
    await split(desk, master, second)
    with monkeypatch.context() as dying:
        dying.setattr(desk.store, "report", _die)
        with pytest.raises(ConnectionResetError):
            await revived(desk)

    assert await revived(desk) == [True]
    await lives_once_more(desk, second, master=master, runs_then=1)


async def test_the_deliverer_of_a_split_may_die_before_it_is_recorded(desk: Desk) -> None:
    master = await begun(desk, HERE, Status.DISPATCHED)
    second = await begun(desk, NEAR, Status.MERGED)
    command = desk.command(SplitReport, by=OPERATOR, report_no=second, reason="two heaps")
    await desk.city.cases.act(case_no=master, command=command)
    assert await revived(desk) == []

    for _ in range(2):
        await desk.carry(master, command)
    assert await revived(desk) == [True]
    assert await revived(desk) == []
    await lives_once_more(desk, second, master=master, runs_then=1)


async def test_a_split_report_can_be_merged_and_split_off_again(desk: Desk) -> None:
    master = await begun(desk, HERE, Status.DISPATCHED)
    middle = await begun(desk, EAST, Status.TRIAGING)
    await desk.send(middle, MergeInto, by=OPERATOR, master=master)
    await split(desk, master, middle)
    assert await revived(desk) == [True]
    third = await begun(desk, EAST, Status.MERGED)
    assert desk.told(third).case.master in (master, middle)
    await split(desk, str(desk.told(third).case.master), third)

    assert await revived(desk) == [True]
    assert belongs_to(desk, third) == third
    assert (await desk.state(third)).epoch == 2


async def test_a_report_merged_twice_over_is_split_off_under_its_own_number(desk: Desk) -> None:
    top = await begun(desk, HERE, Status.DISPATCHED)
    first, second = await begun(desk, EAST, Status.TRIAGING), await begun(desk, WEST, Status.TRIAGING)
    await desk.send(first, MergeInto, by=OPERATOR, master=second)
    await desk.send(second, MergeInto, by=OPERATOR, master=top)
    assert {belongs_to(desk, first), belongs_to(desk, second)} == {top}
    came_from = {report.report_no: report.came_from for report in (await desk.state(top)).reports}
    assert came_from == {top: None, first: first, second: second}

    await split(desk, top, first)
    assert await revived(desk) == [True]
    assert (await desk.state(first)).epoch == 2
    assert (belongs_to(desk, first), belongs_to(desk, second)) == (first, top)
    assert set(desk.told(top).case.reports) == {top, second}


async def test_a_case_that_is_not_merged_yet_is_waited_for_and_one_never_merged_needs_nothing(
    desk: Desk,
) -> None:
    master = await begun(desk, HERE, Status.DISPATCHED)
    middle = await begun(desk, EAST, Status.TRIAGING)
    state = await desk.state(middle)
    # The master has the report; whoever was merging died before the case itself was.
    join = join_of(state, state.reports[0], request_id="join-by-hand")
    desk.store.record(record=await desk.city.cases.act(case_no=master, command=join))
    await split(desk, master, middle)
    assert await revived(desk) == [False]

    filed = build(
        city=desk.city, case_no=middle, kind="file_case", fields={}, actor=OPERATOR, request_id="file-it"
    )
    await desk.carry(middle, filed)
    assert await revived(desk) == [True]
    assert (await desk.state(middle)).epoch == 1
    assert await runs(desk, middle, 1) == 1
    assert await revived(desk) == []


async def test_a_merge_that_is_recorded_before_its_workflow_has_ended_is_waited_for(desk: Desk) -> None:
    master = await begun(desk, HERE, Status.DISPATCHED)
    middle = await begun(desk, EAST, Status.TRIAGING)
    before = await desk.state(middle)
    join = join_of(before, before.reports[0], request_id="join-by-hand")
    desk.store.record(record=await desk.city.cases.act(case_no=master, command=join))
    await split(desk, master, middle)
    # What the case will answer is recorded a moment before its run comes to an end.
    merge = desk.command(MergeInto, by=OPERATOR, master=master)
    desk.store.record(record=record_of(decide(before, merge, desk.city.now())))
    assert desk.told(middle).case.status == Status.MERGED
    assert await revived(desk) == [False]

    await desk.city.cases.act(case_no=middle, command=merge)
    assert await desk.handle(middle).result() == Status.MERGED
    assert await revived(desk) == [True]
    await lives_once_more(desk, middle, master=master, runs_then=2)


async def merging(desk: Desk, case_no: str, master: str) -> str:
    """Try a merge; return what became of it."""
    try:
        acted = await act(
            city=desk.city, case_no=case_no, command=desk.command(MergeInto, by=OPERATOR, master=master)
        )
    except CommandRefused as refused:
        return refused.code.value
    return acted.case.status


async def test_two_cases_merged_into_each_other_at_once_are_never_both_gone(desk: Desk) -> None:
    top = await begun(desk, HERE, Status.DISPATCHED)
    one, other = await begun(desk, EAST, Status.TRIAGING), await begun(desk, WEST, Status.TRIAGING)
    with desk.env.with_time_skipping_disabled():
        became = await asyncio.gather(merging(desk, one, other), merging(desk, other, one))

    merged = [case_no for case_no in (one, other) if (await desk.state(case_no)).status is Status.MERGED]
    assert len(merged) <= 1
    assert became.count(Status.MERGED.value) == len(merged)
    assert set(became) <= {Status.MERGED.value, RefusalCode.BEING_MERGED.value, RefusalCode.CASE_ENDED.value}
    for report in (one, other):
        held = belongs_to(desk, report)
        state = await desk.state(held)
        assert state.status is Status.TRIAGING
        assert report in [known.report_no for known in state.reports]
    assert top


async def test_of_two_merges_that_meet_the_later_is_refused_and_the_earlier_goes_on(desk: Desk) -> None:
    await begun(desk, HERE, Status.DISPATCHED)
    one, other = await begun(desk, EAST, Status.TRIAGING), await begun(desk, WEST, Status.TRIAGING)
    # The first command is kept, and whoever took it died: the relay will come back to it.
    first: Command = desk.command(MergeInto, by=OPERATOR, master=other)
    desk.store.put_command(case_no=one, command=first, received_at=desk.city.now())

    for case_no, master in ((other, one), (one, other)):
        with pytest.raises(CommandRefused) as refused:
            await desk.send(case_no, MergeInto, by=OPERATOR, master=master)
        assert refused.value.code is RefusalCode.BEING_MERGED
        assert refused.value.params == {"case": one}
    assert [report.report_no for report in (await desk.state(one)).reports] == [one]
    assert (await desk.carry(one, first)).case.status == Status.MERGED
    assert belongs_to(desk, one) == other


async def test_who_joins_a_case_while_it_is_being_merged_is_taken_along(desk: Desk) -> None:
    top = await begun(desk, HERE, Status.DISPATCHED)
    middle = await begun(desk, EAST, Status.TRIAGING)
    late = await begun(desk, WEST, Status.TRIAGING)
    state = await desk.state(late)
    join = join_of(state, state.reports[0], request_id="in-between")
    desk.city = replace(desk.city, cases=_Between(desk.city.cases, middle, join))  # type: ignore[arg-type]
    await desk.send(middle, MergeInto, by=OPERATOR, master=top)

    assert {report.report_no for report in (await desk.state(top)).reports} == {top, middle, late}


class _Between:
    """Cases of which one is joined by another just before it is merged."""

    def __init__(self, cases: Any, case_no: str, join: Command) -> None:
        self._cases = cases
        self._case_no = case_no
        self._join = join

    async def act(self, *, case_no: str, command: Command) -> Any:
        if isinstance(command, MergeInto):
            await self._cases.act(case_no=self._case_no, command=self._join)
        return await self._cases.act(case_no=case_no, command=command)

    def __getattr__(self, name: str) -> object:
        return getattr(self._cases, name)


async def test_splitting_off_owes_its_row_in_the_order_of_severity_and_only_once(desk: Desk) -> None:
    master = await begun(desk, HERE, Status.DISPATCHED)
    second = await begun(desk, NEAR, Status.MERGED)
    command = desk.command(SplitReport, by=OPERATOR, report_no=second, reason="two heaps")
    record = await desk.city.cases.act(case_no=master, command=command)
    desk.store.record(record=record)
    desk.store.record(record=record)

    later = desk.city.now() + timedelta(seconds=1)
    rows = desk.store.claim(kinds=(OutboxKind.REVIVE_CASE,), limit=9, now=later, worker="test", lease_s=30.0)
    assert [(row.case_no, row.priority) for row in rows] == [(second, desk.told(master).case.severity)]
    assert rows[0].payload == {"report_no": second, "apart_from": master, "epoch": 2}
