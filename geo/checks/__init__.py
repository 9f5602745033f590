"""What can be wrong with the area files of a pack, found and named before anybody relies on them."""

from geo.checks.pack import check_areas
from geo.checks.problems import AreaProblem

__all__ = ["AreaProblem", "check_areas"]
