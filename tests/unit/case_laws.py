"""What must hold for every step of every case (reference: domain.md §8, the invariants at its end).

``check_step`` compares a case before and after one message with what the step says it did.
Each law stands alone, so that a broken one names itself.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter

from domain.actor import ENGINE, Role
from domain.case import ENDED, SETTLED, Alarm, CaseState, Fact, Outcome, Status
from domain.clock import works_on
from domain.limit import Limit, LimitUnit
from domain.messages import Message, TimePassed
from domain.transitions import row_from
from notifications.delivery import TemplateName

STATE_JSON: TypeAdapter[CaseState] = TypeAdapter(CaseState)
OUTCOME_JSON: TypeAdapter[Outcome] = TypeAdapter(Outcome)

GIVING = frozenset({13, 16, 19, 34})
"""Rows whose fact names the new owner."""
REASON_LISTED = frozenset(
    {
        "request_return", "refuse_return", "rule", "send_back", "report_up", "reassign", "cancel_case", "hand_back",
        "suspend", "waive_task", "waive_child", "jump_level", "regrade", "file_appeal", "review_appeal",
        "request_extension", "split_report",
    }
)  # fmt: skip
"""Commands that state a reason."""
CONTINUOUS = {
    LimitUnit.MIN: timedelta(minutes=1),
    LimitUnit.UH: timedelta(hours=1),
    LimitUnit.UD: timedelta(days=1),
}
ARMED_IN: dict[Status, tuple[Alarm, ...]] = {
    Status.TRIAGING: (Alarm.TRIAGE,),
    Status.DISPATCHED: (Alarm.SIGN_IN_RAISE, Alarm.SIGN_IN_REPEAT),
    Status.ACCEPTED: (Alarm.HANDLING_RAISE,),
    Status.HANDLING: (Alarm.HANDLING_RAISE,),
    Status.RETURN_REQUESTED: (Alarm.RETURN_DECISION,),
    Status.ARBITRATION: (Alarm.ARBITRATION,),
    Status.FEEDBACK: (Alarm.CHECK,),
    Status.CHECKING: (Alarm.CHECK,),
    Status.VISITING: (Alarm.VISIT,),
    Status.CLOSED: (Alarm.RETENTION,),
    Status.EVALUATED: (Alarm.RETENTION,),
    Status.NEED_INFO: (Alarm.INFO,),
    Status.VERIFYING_PRE: (Alarm.VERIFY,),
    Status.TRANSFERRED_OUT: (Alarm.TRANSFER, Alarm.RETENTION),
    Status.ANSWERED: (Alarm.RETENTION,),
    Status.REFUSED: (Alarm.RETENTION,),
    Status.SUSPENDED: (Alarm.SUSPENSION,),
}
"""The deadline that wakes a case in each state it can rest in: one of these is armed."""
OWNED = (
    Status.DISPATCHED, Status.ACCEPTED, Status.HANDLING, Status.RETURN_REQUESTED, Status.ARBITRATION,
    Status.FEEDBACK, Status.CHECKING,
)  # fmt: skip

NOT_SETTLED = tuple(status for status in Status if status not in SETTLED)
BESIDE: dict[str, tuple[Status, ...]] = {
    "contact": OWNED,
    "task": OWNED,
    "milestone": OWNED,
    "extension": OWNED,
    "supervision": NOT_SETTLED,
    "acknowledge": NOT_SETTLED,
    "report_up": NOT_SETTLED,
    "emergency": NOT_SETTLED,
    "rectify": (*OWNED, Status.SUSPENDED),
    "visit": (Status.VISITING,),
    "appeal": tuple(status for status in Status if status not in ENDED),
}
"""The clocks of the whole rulebook that run beside a state, and in which states they may."""


@dataclass(frozen=True, kw_only=True)
class Taken:
    """One step as seen from outside. ``owner`` is the owner the facts before it say."""

    before: CaseState | None
    after: CaseState
    message: Message | None
    now: datetime
    facts: tuple[Fact, ...]
    outcome: Outcome
    owner: str


def owner_by_facts(owner: str, facts: Iterable[Fact]) -> str:
    """Return the owner after some facts, read from the facts alone."""
    for fact in facts:
        if fact.row in GIVING or fact.kind == "reassigned":
            owner = str(fact.data["owner"])
    return owner


def one_owner_and_it_is_the_recorded_one(taken: Taken) -> None:
    assert taken.after.owner
    assert taken.after.owner == owner_by_facts(taken.owner, taken.facts)


def facts_are_numbered_without_a_gap(taken: Taken) -> None:
    first = taken.before.seq if taken.before is not None else 0
    assert [fact.seq for fact in taken.facts] == list(range(first + 1, first + len(taken.facts) + 1))
    assert taken.after.seq == first + len(taken.facts)


def facts_lead_from_state_to_state_along_the_table(taken: Taken) -> None:
    status = taken.before.status if taken.before is not None else None
    for fact in taken.facts:
        assert fact.source == status, f"{fact.kind} starts from {fact.source}, the case was {status}"
        if fact.kind != "reassigned" and fact.source != fact.target:
            row = row_from(fact.row, source=fact.source, target=fact.target)
            assert row is not None, f"row {fact.row} does not lead from {fact.source} to {fact.target}"
        status = fact.target
    assert taken.after.status is status


def facts_say_who_and_when(taken: Taken) -> None:
    sender = ENGINE if taken.message is None or isinstance(taken.message, TimePassed) else taken.message.actor
    for fact in taken.facts:
        assert fact.at == taken.now
        assert fact.actor in (sender, ENGINE)
        assert fact.actor.id
    looking = taken.message is not None and taken.message.kind == "see_children"
    if sender.role is not Role.ENGINE and not looking:
        assert any(fact.actor == sender for fact in taken.facts), "a person acted and nothing says so"


def reasons_are_recorded_where_listed(taken: Taken) -> None:
    if taken.message is not None and taken.message.kind in REASON_LISTED:
        sender = getattr(taken.message, "actor", ENGINE)
        assert any(fact.data.get("reason") for fact in taken.facts if fact.actor == sender)


def a_handler_never_checks_or_closes(taken: Taken) -> None:
    if taken.before is None:
        return
    took_part = {*taken.before.handlers, *taken.before.co_handlers}
    for fact in taken.facts:
        if fact.row in (29, 30) and fact.kind != "check_late":
            assert fact.actor.role is not Role.ENGINE
            assert fact.actor.unit not in took_part
    took_part |= {task.unit for task in taken.after.tasks if not task.waived or task.signed_in_at is not None}
    known = {rung.unit for rung in taken.after.rules.ladder if rung.unit} | {taken.after.triage_unit}
    if taken.after.status is Status.CHECKING and known - took_part - {taken.after.owner}:
        assert taken.after.checker not in took_part


def handlers_and_supervisors_only_grow(taken: Taken) -> None:
    if taken.after.dispatched_at is not None:
        assert taken.after.owner in taken.after.handlers
    if taken.before is None:
        return
    for was, now in (
        (taken.before.supervisors, taken.after.supervisors),
        (taken.before.handlers, taken.after.handlers),
        (taken.before.returned_by, taken.after.returned_by),
    ):
        assert now[: len(was)] == was
        assert len(set(now)) == len(now)


def escalation_adds_somebody_and_keeps_the_owner(taken: Taken) -> None:
    owner = taken.owner
    for fact in taken.facts:
        if fact.kind in ("escalated", "top_reminded", "level_skipped"):
            assert fact.data.get("owner", owner) == owner
        if fact.kind == "escalated":
            assert fact.data["supervisor"] in taken.after.supervisors
            assert fact.data["supervisor"] != owner
        owner = owner_by_facts(owner, [fact])


def a_late_engine_leaves_people_their_time(taken: Taken) -> None:
    triggers = [fact.data["trigger"] for fact in taken.facts if fact.kind == "escalated"]
    assert len(set(triggers)) == len(triggers), "several levels at once for the same reason"


def the_total_clock_never_resets(taken: Taken) -> None:
    if taken.before is None:
        return
    assert taken.after.received_at == taken.before.received_at
    for name in ("filed_at", "contacted_at"):
        was = getattr(taken.before, name)
        assert was is None or getattr(taken.after, name) == was or name == "filed_at"
    was = taken.before.total_due
    if was is not None:
        assert taken.after.total_due is not None
        assert taken.after.total_due >= was or regraded(taken)
        applied = any(fact.kind == "policy_applied" for fact in taken.facts)
        grown = taken.after.total_due != was and not applied
        assert not grown or taken.before.rules.severity.book or taken.after.rules.severity.book


def regraded(taken: Taken) -> bool:
    """Tell whether somebody changed the severity: the only act that may move a deadline earlier."""
    return any(fact.kind == "regraded" for fact in taken.facts)


def deadlines_are_sorted_single_and_ahead(taken: Taken) -> None:
    times = [deadline.at for deadline in taken.after.deadlines]
    names = [(deadline.name, deadline.item) for deadline in taken.after.deadlines]
    assert times == sorted(times)
    assert len(names) == len(set(names))
    assert all(time > taken.now for time in times)


def nothing_falls_asleep(taken: Taken) -> None:
    after = taken.after
    if after.status in ENDED:
        assert after.deadlines == ()
        return
    armed = {deadline.name for deadline in after.deadlines}
    assert armed & set(ARMED_IN[after.status]), f"{after.status} with {armed}"
    if after.status in (Status.DISPATCHED, Status.RETURN_REQUESTED, Status.ARBITRATION):
        assert Alarm.HANDLING_RAISE in armed, "the handling clock keeps running"


def nothing_is_armed_that_the_state_does_not_know(taken: Taken) -> None:
    status = taken.after.status
    for deadline in taken.after.deadlines:
        clock = deadline.name.value.split(".")[0]
        if clock == "sign_in":
            assert status is Status.DISPATCHED
        elif clock == "handling":
            assert status in OWNED
            assert status not in (Status.FEEDBACK, Status.CHECKING)
        elif clock in BESIDE:
            assert status in BESIDE[clock], f"{deadline.name} in {status}"
        else:
            assert deadline.name in ARMED_IN[status], f"{deadline.name} in {status}"


def a_deadline_never_moves_earlier(taken: Taken) -> None:
    if taken.before is None or any(fact.row == 34 for fact in taken.facts) or regraded(taken):
        return
    given = any(fact.row in GIVING or fact.kind == "reassigned" for fact in taken.facts)
    was = {(one.name, one.item): one.at for one in taken.before.deadlines}
    for deadline in taken.after.deadlines:
        # Alarms of a new owner are not the former owner's: those ended with it. So it is with a
        # supervisor called anew, and with a question asked anew.
        anew = given or deadline.name.value.split(".")[0] in (
            "acknowledge",
            "report_up",
            "stage",
            "extension",
        )
        before = was.get((deadline.name, deadline.item), deadline.at)
        assert anew or deadline.at >= before, f"{deadline.name} moved earlier"
    if taken.before.handling_due is not None and not given:
        assert taken.after.handling_due is not None
        assert taken.after.handling_due >= taken.before.handling_due


def limits_end_where_their_unit_says(taken: Taken) -> None:
    after = taken.after
    if (
        after.handling_from is not None
        and after.handling_due is not None
        and after.handling_limit is not None
    ):
        ends_right(after, after.handling_from, after.handling_limit, after.handling_due)
    given = any(fact.row in GIVING or fact.kind == "reassigned" for fact in taken.facts)
    if given and after.dispatched_at is not None and after.return_due is not None:
        ends_right(after, after.dispatched_at, after.rules.severity.stages.return_request, after.return_due)


def ends_right(case: CaseState, start: datetime, limit: Limit, end: datetime) -> None:
    if limit.unit in CONTINUOUS:
        assert end - start == limit.amount * CONTINUOUS[limit.unit]
    if limit.unit in (LimitUnit.WH, LimitUnit.WD):
        day = end.astimezone(ZoneInfo(case.rules.calendar.timezone)).date()
        assert works_on(day=day, calendar=case.rules.calendar)


def notices_hang_on_facts_and_have_one_recipient(taken: Taken) -> None:
    seen: dict[int, int] = {}
    for notice in taken.outcome.notices:
        assert notice.seq in [fact.seq for fact in taken.facts]
        assert notice.n == seen.get(notice.seq, 0)
        seen[notice.seq] = notice.n + 1
        assert (notice.unit is None) != (notice.report_no is None)
        assert notice.template in set(TemplateName)


def every_reporter_is_answered(taken: Taken) -> None:
    told = {notice.report_no for notice in taken.outcome.notices if notice.report_no is not None}
    reports = {report.report_no for report in taken.after.reports}
    assert told <= reports
    ended = {fact.target for fact in taken.facts if fact.source is not fact.target}
    if ended & {Status.CLOSED, Status.CANCELLED, Status.ANSWERED, Status.REFUSED, Status.TRANSFERRED_OUT}:
        assert told == reports
    known = {report.report_no for report in taken.before.reports} if taken.before is not None else reports
    known -= {str(fact.data["report"]) for fact in taken.facts if fact.kind == "report_split"}
    if taken.after.closed_at is not None:
        assert reports - known <= told, "somebody joined a closed case and heard nothing"
    assert known <= reports


def visits_are_honest(taken: Taken) -> None:
    for report in taken.after.reports:
        assert report.visit in {"open", "reached", "no_answer", "not_wanted"}
        if report.visit != "reached":
            assert report.solved is None, "silence is not satisfaction"
            assert report.grade is None
    if taken.after.status is Status.EVALUATED and taken.before is not None:
        still_open = {report.report_no for report in taken.after.reports if report.visit == "open"}
        assert not still_open & {
            report.report_no for report in taken.before.reports if report.visit != "open"
        }


def json_is_the_identity(taken: Taken) -> None:
    text = STATE_JSON.dump_json(taken.after)
    assert STATE_JSON.validate_json(text) == taken.after
    outcome = taken.outcome
    assert OUTCOME_JSON.validate_json(OUTCOME_JSON.dump_json(outcome)) == outcome


LAWS: tuple[Callable[[Taken], None], ...] = (
    one_owner_and_it_is_the_recorded_one,
    facts_are_numbered_without_a_gap,
    facts_lead_from_state_to_state_along_the_table,
    facts_say_who_and_when,
    reasons_are_recorded_where_listed,
    a_handler_never_checks_or_closes,
    handlers_and_supervisors_only_grow,
    escalation_adds_somebody_and_keeps_the_owner,
    a_late_engine_leaves_people_their_time,
    the_total_clock_never_resets,
    deadlines_are_sorted_single_and_ahead,
    nothing_falls_asleep,
    nothing_is_armed_that_the_state_does_not_know,
    a_deadline_never_moves_earlier,
    limits_end_where_their_unit_says,
    notices_hang_on_facts_and_have_one_recipient,
    every_reporter_is_answered,
    visits_are_honest,
    json_is_the_identity,
)


def check_step(taken: Taken) -> None:
    """Hold one step against every law."""
    for law in LAWS:
        law(taken)
