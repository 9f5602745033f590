"""``areas/areas.csv``: codes, names and parents of every area, without geometry."""

from pathlib import Path

from domain.org import Area, AreaTable, Zone
from domain.place import Level
from store.pack.csv_rows import read_rows
from store.pack.fields import Fields
from store.pack.problems import ProblemBook

FILE = "areas/areas.csv"
COLUMNS = ("level", "code", "name", "name_en", "parent", "zone")
ZONE = "zone"
_LEVELS = {level.name.lower(): level for level in Level}


def read_areas(*, folder: Path, book: ProblemBook) -> AreaTable:
    """Read the table: one line per area, and per overlay (level ``zone``). Tens of thousands of lines."""
    areas: dict[str, Area] = {}
    zones: dict[str, Zone] = {}
    rows: dict[str, Fields] = {}
    for row in read_rows(folder=folder, name=FILE, columns=COLUMNS, book=book):
        data = row.data
        code = data["code"]
        if not code or code in rows:
            row.problem(
                "code",
                code="duplicate_area",
                zh=f"区域编码“{code}”为空或重复",
                en=f"area code {code!r} twice",
            )
            continue
        rows[code] = row
        if data["level"] == ZONE:
            zones[code] = Zone(code=code, name=data["name"], name_en=data["name_en"])
            continue
        level = _LEVELS.get(data["level"])
        if level is None:
            row.problem(
                "level",
                code="unknown_level",
                zh=f"未知的层级“{data['level']}”",
                en=f"unknown level {data['level']!r}",
            )
            continue
        areas[code] = Area(
            level=level,
            code=code,
            name=data["name"],
            name_en=data["name_en"],
            parent=data["parent"] or None,
            zone=data["zone"] or None,
        )
    _check_parents(areas=areas, zones=zones, rows=rows)
    return AreaTable(areas=areas.values(), zones=zones.values())


def _check_parents(*, areas: dict[str, Area], zones: dict[str, Zone], rows: dict[str, Fields]) -> None:
    """A parent must exist and stand above its child, which also rules out cycles."""
    for area in areas.values():
        parent = areas.get(area.parent) if area.parent else None
        if area.level != Level.CITY and (parent is None or parent.level >= area.level):
            rows[area.code].problem(
                "parent",
                code="unknown_parent",
                zh=f"区域“{area.code}”的上级“{area.parent or ''}”不存在或层级不高于它",
                en=f"parent {area.parent!r} of area {area.code!r} does not exist or is not above it",
            )
        if area.zone and area.zone not in zones:
            rows[area.code].problem(
                "zone",
                code="unknown_zone",
                zh=f"区域“{area.code}”的功能区“{area.zone}”不存在",
                en=f"zone {area.zone!r} of area {area.code!r} does not exist",
            )
