"""What kinds of places and the ways of finding them are called."""

from collections.abc import Mapping

from domain.named_place import FoundPlace, PlaceKind
from domain.org import AreaTable
from domain.place import AreaRef
from web.words import N_

KINDS: Mapping[PlaceKind, str] = {
    PlaceKind.CITY: N_("City area"),
    PlaceKind.DISTRICT: N_("District area"),
    PlaceKind.STREET: N_("Subdistrict"),
    PlaceKind.COMMUNITY: N_("Community area"),
    PlaceKind.GRID: N_("Grid area"),
    PlaceKind.ROAD: N_("Road"),
    PlaceKind.LANDMARK: N_("Landmark"),
    PlaceKind.POLE: N_("Pole"),
    PlaceKind.CROSSING: N_("Crossing"),
    PlaceKind.POI: N_("Place"),
}


def shown_name(place: FoundPlace, *, language: str) -> str:
    """Return a place's name in a language, the Chinese one where there is no other."""
    return place.name_zh if language == "zh" or not place.name_en else place.name_en


def shown_chain(place: FoundPlace, *, areas: AreaTable, language: str) -> str:
    """Return the chain below the city, as one line; the city itself where that is all there is."""
    names = [area_name(area, areas=areas, language=language) for area in place.chain]
    return " / ".join(names[1:] or names)


def area_name(area: AreaRef, *, areas: AreaTable, language: str) -> str:
    """Return an area's name in a language, the Chinese one where there is no other."""
    known = areas.get(area.code)
    return known.name_en if language == "en" and known is not None and known.name_en else area.name
