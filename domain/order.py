"""What a step of one case owes another case: delivered through the outbox, once."""

from dataclasses import dataclass

from domain.beginning import Begin
from domain.messages_command import ChildChanged


@dataclass(frozen=True, kw_only=True, slots=True)
class Revive:
    """A merged report is a case of its own again; ``apart_from`` is the master it leaves."""

    report_no: str
    apart_from: str


@dataclass(frozen=True, kw_only=True, slots=True)
class TellAlarm:
    """How a case stands, for the alarm it is about; ``master`` is what it was merged into.

    ``epoch`` and ``seq`` are the case's, so that a word that was overtaken changes nothing.
    """

    alarm_no: str
    status: str
    close_kind: str | None = None
    master: str | None = None
    epoch: int = 1
    seq: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """One thing owed to case ``case_no``; exactly one of the last four fields is set.

    A word to an alarm is owed by the case it names.

    ``n`` numbers the orders of one fact, so that (case, epoch, seq, n) is unique.
    """

    seq: int
    n: int
    case_no: str
    command: ChildChanged | None = None
    begin: Begin | None = None
    revive: Revive | None = None
    tell_alarm: TellAlarm | None = None
