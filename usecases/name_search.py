"""Units and categories by what somebody types: a name or part of it, a code, pinyin or its initials."""

from dataclasses import dataclass
from functools import lru_cache

from domain.account import Permission, Principal
from domain.pack import CityPack
from domain.place import Level
from geo.spoken import Speaker
from usecases.city import City
from usecases.permits import permit

MOST = 12
_SPOKEN = Level.STREET
"""Units below are too many to be spoken; they are found by name and code."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Named:
    """Something that has a code and a name. ``rank`` puts what stands higher first."""

    code: str
    zh: str
    en: str
    rank: int
    keys: tuple[str, ...] = ()


class _Same:
    """A pack as a key: by which object it is, since its tables have no hash."""

    __slots__ = ("pack",)

    def __init__(self, pack: CityPack) -> None:
        self.pack = pack

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.pack is self.pack

    def __hash__(self) -> int:
        return id(self.pack)


def find_units(*, city: City, who: Principal, text: str, kind: str = "") -> tuple[Named, ...]:
    """Return units that may be meant, the best first; only those of a kind where one is named.

    Raises BadRequest (not_permitted).
    """
    permit(who, Permission.SEE_CASES)
    entries = _units(_Same(city.pack), kind)
    return _best(entries, text)


def find_categories(*, city: City, who: Principal, text: str) -> tuple[Named, ...]:
    """Return categories that may be meant, the best first. Raises BadRequest (not_permitted)."""
    permit(who, Permission.SEE_CASES)
    return _best(_categories(_Same(city.pack)), text)


def _best(entries: tuple[Named, ...], text: str) -> tuple[Named, ...]:
    asked = "".join(text.casefold().split())
    if not asked:
        return ()
    found = [(score, one) for one in entries if (score := _score(one, asked)) is not None]
    found.sort(key=lambda pair: (pair[0], pair[1].rank, len(pair[1].zh), pair[1].code))
    return tuple(one for _, one in found[:MOST])


def _score(one: Named, asked: str) -> int | None:
    """Return how far off a name is, 0 best, or None: the name itself, its beginning, a code, sounds, inside."""
    name, english, code = one.zh.casefold(), one.en.casefold().replace(" ", ""), one.code.casefold()
    if asked in (name, code):
        return 0
    if name.startswith(asked) or code.startswith(asked) or english.startswith(asked):
        return 1
    if any(key.startswith(asked) for key in one.keys):
        return 2
    if asked in name or asked in english or asked in code:
        return 3
    return 4 if any(asked in key for key in one.keys) else None


@lru_cache(maxsize=8)
def _units(same: _Same, kind: str) -> tuple[Named, ...]:
    pack = same.pack
    speaker = Speaker(readings={})
    return tuple(
        Named(
            code=unit.code,
            zh=unit.name_zh,
            en=unit.name_en,
            rank=int(unit.level),
            keys=_keys(speaker, unit.name_zh) if unit.level <= _SPOKEN else (),
        )
        for unit in pack.tree.units()
        if kind in ("", unit.kind)
    )


@lru_cache(maxsize=4)
def _categories(same: _Same) -> tuple[Named, ...]:
    speaker = Speaker(readings={})
    return tuple(
        Named(code=one.code, zh=one.name_zh, en=one.name_en or "", rank=0, keys=_keys(speaker, one.name_zh))
        for one in same.pack.catalogue.values()
    )


def _keys(speaker: Speaker, name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(key for pair in speaker.spoken(name) for key in pair if key))
