"""The rows of a city's feed in our own terms, for learning and for replay."""

import csv
import gzip
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TextIO
from zoneinfo import ZoneInfo

from domain.place import Crs
from usecases.import_pack.spec import FeedSpec, ImportSpec, read_spec, slug
from usecases.import_pack.tables import UnableToReadSpec

FIELDS = frozenset(
    {
        "number",
        "category",
        "lon",
        "lat",
        "address",
        "opened_at",
        "department",
        "description",
        "tag",
        "target_at",
    }
)


class RowSet(StrEnum):
    """Which rows of a feed: all, or the half with even or odd numbers (from 0)."""

    ALL = "all"
    EVEN = "even"
    ODD = "odd"

    def takes(self, row: int) -> bool:
        """Tell whether the row belongs to the set."""
        return self is RowSet.ALL or row % 2 == (self is RowSet.ODD)

    @property
    def other(self) -> "RowSet":
        """Return the half that this one leaves out; of all rows, all."""
        return {RowSet.EVEN: RowSet.ODD, RowSet.ODD: RowSet.EVEN}.get(self, self)


@dataclass(frozen=True, kw_only=True, slots=True)
class FeedRow:
    """One request of the feed, in the codes of the pack that an import of it makes.

    ``row`` counts from 0; ``category`` is the pack's code and ``category_name`` the feed's;
    ``lon``/``lat`` are degrees in the feed's ``crs`` as written; ``department`` is the kind
    and ``unit`` the code of the unit that the record itself names; ``labels`` hold the
    record's own areas (for example ``district`` and ``ward``) in the pack's codes;
    ``placeholder`` marks a coordinate that stands for "no place known".
    """

    row: int
    number: str
    category: str
    category_name: str
    lon: float | None
    lat: float | None
    crs: Crs
    address: str
    description: str
    opened_at: datetime | None
    target_at: datetime | None
    department: str
    unit: str
    department_name: str
    tags: tuple[str, ...]
    labels: Mapping[str, str]
    channel: str
    placeholder: bool = False


def feed_rows(*, spec: Path, data: Path, rows: RowSet = RowSet.ALL) -> Iterator[FeedRow]:
    """Yield the rows of the feed that ``spec`` names below ``data``, placeholders marked.

    Raises UnableToReadSpec when there is no feed or a column is missing, OSError when the
    file cannot be read.
    """
    described = read_spec(path=spec)
    everything = list(read_feed(spec=described, data=data))
    return (row for row in everything if rows.takes(row.row))


def read_feed(*, spec: ImportSpec, data: Path) -> list[FeedRow]:
    """Return all rows of the feed, placeholders marked. Errors as feed_rows."""
    if spec.feed is None:
        raise UnableToReadSpec("the import file has no [feed]")
    plain = list(_rows(spec, spec.feed, data))
    hot = set(placeholder_points(rows=plain, share=spec.placeholder_share, least=spec.placeholder_min))
    return [replace(row, placeholder=True) if (row.lon, row.lat) in hot else row for row in plain]


def placeholder_points(*, rows: Iterable[FeedRow], share: float, least: int) -> list[tuple[float, float]]:
    """Return the points that hold more than ``share`` of the located rows and at least ``least``.

    Real places do not attract so many reports on one exact coordinate: it is what the source
    writes when it knows no place.
    """
    counts = Counter((row.lon, row.lat) for row in rows if row.lon is not None and row.lat is not None)
    total = counts.total()
    return [
        (lon, lat)
        for (lon, lat), count in counts.most_common()
        if count > share * total and count >= least and lon is not None and lat is not None
    ]


def _rows(spec: ImportSpec, feed: FeedSpec, data: Path) -> Iterator[FeedRow]:
    zone = ZoneInfo(spec.city.timezone)
    with closing(_open(data / feed.file)) as lines:
        reader = csv.DictReader(lines)
        _check_columns(feed, reader.fieldnames or [])
        for number, record in enumerate(reader):
            yield _row(spec, feed, number, {key: value or "" for key, value in record.items() if key}, zone)


def _open(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def _check_columns(feed: FeedSpec, present: Iterable[str]) -> None:
    unknown = sorted(set(feed.columns) - FIELDS)
    if unknown:
        raise UnableToReadSpec(
            f"[feed.columns] {', '.join(unknown)}: want some of {', '.join(sorted(FIELDS))}"
        )
    if "category" not in feed.columns:
        raise UnableToReadSpec("[feed.columns] category is missing")
    wanted = {*feed.columns.values(), *(label.column for label in feed.labels.values())}
    missing = sorted(wanted - set(present))
    if missing:
        raise UnableToReadSpec(f"{feed.file} has no column {', '.join(missing)}; it has {', '.join(present)}")


def _row(spec: ImportSpec, feed: FeedSpec, number: int, record: Mapping[str, str], zone: ZoneInfo) -> FeedRow:
    def field(name: str) -> str:
        column = feed.columns.get(name)
        return record[column].strip() if column else ""

    department = field("department")
    known = spec.departments.get(department)
    kind = (known.kind if known else slug(department)) if department else ""
    tag = field("tag")
    lon, lat = _degrees(field("lon")), _degrees(field("lat"))
    return FeedRow(
        row=number,
        number=field("number") or str(number),
        category=slug(field("category")),
        category_name=field("category"),
        lon=lon if lat is not None else None,
        lat=lat if lon is not None else None,
        crs=feed.crs,
        address=field("address"),
        description=field("description"),
        opened_at=_time(field("opened_at"), feed.time_format, zone),
        target_at=_time(field("target_at"), feed.time_format, zone),
        department=kind,
        unit=unit_code(spec, kind) if kind else "",
        department_name=department,
        tags=(feed.tag_prefix + slug(tag).lower(),) if tag else (),
        labels={name: label.apply(record[label.column]) for name, label in feed.labels.items()},
        channel=feed.channel,
    )


def unit_code(spec: ImportSpec, kind: str) -> str:
    """Return the code of the city's unit of this kind."""
    return f"{slug(spec.city.code)}-{kind}"


def _degrees(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _time(text: str, form: str, zone: ZoneInfo) -> datetime | None:
    """Return a local time with its zone (ISO when there is no format), or None when unreadable."""
    if not text:
        return None
    try:
        found = datetime.strptime(text, form) if form else datetime.fromisoformat(text)  # noqa: DTZ007
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=zone)
