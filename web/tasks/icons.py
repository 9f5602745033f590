"""The icons of the installed page, drawn by our own code: roofs and a tick, in the colours of the pages."""

import io
from functools import cache

from PIL import Image, ImageDraw

SIZES = (192, 512)
GROUND, LINE, TICK = (13, 47, 85), (255, 255, 255), (255, 177, 92)
FINER = 4
"""Drawn larger and made smaller, so that edges are smooth."""
_ROOFS = ((5, 20), (5, 11), (10, 8), (10, 20)), ((10, 20), (10, 6), (16, 9), (16, 20))
_TICK = ((13.4, 16.6), (15.6, 18.8), (20.2, 13.6))
_GRID = 25.0


@cache
def drawn(size: int) -> bytes:
    """Return the icon as PNG, ``size`` pixels square. It fills the square: telephones cut it to their shapes."""
    whole = size * FINER
    image = Image.new("RGB", (whole, whole), GROUND)
    pen = ImageDraw.Draw(image)
    # The middle four fifths are what every shape shows.
    unit = whole * 0.8 / _GRID
    edge = whole * 0.1

    def at(point: tuple[float, float]) -> tuple[float, float]:
        return edge + point[0] * unit, edge + point[1] * unit

    width = round(1.5 * unit)
    for roof in _ROOFS:
        pen.line([at(point) for point in roof], fill=LINE, width=width, joint="curve")
    pen.line([at((3, 20)), at((22, 20))], fill=LINE, width=width)
    pen.line([at(point) for point in _TICK], fill=GROUND, width=round(5.0 * unit), joint="curve")
    pen.line([at(point) for point in _TICK], fill=TICK, width=round(2.4 * unit), joint="curve")
    out = io.BytesIO()
    image.resize((size, size), Image.Resampling.LANCZOS).save(out, "PNG", optimize=True)
    return out.getvalue()
