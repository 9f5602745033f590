"""What governs an area as a district: a functional zone counts as one, whatever its streets' codes say."""

from collections.abc import Iterable

from domain.pack import CityPack
from domain.place import Level


def governor(*, pack: CityPack, area: str) -> str | None:
    """Return the code of the zone or district that governs an area; None above the districts."""
    if pack.areas.zone(area) is not None:
        return area
    lineage = pack.areas.lineage(area)
    zone = next((one.zone for one in lineage if one.zone is not None), None)
    return zone or next((one.code for one in lineage if one.level is Level.DISTRICT), None)


def districts_and_streets(*, pack: CityPack, areas: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what governs these areas as districts (functional zones count), and their streets."""
    codes = tuple(areas)
    streets = (area.code for code in codes for area in pack.areas.lineage(code) if area.level is Level.STREET)
    return distinct(governor(pack=pack, area=code) for code in codes), distinct(streets)


def distinct(given: Iterable[str | None]) -> tuple[str, ...]:
    """Return the codes there are, each once, in their order."""
    return tuple(dict.fromkeys(code for code in given if code is not None))
