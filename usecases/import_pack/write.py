"""Write the files of the imported pack in the format that ``store.pack`` reads."""

import csv
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from domain.place import Level
from geo.importing import ImportedLayer, write_layer
from usecases.import_pack.catalogue import Catalogue, with_command
from usecases.import_pack.feed import unit_code
from usecases.import_pack.learn import Learned, Vote
from usecases.import_pack.policy import SEVERITIES
from usecases.import_pack.spec import COMMAND, ImportSpec, ZoneSpec, slug
from usecases.import_pack.tomltext import entries, table

_NOTE = "# 由 cityops pack import 生成，可直接修改 / made by cityops pack import, yours to edit.\n"
_MARGIN = 0.01


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """Everything that goes into the pack."""

    spec: ImportSpec
    layers: tuple[ImportedLayer, ...]
    zones: tuple[tuple[ZoneSpec, ImportedLayer], ...]
    catalogue: Catalogue
    learned: Learned | None
    placeholders: tuple[tuple[float, float], ...]
    years: tuple[int, ...]


def write_pack(*, draft: Draft, out: Path) -> tuple[str, ...]:
    """Write the pack and return its files, relative to ``out``, which is made when absent."""
    files: dict[str, Callable[[Draft], str]] = {
        "city.toml": _city,
        "units.toml": _units,
        "routing.toml": _routing,
        "escalation.toml": _escalation,
        "calendar.toml": _calendar,
        "catalogue/categories.csv": _categories,
        "catalogue/conditions.csv": _conditions,
        "areas/areas.csv": _areas,
    }
    for name, text in files.items():
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text(draft), "utf-8")
    written = list(files)
    for layer in (*draft.layers, *(layer for _, layer in draft.zones)):
        write_layer(layer=layer, path=out / layer_file(layer))
        written.append(layer_file(layer))
    return tuple(written)


def layer_file(layer: ImportedLayer) -> str:
    """Return where a layer lies in the pack."""
    level = layer.spec.level
    return (
        f"areas/{level.name.lower()}.geojson"
        if level
        else f"areas/zone-{slug(layer.spec.kind).lower()}.geojson"
    )


def _city(draft: Draft) -> str:
    city = draft.spec.city
    source = f"# 数据来源 / source: {draft.spec.source}\n" if draft.spec.source else ""
    text = (
        _NOTE
        + source
        + entries(
            {
                "code": city.code,
                "name_zh": city.name_zh,
                "name_en": city.name_en,
                "languages": city.languages,
                "timezone": city.timezone,
                "version": city.version,
                "bbox": _bbox(draft),
                "metric_epsg": city.metric_epsg,
            }
        )
    )
    text += table("[[city_area]]", {"code": city.area_code, "name": city.area_name})
    for layer in draft.layers:
        text += table("[[layers]]", {"level": _level(layer.spec.level), **_layer(layer), "parent": "parent"})
    for zone, layer in draft.zones:
        own = {"precedence": zone.precedence, "categories": zone.categories}
        text += table("[[zones]]", {"kind": layer.spec.kind, **_layer(layer), **own})
    return text + _channels(draft)


def _layer(layer: ImportedLayer) -> dict[str, Any]:
    dated = any(area.valid_from or area.valid_to for area in layer.areas)
    return {
        "file": layer_file(layer),
        "code": "code",
        "name": "name",
        "crs": "EPSG:4326",
        "synthetic": False,
        "valid_from": "valid_from" if dated else None,
        "valid_to": "valid_to" if dated else None,
    }


def _channels(draft: Draft) -> str:
    feed = draft.spec.feed
    text = ""
    channels = {"console": ("WGS84", "web"), **draft.spec.channels}
    for name, (crs, kind) in channels.items():
        if feed is None or name != feed.channel:
            text += table(f"[channels.{name}]", {"crs": crs, "kind": kind})
    if feed is not None:
        points = [list(point) for point in draft.placeholders]
        own = {"crs": feed.crs.value, "kind": feed.channel_kind, "placeholder_points": points}
        text += table(f"[channels.{feed.channel}]", own)
    locate = {
        "placeholder_share": draft.spec.placeholder_share,
        "placeholder_min": draft.spec.placeholder_min,
    }
    return text + table("[locate]", locate)


def _bbox(draft: Draft) -> list[float]:
    if draft.spec.city.bbox is not None:
        return list(draft.spec.city.bbox)
    boxes = [layer.bounds for layer in draft.layers]
    west, south = (min(box[side] for box in boxes) - _MARGIN for side in (0, 1))
    east, north = (max(box[side] for box in boxes) + _MARGIN for side in (2, 3))
    return [round(side, 6) for side in (west, south, east, north)]


def _units(draft: Draft) -> str:
    text, spec = _NOTE, draft.spec
    for kind, department in with_command(draft.catalogue.departments, spec).items():
        code = unit_code(spec, kind)
        text += table(
            "[[unit]]",
            {
                "code": code,
                "name_zh": department.name_zh,
                "name_en": department.name_en,
                "kind": kind,
                "level": _level(Level.CITY),
                "area_code": spec.city.area_code,
                "parent": None if kind == COMMAND else unit_code(spec, COMMAND),
                "duty": "always" if kind == COMMAND else "work",
                "contacts": [{"channel": "in_app", "address": code}],
            },
        )
    return text


def _routing(draft: Draft) -> str:
    """One rule per department for its categories, one per learned tag, and the command for the rest."""
    text, spec = _NOTE, draft.spec
    by_kind: dict[str, list[str]] = {}
    for category in draft.catalogue.categories.values():
        by_kind.setdefault(category.department, []).append(category.code)
    for kind, codes in sorted(by_kind.items()):
        learned = [
            draft.learned.by_category[c] for c in codes if draft.learned and c in draft.learned.by_category
        ]
        zh, en = _counts(learned)
        rule = {"note_zh": zh, "note_en": en, "category": codes, "lead": f"unit:{unit_code(spec, kind)}"}
        text += table("[[rule]]", {"id": f"category-{kind}", **rule})
    for tag, vote in draft.learned.by_tag.items() if draft.learned else ():
        zh, en = _counts([vote])
        rule = {"note_zh": zh, "note_en": en, "tag": tag, "lead": f"unit:{unit_code(spec, vote.department)}"}
        text += table("[[rule]]", {"id": f"tag-{tag}", **rule})
    rest = {"note_zh": "其余事项", "note_en": "Everything else", "lead": f"unit:{unit_code(spec, COMMAND)}"}
    return text + table("[[rule]]", {"id": "rest", **rest})


def _counts(votes: Sequence[Vote]) -> tuple[str | None, str | None]:
    if not votes:
        return None, None
    rows, total = sum(vote.rows for vote in votes), sum(vote.total for vote in votes)
    return f"由历史数据学得：{total} 行中 {rows} 行", f"Learned from past records: {rows} of {total} rows"


def _escalation(_draft: Draft) -> str:
    text = _NOTE + entries({"check_on_site": "severe"})
    for severity in SEVERITIES:
        text += table("[[severity]]", severity["head"])
        text += table("[severity.stages]", severity["stages"])
        text += table("[severity.escalation]", severity["escalation"])
        text += table("[severity.rulebook]", severity["rulebook"])
        if "emergency" in severity:
            text += table("[severity.rulebook.emergency]", severity["emergency"])
    return text


def _calendar(draft: Draft) -> str:
    calendar = draft.spec.calendar
    return _NOTE + entries(
        {
            "timezone": draft.spec.city.timezone,
            "periods": calendar.periods,
            "weekend": calendar.weekend,
            "known_years": draft.years,
            "holidays": calendar.holidays,
            "workdays": calendar.workdays,
        }
    )


def _categories(draft: Draft) -> str:
    head = ("code", "scheme", "kind", "name_zh", "name_en", "departments", "level", "severity", "site_check")
    catalogue = draft.spec.catalogue
    return _csv(
        head,
        (
            (
                *(row.code, catalogue.scheme, catalogue.kind, row.name, row.name),
                *(row.department, _level(row.level), row.severity, "no"),
            )
            for row in draft.catalogue.categories.values()
        ),
    )


def _conditions(draft: Draft) -> str:
    head = ("category", "code", "name_zh", "name_en", "limit")
    limited = (row for row in draft.catalogue.categories.values() if row.limit is not None)
    return _csv(head, ((row.code, "default", "默认", "Default", str(row.limit)) for row in limited))


def _areas(draft: Draft) -> str:
    head = ("level", "code", "name", "name_en", "parent", "zone")
    city = draft.spec.city
    rows: dict[str, tuple[str, ...]] = {}
    for layer in sorted(draft.layers, key=lambda layer: layer.spec.level or Level.CITY):
        for area in layer.areas:
            rows[area.code] = (_level(layer.spec.level), area.code, area.name, area.name, area.parent, "")
    for _, layer in draft.zones:
        for area in layer.areas:
            rows[area.code] = ("zone", area.code, area.name, area.name, "", "")
    return _csv(head, [("city", city.area_code, city.area_name, city.area_name, "", ""), *rows.values()])


def _level(level: Level | None) -> str:
    return level.name.lower() if level else ""


def _csv(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return text.getvalue()
