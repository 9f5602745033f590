"""The import file (TOML) as data. ``docs/howto/new-city.md`` explains every entry."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from domain.limit import Limit, UnableToReadLimit
from domain.place import Crs, Level
from geo.importing import LayerSpec
from usecases.import_pack.tables import Table, UnableToReadSpec

_LEVELS = {level.name.lower(): level for level in Level}
COMMAND = "COMMAND"


@dataclass(frozen=True, kw_only=True, slots=True)
class CitySpec:
    """Names and frame of the city; ``area_code`` and ``area_name`` are its CITY-level area."""

    code: str
    name_zh: str
    name_en: str
    languages: tuple[str, ...]
    timezone: str
    version: str
    metric_epsg: int
    area_code: str
    area_name: str
    bbox: tuple[float, float, float, float] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ZoneSpec:
    """An overlay's file with its rank and the categories it takes over (none: a mere label)."""

    layer: LayerSpec
    precedence: int
    categories: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class LabelSpec:
    """A label of the feed's rows: a column, ``remove`` taken out, ``pattern`` found, ``format`` applied."""

    column: str
    remove: str = ""
    pattern: str = ""
    format: str = "{}"

    def apply(self, text: str) -> str:
        """Return the label in the pack's codes, or "" when the text holds none."""
        text = text.replace(self.remove, "").strip() if self.remove else text.strip()
        if self.pattern:
            found = re.search(self.pattern, text)
            text = found[found.re.groups and 1] if found else ""
        return self.format.format(text) if text else ""


@dataclass(frozen=True, kw_only=True, slots=True)
class FeedSpec:
    """A feed in CSV (plain or gzip). ``columns`` maps our fields to its column names."""

    file: str
    columns: Mapping[str, str]
    labels: Mapping[str, LabelSpec]
    time_format: str
    channel: str
    channel_kind: str
    crs: Crs
    tag_prefix: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CatalogueSpec:
    """Where categories come from and what a category has that says nothing else.

    ``file`` is a table with the columns category, unit, severity, limit and level, the last
    three of which may be empty or absent.
    """

    file: str | None
    scheme: str
    kind: str
    severity: int
    level: Level
    limit: Limit | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Department:
    """How the feed's or table's name of a department becomes a unit."""

    kind: str
    name_zh: str
    name_en: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CalendarSpec:
    """Working periods, weekend and holidays; years that are known to be complete."""

    periods: tuple[str, ...]
    weekend: tuple[int, ...]
    known_years: tuple[int, ...]
    holidays: tuple[date, ...]
    workdays: tuple[date, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportSpec:
    """Everything an import needs to know besides the data folder."""

    city: CitySpec
    layers: tuple[LayerSpec, ...]
    zones: tuple[ZoneSpec, ...]
    feed: FeedSpec | None
    learn_rows: str
    catalogue: CatalogueSpec
    departments: Mapping[str, Department]
    calendar: CalendarSpec
    channels: Mapping[str, tuple[str, str]]
    placeholder_share: float = 0.005
    placeholder_min: int = 50
    source: str = field(default="")


def read_spec(*, path: Path) -> ImportSpec:
    """Read an import file. Raises UnableToReadSpec naming section and key, OSError when unreadable."""
    try:
        top = Table(tomllib.loads(path.read_text("utf-8")), "")
    except tomllib.TOMLDecodeError as problem:
        raise UnableToReadSpec(f"{path.name}: {problem}") from problem
    locate = top.table("locate")
    spec = ImportSpec(
        city=_city(top.table("city")),
        layers=tuple(_layer(table) for table in top.tables("layers")),
        zones=tuple(_zone(table) for table in top.tables("zones")),
        feed=_feed(top.table("feed")) if "feed" in top else None,
        learn_rows=_learn(top.table("learn")),
        catalogue=_catalogue(top.table("catalogue")),
        departments={name: _department(name, table) for name, table in top.table("departments").named()},
        calendar=_calendar(top.table("calendar")),
        channels={name: _channel(table) for name, table in top.table("channels").named()},
        placeholder_share=locate.number("placeholder_share", 0.005),
        placeholder_min=locate.integer("placeholder_min", 50),
        source=top.text("source", ""),
    )
    locate.finish()
    top.finish()
    if not spec.layers:
        raise UnableToReadSpec("[[layers]] is missing: a pack needs at least one area layer")
    if spec.feed is None and spec.catalogue.file is None:
        raise UnableToReadSpec("give a [feed] to learn from or [catalogue] file")
    return spec


def _city(table: Table) -> CitySpec:
    area = table.table("area")
    box = [float(side) for side in table.items("bbox", (int, float), ())]
    if box and len(box) != 4:
        raise table.wrong("bbox", "[west, south, east, north] in degrees")
    city = CitySpec(
        code=table.text("code"),
        name_zh=table.text("name_zh"),
        name_en=table.text("name_en"),
        languages=table.items("languages", str, ("zh", "en")),
        timezone=table.text("timezone"),
        version=table.text("version"),
        metric_epsg=table.integer("metric_epsg", 3857),
        area_code=area.text("code"),
        area_name=area.text("name"),
        bbox=(box[0], box[1], box[2], box[3]) if box else None,
    )
    area.finish()
    table.finish()
    return city


def _layer(table: Table) -> LayerSpec:
    level = level_of(table, "level")
    if level == Level.CITY:
        raise table.wrong("level", "district, street, community or grid; the city is [city] area")
    spec = _file(table, level=level, kind="")
    table.finish()
    return spec


def _zone(table: Table) -> ZoneSpec:
    zone = ZoneSpec(
        layer=_file(table, level=None, kind=table.text("kind")),
        precedence=table.integer("precedence", 0),
        categories=table.items("categories", str, ()),
    )
    table.finish()
    return zone


def _file(table: Table, *, level: Level | None, kind: str) -> LayerSpec:
    return LayerSpec(
        file=table.text("file"),
        level=level,
        kind=kind,
        code=table.text("code"),
        name=table.optional("name"),
        parent=table.optional("parent"),
        valid_from=table.optional("valid_from"),
        valid_to=table.optional("valid_to"),
        code_format=table.text("code_format", "{}"),
        name_format=table.text("name_format", "{}"),
        crs=table.optional("crs"),
        sliver_m=table.number("sliver_m", 5.0),
    )


def level_of(table: Table, key: str, default: str = "") -> Level:
    """Return a level named in any case."""
    name = table.text(key, default) if default else table.text(key)
    if name.lower() not in _LEVELS:
        raise table.wrong(key, "one of " + ", ".join(_LEVELS))
    return _LEVELS[name.lower()]


def _feed(table: Table) -> FeedSpec:
    columns = table.table("columns").texts()
    labels = {}
    for name, label in table.table("labels").named():
        labels[name] = LabelSpec(
            column=label.text("column"),
            remove=label.text("remove", ""),
            pattern=label.text("pattern", ""),
            format=label.text("format", "{}"),
        )
        label.finish()
    crs = table.text("crs")
    if crs not in set(Crs):
        raise table.wrong("crs", "one of " + ", ".join(Crs))
    feed = FeedSpec(
        file=table.text("file"),
        columns=columns,
        labels=labels,
        time_format=table.text("time_format", ""),
        channel=table.text("channel", "feed"),
        channel_kind=table.text("kind", "open311"),
        crs=Crs(crs),
        tag_prefix=table.text("tag_prefix", ""),
    )
    table.finish()
    return feed


def _learn(table: Table) -> str:
    rows = table.text("rows", "all")
    if rows not in ("all", "even", "odd"):
        raise table.wrong("rows", "all, even or odd")
    table.finish()
    return rows


def _catalogue(table: Table) -> CatalogueSpec:
    text = table.optional("limit")
    try:
        limit = Limit.parse(text) if text else None
    except UnableToReadLimit as problem:
        raise table.wrong("limit", "a limit such as 5WD") from problem
    severity = table.integer("severity", 3)
    if severity not in (1, 2, 3, 4):
        raise table.wrong("severity", "1 to 4")
    spec = CatalogueSpec(
        file=table.optional("file"),
        scheme=table.text("scheme"),
        kind=table.text("kind", "demand"),
        severity=severity,
        level=level_of(table, "level", "city"),
        limit=limit,
    )
    table.finish()
    return spec


def _department(name: str, table: Table) -> Department:
    english = table.text("name_en", name)
    department = Department(
        kind=table.text("kind", slug(name)), name_en=english, name_zh=table.text("name_zh", english)
    )
    table.finish()
    return department


def _calendar(table: Table) -> CalendarSpec:
    calendar = CalendarSpec(
        periods=table.items("periods", str, ("09:00-17:00",)),
        weekend=table.items("weekend", int, (6, 7)),
        known_years=table.items("known_years", int, ()),
        holidays=table.items("holidays", date, ()),
        workdays=table.items("workdays", date, ()),
    )
    table.finish()
    return calendar


def _channel(table: Table) -> tuple[str, str]:
    channel = (table.text("crs"), table.text("kind"))
    table.finish()
    return channel


def slug(text: str) -> str:
    """Return a code made of a name: letters, digits and hyphens, capitals, Chinese kept."""
    return re.sub(r"[^0-9A-Za-z\u4e00-\u9fff]+", "-", text).strip("-").upper() or "X"
