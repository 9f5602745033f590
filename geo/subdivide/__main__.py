"""``python -m geo.subdivide SOURCE_FOLDER TARGET_FOLDER``: draw the areas of a pack again.

``TARGET_FOLDER/subdivide.toml`` says what to draw and names the files in ``SOURCE_FOLDER``.
"""

import sys
from pathlib import Path

import numpy as np

from geo.subdivide.coverage import node_cells
from geo.subdivide.draw import draw_district
from geo.subdivide.files import write_city
from geo.subdivide.plan import read_plan


def main(arguments: list[str]) -> int:
    """Draw and write every layer; return the exit status."""
    if len(arguments) != 2:
        sys.stderr.write("usage: python -m geo.subdivide SOURCE_FOLDER TARGET_FOLDER\n")
        return 2
    source, target = map(Path, arguments)
    plan = read_plan(source=source, target=target)
    grids = []
    for district in plan.districts:
        drawn = draw_district(plan=plan, district=district)
        sys.stdout.write(f"{district.code} {district.name}: {len(drawn)} grids\n")
        grids += drawn
    shapes = node_cells(cells=np.array([grid.shape for grid in grids], dtype=object))
    write_city(plan=plan, grids=grids, shapes=shapes, target=target)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
