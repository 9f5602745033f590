"""The forms in which people write an area's name, and what tells a road or a shop from an area.

Chinese names are written with and without their type word (街道, 社区, 村 …); a bare name is
often the name of something else as well: 江汉路步行街 is no address in 江汉区. Each form
therefore has a strength, and bare forms are guarded by what follows (reference: geo.md §4).
"""

import re
import unicodedata
from enum import IntEnum

from domain.place import Level


class Strength(IntEnum):
    """How far a form stands for its area."""

    INSIDE = 1  # only within an area that the address names too
    SHORT = 2  # unless a road, a shop or the like follows
    FULL = 4


_STREET_TYPES = (
    "街道办事处",
    "街办事处",
    "街道办",
    "街道",
    "街办",
    "街",
    "镇",
    "乡",
    "办事处",
    "管理委员会",
    "管委会",
    "管理处",
    "开发区",
)
_COMMUNITY_TYPES = ("社区居民委员会", "社区居委会", "社区", "居民委员会", "居委会")
_VILLAGE_TYPES = ("村民委员会", "村委会", "村")
_DISTRICT_TYPES = ("区", "县", "市")
_FEWEST_LETTERS = 3
_HAN = re.compile(r"[\u3400-\u9fff]")
_BRACKETS = re.compile(r"\([^)]*\)")
_GAP = re.compile(r"(?<=[\u3400-\u9fff])\s+(?=[\u3400-\u9fff])")

# What makes a bare name before it the name of a road, a place or a house of some kind.
_ROAD = re.compile(
    r"[东西南北中上下前后新老正一二三四五六七八九十\d]{0,2}(路|大道|大街|街(?!道)|巷|里(?!面)|桥|大桥|立交|环线|号线)"
    r"|地铁|轻轨|车站|火车站|站|机场|码头|渡口|广场|公园|湖|山|江滩|隧道|高架|高速|花园|小区|大厦|城"
)
# A bare name that ends like this is the road, bridge or square itself.
_ITSELF = re.compile(r"(路|道|街|巷|桥|站|广场|公园)$")
_HOUSE = re.compile(
    r"[^,。;、\s\d()]{0,8}?(大学|学院|学校|中学|小学|幼儿园|医院|银行|公司|集团|酒店|宾馆|商场|超市|餐|饭店)"
)
_DOOR = re.compile(r"\d+(号|弄|附|-)|口|与|交叉")
_LATIN_ROAD = re.compile(
    r"[\s.]*(st|street|ave|av|avenue|rd|road|blvd|boulevard|dr|drive|ln|lane|way|pl|place|sq|square|"
    r"ter|terrace|ct|court|pkwy|parkway|hwy|highway|circle|cir|bridge|station|park|school|hospital)\b"
)


def normalise(text: str) -> str:
    """Return text as names are compared: one width, one case, no gaps between Chinese characters."""
    return _GAP.sub("", unicodedata.normalize("NFKC", text).casefold())


def forms(name: str, *, level: Level | None) -> dict[str, Strength]:
    """Return the forms of a name, normalised. ``level`` None means an overlay."""
    full = normalise(name)
    if not _HAN.search(full) and sum(character.isalpha() for character in full) < _FEWEST_LETTERS:
        return {}  # "7" or "A1": every house number would name an area
    found = {full: Strength.FULL}
    bare = _BRACKETS.sub("", full).strip()
    if len(bare) > 2:
        found.setdefault(bare, Strength.FULL)
    if not _HAN.search(full) or level is None:
        return found
    if level is Level.DISTRICT:
        _add(found, _stem(full, _DISTRICT_TYPES), ("",), Strength.SHORT)
    elif level is Level.STREET:
        _add_street(found, full)
    elif level is Level.COMMUNITY:
        _add_community(found, full)
    return found


def _stem(name: str, types: tuple[str, ...]) -> str:
    """Return the name without its type word; "" when nothing of two characters is left."""
    for word in types:
        if name.endswith(word):
            stem = name.removesuffix(word)
            return stem if len(stem) >= 2 else ""
    return ""


def _add(found: dict[str, Strength], stem: str, words: tuple[str, ...], strength: Strength) -> None:
    if stem:
        for word in words:
            found.setdefault(stem + word, strength)


def _add_street(found: dict[str, Strength], full: str) -> None:
    if full in _STREET_TYPES:  # 开发区: a type word and no name
        found[full] = Strength.INSIDE
    stem = _stem(full, _STREET_TYPES)
    if full.endswith(("街道", "街")):
        _add(found, stem, ("街道", "街道办", "街道办事处", "街办", "办事处"), Strength.FULL)
        _add(found, stem, ("街",), Strength.SHORT)
    if not _ITSELF.search(stem):
        _add(found, stem, ("",), Strength.SHORT)


def _add_community(found: dict[str, Strength], full: str) -> None:
    for types in (_COMMUNITY_TYPES, _VILLAGE_TYPES):
        stem = _stem(full, types)
        if stem:
            _add(found, stem, types, Strength.FULL)
            _add(found, stem, ("",), Strength.INSIDE)


def stands_for_area(*, strength: Strength, form: str, before: str, after: str) -> bool:
    """Tell whether a form found in a text means its area, by the text around it.

    ``before`` is the character in front or ""; ``after`` is the text behind, up to the next
    full name.
    """
    if not _HAN.search(form):
        return not (before.isalnum() or after[:1].isalnum() or _LATIN_ROAD.match(after))
    if strength is Strength.FULL:
        return True
    if strength is Strength.INSIDE:
        return not after or not _HAN.match(after)
    if form.endswith("街"):
        return _DOOR.match(after) is None
    return _ROAD.match(after) is None and _HOUSE.match(after) is None
