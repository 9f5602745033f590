"""Tags of a report: what its sender gave, in the city's own names, and what its text says. Pure."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from domain.pack import CityTag


def canonical(*, given: Iterable[str], known: Iterable[CityTag]) -> tuple[str, ...]:
    """Return the given tags and, after them, the city's tags they are aliases of."""
    names = tuple(dict.fromkeys(given))
    meant = (tag.rule.tag for tag in known if not set(tag.aliases).isdisjoint(names))
    return tuple(dict.fromkeys((*names, *meant)))


def tags_in(*, text: str, known: Iterable[CityTag]) -> tuple[str, ...]:
    """Return the tags with a word in the text, in the pack's order.

    Width and case of letters do not matter. A Latin word must stand by itself ("mass" is not
    in "massive"); a Chinese one may stand anywhere.
    """
    plain = _plain(text)
    return tuple(tag.rule.tag for tag in known if any(_sought(word).search(plain) for word in tag.words))


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


@lru_cache(maxsize=4096)
def _sought(word: str) -> re.Pattern[str]:
    """Return what finds a word in a plain text. Kept, since every report is searched for every word."""
    plain = _plain(word)
    alone = rf"(?<![a-z0-9]){re.escape(plain)}(?![a-z0-9])" if plain.isascii() else re.escape(plain)
    return re.compile(alone)
