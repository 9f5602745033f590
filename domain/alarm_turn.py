"""One step of an alarm under construction: the alarm so far, its facts, and what it owes.

``domain.alarm_steps.step`` makes a turn for a word and the rules move it. All changes go
through four verbs: ``change``, ``record``, ``go`` and ``owe``.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from domain.alarm import ALARM_ENDED, WITH_READINGS, Alarm, AlarmFact, AlarmPhase
from domain.alarm_life import AlarmStep, AlarmTimes, OpenCase, Owed, TellCase, TellUnit
from domain.case import SETTLED, Status

Plain = str | int | float | bool | list[str] | None
Context = str | int | float | bool | None

CASE_OVER = frozenset(status.value for status in SETTLED - {Status.MERGED})
"""What a case says of itself when nobody works on it any more. A merged one goes on as its master."""
BY_CASE = "case"
"""Who confirmed an alarm whose case was closed."""
WAITING = frozenset({AlarmPhase.RAISED, AlarmPhase.ASSESSING})
"""Phases in which nobody has said yet that it is true."""
ACKNOWLEDGED = frozenset({AlarmPhase.WARNING, AlarmPhase.RESPONDING, AlarmPhase.RECOVERING})


def has_open_case(alarm: Alarm) -> bool:
    """Tell whether somebody works on it."""
    return alarm.case_no is not None and alarm.case_status not in CASE_OVER


def quiet_from(alarm: Alarm, times: AlarmTimes) -> datetime | None:
    """Return from when on the danger counts as over; None while it is not."""
    if alarm.current is not None:
        return None
    if alarm.withdrawn_at is not None:
        return alarm.withdrawn_at
    return None if alarm.in_band_at is None else alarm.in_band_at + times.hold


def needs_confirmation(alarm: Alarm) -> bool:
    """Tell whether somebody must say that it is safe before it is released.

    Not for a child of a storm (its parent is confirmed), and not for a mild one its sender
    took back before anybody was sent.
    """
    if alarm.phase is AlarmPhase.MERGED:
        return False
    never_sent = alarm.phase in WAITING and alarm.case_no is None and alarm.withdrawn_at is not None
    return alarm.severity <= 2 or not never_sent


class Turn:
    """A step of one alarm. Mutable while ``step`` runs, gone afterwards."""

    def __init__(self, *, alarm: Alarm, times: AlarmTimes, at: datetime, by: str, request: str = "") -> None:
        """Start from an alarm at an instant (UTC), moved by somebody; every fact names the request it answers."""
        self.alarm, self.times, self.at, self.by = alarm, times, at, by
        self._request = request or None
        self.facts: list[AlarmFact] = []
        # A child of a storm speaks through its parent.
        self._child = alarm.phase is AlarmPhase.MERGED
        self.owes: list[Owed] = []

    def change(self, **fields: Any) -> None:
        """Replace fields of the alarm; leaves no fact by itself."""
        self.alarm = replace(self.alarm, **fields)

    def record(self, kind: str, *, target: AlarmPhase | None = None, **data: Plain) -> None:
        """Append a fact; the data of nothing are left out."""
        before = self.alarm.phase
        seq = self.alarm.seq + 1
        self.facts.append(
            AlarmFact(
                alarm_no=self.alarm.alarm_no,
                seq=seq,
                at=self.at,
                kind=kind,
                source=None if seq == 1 else before,
                target=target or before,
                by=self.by,
                data={
                    key: value
                    for key, value in {**data, "request": self._request}.items()
                    if value is not None
                },
            )
        )
        self.change(seq=seq, phase=target or before)

    def go(self, target: AlarmPhase, **data: Plain) -> None:
        """Move to another phase; its fact has the phase's name."""
        self.record(target.value, target=target, **data)

    def owe(self, owed: Owed) -> None:
        """Owe something in the same transaction."""
        self.owes.append(owed)

    def open_case(self, why: str) -> None:
        """Owe a case where nobody works on one: the only place that asks for one."""
        if has_open_case(self.alarm) or any(isinstance(one, OpenCase) for one in self.owes):
            return
        self.change(case_no=None, case_status="", case_seq=0)
        self.owe(OpenCase(why=why))

    def tell_case(self, word: str, *, child_too: bool = False) -> None:
        """Tell the case, when somebody works on one: once a step, of the last thing that became of the alarm."""
        if self.alarm.case_no is None or not has_open_case(self.alarm) or (self._child and not child_too):
            return
        case_no = self.alarm.case_no
        self.owes = [one for one in self.owes if not (isinstance(one, TellCase) and one.case_no == case_no)]
        self.owe(TellCase(case_no=case_no, word=word))

    def tell_unit(self, template: str, unit: str, **more: Context) -> None:
        """Owe a notice; in an exercise it says so."""
        alarm = self.alarm
        context: dict[str, Context] = {
            "alarm": alarm.alarm_no,
            "hazard": alarm.hazard,
            "category": alarm.category,
            "severity": alarm.severity,
            "title": alarm.title,
            "device": alarm.device,
            "asset": alarm.asset,
            "area": next((code for _, code in reversed(alarm.chain)), None),
            "case_no": alarm.case_no,
            "raised": alarm.raised_at.isoformat(),
            **more,
        }
        if alarm.exercise:
            context["exercise"] = True
        self.owe(TellUnit(template=template, unit=unit, context=context))

    def outcome(self) -> AlarmStep:
        """Return what the turn did, with the next deadline armed."""
        due = min(self._deadlines(), default=None)
        return AlarmStep(
            alarm=replace(self.alarm, next_due=due), facts=tuple(self.facts), owes=tuple(self.owes)
        )

    def _deadlines(self) -> Iterator[datetime]:
        """Yield the armed future. None at all: it has ended, or only words can move it.

        The latter is so of a warning out of band, of one in band that nobody has confirmed,
        and of a muted one.
        """
        alarm, phase = self.alarm, self.alarm.phase
        if phase in ALARM_ENDED:
            return
        armed = {AlarmPhase.RAISED: alarm.opens_at, AlarmPhase.ASSESSING: alarm.assess_due}.get(phase)
        if armed is not None:
            yield armed
        quiet = quiet_from(alarm, self.times)
        if quiet is not None and (alarm.confirmed_at is not None or not needs_confirmation(alarm)):
            yield quiet
        if alarm.expires_at is not None and alarm.withdrawn_at is None and alarm.origin not in WITH_READINGS:
            yield alarm.expires_at
        if alarm.tell_due is not None and phase in ACKNOWLEDGED:
            yield alarm.tell_due
