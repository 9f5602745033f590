"""What moves an alarm by itself: its beginning, assessment and silence, readings, and its release.

Reference: domain.md §5. Severity 1 is dispatched in parallel with its assessment and never
waits; when nobody answers in time it counts as true.
"""

from domain.alarm import WITH_READINGS, AlarmPhase
from domain.alarm_life import Verdict
from domain.alarm_turn import ACKNOWLEDGED, Turn, has_open_case, needs_confirmation, quiet_from
from domain.hazard import Unanswered

ON_THE_WAY = frozenset({"dispatched", "accepted", "handling"})
"""What a case says of itself when somebody is on the way or there."""


def begin_life(turn: Turn) -> None:
    """Start the wait for others, the assessment, or warn at once.

    A muted one milder than severity 1 stays where it is until what mutes it has ended.
    """
    alarm = turn.alarm
    if alarm.severity > 1 and alarm.muted_by:
        turn.change(opens_at=None)
    elif alarm.severity > 1 and turn.times.wait:
        turn.change(opens_at=turn.at + turn.times.wait)
    else:
        end_wait(turn)


def end_wait(turn: Turn) -> None:
    """Nobody waits any longer: ask an assessor, or warn where nobody assesses."""
    turn.change(opens_at=None, muted_by="")
    if turn.alarm.severity == 1:
        turn.open_case("severity_1")
    if not turn.times.assess or not turn.times.assessors:
        to_warning(turn, why="automatic")
        return
    due = turn.at + turn.times.assess
    assessor = turn.times.assessors[0]
    turn.change(assess_due=due)
    turn.go(AlarmPhase.ASSESSING, due=due.isoformat(), unit=assessor)
    turn.tell_unit("alarm_assess", assessor, due=due.isoformat(), about="assess")


def unanswered(turn: Turn) -> None:
    """Nobody answered in time: it counts as true, or the next assessor is asked, the last one again and again."""
    times, missed = turn.times, turn.alarm.assessments_missed + 1
    turn.change(assessments_missed=missed)
    asked = times.assessors[min(missed - 1, len(times.assessors) - 1)] if times.assessors else ""
    true = turn.alarm.severity == 1 or times.unanswered is Unanswered.TRUE
    if true or not times.assess or not times.assessors:
        if asked:
            turn.tell_unit("alarm_unanswered", asked, about="true", missed=missed)
        to_warning(turn, why="unanswered", missed=missed)
        return
    due, upper = turn.at + times.assess, times.assessors[min(missed, len(times.assessors) - 1)]
    turn.change(assess_due=due)
    turn.record("unanswered", missed=missed, due=due.isoformat(), unit=upper)
    turn.tell_unit("alarm_unanswered", upper, about="escalate", missed=missed, due=due.isoformat())


def to_warning(turn: Turn, *, why: str, **data: str | int | None) -> None:
    """It is true: a warning, and a case where there is none."""
    turn.change(assess_due=None, opens_at=None, muted_by="")
    turn.go(AlarmPhase.WARNING, why=why, severity=turn.alarm.severity, **data)
    turn.tell_case(why if why == "unanswered" else "warning")
    turn.open_case(why)
    follow_up(turn)


def follow_up(turn: Turn) -> None:
    """A warning catches up with its readings and its case: recovering, or somebody is on the way."""
    alarm = turn.alarm
    if alarm.phase is not AlarmPhase.WARNING:
        return
    if alarm.current is None and alarm.in_band_at is not None:
        turn.go(AlarmPhase.RECOVERING)
    elif alarm.case_status in ON_THE_WAY:
        turn.go(AlarmPhase.RESPONDING, case_no=alarm.case_no)


def in_band(turn: Turn) -> None:
    """The readings are back in band. What was graded over them no longer stands against new ones."""
    if turn.alarm.current is None and turn.alarm.in_band_at is not None:
        return
    turn.change(current=None, in_band_at=turn.at, graded_over=None)
    if turn.alarm.phase in (AlarmPhase.WARNING, AlarmPhase.RESPONDING):
        turn.go(AlarmPhase.RECOVERING)
    else:
        turn.record("in_band")
    turn.tell_case("in_band")


def out_of_band(
    turn: Turn, severity: int, *, condition: str | None = None, value: float | None = None
) -> None:
    """Readings (or its sender) say this severity now: worse at once, milder by itself for 2 to 4 only."""
    before = turn.alarm
    turn.change(current=severity, condition=condition or before.condition)
    if before.current is None:
        _relapse(turn, severity=severity, value=value)
    if severity < turn.alarm.severity and not _graded_over(turn, severity):
        turn.change(severity=severity, confirmed_at=None, confirmed_by="")
        turn.record("worse", severity=severity, before=before.severity, value=value)
        worsened(turn)
    elif severity > turn.alarm.severity > 1:
        _milder(turn, severity, value=value)


def worsened(turn: Turn) -> None:
    """Tell the case; where nobody works on one any more, or it has become severity 1, there is a new one."""
    alarm = turn.alarm
    turn.tell_case("worse", child_too=alarm.severity == 1)
    # A child of a storm has its own life again; one an officer has merged stays with what it is part of.
    child = alarm.phase is AlarmPhase.MERGED and alarm.verdict != Verdict.MERGED.value
    if alarm.severity == 1 and (child or alarm.phase is AlarmPhase.RAISED):
        end_wait(turn)
    elif alarm.severity == 1 or alarm.phase in ACKNOWLEDGED:
        turn.open_case("worse")


def _relapse(turn: Turn, *, severity: int, value: float | None) -> None:
    """Out of band again: nobody's word that it was safe holds any longer."""
    if turn.alarm.in_band_at is None and turn.alarm.withdrawn_at is None:
        return
    turn.change(in_band_at=None, withdrawn_at=None, confirmed_at=None, confirmed_by="")
    alarm = turn.alarm
    if alarm.phase is not AlarmPhase.RECOVERING:
        turn.record("relapse", severity=severity, value=value)
    elif has_open_case(alarm):
        turn.go(AlarmPhase.RESPONDING, why="relapse", severity=severity, value=value)
    else:
        turn.go(AlarmPhase.WARNING, why="relapse", severity=severity, value=value)
        turn.open_case("relapse")
    turn.tell_case("relapse")


def _graded_over(turn: Turn, severity: int) -> bool:
    """Tell whether a person has seen readings as bad as this and graded it milder all the same."""
    over = turn.alarm.graded_over
    return over is not None and severity >= over


def _milder(turn: Turn, severity: int, *, value: float | None) -> None:
    """Readings grade it down, but never below a person's grade."""
    to = severity if turn.alarm.graded is None else min(severity, turn.alarm.graded)
    if to > turn.alarm.severity:
        before = turn.alarm.severity
        turn.change(severity=to)
        turn.record("milder", severity=to, before=before, value=value)
        turn.tell_case("milder")


def withdraw(turn: Turn, *, reason: str) -> None:
    """Its sender takes it back, or it has expired: the danger counts as over without a hold."""
    if turn.alarm.withdrawn_at is not None:
        return
    in_band_at = turn.alarm.in_band_at or turn.at
    turn.change(current=None, in_band_at=in_band_at, withdrawn_at=turn.at, graded_over=None)
    turn.record("withdrawn", reason=reason)
    if turn.alarm.phase in (AlarmPhase.WARNING, AlarmPhase.RESPONDING):
        turn.go(AlarmPhase.RECOVERING)
    turn.tell_case("withdrawn")


def release_when_safe(turn: Turn) -> None:
    """Release it when the danger is over for long enough and, where that is needed, somebody has said so."""
    alarm = turn.alarm
    quiet = quiet_from(alarm, turn.times)
    if quiet is None or quiet > turn.at:
        return
    if needs_confirmation(alarm) and alarm.confirmed_at is None:
        return
    turn.change(released_at=turn.at, assess_due=None, opens_at=None)
    turn.go(AlarmPhase.RELEASED, confirmed_by=alarm.confirmed_by or None)
    turn.tell_case("released")


def without_readings(turn: Turn) -> bool:
    """Tell whether only its sender or a person can say that it is over."""
    return turn.alarm.origin not in WITH_READINGS
