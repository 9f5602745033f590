"""Every refusal can happen, has a stable code, and says in both languages what to do."""

import re
from datetime import timedelta
from string import Formatter
from typing import Any

import pytest

from domain.actor import Actor, Role
from domain.case import STATUS_ZH, Status
from domain.decide import HANDLERS
from domain.errors import REFUSALS, CommandRefused, RefusalCode
from domain.messages import (
    COMMAND_ZH,
    COMMANDS,
    CancelCase,
    CloseCase,
    FileCase,
    GrantReturn,
    MergeInto,
    Reassign,
    RecordVisit,
    RefuseReturn,
    ReportUp,
    RequestReturn,
    Rule,
    SendBack,
    SignIn,
)
from domain.place import Level, Place
from tests.unit import (
    scenes_alarm,
    scenes_duty,
    scenes_joint,
    scenes_levels,
    scenes_reporter,
    scenes_supervision,
    scenes_triage,
)
from tests.unit.builders import (
    CITY,
    DISPATCHER,
    OPERATOR,
    POWER,
    STREET,
    WATER,
    Played,
    a_case,
    actor,
    decision,
    handler,
    supervisor,
)
from tests.unit.scenes import Refused

CHINESE = re.compile(r"[\u4e00-\u9fff]")
OTHER = "20260914-0000-0002"
NO_OWNER = decision(None)


def ruled() -> Played:
    """Return a case whose owner was named by a ruling."""
    case = a_case().returning()
    case.next()
    case.do(Rule, by=supervisor(CITY), lead=POWER, reason="so ordered")
    return case


def kept() -> Played:
    """Return a case whose return was refused."""
    case = a_case().returning()
    case.do(RefuseReturn, by=DISPATCHER, reason="it is yours")
    return case


def arbitrated() -> Played:
    """Return a case that waits for a ruling."""
    case = a_case().returning()
    case.next()
    return case


def at_the_top() -> Played:
    """Return a case the city commands."""
    return a_case(decision=decision(WATER, level=Level.CITY))


def visited_once() -> Played:
    """Return a closed case of which one of two reporters was reached."""
    case = a_case().joined("R-2").closed()
    case.visited()
    return case


FILING: dict[str, Any] = {"category": "x", "place": Place(), "decision": NO_OWNER}
EVERY: dict[RefusalCode, Refused] = {
    RefusalCode.NOT_ALLOWED_IN_STATE: (a_case, CloseCase, OPERATOR, {}),
    RefusalCode.CASE_ENDED: (lambda: a_case(master=OTHER), CloseCase, OPERATOR, {}),
    RefusalCode.ROLE_NOT_ALLOWED: (a_case, SignIn, OPERATOR, {}),
    RefusalCode.NOT_THE_OWNER: (a_case, SignIn, handler(STREET), {}),
    RefusalCode.HANDLER_MAY_NOT_CLOSE: (lambda: a_case().submitted(), CloseCase, supervisor(WATER), {}),
    RefusalCode.UNIT_REQUIRED: (lambda: a_case().submitted(), CloseCase, Actor(id="nobody", role=Role.OPERATOR), {}),
    RefusalCode.CHECK_OUTSTANDING: (lambda: a_case(2).submitted(), CloseCase, OPERATOR, {}),
    RefusalCode.REASON_REQUIRED: (lambda: a_case().submitted(), SendBack, DISPATCHER, {"reason": " "}),
    RefusalCode.RETURN_ONCE_PER_UNIT: (kept, RequestReturn, handler(WATER), {"reason": "again"}),
    RefusalCode.RETURN_TOO_LATE: (
        lambda: a_case().wait(timedelta(days=3)), RequestReturn, handler(WATER), {"reason": "not ours"},
    ),
    RefusalCode.BOUND_BY_RULING: (ruled, RequestReturn, handler(POWER), {"reason": "not ours"}),
    RefusalCode.SAME_OWNER: (a_case, Reassign, supervisor(CITY), {"lead": WATER, "reason": "again"}),
    RefusalCode.LEAD_REQUIRED: (lambda: a_case(decision=NO_OWNER), FileCase, OPERATOR, FILING),
    RefusalCode.NOT_THE_ARBITER: (arbitrated, Rule, supervisor(STREET), {"lead": POWER, "reason": "mine"}),
    RefusalCode.SEVERE_CASE_NOT_CANCELLABLE: (lambda: a_case(1), CancelCase, OPERATOR, {"reason": "mistake"}),
    RefusalCode.UNKNOWN_REPORT: (
        lambda: a_case().closed(), RecordVisit, OPERATOR, {"report_no": "R-9", "reached": True},
    ),
    RefusalCode.REPORT_ALREADY_VISITED: (
        visited_once, RecordVisit, OPERATOR, {"report_no": "R-1", "reached": True},
    ),
    RefusalCode.MERGE_INTO_ITSELF: (
        lambda: a_case(decision=NO_OWNER), MergeInto, OPERATOR, {"master": "20260914-0000-0001"},
    ),
    RefusalCode.TOP_LEVEL: (at_the_top, ReportUp, handler(WATER), {"reason": "no crane"}),
}  # fmt: skip
for scenes in (
    scenes_triage,
    scenes_duty,
    scenes_supervision,
    scenes_levels,
    scenes_joint,
    scenes_reporter,
    scenes_alarm,
):
    EVERY |= scenes.SCENES


def refusal_of(code: RefusalCode) -> CommandRefused:
    make, kind, who, fields = EVERY[code]
    case = make()
    with pytest.raises(CommandRefused) as caught:
        case.do(kind, by=who, **fields)
    return caught.value


def test_every_refusal_has_a_scene_and_both_texts() -> None:
    assert set(EVERY) == set(RefusalCode)
    assert set(REFUSALS) == set(RefusalCode)


@pytest.mark.parametrize("code", RefusalCode)
def test_a_refusal_renders_with_what_it_carries(code: RefusalCode) -> None:
    refusal = refusal_of(code)
    zh, en = refusal.text(lang="zh"), refusal.text(lang="en")

    assert refusal.code is code
    assert str(refusal) == code.value
    assert CHINESE.search(zh)
    assert not re.search(r"[{}]", zh + en)
    assert all(refusal.params.values()), "a parameter without a value says nothing"


@pytest.mark.parametrize("code", RefusalCode)
def test_both_texts_use_only_what_the_refusal_carries(code: RefusalCode) -> None:
    carried = set(refusal_of(code).params)
    for text in REFUSALS[code]:
        assert {name for _, name, _, _ in Formatter().parse(text) if name is not None} <= carried


def test_a_refusal_names_the_command_and_the_state_as_people_know_them() -> None:
    refusal = refusal_of(RefusalCode.NOT_ALLOWED_IN_STATE)
    assert refusal.text(lang="zh").startswith("案件处于“已派遣 dispatched”状态，不能执行“结案 close_case”")


def test_codes_are_stable_words() -> None:
    assert all(re.fullmatch(r"[a-z]+(_[a-z0-9]+)*", code.value) for code in RefusalCode)


def test_every_state_and_every_command_has_a_chinese_name_of_its_own() -> None:
    for names, things in ((STATUS_ZH, set(Status)), (COMMAND_ZH, set(COMMANDS))):
        assert set(names) == things
        assert len(set(names.values())) == len(names)
        assert all(CHINESE.search(name) for name in names.values())


def test_every_command_is_handled() -> None:
    assert set(HANDLERS) == set(COMMANDS)


def test_a_grant_by_a_handler_is_no_grant() -> None:
    case = a_case().returning()
    with pytest.raises(CommandRefused) as caught:
        case.do(GrantReturn, by=actor(Role.HANDLER, WATER), lead=POWER)
    assert caught.value.params["allowed"] == "dispatcher, supervisor"
