"""The rules of instructions: who may issue, what a receiver owes, reminders, ends."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.actor import Actor, Role
from domain.calendar import WorkCalendar
from domain.instruction import (
    COMMANDING_ROLES,
    LIVING,
    NAMED_MISSING,
    Act,
    ActKind,
    Instruction,
    InstructionProblem,
    InstructionRefused,
    InstructionState,
    Receiver,
    ReceiverState,
    Wave,
    check_issuer,
    check_passing,
    correct,
    count,
    end,
    is_done,
    is_late,
    missing,
    receive,
    report,
    settle,
    tell,
    timers,
)
from domain.limit import Limit
from domain.place import Level
from domain.unit import Unit

MONDAY = datetime(2026, 9, 14, 2, 0, tzinfo=UTC)
CALENDAR = WorkCalendar(timezone="Asia/Shanghai", periods=((510, 720), (840, 1080)), known_years=(2026,))
LEADER = Actor(id="li", role=Role.LEADER, unit="d-COMMAND")
ORDER = Instruction(
    number="INS-20260914-0000-0000",
    title="汛期井盖排查",
    text="请排查。",
    issuer="d-COMMAND",
    level=Level.DISTRICT,
    issued_by=LEADER,
    issued_at=MONDAY,
    time_limit=Limit.parse("4WH"),
    due_at=MONDAY + timedelta(hours=6),
    receivers=2,
)


def receiver(n: int = 1, **changes: object) -> Receiver:
    made = Receiver(n=n, unit=f"c{n}-COMMUNITY", level=Level.COMMUNITY, told_at=MONDAY)
    return replace(made, **changes)  # type: ignore[arg-type]


def unit(kind: str = "COMMAND", level: Level = Level.DISTRICT) -> Unit:
    return Unit(code="u", name_zh="某单位", name_en="A unit", kind=kind, level=level, area_code="d")


def act(kind: ActKind, *, by: str = "c1-COMMUNITY", role: Role = Role.HANDLER, minutes: int = 1) -> Act:
    actor = Actor(id="wang", role=role, unit=by)
    return Act(kind=kind, actor=actor, at=MONDAY + timedelta(minutes=minutes), text="好")


times = st.none() | st.integers(0, 600).map(lambda minutes: MONDAY + timedelta(minutes=minutes))


@st.composite
def receivers(draw: st.DrawFn) -> list[Receiver]:
    """Draw receivers as they can be: whoever replied has read."""
    found = []
    for n in range(1, draw(st.integers(0, 30)) + 1):
        read, replied = draw(times), draw(times)
        read = read if replied is None else min(read or replied, replied)
        level = draw(st.sampled_from(Level))
        found.append(receiver(n, level=level, read_at=read, replied_at=replied))
    return found


@given(told=receivers(), reply=st.booleans())
def test_counts_add_up_and_missing_is_who_owes_something(told: list[Receiver], reply: bool) -> None:
    order = replace(ORDER, reply_required=reply)
    counts = count(instruction=order, receivers=told)
    assert counts.total == len(told) == counts.told + counts.read + counts.replied
    assert counts.missing == len(missing(instruction=order, receivers=told))
    assert counts.missing == (counts.told + counts.read if reply else counts.told)


@given(told=receivers(), reply=st.booleans(), wave=st.sampled_from([Wave.HALF, Wave.DUE]))
def test_only_who_is_missing_is_reminded(told: list[Receiver], reply: bool, wave: Wave) -> None:
    order = replace(ORDER, reply_required=reply)
    late = missing(instruction=order, receivers=told)
    notices = tell(instruction=order, receivers=late, wave=wave)
    done = {one.unit for one in told if (one.replied_at if reply else one.read_at) is not None}
    assert not {notice.unit for notice in notices} & done
    assert len(notices) + len(done) == len(told)
    assert {notice.template for notice in notices} <= {"instruction_reminder"}
    assert len({(notice.seq, notice.n) for notice in notices}) == len(notices)


@given(told=receivers().filter(bool), data=st.data())
def test_an_instruction_is_complete_exactly_when_nobody_is_missing_until_it_ends(
    told: list[Receiver], data: st.DataObject
) -> None:
    """Play acts in any order against the rules; what has ended stays as it is."""
    order = replace(ORDER, reply_required=data.draw(st.booleans()))
    kinds = st.sampled_from([ActKind.READ, ActKind.REPLY, ActKind.PASS_ON, ActKind.CLOSE, ActKind.WITHDRAW])
    refusals = set()
    for minutes, kind in enumerate(data.draw(st.lists(kinds, max_size=40)), start=1):
        before, at = order, data.draw(st.integers(0, len(told) - 1))
        done = act(kind, minutes=minutes, by=told[at].unit)
        try:
            order, after = played(order, told[at], done)
        except InstructionRefused as refused:
            refusals.add((refused.code, before.state in LIVING))
            continue
        assert told[at].read_at in (None, after.read_at), "the first receipt stays"
        assert told[at].replied_at in (None, after.replied_at)
        told[at] = after
        order = settle(instruction=order, missing=len(missing(instruction=order, receivers=told)), at=done.at)
        if before.state not in LIVING:
            assert order == before
        elif order.state in LIVING:
            nobody = not missing(instruction=order, receivers=told)
            assert (order.state is InstructionState.COMPLETE) == nobody
    assert refusals <= {(InstructionProblem.INSTRUCTION_ENDED, False)}


def played(order: Instruction, receiver: Receiver, done: Act) -> tuple[Instruction, Receiver]:
    """Return instruction and receiver after an act of either side."""
    if done.kind in (ActKind.CLOSE, ActKind.WITHDRAW):
        return end(instruction=order, act=replace(done, actor=LEADER)), receiver
    return order, receive(receiver=receiver, instruction=order, act=done)


@pytest.mark.parametrize("level", Level)
@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("kind", ["COMMAND", "SANITATION"])
def test_people_who_command_at_city_district_or_street_issue(level: Level, role: Role, kind: str) -> None:
    actor = Actor(id="li", role=role, unit="u")
    allowed = kind == "COMMAND" and level <= Level.STREET and role in COMMANDING_ROLES
    if allowed:
        assert check_issuer(actor=actor, unit=unit(kind, level)) == unit(kind, level)
        return
    with pytest.raises(InstructionRefused) as refused:
        check_issuer(actor=actor, unit=unit(kind, level))
    assert refused.value.code is InstructionProblem.NOT_A_COMMANDER


def test_nobody_without_a_unit_issues_or_passes_on() -> None:
    for check in (check_issuer, check_passing):
        with pytest.raises(InstructionRefused):
            check(actor=Actor(id="li", role=Role.LEADER), unit=None)


@pytest.mark.parametrize(
    ("kind", "level", "passes"),
    [
        ("COMMAND", Level.STREET, True),
        ("COMMUNITY", Level.COMMUNITY, True),
        ("GRID", Level.GRID, False),
        ("SANITATION", Level.STREET, False),
    ],
)
def test_streets_and_communities_pass_on_and_a_grid_worker_has_nobody(
    kind: str, level: Level, passes: bool
) -> None:
    if passes:
        assert check_passing(actor=LEADER, unit=unit(kind, level)).level is level
        return
    with pytest.raises(InstructionRefused) as refused:
        check_passing(actor=LEADER, unit=unit(kind, level))
    assert refused.value.code is InstructionProblem.MAY_NOT_PASS_ON


def test_a_reply_is_a_receipt_and_a_supplement_keeps_the_first_time() -> None:
    first = receive(receiver=receiver(), instruction=ORDER, act=act(ActKind.REPLY, minutes=5))
    assert (first.state, first.read_at, first.replied_at) == (
        ReceiverState.REPLIED,
        MONDAY + timedelta(minutes=5),
        MONDAY + timedelta(minutes=5),
    )
    again = replace(act(ActKind.REPLY, minutes=500), text="补充")
    second = receive(receiver=first, instruction=ORDER, act=again)
    assert (second.reply, second.replied_at) == ("补充", first.replied_at)
    assert not is_late(instruction=ORDER, receiver=second)
    late = receive(receiver=receiver(), instruction=ORDER, act=act(ActKind.READ, minutes=361))
    assert is_late(instruction=ORDER, receiver=late)
    assert is_done(instruction=ORDER, receiver=late)


@pytest.mark.parametrize(
    "actor", [replace(LEADER, unit="e-COMMAND"), replace(LEADER, role=Role.HANDLER)], ids=["other", "handler"]
)
def test_only_its_issuer_ends_or_corrects_an_instruction(actor: Actor) -> None:
    done = Act(kind=ActKind.CLOSE, actor=actor, at=MONDAY)
    with pytest.raises(InstructionRefused) as refused:
        end(instruction=ORDER, act=done)
    assert refused.value.code is InstructionProblem.NOT_THE_ISSUER
    with pytest.raises(InstructionRefused) as refused:
        correct(instruction=ORDER, by="INS-2", act=done)
    assert refused.value.code is InstructionProblem.NOT_THE_ISSUER


def test_what_was_corrected_names_its_successor_and_takes_receipts_but_no_replies() -> None:
    ended = correct(instruction=ORDER, by="INS-2", act=Act(kind=ActKind.ISSUE, actor=LEADER, at=MONDAY))
    assert (ended.state, ended.corrected_by) == (InstructionState.CORRECTED, "INS-2")
    assert receive(receiver=receiver(), instruction=ended, act=act(ActKind.READ)).read_at is not None
    with pytest.raises(InstructionRefused):
        receive(receiver=receiver(), instruction=ended, act=act(ActKind.REPLY))


def test_who_was_never_told_has_nothing_to_acknowledge() -> None:
    with pytest.raises(InstructionRefused) as refused:
        receive(receiver=None, instruction=ORDER, act=act(ActKind.READ))
    assert refused.value.code is InstructionProblem.NOT_A_RECEIVER


def test_the_limit_runs_by_the_citys_working_time() -> None:
    half, whole = timers(issued_at=MONDAY, limit=Limit.parse("4WH"), calendar=CALENDAR)
    # 10:00 in the city; two hours of work end at noon, four at 16:00, behind the lunch break.
    assert (half.wave, half.at) == (Wave.HALF, MONDAY + timedelta(hours=2))
    assert (whole.wave, whole.at) == (Wave.DUE, MONDAY + timedelta(hours=6))


def test_every_notice_of_a_drill_says_so() -> None:
    drill = replace(ORDER, exercise=True)
    told = [receiver()]
    notices = [notice for wave in Wave for notice in tell(instruction=drill, receivers=told, wave=wave)]
    notices.append(report(instruction=drill, missing=told))
    assert {notice.context["exercise"] for notice in notices} == {True}


def test_a_report_counts_everybody_and_names_some() -> None:
    told = [receiver(n) for n in range(1, 31)]
    context = report(instruction=replace(ORDER, receivers=142), missing=told).context
    assert (context["missing"], context["total"], context["about"]) == (30, 142, "due")
    assert len(str(context["missing_units"]).split()) == NAMED_MISSING
