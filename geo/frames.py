"""Points in the frame of a drawing: where a place lies on the picture that ``geo.outlines`` draws."""

from collections.abc import Sequence

import numpy as np
import shapely

from geo.outlines import Outline


def in_frame(
    *, outlines: Sequence[Outline], points: Sequence[tuple[float, float]], width: float, height: float
) -> tuple[tuple[float, float], ...]:
    """Return longitudes and latitudes (WGS-84 degrees) as x and y of the picture of these outlines.

    ``width`` and ``height`` are the picture's; it is equirectangular, so its edges are all there is to know.
    """
    if not outlines or not points:
        return ()
    bounds = shapely.total_bounds(np.array([one.shape for one in outlines], dtype=object)).tolist()
    west, south, east, north = bounds
    found = (
        (
            round((lon - west) / max(1e-9, east - west) * width, 1),
            round((north - lat) / max(1e-9, north - south) * height, 1),
        )
        for lon, lat in points
    )
    return tuple(found)
