"""Alarms as the store hands them out: in pages, counted by what became of them."""

from dataclasses import dataclass, field

from domain.alarm import Alarm
from domain.scope import CaseScope


@dataclass(frozen=True, kw_only=True, slots=True)
class AlarmFilter:
    """Which alarms; all given ones must hold. ``phase`` any of these, ``parent`` the storm they belong to.

    ``scope`` keeps what somebody may see: by its units, districts and streets.
    """

    phase: tuple[str, ...] = ()
    open: bool | None = None
    hazard: str | None = None
    severity: int | None = None
    source: str | None = None
    device: str | None = None
    unit: str | None = None
    street: str | None = None
    district: str | None = None
    parent: str | None = None
    case_no: str | None = None
    exercise: bool | None = None
    scope: CaseScope | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class AlarmPage:
    """A page of alarms, the latest first, and the cursor of the next one (None at the end)."""

    alarms: tuple[Alarm, ...]
    next_cursor: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class FalseAlarms:
    """What became of the alarms of one device, or of all of one model; exercises are left out.

    ``recent`` counts the false ones since the instant asked about, ``reasons`` the false ones by reason.
    """

    alarms: int = 0
    false: int = 0
    faults: int = 0
    recent: int = 0
    reasons: dict[str, int] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Return the share of false ones, 0 of none."""
        return self.false / self.alarms if self.alarms else 0.0
