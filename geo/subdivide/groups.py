"""Gather cells into streets and communities: balanced splits that stay connected."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from geo.subdivide.cells import Borders, Points

Labels = NDArray[np.intp]
_K_MEANS_ROUNDS = 3


def split_by_counts(*, points: Points, counts: Sequence[int]) -> Labels:
    """Label the points 0 … n-1 so that label i has ``counts[i]`` points lying close together.

    The list of counts is halved and the points are cut across their longer axis in the same
    proportion, again and again. ValueError when the counts do not add up to the points.
    """
    if sum(counts) != len(points):
        raise ValueError(f"counts add up to {sum(counts)}, not to {len(points)} points")
    labels = np.zeros(len(points), dtype=np.intp)
    work = [(np.arange(len(points)), 0, len(counts))]
    while work:
        chosen, first, last = work.pop()
        if last - first == 1:
            labels[chosen] = first
            continue
        middle = _middle(counts, first, last)
        spread = np.ptp(points[chosen], axis=0)
        axis = int(spread[1] > spread[0])
        ordered = chosen[np.lexsort((points[chosen, 1 - axis], points[chosen, axis]))]
        cut = sum(counts[first:middle])
        work += [(ordered[:cut], first, middle), (ordered[cut:], middle, last)]
    return labels


def _middle(counts: Sequence[int], first: int, last: int) -> int:
    """Return the place in the list that halves the sum best, leaving something on both sides."""
    half = sum(counts[first:last]) / 2
    gaps = [(abs(sum(counts[first:i]) - half), i) for i in range(first + 1, last)]
    return min(gaps)[1]


def split_with_anchors(
    *, points: Points, counts: Sequence[int], anchors: Sequence[tuple[float, float] | None]
) -> Labels:
    """Like split_by_counts, but groups with an anchor take the points nearest to it first.

    ``anchors[i]`` is the anchor of group i in the points' plane; groups of the same anchor
    share one region, which is then split among them.
    """
    labels = np.full(len(points), -1, dtype=np.intp)
    distinct = sorted({anchor for anchor in anchors if anchor is not None})
    for anchor in [*distinct, None]:
        members = [i for i, own in enumerate(anchors) if own == anchor]
        free = np.flatnonzero(labels < 0)
        if anchor is not None:
            far = np.hypot(*(points[free] - anchor).T)
            free = free[np.lexsort((free, far))][: sum(counts[i] for i in members)]
        if members:
            inner = split_by_counts(points=points[free], counts=[counts[i] for i in members])
            labels[free] = np.array(members, dtype=np.intp)[inner]
    return labels


def cluster(*, points: Points, groups: int) -> Labels:
    """Gather points into ``groups`` compact clusters of similar, not equal, size."""
    share, more = divmod(len(points), groups)
    labels = split_by_counts(points=points, counts=[share + (i < more) for i in range(groups)])
    for _ in range(_K_MEANS_ROUNDS):
        centres = np.array([points[labels == i].mean(axis=0) for i in range(groups)])
        away = np.linalg.norm(points[:, None, :] - centres[None, :, :], axis=2)
        nearest = np.argmin(away, axis=1)
        if len(np.unique(nearest)) < groups:
            break
        labels = nearest.astype(np.intp)
    return labels


def connect(*, labels: Labels, within: Labels, shared: Borders) -> Labels:
    """Return labels in which every group is one piece where the land allows it.

    The smaller pieces of a group go, whole, to the touching group of the same ``within``
    value with the longest common border. A piece with no such neighbour (an exclave) stays.
    """
    labels = labels.copy()
    for _ in range(8):
        stray = _stray_pieces(labels, shared)
        moved = False
        for piece in stray:
            target = _longest_neighbour(piece, labels, within, shared)
            if target is not None:
                labels[piece] = target
                moved = True
        if not moved:
            break
    return labels


def _stray_pieces(labels: Labels, shared: Borders) -> list[NDArray[np.intp]]:
    """Return the connected pieces of every group except its largest."""
    root = np.arange(len(labels))

    def find(cell: int) -> int:
        while root[cell] != cell:
            root[cell] = root[root[cell]]
            cell = int(root[cell])
        return cell

    for a, b in zip(shared.left, shared.right, strict=True):
        if labels[a] == labels[b]:
            low, high = sorted((find(int(a)), find(int(b))))
            root[high] = low
    pieces: dict[int, list[int]] = {}
    for cell in range(len(labels)):
        pieces.setdefault(find(cell), []).append(cell)
    ranked = sorted(pieces.values(), key=lambda piece: (labels[piece[0]], -len(piece), piece[0]))
    seen: set[int] = set()
    stray: list[NDArray[np.intp]] = []
    for piece in ranked:
        if int(labels[piece[0]]) in seen:
            stray.append(np.array(piece, dtype=np.intp))
        seen.add(int(labels[piece[0]]))
    return stray


def _longest_neighbour(
    piece: NDArray[np.intp], labels: Labels, within: Labels, shared: Borders
) -> int | None:
    inside = np.zeros(len(labels), dtype=bool)
    inside[piece] = True
    crossing = inside[shared.left] != inside[shared.right]
    outer = np.where(inside[shared.left], shared.right, shared.left)[crossing]
    same = within[outer] == within[piece[0]]
    if not same.any():
        return None
    lengths = np.bincount(labels[outer][same], weights=shared.length[crossing][same])
    return int(np.argmax(lengths))


def reading_order(*, points: Points) -> NDArray[np.intp]:
    """Return the order that numbers cells west to east inside bands from north to south."""
    bands = max(1, round(len(points) ** 0.5))
    top, height = points[:, 1].max(), np.ptp(points[:, 1])
    band = np.minimum((top - points[:, 1]) / (height or 1.0) * bands, bands - 1).astype(int)
    return np.lexsort((points[:, 0], band))
