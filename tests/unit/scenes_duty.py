"""Scenes of the refusals while it is handled."""

from datetime import timedelta
from typing import Any

from domain.actor import Role
from domain.aspects import TaskKind
from domain.errors import RefusalCode
from domain.messages import CloseCase
from domain.messages_duty import (
    AssignTask,
    DecideExtension,
    ReportTask,
    RequestExtension,
    Resume,
    SignInTask,
    Suspend,
)
from tests.unit.builders import (
    CITY,
    COMMUNITY,
    DISPATCHER,
    DISTRICT,
    MONDAY,
    OPERATOR,
    POWER,
    WATER,
    Played,
    a_case,
    a_full_case,
    actor,
    handler,
    supervisor,
)
from tests.unit.scenes import Refused

LEADER = actor(Role.LEADER, WATER)
ASKED = {"task_kind": TaskKind.SUBTASK, "unit": COMMUNITY, "text": "see to the people nearby"}
SUSPENDED: dict[str, Any] = {
    "until": MONDAY + timedelta(days=10), "reason": "flood season", "plan": "dig afterwards",
    "interim_measure": "fenced and lit",
}  # fmt: skip


def tasked(case: Played | None = None, **changes: Any) -> Played:
    """Return a case being handled, with one task of the community."""
    played = (case or a_full_case()).handling()
    played.do(AssignTask, by=handler(WATER), **(ASKED | changes))
    return played


def reported() -> Played:
    """Return a case whose task was reported."""
    case = tasked()
    case.do(ReportTask, by=handler(COMMUNITY), task="T1", result="told everybody")
    return case


def asked_for_more(case: Played | None = None) -> Played:
    """Return a case whose owner asked for an extension."""
    played = (case or a_full_case()).handling()
    played.do(RequestExtension, by=handler(WATER), reason="spare parts")
    return played


def extended(case: Played | None = None) -> Played:
    """Return a case with an extension more."""
    played = asked_for_more(case)
    played.do(DecideExtension, by=LEADER, granted=True)
    played.do(DecideExtension, by=DISPATCHER, granted=True)
    return played


def suspended(case: Played | None = None, **changes: Any) -> Played:
    """Return a case suspended for ten days."""
    played = (case or a_full_case()).handling()
    played.do(Suspend, by=DISPATCHER, **(SUSPENDED | changes))
    return played


def resumed() -> Played:
    """Return a case that was suspended once."""
    case = suspended().wait(timedelta(days=1))
    case.do(Resume, by=handler(WATER))
    return case


def full_of_tasks() -> Played:
    """Return a case with as many tasks as one may have."""
    case = a_full_case().handling()
    for _ in range(50):
        case.do(AssignTask, by=handler(WATER), **ASKED)
    return case


def overdue() -> Played:
    """Return a case whose limit is over."""
    case = a_full_case().handling()
    return case.until(case.state.handling_due + timedelta(hours=1))  # type: ignore[operator, arg-type]


SCENES: dict[RefusalCode, Refused] = {
    RefusalCode.UNKNOWN_ITEM: (tasked, SignInTask, handler(COMMUNITY), {"task": "T9"}),
    RefusalCode.ITEM_SETTLED: (reported, ReportTask, handler(COMMUNITY), {"task": "T1", "result": "again"}),
    RefusalCode.NOT_YOUR_ITEM: (tasked, SignInTask, handler(POWER), {"task": "T1"}),
    RefusalCode.DUE_OUTSIDE: (
        lambda: a_full_case().handling(), AssignTask, handler(WATER), ASKED | {"due": MONDAY + timedelta(days=30)},
    ),
    RefusalCode.TASKS_OPEN: (lambda: tasked().submitted(), CloseCase, OPERATOR, {}),
    RefusalCode.TASK_TEXT_REQUIRED: (
        lambda: a_full_case().handling(), AssignTask, handler(WATER), ASKED | {"text": " "},
    ),
    RefusalCode.TASK_TO_OWNER: (
        lambda: a_full_case().handling(), AssignTask, supervisor(CITY), ASKED | {"unit": WATER},
    ),
    RefusalCode.TOO_MANY_TASKS: (full_of_tasks, AssignTask, handler(WATER), ASKED),
    RefusalCode.RULEBOOK_REQUIRED: (lambda: a_case().handling(), AssignTask, handler(WATER), ASKED),
    RefusalCode.EXTENSION_OVERDUE: (overdue, RequestExtension, handler(WATER), {"reason": "spare parts"}),
    RefusalCode.EXTENSIONS_USED: (
        lambda: extended(extended()), RequestExtension, handler(WATER), {"reason": "more"},
    ),
    RefusalCode.EXTENSION_PENDING: (asked_for_more, RequestExtension, handler(WATER), {"reason": "again"}),
    RefusalCode.NO_EXTENSION: (lambda: a_full_case().handling(), DecideExtension, LEADER, {"granted": True}),
    RefusalCode.NOT_YOUR_STEP: (asked_for_more, DecideExtension, DISPATCHER, {"granted": True}),
    RefusalCode.SUSPENDED_ONCE: (resumed, Suspend, DISPATCHER, SUSPENDED),
    RefusalCode.SUSPENSION_TOO_LONG: (
        lambda: a_full_case().handling(), Suspend, supervisor(DISTRICT),
        SUSPENDED | {"until": MONDAY + timedelta(days=366)},
    ),
    RefusalCode.SUSPENSION_NEEDS_DISTRICT: (
        lambda: a_full_case().handling(), Suspend, DISPATCHER, SUSPENDED | {"until": MONDAY + timedelta(days=31)},
    ),
    RefusalCode.INTERIM_MEASURE_REQUIRED: (
        lambda: a_full_case().handling(), Suspend, DISPATCHER, SUSPENDED | {"interim_measure": " "},
    ),
}  # fmt: skip
