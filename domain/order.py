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
class Order:
    """One thing owed to case ``case_no``; exactly one of the last three fields is set.

    ``n`` numbers the orders of one fact, so that (case, epoch, seq, n) is unique.
    """

    seq: int
    n: int
    case_no: str
    command: ChildChanged | None = None
    begin: Begin | None = None
    revive: Revive | None = None
