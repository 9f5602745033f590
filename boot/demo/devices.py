"""Synthetic devices for a demonstration: ``python -m boot.demo.devices`` writes the pack's ``demo/devices.csv``.

The same pack and seed make the same file. Nothing in it stands anywhere: the points are
drawn inside the pack's own streets, codes and names are made up and marked as synthetic.
"""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from boot.demo.day import read_day
from boot.demo.places import Spot, Spots, distance_m
from domain.pack import CityPack
from domain.place import Level
from geo.atlas import Atlas

FILE = Path("demo") / "devices.csv"
COLUMNS = (
    "code", "profile", "name_zh", "name_en", "asset", "unit", "gateway", "lon", "lat", "crs", "model", "note",
)  # fmt: skip
SEED = 20261122
GATEWAYS = 10
COUNTS = {
    "road-water": 40, "manhole-tilt": 40, "gas-underground": 20, "gas-bridge-space": 4, "gas-pressure": 8,
    "gas-household": 10, "bridge-response": 8, "bridge-weigh": 2, "bridge-impact": 2, "lake-level": 6,
    "river-level-hankou": 1, "reservoir-level": 2, "sewer-level": 12, "pump-stopped": 8, "water-pressure": 8,
    "water-turbidity": 3, "water-chlorine": 3, "air-station": 6, "site-dust": 6, "site-noise": 3, "emission": 3,
    "tunnel-fire": 2, "utility-tunnel-gas": 3, "smoke": 8, "electrical-fire": 3, "video-ai": 6,
}  # fmt: skip
THROUGH_GATEWAY = ("road-water", "manhole-tilt", "sewer-level", "gas-underground")
TOGETHER = {"road-water": 8, "manhole-tilt": 8, "bridge-response": 4}
"""How many stand side by side before the next ones stand elsewhere: a storm needs several in one street."""
STEP_M = 70.0
NOTE = "合成数据 synthetic"
Row = dict[str, str]


def rows(*, pack: CityPack, spots: Spots) -> Iterator[Row]:
    """Yield the gateways, then the devices, each as a row of the file."""
    gateways = [(f"GW-{n:02}", spots.draw(category="gateway")) for n in range(1, GATEWAYS + 1)]
    for code, spot in gateways:
        yield _row(pack, profile="gateway", code=code, spot=spot)
    for profile, count in COUNTS.items():
        placed: list[Spot] = []
        together = TOGETHER.get(profile, 1)
        for n in range(count):
            spot = _beside(placed[-1]) if n % together and n < 2 * together else spots.draw(category=profile)
            placed.append(spot)
            gateway = _nearest(spot, gateways) if profile in THROUGH_GATEWAY else ""
            asset = f"bridge-{n // together + 1}" if profile == "bridge-response" else ""
            code = f"{profile.upper()}-{n + 1:03}"
            yield _row(pack, profile=profile, code=code, spot=spot, asset=asset, gateway=gateway)


def text(*, pack: CityPack, atlas: Atlas, folder: Path, seed: int = SEED) -> str:
    """Return the file."""
    day = read_day(pack=pack, folder=folder)
    spots = Spots(atlas=atlas, on=day.begins.date(), weights=day.districts, seed=seed)
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows(pack=pack, spots=spots))
    return out.getvalue()


def _row(pack: CityPack, *, profile: str, code: str, spot: Spot, asset: str = "", gateway: str = "") -> Row:
    kind = pack.profiles[profile]
    where = spot.name(Level.STREET) or spot.name(Level.DISTRICT)
    return {
        "code": code,
        "profile": profile,
        "name_zh": f"{where}{kind.name_zh}"[:90],
        "name_en": f"{kind.name_en}, {code}"[:90],
        "asset": asset,
        "unit": _owner(pack, kind.category, spot),
        "gateway": gateway,
        "lon": f"{spot.lon:.6f}",
        "lat": f"{spot.lat:.6f}",
        "crs": "WGS84",
        "model": "SYNTHETIC",
        "note": NOTE,
    }


def _owner(pack: CityPack, category: str, spot: Spot) -> str:
    """Return the unit of the category's leading department nearest to the base; empty where there is none."""
    lead = pack.catalogue[category].departments[0]
    for area in reversed(spot.chain):
        unit = pack.tree.responsible(kind=lead, level=area.level, area_code=area.code)
        if unit is not None:
            return unit.code
    return ""


def _beside(spot: Spot) -> Spot:
    lon, lat = spot.moved(east_m=STEP_M, north_m=0.0)
    return Spot(lon=round(lon, 6), lat=round(lat, 6), chain=spot.chain)


def _nearest(spot: Spot, gateways: list[tuple[str, Spot]]) -> str:
    """Return the nearest gateway of its district; empty where it has none."""
    own = [
        (code, other) for code, other in gateways if other.name(Level.DISTRICT) == spot.name(Level.DISTRICT)
    ]
    return min(own, key=lambda one: distance_m(spot, one[1]), default=("", spot))[0]


def main() -> None:
    """Write the file of the pack in force."""
    from boot.settings import Settings
    from boot.wiring import grounds_of

    settings = Settings()
    grounds = grounds_of(settings)
    made = text(pack=grounds.pack, atlas=grounds.atlas, folder=settings.pack)
    (settings.pack / FILE).write_text(made, encoding="utf-8")


if __name__ == "__main__":
    main()
