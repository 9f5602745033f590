"""What is this about? Three categories for a caller's words, with the words that speak for each.

Nothing is guessed from the outside: names, conditions and keywords of the catalogue, the city's
own words for things (``catalogue/keywords.csv``), pinyin and initials, codes. An operator takes
one or none; the words that met it are shown, so that a wrong proposal is seen to be wrong.
"""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import lru_cache

from domain.catalogue import Category, CategoryKind
from domain.pack import CityPack
from geo.spoken import Speaker

MOST = 3
LONGEST = 2_000
"""Characters of a text that are looked at: what it is about stands in its beginning."""
_NAME, _WORD, _LATIN, _PAIR = 3.0, 2.5, 1.2, 0.18
_INSIDE = 0.4
"""What a word counts for that stands inside a longer one that was met too."""
_FOR_CONDITION = 0.5
_SOUND, _SOUND_BEGINS, _CODE = 9.0, 5.0, 12.0
_LEAST = 0.5
_BESIDE = 0.015
"""What the likeliest must score, and what another needs of that to be shown beside it."""
_SPLIT = re.compile(r"[、,，/()（）;；:：·\s]+|或|和|及")
_HAN_PAIR = re.compile(r"(?=([\u3400-\u9fff]{2}))")
_LATIN_WORD = re.compile(r"[a-z][a-z-]{2,}")
_EMPTY_WORDS = frozenset({"and", "the", "with", "for", "over", "under", "without", "other", "outside"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Proposal:
    """A category that may be meant, with its filing condition where the words say one.

    ``words`` of the text (or the catalogue's, for initials) speak for it; ``score`` compares the
    proposals of one text and nothing else.
    """

    category: str
    condition: str | None
    words: tuple[str, ...]
    score: float


@dataclass(frozen=True, slots=True)
class _Met:
    """A term of one category that stands in the text."""

    term: str
    weight: float
    inside: bool


@dataclass(kw_only=True, slots=True)
class _Index:
    """Everything a catalogue's categories are called, turned round."""

    terms: dict[str, dict[str, float]] = field(default_factory=lambda: defaultdict(dict))
    conditions: dict[str, list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))
    pairs: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    latin: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    sounds: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    severity: dict[str, int] = field(default_factory=dict)


class _Same:
    """A pack as a key: by which object it is, since its tables have no hash."""

    __slots__ = ("pack",)

    def __init__(self, pack: CityPack) -> None:
        self.pack = pack

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.pack is self.pack

    def __hash__(self) -> int:
        return id(self.pack)


def propose(*, pack: CityPack, text: str, most: int = MOST) -> tuple[Proposal, ...]:
    """Return the categories a text may be about, the likeliest first; nothing for a text that says nothing.

    Alarms of sensors are left out: nobody calls those in. Takes about a millisecond; the first
    call for a pack some tens of them.
    """
    plain = _plain(text)[:LONGEST]
    if not plain.strip():
        return ()
    index = _index(_Same(pack))
    scores: dict[str, float] = defaultdict(float)
    words: dict[str, list[str]] = defaultdict(list)
    for code, met in _met(index, plain):
        scores[code] += met.weight * (_INSIDE if met.inside else 1.0)
        words[code].append(met.term)
    for source in (_by_pairs(index, plain), _by_latin(index, plain), _by_sound(index, plain)):
        for code, score, term in source:
            scores[code] += score
            words[code] += [term] if term else []
    best = max(scores.values(), default=0.0)
    ranked = [code for code in scores if scores[code] >= _BESIDE * best] if best >= _LEAST else []
    found = [_proposal(index, code, plain, scores[code], words[code]) for code in ranked]
    found.sort(key=lambda one: (-one.score, index.severity[one.category], one.category))
    return tuple(found[:most])


def warm(*, pack: CityPack) -> None:
    """Make a pack's words ready, so that no caller waits for it."""
    _index(_Same(pack))


def _proposal(index: _Index, code: str, plain: str, score: float, words: list[str]) -> Proposal:
    said: Counter[str] = Counter()
    meant: dict[str, str] = {}
    for condition, word in index.conditions[code]:
        if word in plain:
            said[condition] += len(word)
            meant.setdefault(condition, word)
    best = max(said, key=lambda one: said[one]) if said else None
    shown = sorted(dict.fromkeys(words), key=len, reverse=True)
    longest = [word for n, word in enumerate(shown) if not any(word in other for other in shown[:n])]
    if best is not None and not any(meant[best] in word for word in longest):
        longest.append(meant[best])
    extra = _FOR_CONDITION * said[best] if best is not None else 0.0
    return Proposal(category=code, condition=best, words=tuple(longest[:4]), score=round(score + extra, 3))


def _met(index: _Index, plain: str) -> Iterator[tuple[str, _Met]]:
    """Yield the terms in the text with their categories; a rare term says more than a common one."""
    here = [term for term in index.terms if term in plain]
    spans = {term: [(at.start(), at.start() + len(term)) for at in _places(term, plain)] for term in here}
    for term in here:
        inside = all(
            any(len(other) > len(term) and a <= start and end <= b for other in here for a, b in spans[other])
            for start, end in spans[term]
        )
        shared = len(index.terms[term]) ** -0.5
        for code, weight in index.terms[term].items():
            yield code, _Met(term, weight * len(term) ** 0.8 * shared, inside)


def _places(term: str, plain: str) -> Iterator[re.Match[str]]:
    return re.finditer(re.escape(term), plain)


def _by_pairs(index: _Index, plain: str) -> Iterator[tuple[str, float, str]]:
    for pair in {match.group(1) for match in _HAN_PAIR.finditer(plain)}:
        holding = index.pairs.get(pair, ())
        for code in holding:
            yield code, _PAIR / len(holding) ** 0.5, ""


def _by_latin(index: _Index, plain: str) -> Iterator[tuple[str, float, str]]:
    for word in dict.fromkeys(_LATIN_WORD.findall(plain)):
        for form in {word, word.rstrip("s"), word.removesuffix("ed"), word.removesuffix("ing")}:
            holding = index.latin.get(form, ())
            for code in holding:
                yield code, _LATIN * len(form) ** 0.5 / len(holding) ** 0.5, word
            if holding:
                break


def _by_sound(index: _Index, plain: str) -> Iterator[tuple[str, float, str]]:
    """A word typed as it sounds, or a code: only where that is all there is."""
    typed = plain.replace(" ", "").replace("-", "")
    if not 2 <= len(typed) <= 30 or not typed.isascii():
        return
    for code in index.severity:
        if code.lower().replace("-", "").startswith(typed) and any(char.isdigit() for char in typed):
            yield code, _CODE, code
    if not typed.isalpha():
        return
    for sound, meant in index.sounds.items():
        if sound == typed or (len(typed) > 2 and sound.startswith(typed)):
            score = _SOUND if sound == typed else _SOUND_BEGINS
            for code, term in meant.items():
                yield code, score / len(meant) ** 0.5, term


@lru_cache(maxsize=4)
def _index(same: _Same) -> _Index:
    pack, index = same.pack, _Index()
    speaker = Speaker(readings=pack.readings)
    spoken = [one for one in pack.desk.spoken if one.condition is None]
    for code, category in pack.catalogue.items():
        if category.kind is CategoryKind.SENSOR:
            continue
        index.severity[code] = category.severity
        own = [word for one in spoken if one.category == code for word in one.words]
        _learn(index, category, own, speaker)
        _learn_conditions(index, category, pack)
    return index


def _learn(index: _Index, category: Category, own: list[str], speaker: Speaker) -> None:
    code, name = category.code, _plain(category.name_zh)
    parts = [part for part in _SPLIT.split(name) if len(part) > 1]
    weights = dict.fromkeys((_plain(word) for word in (*category.keywords, *own)), _WORD)
    weights.update(dict.fromkeys((name, *parts), _NAME))
    for term, weight in weights.items():
        index.terms[term][code] = max(weight, index.terms[term].get(code, 0.0))
        for pair in _HAN_PAIR.finditer(term):
            index.pairs[pair.group(1)].add(code)
        for pinyin, initials in speaker.spoken(term):
            index.sounds[pinyin].setdefault(code, term)
            if len(initials) > 1:
                index.sounds[initials].setdefault(code, term)
    for word in _LATIN_WORD.findall(category.name_en.casefold()):
        if word not in _EMPTY_WORDS:
            index.latin[word].add(code)


def _learn_conditions(index: _Index, category: Category, pack: CityPack) -> None:
    if len(category.conditions) < 2:
        return
    known = {one.code for one in category.conditions}
    for condition in category.conditions:
        names = _SPLIT.split(_plain(condition.name_zh))
        index.conditions[category.code] += [(condition.code, part) for part in names if len(part) > 1]
    for one in pack.desk.spoken:
        if one.condition in known and fnmatchcase(category.code, one.category):
            index.conditions[category.code] += [(str(one.condition), _plain(word)) for word in one.words]


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()
