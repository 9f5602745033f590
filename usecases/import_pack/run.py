"""The import itself: read, clean, learn, and write only when nothing was refused."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from domain.place import Level
from geo.crs import to_wgs84
from geo.importing import Action, ImportedLayer, ImportFinding, import_layer, with_parents
from usecases.import_pack.catalogue import build_catalogue
from usecases.import_pack.feed import FeedRow, RowSet, placeholder_points, read_feed
from usecases.import_pack.learn import Learned, Score, learn, score
from usecases.import_pack.report import ImportReport
from usecases.import_pack.spec import ImportSpec, read_spec
from usecases.import_pack.write import Draft, write_pack

Box = tuple[float, float, float, float]
_REPORT = "IMPORT.md"
_STRAY = 0.01  # share of the feed's points on each side that may lie anywhere
_MARGIN = 0.05  # degrees


def import_pack(
    *, spec: Path, data: Path, out: Path, repair: bool = False, crs: Mapping[str, str] | None = None
) -> ImportReport:
    """Build a pack in ``out`` from the files below ``data`` as ``spec`` (TOML) describes.

    ``repair`` allows repairs that change what the city published; ``crs`` declares coordinate
    systems by file name ("Wards.geojson": "EPSG:2249") over what ``spec`` declares. Nothing is written when
    anything is refused; then the report says why. Raises UnableToReadSpec for a wrong spec or
    feed columns, OSError when the feed or table cannot be read or the pack cannot be written.
    """
    described = read_spec(path=spec)
    rows = read_feed(spec=described, data=data) if described.feed else []
    learned, result = _learn(described, rows)
    draft, findings = _draft(described, data, rows, learned=learned, crs=crs or {}, repair=repair)
    layers = (*draft.layers, *(layer for _, layer in draft.zones))
    report = ImportReport(
        out=out,
        findings=tuple(findings),
        areas={_name(layer): len(layer.areas) for layer in layers},
        categories=len(draft.catalogue.categories),
        departments=len(draft.catalogue.departments),
        rows=len(rows),
        placeholders=draft.placeholders,
        learned_rows=learned.rows if learned else 0,
        score=result,
    )
    if report.refused:
        return report
    written = write_pack(draft=draft, out=out)
    body = "\n".join(f"- {line}" for line in report.lines())
    (out / _REPORT).write_text(f"# 导入报告 · Import report\n\n{body}\n", "utf-8")
    return replace(report, written=(*written, _REPORT))


def _draft(
    spec: ImportSpec,
    data: Path,
    rows: list[FeedRow],
    *,
    learned: Learned | None,
    crs: Mapping[str, str],
    repair: bool,
) -> tuple[Draft, list[ImportFinding]]:
    catalogue = build_catalogue(spec=spec, data=data, rows=rows, learned=learned)
    layers, zones = _areas(spec, data, near=_near(spec, rows), crs=crs, repair=repair)
    years = _years(spec, rows)
    findings = [
        *catalogue.findings,
        *(finding for layer in (*layers, *zones) for finding in layer.findings),
        *_shared_codes(spec, (*layers, *zones)),
        *_calendar(spec, years),
    ]
    draft = Draft(
        spec=spec,
        layers=layers,
        zones=tuple(zip(spec.zones, zones, strict=True)),
        catalogue=catalogue,
        learned=learned,
        placeholders=tuple(
            placeholder_points(rows=rows, share=spec.placeholder_share, least=spec.placeholder_min)
        ),
        years=years,
    )
    return draft, findings


def _learn(spec: ImportSpec, rows: list[FeedRow]) -> tuple[Learned | None, Score | None]:
    """Learn from the rows the spec names, and judge on the others."""
    if not rows:
        return None, None
    chosen = RowSet(spec.learn_rows)
    learned = learn(row for row in rows if chosen.takes(row.row))
    return learned, score(learned=learned, rows=(row for row in rows if chosen.other.takes(row.row)))


def _areas(
    spec: ImportSpec, data: Path, *, near: Box | None, crs: Mapping[str, str], repair: bool
) -> tuple[tuple[ImportedLayer, ...], tuple[ImportedLayer, ...]]:
    """Import all files, coarse levels first. The first good layer shows where the city lies."""
    layers: list[ImportedLayer] = []
    for layer_spec in sorted(spec.layers, key=lambda each: each.level or Level.CITY):
        declared = crs.get(layer_spec.file)
        layer = import_layer(spec=layer_spec, folder=data, near=near, crs=declared, repair=repair)
        above = [other for other in layers if (other.spec.level or 0) < (layer_spec.level or 0)]
        layer = with_parents(layer=layer, above=above[-1] if above else None, top_code=spec.city.area_code)
        if near is None and layer.areas:
            near = layer.bounds
        layers.append(layer)
    zones = [
        import_layer(spec=zone.layer, folder=data, near=near, crs=crs.get(zone.layer.file), repair=repair)
        for zone in spec.zones
    ]
    return tuple(layers), tuple(zones)


def _near(spec: ImportSpec, rows: Sequence[FeedRow]) -> Box | None:
    """Return where the city lies: as described, or where all but stray rows of the feed lie."""
    if spec.city.bbox is not None:
        return spec.city.bbox
    points = [
        to_wgs84(row.lon, row.lat, crs=row.crs) for row in rows if row.lon is not None and row.lat is not None
    ]
    if not points:
        return None
    cut = int(len(points) * _STRAY)
    lons, lats = (sorted(side)[cut : len(points) - cut] for side in zip(*points, strict=True))
    return lons[0] - _MARGIN, lats[0] - _MARGIN, lons[-1] + _MARGIN, lats[-1] + _MARGIN


def _shared_codes(spec: ImportSpec, layers: Sequence[ImportedLayer]) -> Iterator[ImportFinding]:
    """Units, rules and overlays name areas by code alone: no two layers may share one."""
    owner = {spec.city.area_code: "city"}
    for layer in layers:
        for code in dict.fromkeys(area.code for area in layer.areas):
            if code in owner:
                zh = f"编码也用于 {owner[code]}；用 code_format 区分"
                en = f"its code is used in {owner[code]} as well; tell them apart with code_format"
                yield ImportFinding(
                    file=layer.spec.file,
                    feature=code,
                    code="shared_code",
                    action=Action.REFUSED,
                    zh=zh,
                    en=en,
                )
            owner.setdefault(code, _name(layer))


def _years(spec: ImportSpec, rows: Sequence[FeedRow]) -> tuple[int, ...]:
    """Return the calendar's years: as described, else those of the feed without a gap."""
    if spec.calendar.known_years:
        return spec.calendar.known_years
    seen = {row.opened_at.year for row in rows if row.opened_at is not None}
    return tuple(range(min(seen), max(seen) + 1)) if seen else ()


def _calendar(spec: ImportSpec, years: tuple[int, ...]) -> Iterator[ImportFinding]:
    if not years:
        zh, en = "工作日历没有年份，须给出 known_years", "the calendar has no year: give known_years"
        yield ImportFinding(
            file="[calendar]", feature="", code="no_years", action=Action.REFUSED, zh=zh, en=en
        )
    elif not spec.calendar.holidays:
        names = ", ".join(map(str, years))
        zh = f"没有给出节假日，{names} 年的工作日均按周一至周五计"
        en = f"no holidays given: in {names} every week day counts as a working day"
        yield ImportFinding(
            file="[calendar]", feature="", code="no_holidays", action=Action.KEPT, zh=zh, en=en
        )


def _name(layer: ImportedLayer) -> str:
    return layer.spec.level.name.lower() if layer.spec.level else layer.spec.kind
