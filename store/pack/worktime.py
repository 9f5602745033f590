"""``calendar.toml``: working periods, holidays and make-up days of the years that are known."""

from datetime import date, datetime
from itertools import pairwise

from domain.calendar import WorkCalendar
from store.pack.city import timezone_of
from store.pack.fields import Fields, fields_of
from store.pack.problems import ProblemBook
from store.pack.rules import parse_span
from store.pack.toml_lines import TomlFile

FILE = "calendar.toml"


def read_calendar(*, file: TomlFile, version: str, book: ProblemBook) -> WorkCalendar:
    """Read the calendar. Problems: periods that overlap, days of years not listed as known."""
    top = fields_of(file=file, path="", data=file.data, book=book)
    years = _whole(top, "known_years")
    holidays, workdays = _days(top, "holidays"), _days(top, "workdays")
    weekend = _whole(top, "weekend") or (6, 7)
    calendar = WorkCalendar(
        timezone=timezone_of(top, "timezone"),
        periods=_periods(top),
        weekend=weekend,
        holidays=holidays,
        workdays=workdays,
        known_years=years,
        version=version,
    )
    _check(top, calendar)
    top.finish(also=("source",))
    return calendar


def _whole(top: Fields, key: str) -> tuple[int, ...]:
    value = top.data.get(key, []) if top.has(key) else []
    if isinstance(value, list) and all(isinstance(item, int) for item in value):
        return tuple(sorted(value))
    top.problem(
        key, code="wrong_value", zh=f"“{key}”应为整数列表", en=f"{key!r} must be a list of whole numbers"
    )
    return ()


def _days(top: Fields, key: str) -> frozenset[date]:
    value = top.data.get(key, []) if top.has(key) else []
    if isinstance(value, list) and all(isinstance(d, date) and not isinstance(d, datetime) for d in value):
        return frozenset(value)
    top.problem(
        key, code="wrong_value", zh=f"“{key}”应为日期列表", en=f"{key!r} must be a list of dates (2026-01-31)"
    )
    return frozenset()


def _periods(top: Fields) -> tuple[tuple[int, int], ...]:
    spans = [parse_span(text) for text in top.texts("periods")]
    periods = tuple(span for span in spans if span is not None and span[0] < span[1])
    rising = all(before[1] <= after[0] for before, after in pairwise(periods))
    if not periods or len(periods) < len(spans) or not rising:
        top.problem(
            "periods",
            code="bad_periods",
            zh='periods 应为先后排列、互不重叠的时段,如 ["08:30-12:00", "14:00-17:30"]',
            en='periods must be rising spans that do not overlap, like ["08:30-12:00", "14:00-17:30"]',
        )
        return ((0, 24 * 60),)
    return periods


def _check(top: Fields, calendar: WorkCalendar) -> None:
    both = calendar.holidays & calendar.workdays
    if both:
        days = ", ".join(str(day) for day in sorted(both))
        top.problem(
            "workdays",
            code="day_twice",
            zh=f"既是假日又是工作日:{days}",
            en=f"both holiday and work day: {days}",
        )
    strange = sorted(d for d in calendar.holidays | calendar.workdays if d.year not in calendar.known_years)
    if strange:
        top.problem(
            "known_years",
            code="unknown_year",
            zh=f"{strange[0]} 所在年份未列入 known_years",
            en=f"the year of {strange[0]} is not in known_years",
        )
    plain = sorted(d for d in calendar.workdays if d.isoweekday() not in calendar.weekend)
    if plain:
        top.problem(
            "workdays",
            code="not_a_makeup",
            zh=f"{plain[0]} 不是周末,不需调休",
            en=f"{plain[0]} is no weekend day",
        )
    years = calendar.known_years
    if not years or list(years) != list(range(years[0], years[-1] + 1)):
        top.problem(
            "known_years",
            code="calendar_gap",
            zh="known_years 为空或不连续",
            en="known_years is empty or has a gap",
        )
