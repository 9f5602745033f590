"""The life of an alarm, whole: ``step`` says what one word does to it. Pure.

Reference: domain.md §5. An alarm that has ended takes no word; later words raise a new one.
A word that changes nothing but counts leaves no fact: most of a storm is repetition.
"""

from collections.abc import Callable
from typing import Any

from domain.actor import ENGINE
from domain.alarm import ALARM_ENDED, WITH_READINGS, Alarm, AlarmOrigin, AlarmPhase
from domain.alarm_life import (
    AlarmStep,
    AlarmTimes,
    AlarmWord,
    Assessed,
    Begun,
    CaseTold,
    Confirmed,
    Corroborated,
    Due,
    Gathered,
    JoinedStorm,
    Regraded,
    SaidAgain,
    Unmuted,
    Withdrawn,
)
from domain.alarm_people import assessed, confirmed, regraded
from domain.alarm_rules import (
    begin_life,
    end_wait,
    follow_up,
    in_band,
    out_of_band,
    release_when_safe,
    to_warning,
    unanswered,
    withdraw,
)
from domain.alarm_turn import ACKNOWLEDGED, BY_CASE, CASE_OVER, WAITING, Turn, has_open_case


def step(*, alarm: Alarm, word: AlarmWord, times: AlarmTimes) -> AlarmStep:
    """Return what the word does. Raises AlarmRefused for a person's word the phase does not take.

    ``alarm.next_due`` is the earliest armed deadline; None when the alarm has ended, or when
    nothing but another word can move it.
    """
    actor = getattr(word, "actor", ENGINE)
    request = getattr(word, "request_id", "")
    turn = Turn(alarm=alarm, times=times, at=word.at, by=actor.id, request=request)
    if alarm.phase in ALARM_ENDED and not isinstance(word, Assessed | Confirmed | Regraded):
        return turn.outcome()
    _HANDLERS[type(word)](turn, word)
    if turn.alarm.phase not in ALARM_ENDED:
        release_when_safe(turn)
    return turn.outcome()


def _begun(turn: Turn, _: Begun) -> None:
    if turn.alarm.seq:
        return
    turn.record(
        "raised", severity=turn.alarm.severity, origin=turn.alarm.origin.value, muted_by=turn.alarm.muted_by or None
    )  # fmt: skip
    if turn.alarm.origin is AlarmOrigin.STORM and turn.times.interval:
        turn.change(tell_due=turn.at + turn.times.interval, told_at=turn.at)
    begin_life(turn)


def _said_again(turn: Turn, word: SaidAgain) -> None:
    alarm = turn.alarm
    turn.change(count=alarm.count + 1, last_at=max(alarm.last_at, word.at))
    if word.expires_at is not None:
        turn.change(expires_at=word.expires_at)
    if word.flapping and not alarm.flapping:
        turn.change(flapping=True)
        turn.record("flapping")
    if word.severity is None:
        in_band(turn)
    else:
        out_of_band(turn, word.severity, condition=word.condition, value=word.value)


def _gathered(turn: Turn, word: Gathered) -> None:
    """A storm is as bad as the worst of its children, and in band when all of them are."""
    if word.children > turn.alarm.children:
        turn.record("children", children=word.children, before=turn.alarm.children)
    turn.change(children=max(word.children, turn.alarm.children), last_at=max(turn.alarm.last_at, word.at))
    if turn.times.interval and turn.alarm.children > turn.alarm.told_children:
        turn.change(tell_due=(turn.alarm.told_at or turn.at) + turn.times.interval)
    if word.worst is None:
        in_band(turn)
    else:
        out_of_band(turn, word.worst)


def _corroborated(turn: Turn, word: Corroborated) -> None:
    """A citizen saw it too: that raises confidence, and nobody waits for an assessor any longer."""
    alarm = turn.alarm
    if word.report_no in alarm.reports:
        return
    confidence = round(1 - (1 - alarm.confidence) / 2, 4)
    turn.change(
        reports=(*alarm.reports, word.report_no),
        confidence=max(alarm.confidence, confidence),
        count=alarm.count + 1,
        last_at=max(alarm.last_at, word.at),
    )
    turn.record("corroborated", report_no=word.report_no, confidence=turn.alarm.confidence)
    if alarm.phase is AlarmPhase.MERGED:
        return
    if not has_open_case(turn.alarm):
        turn.change(case_no=word.case_no, case_status="", case_seq=0)
        turn.tell_case("linked")
    if alarm.phase in WAITING:
        to_warning(turn, why="corroborated")


def _case_told(turn: Turn, word: CaseTold) -> None:
    alarm = turn.alarm
    if word.case_no != alarm.case_no or (word.seq and word.seq <= alarm.case_seq):
        return
    turn.change(case_seq=word.seq or alarm.case_seq)
    if word.status == alarm.case_status:
        return
    if word.status == "merged" and word.master:
        turn.change(case_no=word.master, case_status="", case_seq=0)
        turn.record("case_merged", case_no=word.case_no, master=word.master)
        turn.tell_case("linked")
        return
    was_over = alarm.case_status in CASE_OVER
    turn.change(case_status=word.status)
    turn.record("case_told", case_no=word.case_no, status=word.status, close_kind=word.close_kind)
    if word.status in CASE_OVER:
        _case_over(turn, word, again=was_over)
        return
    if alarm.confirmed_by == BY_CASE:
        turn.change(confirmed_at=None, confirmed_by="")
    follow_up(turn)


def _case_over(turn: Turn, word: CaseTold, *, again: bool) -> None:
    """A case that was solved was checked on site; any other end of a mild one's is a person's decision too.

    Of an alarm without readings it also says that the danger is over. One still out of band
    goes back to a warning nobody works on.
    """
    alarm = turn.alarm
    if again:
        return
    solved = word.status == "closed" and word.close_kind == "solved"
    relapsed = alarm.origin in WITH_READINGS and alarm.current is not None and alarm.phase in ACKNOWLEDGED
    if solved and relapsed:
        # No case is solved out of band: the relapse crossed the closing, and nobody works on it now.
        turn.go(AlarmPhase.WARNING, why="relapse", case_no=word.case_no)
        turn.open_case("relapse")
        return
    if solved or alarm.severity > 2:
        turn.change(confirmed_at=word.at, confirmed_by=BY_CASE)
        if alarm.origin not in WITH_READINGS and alarm.current is not None:
            turn.change(current=None, in_band_at=word.at, withdrawn_at=word.at)
    if turn.alarm.phase is AlarmPhase.RESPONDING and turn.alarm.current is not None:
        turn.go(AlarmPhase.WARNING, why="case_over", case_no=word.case_no)


def _joined_storm(turn: Turn, word: JoinedStorm) -> None:
    """Become a child. One of severity 1, or that somebody responds to already, keeps its own life and case."""
    alarm = turn.alarm
    if alarm.parent is not None or alarm.alarm_no == word.parent:
        return
    turn.change(parent=word.parent)
    if alarm.severity == 1 or alarm.phase in (AlarmPhase.RESPONDING, AlarmPhase.RECOVERING):
        turn.record("joined_storm", parent=word.parent)
    else:
        turn.go(AlarmPhase.MERGED, parent=word.parent, why="storm")
        # A case of its own waits no longer for its readings: from now on the parent speaks of them.
        turn.tell_case("merged")
        if not has_open_case(alarm) and word.case_no is not None:
            turn.change(case_no=word.case_no, case_status="", case_seq=0)


def _unmuted(turn: Turn, _: Unmuted) -> None:
    if turn.alarm.muted_by:
        muted_by = turn.alarm.muted_by
        turn.change(muted_by="")
        turn.record("unmuted", muted_by=muted_by)
        begin_life(turn)


def _withdrawn(turn: Turn, word: Withdrawn) -> None:
    withdraw(turn, reason=word.reason)


def _due(turn: Turn, word: Due) -> None:
    """Carry out every deadline that has passed; one that has not changes nothing."""
    alarm = turn.alarm
    expires = alarm.expires_at if alarm.origin not in WITH_READINGS else None
    if expires is not None and expires <= word.at and alarm.withdrawn_at is None:
        withdraw(turn, reason="expired")
        return
    if alarm.phase is AlarmPhase.RAISED and alarm.opens_at is not None and alarm.opens_at <= word.at:
        end_wait(turn)
    elif alarm.phase is AlarmPhase.ASSESSING and alarm.assess_due is not None and alarm.assess_due <= word.at:
        unanswered(turn)
    if alarm.tell_due is not None and alarm.tell_due <= word.at and turn.alarm.phase in ACKNOWLEDGED:
        _tell_of_children(turn)


def _tell_of_children(turn: Turn) -> None:
    """Tell the owner of a storm: of new children each interval, of standing still each repeat."""
    alarm, times = turn.alarm, turn.times
    fresh = alarm.children - alarm.told_children
    last = alarm.told_at or alarm.raised_at
    if fresh > 0 or (times.repeat and turn.at - last >= times.repeat):
        turn.record("storm_told", children=alarm.children, fresh=fresh)
        turn.change(told_children=alarm.children, told_at=turn.at)
        turn.tell_case("children")
        last = turn.at
    turn.change(tell_due=max(last + times.repeat, turn.at + times.interval) if times.repeat else None)


_HANDLERS: dict[type[AlarmWord], Callable[[Turn, Any], None]] = {
    Begun: _begun,
    SaidAgain: _said_again,
    Corroborated: _corroborated,
    Assessed: assessed,
    Confirmed: confirmed,
    Regraded: regraded,
    CaseTold: _case_told,
    JoinedStorm: _joined_storm,
    Gathered: _gathered,
    Unmuted: _unmuted,
    Withdrawn: _withdrawn,
    Due: _due,
}
