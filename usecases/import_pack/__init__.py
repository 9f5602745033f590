"""``cityops pack import``: a city's open data → a complete pack folder, with a report.

One TOML file describes the import: the area layers and their columns, a table of categories
and units or a feed to learn them from, and the feed's columns for replay. What the data bring
that a pack must not have is refused or repaired, each with its reason.
"""

from usecases.import_pack.feed import FeedRow, RowSet, feed_rows
from usecases.import_pack.report import ImportReport
from usecases.import_pack.run import import_pack
from usecases.import_pack.spec import ImportSpec, read_spec
from usecases.import_pack.tables import UnableToReadSpec

__all__ = [
    "FeedRow",
    "ImportReport",
    "ImportSpec",
    "RowSet",
    "UnableToReadSpec",
    "feed_rows",
    "import_pack",
    "read_spec",
]
