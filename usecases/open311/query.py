"""What of the parameters of a list of requests is asked: every filter read, every fault told at once."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from domain.place import EARTH_M
from store.open311_reads import Box, RequestFilter
from usecases.city import City
from usecases.file_report import UNCLASSIFIED
from usecases.open311.answers import Faults
from usecases.open311.services import check_jurisdiction
from usecases.open311.statuses import CLOSED, OPEN, UPDATES
from usecases.problems import BadRequest, ProblemCode

SPAN = timedelta(days=90)
SECOND = timedelta(microseconds=999_999)
MOST_ROWS = 1000
MOST_PAGE = 100_000
MOST_SIDE = 1.0
MOST_RADIUS_M = 20_000.0
TIME = "2026-11-18T02:00:00Z"
NOT_REQUESTS = "sensor"
"""The kind of channel whose reports are nobody's request."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Query:
    """A list asked for: what, and which page of it (from 1)."""

    where: RequestFilter
    page: int
    page_size: int


def base_filter(*, city: City, exercise: bool) -> RequestFilter:
    """Return what holds for every question: real requests or drills, and what people report only."""
    return RequestFilter(
        exercise=exercise,
        hidden=tuple(name for name, channel in city.pack.channels.items() if channel.kind == NOT_REQUESTS),
        kinds=UPDATES,
        every=(UNCLASSIFIED, *city.pack.catalogue),
    )


def read_query(*, city: City, given: Mapping[str, str], exercise: bool) -> Query:
    """Read the parameters; an empty one counts as absent. Raises UnableToAnswer with every fault.

    ``service_request_id`` overrides all other filters. Without dates the last 90 days are
    meant; one date alone means 90 days from or up to it. A filter by change (``updated_after``,
    ``updated_before``) has no such window unless a date is given.
    """
    faults = Faults()
    given = {name: text.strip() for name, text in given.items() if text.strip()}
    try:
        check_jurisdiction(city=city, given=given.get("jurisdiction_id", ""))
    except BadRequest as error:
        faults.keep(error)
    page = read_whole(faults, given, "page", least=1, most=MOST_PAGE, otherwise=1)
    size = read_whole(faults, given, "page_size", least=1, most=10**9, otherwise=MOST_ROWS)
    where = base_filter(city=city, exercise=exercise)
    if "service_request_id" in given:
        where = replace(where, numbers=listed(given["service_request_id"])[:MOST_ROWS])
    else:
        where = _filtered(faults, where, given, city.now())
    faults.raise_any()
    return Query(where=where, page=page, page_size=min(size, MOST_ROWS))


def listed(text: str) -> tuple[str, ...]:
    """Return the parts of a comma-separated list, without blanks, each once."""
    return tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))


def read_times(
    faults: Faults, given: Mapping[str, str], first: str, last: str
) -> tuple[datetime | None, datetime | None]:
    """Read two times; note what is no time, an end before its beginning, and more than 90 days.

    Times are told in whole seconds, so an end in whole seconds includes all of its second.
    """
    since, until = (_time(faults, given, name) for name in (first, last))
    if since is not None and until is not None:
        if until < since:
            faults.wrong(last, f"≥ {first}")
        if until - since > SPAN:
            faults.add(ProblemCode.DATE_SPAN, most=str(SPAN.days))
    if until is not None and until.microsecond == 0:
        until += SECOND
    return since, until


def _filtered(faults: Faults, where: RequestFilter, given: Mapping[str, str], now: datetime) -> RequestFilter:
    since, until = read_times(faults, given, "start_date", "end_date")
    changed_since, changed_until = read_times(faults, given, "updated_after", "updated_before")
    windowed = since is not None or until is not None or (changed_since is None and changed_until is None)
    if windowed:
        since, until = _window(since, until, now)
    return replace(
        where,
        categories=listed(given.get("service_code", "")),
        closed=_closed(faults, given.get("status", "")),
        since=since,
        until=until,
        updated_since=changed_since,
        updated_until=changed_until,
        box=_box(faults, given),
    )


def _window(
    since: datetime | None, until: datetime | None, now: datetime
) -> tuple[datetime, datetime | None]:
    if since is None:
        return (until or now) - SPAN, until
    return since, until or since + SPAN


def _closed(faults: Faults, text: str) -> bool | None:
    words = {word.lower() for word in listed(text)}
    if words - {OPEN, CLOSED}:
        faults.wrong("status", f"{OPEN}, {CLOSED}")
    return None if len(words) != 1 else words == {CLOSED}


def _time(faults: Faults, given: Mapping[str, str], name: str) -> datetime | None:
    if name not in given:
        return None
    found = instant(given[name])
    if found is None:
        faults.wrong(name, TIME)
    return found


def instant(text: str) -> datetime | None:
    """Read a W3C date and time with its zone; None for anything else, a year nobody counts in included.

    In an address an unescaped plus arrives as a blank.
    """
    try:
        found = datetime.fromisoformat(text.strip().replace(" ", "+") if "T" in text else "")
    except ValueError:
        return None
    if found.tzinfo is None or not 1900 <= found.year <= 9000:
        return None
    return found.astimezone(UTC)


def read_whole(
    faults: Faults, given: Mapping[str, str], name: str, *, least: int, most: int, otherwise: int
) -> int:
    text = given.get(name, "")
    if not text:
        return otherwise
    if not text.isascii() or not text.isdigit() or len(text) > 12 or not least <= int(text) <= most:
        faults.wrong(name, f"{least} … {most}")
        return otherwise
    return int(text)


def _box(faults: Faults, given: Mapping[str, str]) -> Box | None:
    if "bbox" in given:
        return _rectangle(faults, given["bbox"])
    if not {"lat", "long", "radius"} & set(given):
        return None
    lat, lon = degrees(given.get("lat", "")), degrees(given.get("long", ""))
    radius = degrees(given.get("radius", "1000"))
    if lat is None or lon is None or abs(lat) > 89 or abs(lon) > 180:
        faults.wrong("lat, long", "30.5928, 114.3055")
        return None
    if radius is None or not 0 < radius <= MOST_RADIUS_M:
        faults.wrong("radius", f"1 … {MOST_RADIUS_M:g} (m)")
        return None
    high = math.degrees(radius / EARTH_M)
    wide = high / math.cos(math.radians(lat))
    return Box(west=lon - wide, south=lat - high, east=lon + wide, north=lat + high, radius_m=radius)


def _rectangle(faults: Faults, text: str) -> Box | None:
    numbers = [degrees(part) for part in text.split(",")]
    if len(numbers) == 4 and all(number is not None for number in numbers):
        west, south, east, north = (number for number in numbers if number is not None)
        if 0 <= east - west <= MOST_SIDE and 0 <= north - south <= MOST_SIDE:
            return Box(west=west, south=south, east=east, north=north)
    faults.wrong("bbox", f"west,south,east,north; ≤ {MOST_SIDE:g}°")
    return None


def degrees(text: str) -> float | None:
    """Read a finite number; None for anything else."""
    try:
        found = float(text) if len(text) <= 40 else math.nan
    except ValueError:
        return None
    return found if math.isfinite(found) else None
