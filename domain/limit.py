"""Time limits as the standards write them: an amount and a unit (reference: GB/T 30428.8 practice).

=====  ===========================  =====================================================
unit   Chinese                      clock
=====  ===========================  =====================================================
MIN    分钟                          continuous
UH     紧急工作时                     continuous: nights, weekends and holidays count
UD     紧急工作日                     continuous, 24 h each
WH     工作时                        only inside working periods
WD     工作日                        working days, with make-up days (调休)
ND     自然日                        continuous calendar days
=====  ===========================  =====================================================
"""

import re
from dataclasses import dataclass
from enum import StrEnum


class LimitUnit(StrEnum):
    """Unit of a limit; see the module's table."""

    MIN = "MIN"
    UH = "UH"
    UD = "UD"
    WH = "WH"
    WD = "WD"
    ND = "ND"


class UnableToReadLimit(ValueError):
    """The text is not an amount followed by a unit."""


_LIMIT = re.compile(r"^(\d+(?:\.\d+)?)\s*(MIN|UH|UD|WH|WD|ND)$")


@dataclass(frozen=True, kw_only=True, slots=True)
class Limit:
    """An amount of time with its unit, for example ``Limit.parse("2UH")``."""

    amount: float
    unit: LimitUnit

    @classmethod
    def parse(cls, text: str) -> "Limit":
        """Read ``"2UH"``, ``"30MIN"``, ``"1.5WD"``; raise UnableToReadLimit otherwise."""
        found = _LIMIT.match(text.strip())
        if found is None:
            raise UnableToReadLimit(f"not a limit: {text!r} (want an amount and MIN, UH, UD, WH, WD or ND)")
        return cls(amount=float(found[1]), unit=LimitUnit(found[2]))

    def times(self, factor: float) -> "Limit":
        """Return this limit multiplied, in the same unit."""
        return Limit(amount=self.amount * factor, unit=self.unit)

    def __str__(self) -> str:
        return f"{self.amount:g}{self.unit.value}"
