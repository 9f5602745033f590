"""What an alarm says to the case about it: the engine's own command, sent by nobody else."""

from dataclasses import dataclass
from typing import Literal

from domain.command import CommandBase


@dataclass(frozen=True, kw_only=True, slots=True)
class AlarmChanged(CommandBase):
    """How the alarm stands now. ``phase`` is an ``AlarmPhase``, ``severity`` 1 (worst) … 4.

    ``current_in_band`` says that its readings no longer keep the case from being solved. ``reason``
    is what happened (``domain.alarm_life.TellCase``). ``seq`` counts up with the alarm: an older
    word that comes later changes nothing. ``children`` is how many alarms a storm has.
    """

    kind: Literal["alarm_changed"] = "alarm_changed"
    alarm_no: str
    phase: str
    severity: int
    current_in_band: bool
    reason: str
    seq: int = 0
    children: int = 0


AlarmCommand = AlarmChanged
ALARM_ZH: dict[str, str] = {"alarm_changed": "报警变化"}
