"""How names sound: pinyin and its initials, for people who type a place as they hear it.

Readings come from a phrase dictionary, so that 重庆路 is chong qing lu; what a city speaks
otherwise (黄陂 is huang pi, 沌口 is zhuan kou) it says in ``readings.csv`` of its pack. Both
readings are then good: the caller's and the dictionary's.
"""

import re
from collections.abc import Iterator, Mapping

_HAN = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]")
_NO_SOUND = re.compile(r"[^a-z0-9]")


class Speaker:
    """Reads names aloud. Remembers what it has read: 20,000 grids share 3,500 stems."""

    __slots__ = ("_local", "_pattern", "_stems")

    def __init__(self, *, readings: Mapping[str, str]) -> None:
        self._local = {text: spoken.split() for text, spoken in readings.items()}
        longest_first = sorted(map(re.escape, self._local), key=len, reverse=True)
        self._pattern = re.compile("|".join(longest_first)) if longest_first else None
        self._stems: dict[str, list[str]] = {}

    def spoken(self, name: str) -> Iterator[tuple[str, str]]:
        """Yield (pinyin, initials) of a name without gaps, one or two readings; nothing without Han."""
        if not _HAN.search(name):
            return
        usual = self._syllables(name)
        yield _joined(usual)
        local = self._locally(name)
        if local is not None and local != usual:
            yield _joined(local)

    def _locally(self, name: str) -> list[str] | None:
        if self._pattern is None or not self._pattern.search(name):
            return None
        found: list[str] = []
        end = 0
        for match in self._pattern.finditer(name):
            found += self._syllables(name[end : match.start()])
            found += self._local[match.group()]
            end = match.end()
        return found + self._syllables(name[end:])

    def _syllables(self, name: str) -> list[str]:
        """Return one part per Chinese character, and runs of other characters as they are."""
        if not name:
            return []
        stem, mark, rest = name.partition("第")  # a grid is its community and a number
        if stem and mark and len(stem) > 2:
            return self._known(stem) + self._known(mark + rest)
        return self._known(name)

    def _known(self, text: str) -> list[str]:
        known = self._stems.get(text)
        if known is None:
            from pypinyin import lazy_pinyin

            known = [part.casefold() for part in lazy_pinyin(text, v_to_u=False)]
            self._stems[text] = known
        return known


def _joined(syllables: list[str]) -> tuple[str, str]:
    full = _NO_SOUND.sub("", "".join(syllables))
    initials = "".join(part[:1] if part.isalpha() else part for part in syllables)
    return full, _NO_SOUND.sub("", initials)
