"""An alarm for tests, with whoever opens its cases."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from domain.actor import Actor, Role
from domain.alarm import Alarm, AlarmOrigin
from domain.alarm_life import AlarmStep, AlarmTimes, AlarmWord, Begun, OpenCase, TellCase, TellUnit
from domain.alarm_steps import step

T0 = datetime(2026, 7, 1, 2, 0, tzinfo=UTC)
OFFICER = Actor(id="duty01", role=Role.OPERATOR, unit="420000-OPS")
CREW = Actor(id="crew01", role=Role.HANDLER, unit="420106-GAS")
TIMES = AlarmTimes(
    assess=timedelta(minutes=5), hold=timedelta(minutes=10), assessors=("420000-OPS", "420000-CMD")
)
AUTOMATIC = AlarmTimes(assess=None)
MINUTE = timedelta(minutes=1)


def alarm(**given: Any) -> Alarm:
    """Return a gas alarm of severity 2 that has just been noticed."""
    plain = Alarm(
        alarm_no="AL1", key="k", origin=AlarmOrigin.LIMIT, source="gas", device="G-1", hazard="gas",
        category="S-GAS-01", severity=2, current=2, raised_at=T0, last_at=T0,
    )  # fmt: skip
    return replace(plain, **given)


class Life:
    """An alarm and what it owes, with whoever opens its cases."""

    def __init__(self, start: Alarm, times: AlarmTimes = TIMES) -> None:
        """Begin with a blank alarm."""
        self.alarm, self.times, self.last = start, times, AlarmStep(alarm=start)
        self.opened: list[str] = []

    def say(self, word: AlarmWord) -> "Life":
        """Say a word; a case that is owed is opened at once, as the store does."""
        self.last = step(alarm=self.alarm, word=word, times=self.times)
        self.alarm = self.last.alarm
        for owed in self.last.owes:
            if isinstance(owed, OpenCase):
                self.opened.append(owed.why)
                self.alarm = replace(self.alarm, case_no=f"C{len(self.opened)}")
        return self

    def owes(self, kind: type) -> list[object]:
        """Return what the last word owes of this kind."""
        return [one for one in self.last.owes if isinstance(one, kind)]

    @property
    def told(self) -> list[str]:
        """Return what the last word tells the case."""
        return [one.word for one in self.last.owes if isinstance(one, TellCase)]

    @property
    def units(self) -> list[tuple[str, str]]:
        """Return whom the last word tells of what."""
        return [(one.template, one.unit) for one in self.last.owes if isinstance(one, TellUnit)]

    @property
    def kinds(self) -> list[str]:
        """Return the facts of the last word."""
        return [fact.kind for fact in self.last.facts]


def begun(times: AlarmTimes = TIMES, **given: Any) -> Life:
    """Return an alarm that has begun."""
    return Life(alarm(**given), times).say(Begun(at=T0))


def warned(**given: Any) -> Life:
    """Return a warning with its case."""
    return begun(times=replace(AUTOMATIC, assessors=TIMES.assessors), **given)
