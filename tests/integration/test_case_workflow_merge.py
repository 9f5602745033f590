"""Two reports of one event: the second joins the first one's case, or stays a case of its own."""

from dataclasses import replace

import pytest

from domain.actor import Actor, Role
from domain.case import Status
from domain.errors import CommandRefused, RefusalCode
from domain.messages import CancelCase, MergeInto
from domain.place import ReportedPlace
from domain.report import Reporter
from tests.integration.temporal_env import Desk
from usecases.file_report import FileReport

pytestmark = pytest.mark.temporal

HERE = ReportedPlace(lon=114.24759, lat=30.58163)
NEAR = ReportedPlace(lon=114.24762, lat=30.58163)
"""Three metres on: surely the same. Some thirty would be a question for an operator."""
NEARBY = ReportedPlace(lon=114.24789, lat=30.58163)
OPERATOR = Actor(id="li", role=Role.OPERATOR, unit="4201-COMMAND")


def rubbish(
    place: ReportedPlace = HERE, *, phone: str = "13800000000", wants_visit: bool = True
) -> FileReport:
    reporter = Reporter(phone=phone, wants_visit=wants_visit)
    return FileReport(
        channel="hotline", description="垃圾堆放", category="E0110", place=place, reporter=reporter
    )


async def dispatched(desk: Desk, ask: FileReport) -> str:
    case_no = await desk.filed(ask)
    await desk.relay()
    assert desk.told(case_no).case.status == Status.DISPATCHED
    return case_no


async def ended_behind_the_store(desk: Desk, case_no: str) -> None:
    """End a case; whoever ended it died before it wrote that down."""
    cancel = desk.command(CancelCase, by=OPERATOR, reason="a mistake")
    await desk.city.cases.act(case_no=case_no, command=cancel)
    assert await desk.handle(case_no).result() == Status.CANCELLED
    assert desk.told(case_no).case.status == Status.DISPATCHED


def belongs_to(desk: Desk, report_no: str) -> str:
    report = desk.store.report(report_no=report_no)
    assert report is not None
    return report.belongs_to


async def test_a_second_report_joins_and_its_reporter_is_asked_only_if_that_is_wanted(desk: Desk) -> None:
    master = await dispatched(desk, rubbish())
    second, third = await desk.filed(rubbish(NEAR)), await desk.filed(rubbish(NEAR, wants_visit=False))
    await desk.relay()
    for merged in (second, third):
        told = desk.told(merged)
        assert (told.case.status, told.case.master) == (Status.MERGED, master)
        assert belongs_to(desk, merged) == master
        assert await desk.city.cases.state(case_no=merged) is None
    visits = {report.report_no: report.visit for report in (await desk.state(master)).reports}
    assert visits == {master: "open", second: "open", third: "not_wanted"}
    assert set(desk.told(master).case.reports) == {master, second, third}


async def test_a_master_that_ended_meanwhile_leaves_the_report_a_case_of_its_own(desk: Desk) -> None:
    master = await dispatched(desk, rubbish())
    await ended_behind_the_store(desk, master)
    second = await dispatched(desk, rubbish(NEAR))
    assert (await desk.state(second)).owner
    assert belongs_to(desk, second) == second
    assert [fact.kind for fact in desk.told(second).facts].count("merged") == 0


async def test_a_try_that_broke_off_joins_the_same_master_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    master = await dispatched(desk, rubbish())
    second = await desk.filed(rubbish(NEAR))
    with monkeypatch.context() as dying:
        dying.setattr(desk.store, "record_many", _die)
        with pytest.raises(ConnectionResetError):
            await desk.relay()
    joined = await desk.state(master)
    assert [report.report_no for report in joined.reports] == [master, second]
    assert desk.told(second).case.status == Status.RECEIVED
    await ended_behind_the_store(desk, master)
    await desk.relay(again=True)
    told = desk.told(second)
    assert (told.case.status, told.case.master) == (Status.MERGED, master)
    assert [fact.kind for fact in desk.told(master).facts].count("report_joined") == 1


def _die(**_: object) -> None:
    raise ConnectionResetError


async def test_a_master_that_was_merged_itself_is_a_question_for_an_operator(desk: Desk) -> None:
    top = await dispatched(desk, rubbish())
    middle = await desk.filed(rubbish(NEARBY))
    await desk.relay()
    before = desk.told(middle).case
    assert (before.status, before.proposals) == (Status.TRIAGING, (top,))
    await desk.send(middle, MergeInto, by=OPERATOR, master=top)
    # The store that this relay looks at lags behind: to it, the middle case is open still.
    fresh = desk.told(middle).case
    found = [(replace(fresh, status=Status.TRIAGING.value), 1.0)]
    desk.city = replace(desk.city, store=_Lagging(desk.store, found))  # type: ignore[arg-type]
    last = await desk.filed(rubbish(NEARBY))
    await desk.relay()
    told = desk.told(last)
    assert (told.case.status, told.case.proposals) == (Status.TRIAGING, (top,))
    assert (await desk.state(last)).proposals == (top,)


class _Lagging:
    """A store that answers one question from an old snapshot."""

    def __init__(self, store: object, found: object) -> None:
        self._store = store
        self.open_nearby = lambda **_: found

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)


async def test_merging_by_hand_takes_every_reporter_along(desk: Desk) -> None:
    top = await dispatched(desk, rubbish())
    middle = await desk.filed(rubbish(NEARBY))
    await desk.relay()
    merge = desk.command(MergeInto, by=OPERATOR, master=top)
    first = await desk.carry(middle, merge)
    again = await desk.carry(middle, merge)
    assert first.case == again.case
    assert (first.case.status, first.case.master) == (Status.MERGED, top)
    assert [report.report_no for report in (await desk.state(top)).reports] == [top, middle]
    assert [fact.kind for fact in desk.told(top).facts].count("report_joined") == 1
    assert belongs_to(desk, middle) == top


async def test_a_master_that_ended_refuses_a_merge_by_hand_and_nothing_has_happened(desk: Desk) -> None:
    top = await dispatched(desk, rubbish())
    middle = await desk.filed(rubbish(NEARBY))
    await desk.relay()
    before = desk.told(middle)
    await ended_behind_the_store(desk, top)
    with pytest.raises(CommandRefused) as refused:
        await desk.send(middle, MergeInto, by=OPERATOR, master=top)
    assert refused.value.code is RefusalCode.CASE_ENDED
    assert desk.told(middle) == before
    assert (await desk.state(middle)).status is Status.TRIAGING


async def test_a_merge_the_case_refuses_tells_the_master_nothing(desk: Desk) -> None:
    top = await dispatched(desk, rubbish())
    other = await dispatched(desk, rubbish(ReportedPlace(lon=114.25187, lat=30.53515)))
    before = await desk.state(top)
    with pytest.raises(CommandRefused) as refused:
        await desk.send(other, MergeInto, by=OPERATOR, master=top)
    assert refused.value.code is RefusalCode.NOT_ALLOWED_IN_STATE
    assert await desk.state(top) == before
