"""Dates and times of a pack: written in the city's time, kept in UTC."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from store.pack.fields import Fields

NEVER = datetime(1970, 1, 1, tzinfo=UTC)


def read_span(fields: Fields, *, timezone: str) -> tuple[datetime, datetime]:
    """Return ``from`` (included) and ``to``, UTC-aware.

    A date means its whole day: ``to = 2026-09-15`` holds until the midnight after it. A time
    means itself: ``to = 2026-09-15T18:00:00`` is excluded. Problems: none, or not before.
    """
    starts = _moment(fields, "from", timezone=timezone)
    ends = _moment(fields, "to", timezone=timezone, after=True)
    if starts is not None and ends is not None and starts >= ends:
        fields.problem("to", code="ends_before_start", zh="结束不晚于开始", en="it ends before it starts")
    return starts or NEVER, ends or NEVER


def read_date(fields: Fields, key: str) -> date | None:
    """Return a date, or None where there is none; a problem when it is something else."""
    if not fields.has(key):
        return None
    value = fields.data[key]
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    _wrong(fields, key)
    return None


def _moment(fields: Fields, key: str, *, timezone: str, after: bool = False) -> datetime | None:
    if not fields.has(key):
        fields.problem(key, code="missing_key", zh=f"缺少字段“{key}”", en=f"key {key!r} is missing")
        return None
    value = fields.data[key]
    if isinstance(value, datetime):
        zoned = value if value.tzinfo is not None else value.replace(tzinfo=ZoneInfo(timezone))
        return zoned.astimezone(UTC)
    if isinstance(value, date):
        day = value + timedelta(days=1) if after else value
        return datetime.combine(day, time(), tzinfo=ZoneInfo(timezone)).astimezone(UTC)
    _wrong(fields, key)
    return None


def _wrong(fields: Fields, key: str) -> None:
    fields.problem(
        key,
        code="wrong_value",
        zh=f"“{key}”应为日期或时间(不加引号),如 2026-06-15 或 2026-06-15T08:00:00",
        en=f"{key!r} must be a date or time without quotes, like 2026-06-15 or 2026-06-15T08:00:00",
    )
