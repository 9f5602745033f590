"""Tags of a report: what its sender gave, in the city's own names, and what its text says. Pure."""

import re
import unicodedata
from collections.abc import Iterable

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
    return tuple(tag.rule.tag for tag in known if any(_stands(_plain(word), plain) for word in tag.words))


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _stands(word: str, text: str) -> bool:
    if word.isascii():
        return re.search(rf"(?<![a-z0-9]){re.escape(word)}(?![a-z0-9])", text) is not None
    return word in text
