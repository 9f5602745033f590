"""A layer as a coverage on import: slivers between neighbours closed, large mistakes refused."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import shapely

from geo.checks import AreaProblem
from geo.checks.layer import LayerFile
from geo.checks.measure import Gap, Geometries, Overlap, gaps, in_metres, overlaps
from geo.checks.problems import square_metres
from geo.importing.findings import Action, ImportFinding
from geo.shapes import metres_per_degree

_DECIMALS = 7
_SNAP_M = 0.05
_CHANGED = 0.001


def clean_coverage(
    layer: LayerFile, *, sliver_m: float, repair: bool
) -> tuple[LayerFile, list[ImportFinding]]:
    """Return the layer without overlaps and narrow gaps, and what was found.

    Overlaps and gaps of at most ``sliver_m`` metres mean width come from rounding: an
    overlap goes to the lowest code, a gap to the neighbour with the longest border. Wider
    overlaps are refused, or decided the same way with ``repair``. Wider gaps are kept: they
    may be water. Features with different validity dates are left as they are: which of them
    are neighbours depends on the day, and ``check_areas`` looks at every day.
    """
    order = np.argsort(np.array(layer.codes), kind="stable")
    shapes = in_metres(layer.shapes[order], lat=layer.middle_lat)
    if len(set(layer.periods)) > 1:
        return layer, []
    names = [layer.feature(int(index)) for index in order]
    findings = [
        _overlap_finding(layer.file, names, pair, _width(shapes, pair), sliver_m=sliver_m, repair=repair)
        for pair in overlaps(shapes)
    ]
    holes = gaps(shapes)
    refused = any(finding.action is Action.REFUSED for finding in findings)
    if refused or (not findings and shapely.coverage_is_valid(shapes, gap_width=sliver_m)):
        return layer, [*findings, *(_gap_finding(layer.file, names, gap, closed=False) for gap in holes)]
    cleaned = _clean(shapes, lat=layer.middle_lat, sliver_m=sliver_m)
    after = in_metres(cleaned, lat=layer.middle_lat)
    tree = shapely.STRtree(after)
    for gap in holes:
        closed = len(tree.query(shapely.point_on_surface(gap.shape), predicate="intersects")) > 0
        findings.append(_gap_finding(layer.file, names, gap, closed=closed))
    findings += _changes(layer.file, names, shapes, after)
    back = np.empty_like(cleaned)
    back[order] = cleaned
    return replace(layer, shapes=back), findings


def _clean(shapes: Geometries, *, lat: float, sliver_m: float) -> Geometries:
    """Clean in metres, return degrees rounded to a centimetre, still a coverage."""
    cleaned = shapely.coverage_clean(
        shapes, gap_width=sliver_m, snapping_distance=_SNAP_M, merge_strategy="min_index"
    )
    scale = metres_per_degree(lat)
    rounded = shapely.transform(cleaned, lambda xy: np.round(xy / scale, _DECIMALS))
    if shapely.is_valid(rounded).all() and shapely.coverage_is_valid(rounded):
        return np.asarray(rounded)
    # Rounding closed a needle: clean once more, on the rounded numbers, without moving any.
    again = shapely.coverage_clean(
        shapely.make_valid(rounded, method="structure"), snapping_distance=0.0, merge_strategy="min_index"
    )
    return np.asarray(again)


def _width(shapes: Geometries, pair: Overlap) -> float:
    """Return the mean width in metres of the ground two features share."""
    around = shapely.intersection(shapes[pair.first], shapes[pair.second]).length
    return 2 * pair.area / around if around else 0.0


def _overlap_finding(
    file: str, names: list[str], pair: Overlap, width: float, *, sliver_m: float, repair: bool
) -> ImportFinding:
    problem = AreaProblem(
        file=file,
        feature=names[pair.first],
        code="overlap",
        zh=f"与 {names[pair.second]} 重叠 {square_metres(pair.area)}（平均宽 {width:.1f} 米）",
        en=f"overlaps {names[pair.second]} by {square_metres(pair.area)} (mean width {width:.1f} m)",
    )
    if width <= sliver_m or repair:
        zh, en = f"归编码最小者 {names[pair.first]}", f"given to the lowest code, {names[pair.first]}"
        return ImportFinding.of(problem, Action.REPAIRED, zh=zh, en=en)
    zh, en = "--repair 可归编码最小者", "--repair would give it to the lowest code"
    return ImportFinding.of(problem, Action.REFUSED, zh=zh, en=en)


def _gap_finding(file: str, names: list[str], gap: Gap, *, closed: bool) -> ImportFinding:
    beside = ", ".join(names[i] for i in gap.beside[:4]) + ("…" if len(gap.beside) > 4 else "")
    problem = AreaProblem(
        file=file,
        feature=names[gap.beside[0]],
        code="gap",
        zh=f"{beside} 旁有空隙 {square_metres(gap.area)}（平均宽 {gap.width:.1f} 米）",
        en=f"a gap of {square_metres(gap.area)} (mean width {gap.width:.1f} m) beside {beside}",
    )
    if closed:
        zh, en = "归边界最长的邻区", "given to the neighbour with the longest border"
        return ImportFinding.of(problem, Action.REPAIRED, zh=zh, en=en)
    return ImportFinding.of(problem, Action.KEPT, zh="可能是水面，保留", en="may be water, kept")


def _changes(file: str, names: list[str], before: Geometries, after: Geometries) -> Iterator[ImportFinding]:
    """Report areas that the cleaning changed by more than a thousandth."""
    moved = shapely.area(after) - shapely.area(before)
    for index in np.flatnonzero(np.abs(moved) > _CHANGED * shapely.area(before)):
        zh, en = (
            f"修复后面积变化 {moved[index]:+,.0f} m²",
            f"repairs changed its area by {moved[index]:+,.0f} m²",
        )
        yield ImportFinding(
            file=file, feature=names[index], code="area_changed", action=Action.REPAIRED, zh=zh, en=en
        )
