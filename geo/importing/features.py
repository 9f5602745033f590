"""Single features on import: outlines made valid, several parts kept, codes made unique."""

from dataclasses import dataclass, replace

import numpy as np
import shapely

from geo.checks import AreaProblem
from geo.checks.layer import LayerFile
from geo.checks.measure import in_metres
from geo.checks.problems import square_metres
from geo.checks.rules import feature_problems
from geo.importing.findings import Action, ImportFinding

_SMALL_CHANGE = 0.001
_NO_USE = {"no_outline", "not_polygon"}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Repaired:
    """A valid outline with the area (m²) before and after."""

    shape: shapely.Geometry
    before: float
    after: float

    @property
    def small(self) -> bool:
        """Tell whether less than a thousandth of the area changed."""
        return abs(self.after - self.before) <= _SMALL_CHANGE * self.before and self.after > 0


def clean_features(layer: LayerFile, *, repair: bool) -> tuple[LayerFile, list[ImportFinding]]:
    """Return the layer with usable features only, and what was found.

    An invalid polygon whose area hardly changes is made valid without asking. With ``repair``
    also others are, features without an outline are dropped, and codes get a suffix.
    """
    findings: list[ImportFinding] = []
    shapes, codes = layer.shapes.copy(), list(layer.codes)
    dropped: set[int] = set()
    for index, problem in feature_problems(layer):
        if problem.code == "multipolygon":
            findings.append(
                ImportFinding.of(problem, Action.KEPT, zh="保留全部部分", en="all parts are kept")
            )
        elif problem.code == "invalid_polygon":
            made = _made_valid(shapes[index], layer.middle_lat)
            findings.append(_valid_finding(problem, made, repair=repair))
            shapes[index] = made.shape
        elif problem.code in _NO_USE:
            dropped.add(index)
            zh, en = ("已略去", "left out") if repair else ("--repair 可略去", "--repair would leave it out")
            findings.append(ImportFinding.of(problem, _done(repair=repair), zh=zh, en=en))
        else:  # no code, or one that is used twice
            codes[index] = _free_code(codes, index)
            zh = f"改为 {codes[index]}" if repair else f"--repair 可改为 {codes[index]}"
            en = f"now {codes[index]}" if repair else f"--repair would make it {codes[index]}"
            findings.append(ImportFinding.of(problem, _done(repair=repair), zh=zh, en=en))
    kept = [index for index in range(len(codes)) if index not in dropped]
    return _only(replace(layer, shapes=shapes, codes=tuple(codes)), kept), findings


def _done(*, repair: bool) -> Action:
    return Action.REPAIRED if repair else Action.REFUSED


def _free_code(codes: list[str], index: int) -> str:
    """Return a code nobody has: the feature's own with a number, from 2, or X-1 for none."""
    stem, number = (codes[index], 2) if codes[index] else ("X", 1)
    while f"{stem}-{number}" in codes:
        number += 1
    return f"{stem}-{number}"


def _made_valid(shape: shapely.Geometry, lat: float) -> _Repaired:
    """Make an outline valid, keeping its polygons only, and measure the change."""
    valid = shapely.make_valid(shape, method="structure", keep_collapsed=False)
    solid = [part for part in shapely.get_parts(valid) if shapely.get_dimensions(part) == 2]
    polygons = [part for each in solid for part in shapely.get_parts(each)]
    united = shapely.union_all(polygons) if polygons else shapely.Polygon()
    before, after = (float(each.area) for each in in_metres(np.array([shape, united], dtype=object), lat=lat))
    return _Repaired(shape=united, before=before, after=after)


def _valid_finding(problem: AreaProblem, made: _Repaired, *, repair: bool) -> ImportFinding:
    change = f"{square_metres(made.before)} → {square_metres(made.after)}"
    if made.after > 0 and (made.small or repair):
        zh, en = f"已修正，面积 {change}", f"made valid, area {change}"
        return ImportFinding.of(problem, Action.REPAIRED, zh=zh, en=en)
    zh = f"修正会改变面积（{change}），须用 --repair 允许"
    en = f"making it valid would change its area ({change}); --repair allows it"
    return ImportFinding.of(problem, Action.REFUSED, zh=zh, en=en)


def _only(layer: LayerFile, keep: list[int]) -> LayerFile:
    if len(keep) == len(layer.codes):
        return layer
    return replace(
        layer,
        codes=tuple(layer.codes[i] for i in keep),
        names=tuple(layer.names[i] for i in keep),
        parents=tuple(layer.parents[i] for i in keep),
        periods=tuple(layer.periods[i] for i in keep),
        shapes=layer.shapes[keep],
    )
