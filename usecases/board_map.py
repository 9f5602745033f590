"""The map of a board as a picture: areas with a figure each, and where cases in hand lie, as coarse as streets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from domain.board import Dimension, Hotspot
from domain.figures import BY_ID, Figure, Unit, Value, value_of
from domain.place import Level
from geo.atlas import UnableToLocateOnDay
from geo.frames import in_frame
from geo.outlines import Outline, outlines
from usecases.board import Board
from usecases.city import City
from usecases.map_data import MapDrawing, area_drawing

BANDS = 5
"""Shades above nothing."""
FEW_DOTS = 20
MARGIN = 1.35


@dataclass(frozen=True, kw_only=True, slots=True)
class Shade:
    """What one area shows: its value, and which of the shades 0 (nothing, or nobody knows) … 5 (most)."""

    value: Value
    band: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Dot:
    """Cases around a point of the picture. ``severity`` is the worst of them."""

    x: float
    y: float
    cases: int
    severity: int


@dataclass(frozen=True, kw_only=True, slots=True)
class BoardMap:
    """The picture's areas by code, and its dots.

    ``core`` is x, y, width and height of the part of the picture where most cases are: a city's
    middle is a few per cent of its area, and all of its dots.
    """

    figure: Figure
    shades: Mapping[str, Shade]
    dots: tuple[Dot, ...]
    core: tuple[float, float, float, float]


def level_of(board: Board) -> tuple[Level, str | None]:
    """Return what the map of a board draws: the districts, or the streets of the district it is about."""
    district = board.asked.district
    return (Level.STREET, district) if district else (Level.DISTRICT, None)


def picture_of(*, city: City, district: str | None) -> MapDrawing:
    """Return the outlines: they change with the city's boundaries only."""
    level = Level.STREET if district else Level.DISTRICT
    return area_drawing(city=city, level=level, within=district)


def map_of(*, city: City, board: Board, figure: str) -> BoardMap:
    """Return what the picture shows of a board."""
    level, within = level_of(board)
    shown = BY_ID[figure]
    dimension = Dimension.STREET if level is Level.STREET else Dimension.DISTRICT
    counted = board.tally.by.get(dimension, {})
    values = {code: value_of(figure=shown, counts=counts) for code, counts in counted.items() if code}
    most = max((value.number or 0.0 for value in values.values()), default=0.0)
    scale = 1.0 if shown.unit is Unit.PERCENT else most
    shades = {code: Shade(value=value, band=_band(value.number, scale)) for code, value in values.items()}
    dots = _dots(city, level, within, board.spots)
    picture = picture_of(city=city, district=within)
    return BoardMap(figure=shown, shades=shades, dots=dots, core=_core(dots, picture))


def _core(dots: Sequence[Dot], picture: MapDrawing) -> tuple[float, float, float, float]:
    """Return the frame of the middle nine tenths of the dots, with a margin, never a tenth of the picture's width."""
    if len(dots) < FEW_DOTS:
        return (0.0, 0.0, picture.width, picture.height)
    cut = len(dots) // 20
    xs, ys = sorted(dot.x for dot in dots), sorted(dot.y for dot in dots)
    left, right, top, bottom = xs[cut], xs[-1 - cut], ys[cut], ys[-1 - cut]
    width = max((right - left) * MARGIN, picture.width * 0.25)
    height = max((bottom - top) * MARGIN, width * 0.6)
    return (
        round((left + right - width) / 2, 1), round((top + bottom - height) / 2, 1), round(width, 1), round(height, 1)
    )  # fmt: skip


def _band(number: float | None, scale: float) -> int:
    if not number or scale <= 0:
        return 0
    return max(1, min(BANDS, int(number / scale * BANDS + 0.999)))


def _dots(city: City, level: Level, within: str | None, spots: Sequence[Hotspot]) -> tuple[Dot, ...]:
    found = _outlines(city, level, within)
    picture = picture_of(city=city, district=within)
    points = [(spot.lon, spot.lat) for spot in spots]
    places = in_frame(outlines=found, points=points, width=picture.width, height=picture.height)
    return tuple(
        Dot(x=x, y=y, cases=spot.cases, severity=spot.severity)
        for (x, y), spot in zip(places, spots, strict=False)
    )


def _outlines(city: City, level: Level, within: str | None) -> tuple[Outline, ...]:
    today = city.now().astimezone(ZoneInfo(city.pack.city.timezone)).date()
    try:
        edition = city.grounds.atlas.edition(today)
    except UnableToLocateOnDay:
        return ()
    found: tuple[Outline, ...] = city.grounds.places.drawn(
        edition,
        ("outlines", level, within),
        draw=lambda: outlines(edition=edition, level=level, within=within),
    )
    return found
