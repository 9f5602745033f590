"""E7 at intake: an event with a radius lies in several streets or districts; where does most of it lie?

The geometry is ``geo.span``'s; what governs a street as a district (a functional zone, or the
civil district) is the pack's area table's.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from domain.decision import Reason, RoutingDecision
from domain.pack import CityPack
from domain.place import Level, Place, ReportedPlace
from domain.span import level_of_span
from geo.atlas import Atlas
from geo.span import Touched, touched
from usecases.governors import governor

MOST_CODES = 60
"""Areas named in a case's span; a larger event is the city's, and its map shows the rest."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Spread:
    """How far an event reaches. ``main`` is where most of it lies, ``share`` (0–1) of its circle.

    ``codes`` are the further streets and districts, ``floor`` the level that must command.
    """

    main: str
    share: float
    codes: tuple[str, ...]
    floor: Level | None


def spread_of(*, atlas: Atlas, pack: CityPack, place: Place, radius_m: float, on: date) -> Spread | None:
    """Return how far a circle around a place reaches; None without a point, a radius or an area it touches.

    The district or zone with the largest part comes first, then its street with the largest.
    """
    if place.lon is None or place.lat is None or radius_m <= 0:
        return None
    streets, districts = (
        touched(atlas=atlas, lon=place.lon, lat=place.lat, radius_m=radius_m, on=on, level=level)
        for level in (Level.STREET, Level.DISTRICT)
    )
    parts = streets or districts
    if not parts:
        return None
    shares: dict[str, float] = {}
    for part in parts:
        above = governor(pack=pack, area=part.area.code) or part.area.code
        shares[above] = shares.get(above, 0.0) + part.share
    most = max(shares, key=lambda code: (shares[code], code))
    main = next(
        part for part in parts if (governor(pack=pack, area=part.area.code) or part.area.code) == most
    )
    return Spread(
        main=main.area.code,
        share=main.share,
        codes=_further(parts, [code for code in shares if code != most], main),
        floor=level_of_span(districts=shares, streets=(one.area.code for one in streets)),
    )


def _further(parts: Sequence[Touched], districts: Sequence[str], main: Touched) -> tuple[str, ...]:
    codes = (*districts, *(part.area.code for part in parts if part is not main))
    return tuple(dict.fromkeys(codes))[:MOST_CODES]


def moved_to_main(*, atlas: Atlas, place: Place, spread: Spread, on: date) -> Place:
    """Return the place where most of the event lies; the reported point stays."""
    if any(area.code == spread.main for area in place.chain):
        return place
    main = atlas.locate(reported=ReportedPlace(area_code=spread.main), on=on)
    return replace(place, chain=main.chain, zones=main.zones, alternates=(), border_m=None)


def explained(*, decision: RoutingDecision, spread: Spread, place: Place) -> RoutingDecision:
    """Add to a decision's reasons that the event crosses a border, and where most of it lies."""
    if spread.floor is None:
        return decision
    name = next((area.name for area in reversed(place.chain) if area.code == spread.main), spread.main)
    reason = Reason(
        aspect="span",
        rule="E7",
        zh=f"影响范围跨 {len(spread.codes) + 1} 个区域,{spread.share:.0%} 位于{name},由其承办",
        en=f"it reaches into {len(spread.codes) + 1} areas; {spread.share:.0%} of it lies in {name}, which leads",
    )
    return replace(decision, reasons=(*decision.reasons, reason))
