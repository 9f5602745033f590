"""Place, category and duty → responsible units, with the reasons. Pure: no file, clock or network."""

from routing.book import RouteBook, build_book
from routing.case_rules import case_rules
from routing.decide import decide
from routing.ladder import ladder

__all__ = ["RouteBook", "build_book", "case_rules", "decide", "ladder"]
