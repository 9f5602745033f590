"""Import one area file: frame, features, codes, coverage, parents."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import shapely

from domain.place import Level
from geo.checks.layer import Bounds, Columns, LayerFile, read_layer
from geo.checks.measure import Geometries, in_metres
from geo.checks.problems import UnableToReadLayer
from geo.importing.coverage import clean_coverage
from geo.importing.features import clean_features
from geo.importing.findings import Action, ImportFinding

_MOSTLY_INSIDE = 0.95


@dataclass(frozen=True, kw_only=True, slots=True)
class LayerSpec:
    """How to read one file. ``level`` is None for an overlay, which then has a ``kind``.

    ``code``, ``name``, ``parent``, ``valid_from`` and ``valid_to`` are column names;
    ``code_format`` and ``name_format`` are applied to the texts found ("WARD-{:0>2}").
    Without a parent column parents are found by the largest overlap. ``crs`` declares the
    file's system against what it says of itself. Gaps and overlaps up to ``sliver_m`` metres
    wide are rounding and repaired without asking.
    """

    file: str
    code: str
    level: Level | None = None
    kind: str = ""
    name: str | None = None
    parent: str | None = None
    valid_from: str | None = None
    valid_to: str | None = None
    code_format: str = "{}"
    name_format: str = "{}"
    crs: str | None = None
    sliver_m: float = 5.0


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportedArea:
    """One area of the pack to be; ``shape`` is valid, in WGS-84 degrees."""

    code: str
    name: str
    shape: shapely.Geometry
    parent: str = ""
    valid_from: str = ""
    valid_to: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportedLayer:
    """A file after import. ``refused`` is true when the pack must not be made from it."""

    spec: LayerSpec
    areas: tuple[ImportedArea, ...] = ()
    findings: tuple[ImportFinding, ...] = field(default=())

    @property
    def refused(self) -> bool:
        """Tell whether anything in the file was refused."""
        return any(finding.action is Action.REFUSED for finding in self.findings)

    @property
    def bounds(self) -> Bounds:
        """West, south, east and north in degrees."""
        west, south, east, north = (float(side) for side in shapely.total_bounds(_shapes(self)))
        return west, south, east, north


def import_layer(
    *, spec: LayerSpec, folder: Path, near: Bounds | None, crs: str | None = None, repair: bool = False
) -> ImportedLayer:
    """Read and clean one file below ``folder``; nothing is raised for what the file holds.

    ``near`` is a box in degrees the city lies in; ``crs`` declares the file's system against what
    ``spec`` says; ``repair`` allows the repairs that change what the city published.
    """
    columns = Columns(
        code=spec.code,
        name=spec.name,
        parent=spec.parent,
        valid_from=spec.valid_from,
        valid_to=spec.valid_to,
    )
    try:
        layer = read_layer(
            path=folder / spec.file, file=spec.file, columns=columns, declared=crs or spec.crs, near=near
        )
    except UnableToReadLayer as refusal:
        return ImportedLayer(spec=spec, findings=(ImportFinding.of(refusal.problem, Action.REFUSED),))
    layer = _named(layer, spec)
    layer, findings = clean_features(layer, repair=repair)
    if not any(finding.action is Action.REFUSED for finding in findings):
        layer, more = clean_coverage(layer, sliver_m=spec.sliver_m, repair=repair)
        findings += more
    return ImportedLayer(spec=spec, areas=tuple(_areas(layer)), findings=tuple(findings))


def _named(layer: LayerFile, spec: LayerSpec) -> LayerFile:
    """Apply the formats. An empty code stays empty, so that it is found missing."""
    return replace(
        layer,
        codes=tuple(spec.code_format.format(code) if code else "" for code in layer.codes),
        names=tuple(spec.name_format.format(name) for name in layer.names),
    )


def _areas(layer: LayerFile) -> list[ImportedArea]:
    rows = zip(layer.codes, layer.names, layer.parents, layer.periods, layer.shapes, strict=True)
    found = [
        ImportedArea(code=code, name=name, shape=shape, parent=parent, valid_from=start, valid_to=end)
        for code, name, parent, (start, end), shape in rows
    ]
    return sorted(found, key=lambda area: (area.code, area.valid_from))


def with_parents(
    *, layer: ImportedLayer, above: ImportedLayer | None, top_code: str, top_level: Level = Level.CITY
) -> ImportedLayer:
    """Return the layer with every parent filled in, by column or by the largest overlap.

    Without a layer above every area's parent is the city, ``top_code``. An area that lies
    mostly outside its parent, or in none, is refused; one that sticks out a little is kept.
    """
    if layer.spec.level is None or layer.spec.level == top_level or not layer.areas:
        return layer
    if above is None or not above.areas:
        return replace(layer, areas=tuple(replace(area, parent=top_code) for area in layer.areas))
    lat = (layer.bounds[1] + layer.bounds[3]) / 2
    children, parents = in_metres(_shapes(layer), lat=lat), in_metres(_shapes(above), lat=lat)
    common = _common(children, parents)
    codes = [area.code for area in above.areas]
    areas, findings = [], list(layer.findings)
    for index, area in enumerate(layer.areas):
        best = int(np.argmax(common[index]))
        parent = area.parent or (codes[best] if common[index, best] > 0 else "")
        share = sum(common[index, i] for i, code in enumerate(codes) if code == parent)
        share /= children[index].area
        finding = _parent_finding(
            layer.spec.file, area.code, parent, share=float(share), known=parent in codes
        )
        findings += [finding] if finding else []
        areas.append(replace(area, parent=parent))
    return replace(layer, areas=tuple(areas), findings=tuple(findings))


def _parent_finding(file: str, code: str, parent: str, *, share: float, known: bool) -> ImportFinding | None:
    if not parent:
        action, name = Action.REFUSED, "no_parent"
        zh, en = "不在任何上级区域之内", "lies in no area of the level above"
    elif not known:
        action, name = Action.REFUSED, "unknown_parent"
        zh, en = f"上级“{parent}”不存在", f"its parent {parent!r} does not exist"
    elif share < _MOSTLY_INSIDE:
        action = Action.REFUSED if share < 0.5 else Action.KEPT
        name = "outside_parent"
        zh, en = f"只有 {share:.1%} 在上级 {parent} 之内", f"only {share:.1%} lies in its parent {parent}"
    else:
        return None
    return ImportFinding(file=file, feature=code, code=name, action=action, zh=zh, en=en)


def _common(children: Geometries, parents: Geometries) -> np.ndarray:
    """Return the common area of every child with every parent, shape (children, parents)."""
    common = np.zeros((len(children), len(parents)))
    parent, child = shapely.STRtree(children).query(parents, predicate="intersects")
    common[child, parent] = shapely.area(shapely.intersection(children[child], parents[parent]))
    return common


def _shapes(layer: ImportedLayer) -> Geometries:
    areas: Sequence[ImportedArea] = layer.areas
    return np.array([area.shape for area in areas], dtype=object)
