"""``city.toml``: names and frame of the city, channels, tolerances and overlays.

The file's ``[[layers]]`` belong to the geo room, which reads them with the geometry.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from domain.pack import Channel, CityFacts, LocateSettings, MergeSettings, RepeatSettings, ZoneLayer
from domain.place import Crs
from store.pack.fields import Fields, all_fields, fields_of, section
from store.pack.problems import ProblemBook
from store.pack.toml_lines import TomlFile

FILE = "city.toml"
RELEASE = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,39}")
CHANNEL_KINDS = ("hotline", "web", "app", "patrol", "sensor", "open311")


@dataclass(frozen=True, kw_only=True, slots=True)
class CityFile:
    """What ``city.toml`` holds for everybody but the geo room."""

    facts: CityFacts
    channels: Mapping[str, Channel]
    locate: LocateSettings
    merge: MergeSettings
    repeat: RepeatSettings
    zones: Mapping[str, ZoneLayer]


def read_city(*, file: TomlFile, book: ProblemBook) -> CityFile:
    """Read ``city.toml``; problems go to the book, absent values become defaults."""
    locate = section(file=file, path="locate", book=book)
    merge = section(file=file, path="merge", book=book)
    return CityFile(
        facts=_facts(fields_of(file=file, path="", data=file.data, book=book)),
        channels=_channels(file=file, book=book),
        locate=LocateSettings(
            nearest_m=locate.number("nearest_m", 200.0),
            near_border_m=locate.number("near_border_m", 15.0),
            placeholder_share=locate.number("placeholder_share", 0.005),
            placeholder_min=locate.integer("placeholder_min", 50),
        ),
        merge=MergeSettings(
            auto_m=merge.number("auto_m", 0.0),
            propose_m=merge.number("propose_m", 0.0),
            hours=merge.number("hours", 0.0),
        ),
        repeat=_repeat(section(file=file, path="repeat", book=book)),
        zones=_zones(file=file, book=book),
    )


def _repeat(fields: Fields) -> RepeatSettings:
    default = RepeatSettings()
    found = RepeatSettings(
        metres=fields.number("metres", default.metres),
        days=fields.integer("days", default.days),
        demand_metres=fields.number("demand_metres", default.demand_metres),
        demand_days=fields.integer("demand_days", default.demand_days),
    )
    fields.finish()
    return found


def _facts(top: Fields) -> CityFacts:
    return CityFacts(
        code=top.text("code"),
        name_zh=top.text("name_zh"),
        name_en=top.text("name_en"),
        languages=top.texts("languages") or ("zh", "en"),
        timezone=timezone_of(top, "timezone"),
        release=_release(top),
        bbox=_bbox(top),
        metric_epsg=top.integer("metric_epsg", 3857),
        notice_zh=top.text("notice_zh", ""),
        notice_en=top.text("notice_en", ""),
        confirm_below=top.number("confirm_below", 0.5),
        calling_code=top.text("calling_code", ""),
    )


def _release(top: Fields) -> str:
    """Return the name of the release; folders, request ids and headers are named after it."""
    name = top.text("version")
    if not name or RELEASE.fullmatch(name):
        return name
    top.problem(
        "version",
        code="wrong_value",
        zh="version 应为最多 40 个字母、数字、点、横线或下划线，以字母或数字开头",
        en="version takes up to 40 letters, digits, dots, hyphens and underscores, a letter or digit first",
    )
    return "0"


def timezone_of(fields: Fields, key: str) -> str:
    """Return an IANA time-zone name; a problem when this machine does not know it."""
    name = fields.text(key)
    try:
        ZoneInfo(name or "UTC")
    except (KeyError, ValueError, OSError):
        fields.problem(
            key, code="unknown_timezone", zh=f"未知的时区“{name}”", en=f"unknown time zone {name!r}"
        )
        return "UTC"
    return name or "UTC"


def _bbox(top: Fields) -> tuple[float, float, float, float]:
    value = top.data.get("bbox") if top.has("bbox") else None
    if isinstance(value, list) and _numbers(value, 4):
        west, south, east, north = (float(item) for item in value)
        if west < east and south < north:
            return west, south, east, north
    top.problem(
        "bbox",
        code="wrong_value",
        zh="bbox 应为 [西, 南, 东, 北] 四个经纬度",
        en="bbox must be [west, south, east, north] in degrees",
    )
    return (-180.0, -90.0, 180.0, 90.0)


def _numbers(value: object, count: int) -> bool:
    return (
        isinstance(value, list)
        and len(value) == count
        and all(isinstance(item, int | float) and not isinstance(item, bool) for item in value)
    )


def _channels(*, file: TomlFile, book: ProblemBook) -> dict[str, Channel]:
    found = {}
    for name in file.data.get("channels", {}):
        fields = section(file=file, path=f"channels.{name}", book=book)
        kind = fields.text("kind")
        if kind not in CHANNEL_KINDS:
            fields.problem(
                "kind",
                code="wrong_value",
                zh=f"渠道类型“{kind}”应为 {'、'.join(CHANNEL_KINDS)} 之一",
                en=f"channel kind {kind!r} must be one of {', '.join(CHANNEL_KINDS)}",
            )
        found[name] = Channel(
            name=name, crs=fields.choice("crs", Crs), kind=kind, placeholder_points=_points(fields)
        )
    return found


def _points(fields: Fields) -> tuple[tuple[float, float], ...]:
    value = fields.data.get("placeholder_points") if fields.has("placeholder_points") else []
    if isinstance(value, list) and all(_numbers(point, 2) for point in value):
        return tuple((float(lon), float(lat)) for lon, lat in value)
    fields.problem(
        "placeholder_points",
        code="wrong_value",
        zh="placeholder_points 应为 [[经度, 纬度], …]",
        en="placeholder_points must be [[lon, lat], …]",
    )
    return ()


def _zones(*, file: TomlFile, book: ProblemBook) -> dict[str, ZoneLayer]:
    found: dict[str, ZoneLayer] = {}
    for fields in all_fields(file=file, path="zones", book=book):
        kind = fields.text("kind")
        if not book.wrote("zone", kind, fields.where()):
            fields.problem(
                "kind",
                code="duplicate_zone_kind",
                zh=f"功能区类型“{kind}”重复",
                en=f"zone kind {kind!r} twice",
            )
        narrowed = {}
        for table in fields.tables("takes"):
            takes = Fields(data=table, at=_takes_of(fields), book=book)
            narrowed[takes.text("zone")] = takes.texts("categories")
        found[kind] = ZoneLayer(
            kind=kind,
            precedence=fields.integer("precedence", 0),
            categories=fields.texts("categories"),
            narrowed=narrowed,
        )
    return found


def _takes_of(zone: Fields) -> Callable[[str | None], tuple[str, int]]:
    return lambda _key: zone.where("takes")
