"""Where is that? A place by code, name, pinyin, initials, street, landmark, crossing or map pin."""

from datetime import date
from functools import partial
from zoneinfo import ZoneInfo

from domain.named_place import FoundPlace
from domain.pack import CityPack
from domain.place import AreaRef, Level, ReportedPlace
from geo.atlas import UnableToLocateOnDay
from geo.editions import Edition
from geo.place_index import PlaceIndex
from geo.places import PlaceSearch
from usecases.city import City


def search(
    *, city: City, text: str, near: tuple[float, float] | None = None, limit: int = 10
) -> tuple[FoundPlace, ...]:
    """Return the places that a text may mean, the likeliest first, with their chains.

    ``near`` (lon, lat in WGS-84 degrees) is where the map or the caller is: what is nearer comes
    first among equals. At most ``limit``, and never more than 50. Any text is answered; one that
    names nothing, and a city without areas today, gives an empty tuple. Takes milliseconds,
    about a second at the first call of a process (see ``warm``).
    """
    finder = _finder(city)
    return finder.search(text, near=near, limit=limit) if finder is not None else ()


def warm(*, city: City) -> int:
    """Make the search ready, so that nobody waits for it; return how many places it knows."""
    finder = _finder(city)
    return len(finder) if finder is not None else 0


def chain_at(*, city: City, lon: float, lat: float) -> tuple[AreaRef, ...]:
    """Return the area chain at a WGS-84 point by today's boundaries, () outside the city.

    A point that lies between areas takes the nearest within the pack's tolerance, as a report would.
    """
    try:
        place = city.grounds.atlas.locate(
            reported=ReportedPlace(lon=lon, lat=lat),
            on=_today(city),
            settings=city.pack.locate,
        )
    except UnableToLocateOnDay:
        return ()
    return place.chain


def _today(city: City) -> date:
    return city.now().astimezone(ZoneInfo(city.pack.city.timezone)).date()


def _finder(city: City) -> PlaceSearch | None:
    try:
        edition = city.grounds.atlas.edition(_today(city))
    except UnableToLocateOnDay:
        return None
    return city.grounds.places.search_of(edition, make=partial(_index, city.pack))


def _index(pack: CityPack, edition: Edition) -> PlaceIndex:
    english = {area.code: area.name_en for level in Level for area in pack.areas.at(level) if area.name_en}
    return PlaceIndex(edition=edition, places=pack.places, english=english, readings=pack.readings)
