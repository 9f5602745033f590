"""What live pages are told: that something changed, and how far somebody has read."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

_WRITTEN = re.compile(r"(\d{1,19})-(\d{1,19})")


class UnableToReadPosition(ValueError):
    """A text that is no position."""


class ChangeKind(StrEnum):
    """What changed."""

    CASE = "case"
    INSTRUCTION = "instruction"
    ALARM = "alarm"


@dataclass(frozen=True, order=True, slots=True)
class Position:
    """A place in the order of all changes: the transaction that wrote it, and its own number.

    Written ``xact-id``, which is also how Redis writes the place of an entry in a stream.
    """

    xact: int
    id: int

    def __str__(self) -> str:
        """Write it."""
        return f"{self.xact}-{self.id}"


def position_of(text: str) -> Position:
    """Read a position. Raises UnableToReadPosition."""
    found = _WRITTEN.fullmatch(text)
    if found is None:
        raise UnableToReadPosition(text[:40])
    return Position(int(found[1]), int(found[2]))


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One step of a case, an instruction or an alarm, without saying what it was.

    ``units`` have or had a part in it, ``areas`` are the codes of its area chain and
    overlays: who may hear of it is decided by them. ``at`` is the city's time of the step.
    """

    position: Position
    kind: str
    number: str
    status: str
    severity: int | None
    units: tuple[str, ...]
    areas: tuple[str, ...]
    at: datetime

    @property
    def id(self) -> str:
        """Return its position as text: the id of an event."""
        return str(self.position)
