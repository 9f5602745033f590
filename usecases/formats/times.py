"""Instants as systems write them: RFC 3339, seconds or milliseconds since 1970, local time of a named zone."""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from domain.envelope import DeadCode
from usecases.formats.faults import UnableToRead

SKEW = timedelta(minutes=5)
"""A sender's clock further off than this is not believed (escalation.md §6.6)."""
MILLISECONDS_FROM = 1e11
"""Larger numbers are milliseconds: as seconds they would lie after the year 5138."""
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)

_WRITTEN = re.compile(
    r"(\d{4})[-/]?(\d\d)[-/]?(\d\d)[Tt ]?(\d\d):?(\d\d)(?::?(\d\d)(?:[.,](\d{1,9}))?)?"
    r"\s*([Zz]|[+-]\d\d:?\d\d|[+-]\d\d)?"
)
_NUMBER = re.compile(r"\d{9,13}(?:\.\d{1,9})?")
_OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)?")


@lru_cache(maxsize=64)
def zone_of(name: str) -> tzinfo | None:
    """Return the zone of a name or an offset (``Asia/Shanghai``, ``+08:00``); None for anything else."""
    if name in {"Z", "z", "UTC"}:
        return UTC
    if found := _OFFSET.fullmatch(name):
        sign, hours, minutes = found.groups()
        span = timedelta(hours=int(hours), minutes=int(minutes or 0))
        return timezone(span if sign == "+" else -span) if span < timedelta(hours=24) else None
    try:
        return ZoneInfo(name)
    except (ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError
        return None
    except KeyError:
        return None


def instant(value: object, *, field: str, zone: tzinfo | None = None) -> datetime:
    """Return a UTC instant. A time without offset is one of ``zone``, and none without. Raises UnableToRead (bad_time)."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise UnableToRead(DeadCode.BAD_TIME, field=field, reason="type")
    text = value.strip() if isinstance(value, str) else str(value)
    counted = not isinstance(value, str) or _NUMBER.fullmatch(text)
    found = _counted(value, field=field) if counted else _written(text, field=field, zone=zone)
    if not EARLIEST <= found <= LATEST:
        raise UnableToRead(DeadCode.BAD_TIME, field=field, reason="range")
    return found


def _counted(value: float | str, *, field: str) -> datetime:
    try:
        seconds = float(value)
        seconds = seconds / 1000 if abs(seconds) >= MILLISECONDS_FROM else seconds
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        raise UnableToRead(DeadCode.BAD_TIME, field=field, reason="range") from None


def _written(text: str, *, field: str, zone: tzinfo | None) -> datetime:
    found = _WRITTEN.fullmatch(text)
    if found is None:
        raise UnableToRead(DeadCode.BAD_TIME, field=field, reason="format")
    year, month, day, hour, minute, second, part, offset = found.groups()
    where = zone_of(offset) if offset else zone
    if where is None:
        raise UnableToRead(DeadCode.BAD_TIME, field=field, reason="no_offset")
    try:
        local = datetime(
            int(year), int(month), int(day), int(hour), int(minute), 59 if second == "60" else int(second or 0),
            int((part or "0").ljust(6, "0")[:6]), tzinfo=where,
        )  # fmt: skip
        return local.astimezone(UTC)
    except (ValueError, OverflowError):
        raise UnableToRead(DeadCode.BAD_TIME, field=field, reason="range") from None


def believed(
    told: datetime | None, *, received_at: datetime, trusted: bool
) -> tuple[datetime, datetime | None]:
    """Return when it happened, and what the sender's clock said where that is not believed.

    With ``trusted``, late messages are believed (a gateway that keeps them while its line
    is down) and only those from the future are not.
    """
    if told is None:
        return received_at, None
    late = received_at - told
    if late < -SKEW or (late > SKEW and not trusted):
        return received_at, told
    return told, None
