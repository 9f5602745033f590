"""The checks of one layer and of one layer against the one above it."""

from collections.abc import Iterator, Sequence

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.checks.layer import LayerFile
from geo.checks.measure import Geometries, gaps, in_metres, overlaps, share_inside
from geo.checks.problems import AreaProblem, square_metres

_LARGE_OVERLAP_M2 = 1000.0
_LARGE_OVERLAP_SHARE = 0.001
_INSIDE = 0.999
_MOSTLY_INSIDE = 0.95
POLYGONS = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)


def check_features(layer: LayerFile) -> Iterator[AreaProblem]:
    """Yield features without code or outline, invalid ones, those of several parts, duplicates."""
    return (problem for _, problem in feature_problems(layer))


def feature_problems(layer: LayerFile) -> Iterator[tuple[int, AreaProblem]]:
    """Yield each problem of a single feature with the feature's position in the file."""
    seen: dict[str, list[int]] = {}
    for index, code in enumerate(layer.codes):
        earlier = seen.setdefault(code, [])
        if not code:
            yield index, _found(layer, index, "missing_code", "没有编码", "has no code")
        elif any(_together(layer, index, other) for other in earlier):
            yield index, _found(layer, index, "duplicate_code", "编码重复", "its code is used twice")
        earlier.append(index)
        outline = _outline_problem(layer, index)
        if outline is not None:
            yield index, outline


def _outline_problem(layer: LayerFile, index: int) -> AreaProblem | None:
    shape = layer.shapes[index]
    if shape is None or shape.is_empty:
        return _found(layer, index, "no_outline", "没有边界", "has no outline")
    if shapely.get_type_id(shape) not in POLYGONS:
        zh, en = f"不是面，而是 {shape.geom_type}", f"is a {shape.geom_type}"
        return _found(layer, index, "not_polygon", zh, en)
    if not shape.is_valid:
        why = shapely.is_valid_reason(shape)
        return _found(layer, index, "invalid_polygon", f"多边形无效：{why}", f"invalid polygon: {why}")
    parts = int(shapely.get_num_geometries(shape))
    if parts > 1:
        zh, en = f"由 {parts} 块组成", f"consists of {parts} parts"
        return _found(layer, index, "multipolygon", zh, en, warning=True)
    return None


def check_coverage(
    layer: LayerFile, *, above: Sequence[LayerFile] = (), overlay: bool = False
) -> Iterator[AreaProblem]:
    """Yield overlaps and gaps among features valid at the same time.

    A gap counts only where the level ``above`` has land: what it leaves out is not missing
    below. ``overlay`` marks layers of zones, which need not cover the city and may overlap.
    """
    usable = _usable(layer)
    for moment in _moments(layer):
        now = np.array([i for i in usable if _valid_at(layer, i, moment)], dtype=np.intp)
        if not len(now):
            continue
        shapes = in_metres(layer.shapes[now], lat=layer.middle_lat)
        for pair in overlaps(shapes):
            one, other = int(now[pair.first]), int(now[pair.second])
            large = pair.area > _LARGE_OVERLAP_M2 and pair.share > _LARGE_OVERLAP_SHARE
            yield _found(
                layer,
                one,
                "overlap",
                f"与 {layer.feature(other)} 重叠 {square_metres(pair.area)}",
                f"overlaps {layer.feature(other)} by {square_metres(pair.area)}",
                warning=overlay or not large,
            )
        if not overlay:
            yield from _gaps(layer, now, shapes, above)


def _gaps(
    layer: LayerFile, now: NDArray[np.intp], shapes: Geometries, above: Sequence[LayerFile]
) -> Iterator[AreaProblem]:
    land = [in_metres(other.shapes[_usable(other)], lat=layer.middle_lat) for other in above]
    for gap in gaps(shapes):
        inner = gap.shape.buffer(-0.1)
        if land and not any(shapely.intersects(inner, outlines).any() for outlines in land):
            continue
        beside = [layer.feature(int(now[i])) for i in gap.beside]
        names = ", ".join(beside[:4]) + ("…" if len(beside) > 4 else "")
        zh = f"{names} 旁有空隙 {square_metres(gap.area)}（平均宽 {gap.width:.1f} 米）"
        en = f"a gap of {square_metres(gap.area)} (mean width {gap.width:.1f} m) beside {names}"
        yield AreaProblem(file=layer.file, feature=beside[0], code="gap", zh=zh, en=en, warning=True)


def check_parents(layer: LayerFile, *, above: list[LayerFile], top_code: str | None) -> Iterator[AreaProblem]:
    """Yield features without a parent, with an unknown one, or that stick out of it.

    ``above`` are the files of the next higher level that has any; ``top_code`` is the city's
    code when no file gives the city an outline.
    """
    known = {code for other in above for code in other.codes}
    for index, parent in enumerate(layer.parents):
        if not parent and (above or top_code):
            yield _found(layer, index, "no_parent", "没有上级", "has no parent")
        elif parent and parent not in known and parent != top_code:
            zh, en = f"上级“{parent}”不存在", f"its parent {parent!r} does not exist"
            yield _found(layer, index, "unknown_parent", zh, en)
    yield from _overhang(layer, above)


def _overhang(layer: LayerFile, above: list[LayerFile]) -> Iterator[AreaProblem]:
    outlines: dict[str, list[shapely.Geometry]] = {}
    for other in above:
        for index in _usable(other):
            outlines.setdefault(other.codes[index], []).append(other.shapes[index])
    usable = [i for i in _usable(layer) if layer.parents[i] in outlines]
    if not usable:
        return
    share = np.zeros(len(usable))
    children = layer.shapes[usable]
    for version in range(max(len(outlines[layer.parents[i]]) for i in usable)):
        parents = np.array(
            [outlines[layer.parents[i]][min(version, len(outlines[layer.parents[i]]) - 1)] for i in usable]
        )
        share = np.maximum(share, share_inside(children, parents))
    for position in np.flatnonzero(share < _INSIDE):
        index = usable[int(position)]
        zh = f"只有 {share[position]:.1%} 在上级 {layer.parents[index]} 之内"
        en = f"only {share[position]:.1%} of it lies in its parent {layer.parents[index]}"
        yield _found(layer, index, "outside_parent", zh, en, warning=bool(share[position] >= _MOSTLY_INSIDE))


def _usable(layer: LayerFile) -> list[int]:
    return [
        index
        for index, shape in enumerate(layer.shapes)
        if shape is not None
        and shapely.get_type_id(shape) in POLYGONS
        and shape.is_valid
        and not shape.is_empty
    ]


def _moments(layer: LayerFile) -> list[str]:
    """Return the days on which the set of valid features can change; one when it never does."""
    return sorted({start for start, _ in layer.periods}) or [""]


def _valid_at(layer: LayerFile, index: int, day: str) -> bool:
    start, end = layer.periods[index]
    return start <= day and (not end or day < end)


def _together(layer: LayerFile, one: int, other: int) -> bool:
    """Tell whether two features are valid on a common day (dates as ISO text, end excluded)."""
    (start, end), (begin, stop) = layer.periods[one], layer.periods[other]
    return (not stop or start < stop) and (not end or begin < end)


def _found(
    layer: LayerFile, index: int, code: str, zh: str, en: str, *, warning: bool = False
) -> AreaProblem:
    return AreaProblem(
        file=layer.file, feature=layer.feature(index), code=code, zh=zh, en=en, warning=warning
    )
