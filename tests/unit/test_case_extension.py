"""Row 23: asked before the deadline, decided in two steps, one original limit more, twice at most."""

from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from domain.actor import Actor, Role
from domain.case import Status
from domain.errors import CommandRefused, RefusalCode
from domain.messages import GrantReturn, RefuseReturn, SendBack, SubmitResult
from domain.messages_duty import DecideExtension, RequestExtension
from tests.unit.builders import (
    CITY,
    DISPATCHER,
    DISTRICT,
    MONDAY,
    POWER,
    REPORT,
    STREET,
    WATER,
    Played,
    a_case,
    a_full_case,
    actor,
    at,
    full_rules,
    handler,
    limit,
    refused,
    rulebook,
    supervisor,
)
from tests.unit.scenes_duty import LEADER, asked_for_more, extended


def test_it_is_asked_by_the_owner_and_put_before_its_leader() -> None:
    case = asked_for_more()
    asked = case.state.extension
    assert asked is not None
    assert (asked.stage, asked.by, asked.reason) == ("department", handler(WATER).id, "spare parts")
    assert asked.due == case.armed("extension.decision") == at("2026-09-15 09:00")
    assert case.told("extension_requested") == [WATER]
    assert case.of_kind("extension_requested")[0].row == 23

    assert asked_for_more(a_full_case(2)).armed("extension.decision") == MONDAY + timedelta(hours=2)


def test_two_steps_add_one_original_limit_and_tell_the_reporter_how_long_and_why() -> None:
    case = asked_for_more().wait(timedelta(hours=1))
    total = case.state.total_due
    case.do(DecideExtension, by=LEADER, granted=True)
    assert case.state.extension is not None
    assert case.state.extension.stage == "dispatcher"
    assert case.armed("extension.decision") == at("2026-09-15 10:00")
    assert case.told("extension_requested") == [WATER, STREET]
    assert case.state.handling_due == at("2026-09-16 09:00")

    case.do(DecideExtension, by=DISPATCHER, granted=True)
    state = case.state
    assert (state.extension, state.extensions, state.status) == (None, 1, Status.HANDLING)
    assert (state.handling_limit, state.base_limit) == (limit("4WD"), limit("2WD"))
    assert state.handling_due == at("2026-09-18 09:00")
    assert state.handling_from == MONDAY
    assert case.armed("handling.overdue") == at("2026-09-18 09:00")
    assert case.armed("handling.warn", "") == at("2026-09-17 10:30"), "80 % of the whole new limit"
    assert case.armed("extension.decision") is None
    assert total is not None
    assert state.total_due == at("2026-09-20 09:00"), "behind the new deadline as at filing; Sunday works"
    fact = case.of_kind("extended")[0]
    assert (fact.due, fact.data["added"], fact.data["asked_for"]) == (
        state.handling_due,
        "2WD",
        "spare parts",
    )
    assert case.told("extended") == [REPORT]
    told = next(notice for notice in case.notices if notice.template == "extended")
    assert (told.context["limit"], told.context["words"]) == ("2WD", "spare parts")
    assert case.told("extension_decided") == [WATER]


def test_twice_and_no_more_and_a_refusal_does_not_count() -> None:
    case = asked_for_more()
    with refused(case, RefusalCode.REASON_REQUIRED):
        case.do(DecideExtension, by=LEADER, granted=False, reason=" ")
    case.do(DecideExtension, by=LEADER, granted=False, reason="there is time")
    assert (case.state.extension, case.state.extensions) == (None, 0)
    assert case.armed("extension.decision") is None
    assert case.of_kind("extension_refused")[0].data["stage"] == "department"

    asked_for_more(case)
    case.do(DecideExtension, by=LEADER, granted=True)
    case.do(DecideExtension, by=DISPATCHER, granted=False, reason="there is time")
    assert case.state.handling_due == at("2026-09-16 09:00")

    extended(extended(case))
    assert (case.state.extensions, case.state.handling_limit) == (2, limit("6WD"))
    assert case.state.handling_due == at("2026-09-21 09:00")
    with refused(case, RefusalCode.EXTENSIONS_USED):
        case.do(RequestExtension, by=handler(WATER), reason="once more")


def test_nobody_approves_what_they_asked_for_and_the_owner_does_not_decide_twice() -> None:
    case = a_full_case().handling()
    case.do(RequestExtension, by=LEADER, reason="spare parts")
    with refused(case, RefusalCode.NOT_YOUR_STEP):
        case.do(DecideExtension, by=LEADER, granted=True)
    for who in (DISPATCHER, supervisor(CITY), actor(Role.LEADER, POWER)):
        with refused(case, RefusalCode.NOT_YOUR_STEP):
            case.do(DecideExtension, by=who, granted=True)
    case.do(DecideExtension, by=Actor(id="deputy", role=Role.LEADER, unit=WATER), granted=True)
    for who in (actor(Role.DISPATCHER, WATER), LEADER, actor(Role.SUPERVISOR, None)):
        with refused(case, RefusalCode.NOT_YOUR_STEP):
            case.do(DecideExtension, by=who, granted=True)
    case.do(DecideExtension, by=supervisor(DISTRICT), granted=True)
    assert case.state.extensions == 1


def test_not_once_overdue_to_the_minute() -> None:
    case = a_full_case().handling()
    case.until(at("2026-09-16 09:00"))
    case.do(RequestExtension, by=handler(WATER), reason="at the last moment")

    late = a_full_case().handling()
    late.until(at("2026-09-16 09:00")).wait(timedelta(seconds=1))
    with refused(late, RefusalCode.EXTENSION_OVERDUE):
        late.do(RequestExtension, by=handler(WATER), reason="too late")


def test_asked_in_time_it_may_be_granted_after_the_deadline() -> None:
    case = a_full_case().handling()
    case.until(at("2026-09-16 08:45"))
    asked_for_more(case)
    case.do(DecideExtension, by=LEADER, granted=True)
    case.until(at("2026-09-16 12:00"))
    assert len(case.of_kind("overdue")) == 1
    case.do(DecideExtension, by=DISPATCHER, granted=True)
    assert case.armed("handling.overdue") == case.state.handling_due == at("2026-09-18 09:00")
    case.do(SubmitResult, by=handler(WATER), result="repaired")
    assert case.state.on_time is True


def test_a_department_that_does_not_decide_passes_it_on_and_the_desk_is_reminded_up_to_the_top() -> None:
    case = asked_for_more(a_full_case(2))
    case.until(MONDAY + timedelta(hours=2))
    assert case.of_kind("extension_passed_on")[0].due == MONDAY + timedelta(hours=2)
    assert case.state.extension is not None
    assert case.state.extension.stage == "dispatcher"

    for hours, level in ((4, DISTRICT), (6, CITY)):
        case.until(MONDAY + timedelta(hours=hours))
        assert case.of_kind("extension_undecided")[-1].data["told"] == level
        assert case.told("reminder")[-2:] == [STREET, level]
    for minutes in (30, 60):
        case.until(MONDAY + timedelta(hours=6, minutes=minutes))
        assert case.of_kind("extension_undecided")[-1].data["told"] == CITY, "the top never falls off the end"
    assert case.state.level > 1, "a decision owed raises nobody's case"

    case.do(DecideExtension, by=DISPATCHER, granted=True)
    assert case.armed("extension.decision") is None
    assert case.state.handling_due == MONDAY + timedelta(hours=48)


def test_a_result_or_a_next_owner_ends_the_request() -> None:
    case = asked_for_more()
    case.do(SubmitResult, by=handler(WATER), result="repaired after all")
    assert (case.state.extension, case.armed("extension.decision")) == (None, None)
    assert case.of_kind("extension_ended")[0].data["why"] == "submitted"
    case.do(SendBack, by=DISPATCHER, reason="not done")
    with refused(case, RefusalCode.NO_EXTENSION):
        case.do(DecideExtension, by=LEADER, granted=True)

    given = a_full_case().signed_in()
    given.do(RequestExtension, by=handler(WATER), reason="spare parts")
    given.wait(timedelta(hours=1)).returning()
    given.do(GrantReturn, by=DISPATCHER, lead=POWER)
    assert (given.state.extension, given.armed("extension.decision")) == (None, None)
    assert given.of_kind("extension_ended")[0].data["why"] == "reassigned"
    assert given.state.base_limit == given.state.handling_limit == limit("2WD")


def test_it_may_be_decided_while_a_return_is() -> None:
    case = a_full_case().signed_in()
    case.do(RequestExtension, by=handler(WATER), reason="spare parts")
    case.returning()
    case.do(DecideExtension, by=LEADER, granted=True)
    case.do(RefuseReturn, by=DISPATCHER, reason="it is yours")
    case.do(DecideExtension, by=DISPATCHER, granted=True)
    assert case.state.handling_due == at("2026-09-18 09:00")


def test_an_old_case_is_not_extended() -> None:
    case = a_case().handling()
    with refused(case, RefusalCode.RULEBOOK_REQUIRED):
        case.do(RequestExtension, by=handler(WATER), reason="spare parts")


def test_a_pack_may_allow_another_number() -> None:
    case = a_full_case(rules=full_rules(book=rulebook(3, extensions=0))).handling()
    with refused(case, RefusalCode.EXTENSIONS_USED):
        case.do(RequestExtension, by=handler(WATER), reason="spare parts")


ACTS: tuple[tuple[Any, Actor, dict[str, Any]], ...] = (
    (RequestExtension, handler(WATER), {"reason": "spare parts"}),
    (DecideExtension, LEADER, {"granted": True}),
    (DecideExtension, DISPATCHER, {"granted": True}),
    (DecideExtension, DISPATCHER, {"granted": False, "reason": "no"}),
)


@given(
    severity=st.sampled_from([2, 3]),
    acts=st.lists(st.tuples(st.sampled_from([0, 0, 1, 1, 2, 2, 3]), st.integers(0, 400)), max_size=30),
)
def test_whatever_is_sent_at_most_two_are_granted_and_no_deadline_moves_back(
    severity: int, acts: list[tuple[int, int]]
) -> None:
    case: Played = a_full_case(severity).handling()
    for act, minutes in acts:
        before, armed = case.state, {(one.name, one.item): one.at for one in case.state.deadlines}
        case.until(case.now + timedelta(minutes=minutes))
        kind, who, fields = ACTS[act]
        armed = {(one.name, one.item): one.at for one in case.state.deadlines}
        try:
            case.do(kind, by=who, **fields)
        except CommandRefused:
            continue
        state = case.state
        assert state.extensions <= 2
        assert state.handling_due is not None
        assert before.handling_due is not None
        assert before.total_due is not None
        assert state.handling_due >= before.handling_due
        assert state.total_due is not None
        assert state.total_due >= before.total_due
        if state.base_limit is not None:
            assert state.handling_limit == state.base_limit.times(1 + state.extensions)
        for one in state.deadlines:
            if one.name.value.startswith("handling"):
                assert one.at >= armed.get((one.name, one.item), one.at)
    assert len(case.of_kind("extended")) == case.state.extensions
