"""What people say about an alarm: a verdict, a grade, that it is safe on site. Reference: domain.md §5."""

from dataclasses import replace

from domain.alarm import ALARM_ENDED, AlarmPhase
from domain.alarm_life import (
    AlarmProblem,
    AlarmRefused,
    Assessed,
    Confirmed,
    FaultOfDevice,
    Regraded,
    Verdict,
)
from domain.alarm_rules import end_wait, to_warning, without_readings
from domain.alarm_turn import WAITING, Turn, has_open_case

LEAST, WORST = 4, 1


def assessed(turn: Turn, word: Assessed) -> None:
    """Take a verdict. TRUE answers an open question; the others are taken as long as the alarm lives.

    Raises AlarmRefused: the phase; a false alarm without reason or evidence; a milder grade
    without a reason; a grade out of 1 to 4.
    """
    _must_live(turn, merged=False)
    if word.verdict is Verdict.TRUE and turn.alarm.phase not in WAITING:
        raise AlarmRefused(AlarmProblem.PHASE, phase=turn.alarm.phase.value)
    if word.verdict is Verdict.FALSE and not (word.reason.strip() and word.text.strip()):
        raise AlarmRefused(AlarmProblem.REASON)
    if word.verdict is Verdict.TRUE and word.severity is not None:
        _check_grade(turn, word.severity, word.reason or word.text)
    turn.change(
        verdict=word.verdict.value, reason=word.reason, assessed_by=word.actor.id, assessed_at=word.at
    )
    {
        Verdict.TRUE: _true,
        Verdict.FALSE: _false,
        Verdict.DEVICE_FAULT: _fault,
        Verdict.MERGED: _merged,
    }[word.verdict](turn, word)


def _true(turn: Turn, word: Assessed) -> None:
    if word.severity is not None and word.severity != turn.alarm.severity:
        _grade(turn, word.severity, reason=word.reason or word.text)
    to_warning(turn, why="assessed")


def _false(turn: Turn, word: Assessed) -> None:
    turn.change(assess_due=None, opens_at=None)
    turn.go(AlarmPhase.FALSE_ALARM, reason=word.reason, suspect=word.suspect or None)
    turn.tell_case("false_alarm")
    if word.suspect:
        turn.owe(FaultOfDevice(reason="false_alarms"))


def _fault(turn: Turn, word: Assessed) -> None:
    turn.change(assess_due=None, opens_at=None)
    turn.go(AlarmPhase.DEVICE_FAULT, reason=word.reason or None)
    turn.tell_case("device_fault")
    turn.owe(FaultOfDevice(reason=word.reason or "assessed"))


def _merged(turn: Turn, word: Assessed) -> None:
    """Become part of another alarm. A case of its own goes on, and is told."""
    if word.into is None or word.into == turn.alarm.alarm_no:
        raise AlarmRefused(AlarmProblem.PHASE, phase=turn.alarm.phase.value)
    turn.change(assess_due=None, opens_at=None, parent=word.into)
    turn.go(AlarmPhase.MERGED, parent=word.into, why="assessed")
    turn.tell_case("merged")
    if not has_open_case(turn.alarm):
        turn.change(case_no=word.case_no, case_status="", case_seq=0)


def confirmed(turn: Turn, word: Confirmed) -> None:
    """Somebody on site says that it is safe. Of an alarm without readings this is its end."""
    if turn.alarm.phase is AlarmPhase.RAISED:
        raise AlarmRefused(AlarmProblem.PHASE, phase=turn.alarm.phase.value)
    _must_live(turn, merged=False)
    turn.change(confirmed_at=word.at, confirmed_by=word.actor.id)
    turn.record("confirmed", unit=word.actor.unit)
    if without_readings(turn) and turn.alarm.current is not None:
        turn.change(current=None, in_band_at=word.at, withdrawn_at=word.at)
    turn.tell_case("confirmed")


def regraded(turn: Turn, word: Regraded) -> None:
    """Take a person's grade; the readings of this moment do not undo it, worse ones do.

    Raises AlarmRefused: the phase; no reason; a grade out of 1 to 4.
    """
    _must_live(turn, merged=False)
    _check_grade(turn, word.severity, word.reason, always=True)
    before = turn.alarm
    _grade(turn, word.severity, reason=word.reason)
    if word.severity == WORST and before.severity > WORST:
        if before.phase is AlarmPhase.RAISED:
            end_wait(turn)
        else:
            turn.open_case("regraded")
    turn.tell_case("regraded")


def _grade(turn: Turn, severity: int, *, reason: str) -> None:
    before = turn.alarm.severity
    turn.alarm = replace(turn.alarm, severity=severity, graded=severity, graded_over=turn.alarm.current)
    turn.record("graded", severity=severity, before=before, reason=reason)


def _check_grade(turn: Turn, severity: int, reason: str, *, always: bool = False) -> None:
    if not WORST <= severity <= LEAST:
        raise AlarmRefused(AlarmProblem.SEVERITY)
    if (always or severity > turn.alarm.severity) and not reason.strip():
        raise AlarmRefused(AlarmProblem.REASON)


def _must_live(turn: Turn, *, merged: bool) -> None:
    phase = turn.alarm.phase
    if phase in ALARM_ENDED or (phase is AlarmPhase.MERGED and not merged):
        raise AlarmRefused(AlarmProblem.PHASE, phase=phase.value)
