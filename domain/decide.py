"""The one function that holds every rule: a state, a message and the time give an outcome.

Pure: no clock, no randomness, no look-up. The workflow, the simulator and the tests all
run this code.
"""

from dataclasses import replace
from datetime import datetime

from domain import (
    rows_alarm,
    rows_appeal,
    rows_emergency,
    rows_joint,
    rows_levels,
    rows_policy,
    rows_reporter,
    rows_supervision,
    rows_tasks,
    rows_time,
    rows_triage,
)
from domain.actor import Role
from domain.alarms import fire_due
from domain.case import ENDED, STATUS_ZH, CaseState, Done, Outcome
from domain.errors import CommandRefused, RefusalCode
from domain.messages import COMMAND_ZH, Command, Message, TimePassed
from domain.rows_duty import (
    cancel_case,
    file_case,
    grant_return,
    join_report,
    merge_into,
    reassign,
    refuse_return,
    report_up,
    request_return,
    rule,
    sign_in,
    start_handling,
)
from domain.rows_result import close_case, record_check, record_visit, request_check, send_back, submit_result
from domain.step import Handler, Step
from domain.transitions import roles_for

REMEMBERED = 64
"""How many carried-out commands a case remembers: a repetition within them answers the same."""
MOST_OWED = 1000
"""How many facts, notices and orders they hold together, the newest command's apart.

A case into which a thousand reports were merged tells a thousand people at every turn; what it
remembers travels with it from run to run and must stay far below what one message may hold.
"""

OWNER_ONLY = frozenset(
    {
        "sign_in",
        "request_return",
        "start_handling",
        "submit_result",
        "send_back",
        "report_up",
        "log_contact",
        "assign_task",
        "waive_task",
        "reach_milestone",
        "request_extension",
        "resume",
        "file_appeal",
        "open_child",
        "waive_child",
        "see_children",
    },
)
"""Commands that handlers and leaders send for their own unit's case only."""
UNIT_ROLES = frozenset({Role.HANDLER, Role.LEADER})

HANDLERS: dict[str, Handler] = {
    **rows_triage.HANDLERS,
    **rows_tasks.HANDLERS,
    **rows_time.HANDLERS,
    **rows_policy.HANDLERS,
    **rows_supervision.HANDLERS,
    **rows_appeal.HANDLERS,
    **rows_levels.HANDLERS,
    **rows_emergency.HANDLERS,
    **rows_joint.HANDLERS,
    **rows_reporter.HANDLERS,
    **rows_alarm.HANDLERS,
    "file_case": file_case,
    "merge_into": merge_into,
    "join_report": join_report,
    "sign_in": sign_in,
    "request_return": request_return,
    "grant_return": grant_return,
    "refuse_return": refuse_return,
    "rule": rule,
    "start_handling": start_handling,
    "submit_result": submit_result,
    "send_back": send_back,
    "request_check": request_check,
    "record_check": record_check,
    "close_case": close_case,
    "record_visit": record_visit,
    "report_up": report_up,
    "reassign": reassign,
    "cancel_case": cancel_case,
}


def decide(state: CaseState, message: Message, now: datetime) -> Outcome:
    """Return what the message does to the case, or raise CommandRefused.

    ``now`` is city time, UTC-aware. A command whose request id the case has carried out
    before changes nothing and answers with its first facts and notices.
    """
    if isinstance(message, TimePassed):
        step = Step(state=state, now=now)
        fire_due(step)
        return step.outcome()
    for done in state.recent:
        if done.request_id == message.request_id:
            return Outcome(state=state, facts=done.facts, notices=done.notices, orders=done.orders)
    return _carry_out(state, message, now)


def _carry_out(state: CaseState, command: Command, now: datetime) -> Outcome:
    step = Step(state=state, now=now)
    # A deadline that ended before the command came has happened before it: a sign-in that
    # arrives after the escalation was due does not undo the escalation.
    fire_due(step)
    check_allowed(step.state, command)
    step.actor = command.actor
    HANDLERS[command.kind](step, command)
    outcome = step.outcome()
    done = Done(
        request_id=command.request_id, facts=outcome.facts, notices=outcome.notices, orders=outcome.orders
    )
    recent = _remembered((*outcome.state.recent, done)[-REMEMBERED:])
    return replace(outcome, state=replace(outcome.state, recent=recent))


def _remembered(recent: tuple[Done, ...]) -> tuple[Done, ...]:
    """Return the latest of them that fit, the newest always."""
    room = MOST_OWED
    for index in range(len(recent) - 2, -1, -1):
        done = recent[index]
        room -= len(done.facts) + len(done.notices) + len(done.orders)
        if room < 0:
            return recent[index + 1 :]
    return recent


def check_allowed(state: CaseState, command: Command) -> None:
    """Refuse a command the state, the role or the owner rule does not allow."""
    if state.status in ENDED:
        raise CommandRefused(RefusalCode.CASE_ENDED, status=_name(state))
    roles = roles_for(command.kind, state.status)
    if roles is None:
        raise CommandRefused(RefusalCode.NOT_ALLOWED_IN_STATE, status=_name(state), command=_name_of(command))
    if command.actor.role not in roles:
        people = ", ".join(role.value for role in roles if role is not Role.ENGINE)
        raise CommandRefused(
            RefusalCode.ROLE_NOT_ALLOWED,
            role=command.actor.role.value,
            command=_name_of(command),
            allowed=people,
        )
    own_side = command.kind in OWNER_ONLY and command.actor.role in UNIT_ROLES
    if own_side and command.actor.unit != state.owner:
        raise CommandRefused(RefusalCode.NOT_THE_OWNER, owner=state.owner)


def _name(state: CaseState) -> str:
    return f"{STATUS_ZH[state.status]} {state.status.value}"


def _name_of(command: Command) -> str:
    return f"{COMMAND_ZH[command.kind]} {command.kind}"
