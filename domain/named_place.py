"""Places that are no areas: streets, landmarks, poles and crossings, as a pack names them.

A caller says "Luoyu Road near Zhuodaoquan Road", not the code of a grid. What a city knows of
such names lies in its pack; a search over them and over the areas answers with ``FoundPlace``.
"""

from dataclasses import dataclass
from enum import StrEnum

from domain.place import AreaRef, Crs

Position = tuple[float, float]
Line = tuple[Position, ...]


class PlaceKind(StrEnum):
    """What a place is. The first five are areas of the chain, the others come from ``places.csv``.

    ``STREET`` is the administrative level 街道; a way with houses along it is a ``ROAD``.
    """

    CITY = "city"
    DISTRICT = "district"
    STREET = "street"
    COMMUNITY = "community"
    GRID = "grid"
    ROAD = "road"
    LANDMARK = "landmark"
    POLE = "pole"
    CROSSING = "crossing"
    POI = "poi"


AREA_KINDS = frozenset(
    {PlaceKind.CITY, PlaceKind.DISTRICT, PlaceKind.STREET, PlaceKind.COMMUNITY, PlaceKind.GRID}
)


@dataclass(frozen=True, kw_only=True, slots=True)
class NamedPlace:
    """One row of ``places.csv``: a point (``lon``/``lat``) or ``lines``, in degrees of ``crs``.

    ``approximate`` says that the position is good enough to find the neighbourhood and must be
    confirmed on the map; ``source`` says where the fact is from.
    """

    code: str
    kind: PlaceKind
    name_zh: str
    name_en: str = ""
    aliases: tuple[str, ...] = ()
    lon: float | None = None
    lat: float | None = None
    lines: tuple[Line, ...] = ()
    crs: Crs = Crs.WGS84
    approximate: bool = False
    source: str = ""


class MatchedBy(StrEnum):
    """What of a place the typed text met, the strongest first."""

    CODE = "code"
    NAME = "name"
    ALIAS = "alias"
    ENGLISH = "english"
    PINYIN = "pinyin"
    INITIALS = "initials"
    CROSSING = "crossing"
    PART = "part"
    TEXT = "text"
    TYPO = "typo"


@dataclass(frozen=True, kw_only=True, slots=True)
class FoundPlace:
    """A place that a search found.

    ``chain`` runs from the city to the finest area at ``lon``/``lat`` (WGS-84 degrees; the middle
    of a line or an area), for an area down to the area itself; both are None for an area
    without an outline. ``score`` is from 0 to 1, 1 the best; ``matched_by`` and ``matched`` say
    what met the text; ``note`` is what was typed beyond the name (a house number).
    """

    code: str
    kind: PlaceKind
    name_zh: str
    name_en: str
    chain: tuple[AreaRef, ...]
    lon: float | None
    lat: float | None
    score: float
    matched_by: MatchedBy
    matched: str
    note: str = ""
    approximate: bool = False

    @property
    def is_area(self) -> bool:
        """Tell whether this is an area of the chain, so that its code may be chosen by hand."""
        return self.kind in AREA_KINDS
