"""Names that are like what was typed: rapidfuzz, after a look at which letters they share.

Comparing a text with 24,000 names takes longer than a person notices; most share no two
letters with it. Pairs of neighbouring letters (single characters of Chinese names) count what
is shared, and only the best few hundred are compared in earnest.
"""

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from domain.named_place import MatchedBy, PlaceKind
from geo.place_index import WAYS, PlaceIndex
from geo.place_words import has_han

_COMPARED = 200
_LIKE_ENOUGH = 62.0
_WAYS = frozenset({MatchedBy.NAME, MatchedBy.ALIAS, MatchedBy.ENGLISH, MatchedBy.PINYIN})


def _grams(key: str) -> list[str]:
    if has_han(key):
        return sorted(set(key))
    return sorted({key[n : n + 2] for n in range(len(key) - 1)})


class Typos:
    """The keys worth comparing (no codes, no initials, no grids), by what they are made of."""

    __slots__ = ("_keys", "_lengths", "_owners", "_postings")

    def __init__(self, *, index: PlaceIndex) -> None:
        grid = [entry.kind is PlaceKind.GRID for entry in index.entries]
        kept = [
            n
            for n, (owner, way) in enumerate(zip(index.owners.tolist(), index.ways.tolist(), strict=True))
            if not grid[owner] and WAYS[way] in _WAYS
        ]
        self._keys = [index.keys[n] for n in kept]
        self._owners: NDArray[np.int32] = index.owners[kept]
        grams: dict[str, list[int]] = {}
        self._lengths: NDArray[np.int32] = np.zeros(len(kept), dtype=np.int32)
        for number, key in enumerate(self._keys):
            own = _grams(key)
            self._lengths[number] = len(own)
            for gram in own:
                grams.setdefault(gram, []).append(number)
        self._postings = {gram: np.array(numbers, dtype=np.int32) for gram, numbers in grams.items()}

    def like(self, key: str, *, limit: int) -> list[tuple[int, float, str]]:
        """Return (entry, likeness 0–1, its key) of names like this one, the likest first."""
        own = _grams(key)
        postings = [self._postings[gram] for gram in own if gram in self._postings]
        if not postings or len(key) < 2:
            return []
        shared = np.bincount(np.concatenate(postings), minlength=len(self._keys))
        # Shared letters in relation to both lengths (Dice), so that long names do not win by length.
        share = 2.0 * shared / (self._lengths + len(own))
        wanted = min(_COMPARED, int(np.count_nonzero(shared)))
        best = np.argpartition(-share, wanted - 1)[:wanted].tolist()
        from rapidfuzz import fuzz, process

        found = process.extract(
            key,
            {number: self._keys[number] for number in best},
            scorer=fuzz.ratio,
            score_cutoff=_LIKE_ENOUGH,
            limit=4 * limit,
        )
        once: Counter[int] = Counter()
        answer = []
        for matched, score, number in found:
            owner = int(self._owners[number])
            once[owner] += 1
            if once[owner] == 1:
                answer.append((owner, score / 100, matched))
        return answer[:limit]
