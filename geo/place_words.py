"""How a typed place is taken apart: folding, house numbers, two streets, an area in front."""

import re
import unicodedata
from collections.abc import Iterator

LONGEST = 120
"""Characters of a typed place that are looked at; nobody types a longer name."""

_SHORT_FORMS = {
    "rd": "road", "st": "street", "ave": "avenue", "av": "avenue", "blvd": "boulevard", "sq": "square",
    "br": "bridge", "hosp": "hospital", "univ": "university", "stn": "station",
}  # fmt: skip
_WORD = re.compile(r"[a-z]+")
_HAN = re.compile(r"[\u3400-\u9fff]")
_NUMBER = r"(?:[0-9]+|[一二三四五六七八九十百零〇]+)"
_HOUSE = re.compile(
    rf"^(?P<name>.*?[^\s0-9])\s*(?P<house>(?:no\.?\s*)?[0-9]+(?:[-–—][0-9]+)*\s*(?:附\s*{_NUMBER}\s*)?(?:号|號|弄|栋|幢|#)\S{{0,20}})$"
)
_BARE_HOUSE = re.compile(r"^(?P<name>.*?[^\s0-9])\s+(?P<house>(?:no\.?\s*)?[0-9]+(?:-[0-9]+)?)$")
_BOTH = re.compile(r"\s*(?:[与和及跟×&+/、,;|@]|\band\b|\bx\b)\s*")
_MOUTH = re.compile(r"(?:的?(?:十字路口|丁字路口|交叉路口|交叉口|交汇处|交会处|交口|路口|口))$")
_ROAD_END = re.compile(r"[路街道巷环线桥堤]")


def plain(text: str) -> str:
    """Return text in one width and one case, without spaces at the ends, cut to what is looked at."""
    return " ".join(unicodedata.normalize("NFKC", text[: 4 * LONGEST]).casefold().split())[:LONGEST]


def fold(text: str) -> str:
    """Return the key of a name: letters, digits and Chinese characters only, English short forms written out."""
    spelled = _WORD.sub(lambda word: _SHORT_FORMS.get(word.group(), word.group()), plain(text))
    return "".join(character for character in spelled if character.isalnum())


def has_han(text: str) -> bool:
    """Tell whether a text holds Chinese characters."""
    return _HAN.search(text) is not None


def without_house(text: str) -> tuple[str, str] | None:
    """Return (name, house number) of a plain text that ends in one, else None."""
    found = _HOUSE.match(text) or _BARE_HOUSE.match(text)
    return (found["name"].strip(), found["house"].strip()) if found else None


def two_streets(text: str) -> Iterator[tuple[str, str]]:
    """Yield the ways in which a plain text may name two streets, as typed; the surest first."""
    halves = [half for half in _BOTH.split(text) if half]
    if len(halves) == 2:
        yield halves[0], halves[1]
        yield halves[0], _MOUTH.sub("", halves[1])
        return
    words = text.split()
    if len(words) == 2:
        yield words[0], _MOUTH.sub("", words[1])
    closed = "".join(words)
    for whole in dict.fromkeys((closed, _MOUTH.sub("", closed))):
        for cut in range(2, len(whole) - 1):
            if _ROAD_END.match(whole[cut - 1]):
                yield whole[:cut], whole[cut:]


def area_in_front(text: str) -> Iterator[tuple[str, str]]:
    """Yield (area, rest) splits of a plain text: longest areas first.

    Split at each space, then turned about one space, then within Chinese text.
    """
    words = text.split(" ")
    for count in range(len(words) - 1, 0, -1):
        yield " ".join(words[:count]), " ".join(words[count:])
    if len(words) == 2 and words[1]:
        yield words[1], words[0]
    first = words[0]
    tail = text[len(first) :]
    for cut in range(min(len(first) - 1, 24), 1, -1):
        if has_han(first[cut - 1]):
            yield first[:cut], first[cut:] + tail
