"""Place, category and duty → responsible units, with the reasons. Pure: no file, clock or network."""

from routing.adjust import Event, adjust
from routing.book import RouteBook, build_book
from routing.case_rules import case_rules
from routing.decide import decide
from routing.ladder import ladder
from routing.tags import canonical, tags_in

__all__ = [
    "Event",
    "RouteBook",
    "adjust",
    "build_book",
    "canonical",
    "case_rules",
    "decide",
    "ladder",
    "tags_in",
]
