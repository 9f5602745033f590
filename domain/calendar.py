"""A city's working calendar as data: working periods, holidays and make-up days.

The State Council publishes holidays and make-up working days (调休) year by year, so a
year that is not listed in ``known_years`` is not known, and every deadline that crosses
it carries a warning instead of pretending.
"""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkCalendar:
    """Working time of one city.

    ``timezone`` is an IANA name; ``periods`` are working periods of a working day as
    minutes from local midnight, ascending and disjoint, for example
    ``((510, 720), (840, 1080))``; ``weekend`` holds ISO week days (6, 7) that do not work;
    ``holidays`` do not work although a week day; ``workdays`` work although a weekend.
    """

    timezone: str
    periods: tuple[tuple[int, int], ...]
    weekend: tuple[int, ...] = (6, 7)
    holidays: frozenset[date] = frozenset()
    workdays: frozenset[date] = frozenset()
    known_years: tuple[int, ...] = ()
    version: str = ""
