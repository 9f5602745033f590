"""A storm made to measure: devices, what they say and when, and how many cases there must be in the end.

The expected numbers follow from how the storm is made, not from the engine. Seeded; ``scale`` 1.0
is 10,000 devices and 50,000 alerts in ten minutes.
"""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from domain.device import Device
from domain.place import Level, PlaceFlag, ReportedPlace
from usecases.city import Grounds

SOURCE = "iot-gateway"
SPACING = 0.0022
"""Degrees between two devices, more than any pack merges over."""
CITY, CENTRE = (113.9, 30.3, 114.6, 30.9), (114.2, 30.48, 114.42, 30.68)
PER_STREET = 10
"""Covers in one stormy street: more than the pack's count for a storm."""
MOST_PER_DISTRICT = 6
"""Storms in one district: fewer than make an event of the whole district (bursts.toml)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Alert:
    """One alert: when it is sent (seconds from the beginning), and its body."""

    at_s: float
    body: dict[str, Any]


@dataclass(kw_only=True)
class Plan:
    """A storm. ``expected`` counts cases by category; ``severe`` are the devices of severity 1."""

    devices: list[Device] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)
    expected: dict[str, int] = field(default_factory=dict)
    severe: list[str] = field(default_factory=list)
    unknown: int = 0
    repeated: int = 0
    muted: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True, slots=True)
class Spot:
    """A point with its areas."""

    lon: float
    lat: float
    chain: tuple[tuple[str, str], ...]


def spots(grounds: Grounds, box: tuple[float, float, float, float]) -> dict[str, list[Spot]]:
    """Return points of a lattice in a box by street, each well inside a grid."""
    found: dict[str, list[Spot]] = {}
    west, south, east, north = box
    columns, rows = int((east - west) / SPACING), int((north - south) / SPACING)
    for row in range(rows):
        for column in range(columns):
            lon, lat = round(west + column * SPACING, 6), round(south + row * SPACING, 6)
            place = grounds.atlas.locate(
                reported=ReportedPlace(lon=lon, lat=lat),
                on=date(2026, 11, 22),
                channel=None,
                settings=grounds.pack.locate,
                hot_points=(),
            )
            if len(place.chain) == len(Level) and PlaceFlag.NEAR_BORDER not in place.flags:
                chain = tuple((Level(area.level).name.lower(), area.code) for area in place.chain)
                street = dict(chain)["street"]
                found.setdefault(street, []).append(Spot(lon=lon, lat=lat, chain=chain))
    return found


class _Maker:
    """Makes a plan. Points of a street are used up one after the other."""

    def __init__(self, *, grounds: Grounds, seed: int, scale: float, seconds: float) -> None:
        self.random = random.Random(seed)
        self.scale, self.seconds = scale, seconds
        self.spots = spots(grounds, CITY if scale > 0.2 else CENTRE)
        self.streets = sorted(self.spots, key=lambda street: (-len(self.spots[street]), street))
        self.plan = Plan()

    def count(self, whole: int) -> int:
        return max(1, round(whole * self.scale))

    def device(self, *, street: str, profile: str, kind: str, gateway: str = "") -> str:
        spot = self.spots[street].pop()
        code = f"{kind}-{len(self.plan.devices):05d}"
        self.plan.devices.append(
            Device(
                source=SOURCE, code=code, profile=profile, asset=code, gateway=gateway,
                lon=spot.lon, lat=spot.lat, chain=spot.chain,
            )
        )  # fmt: skip
        return code

    def say(self, code: str, times: int, **body: Any) -> None:
        """Let a device speak some times, at random moments; the first in the first third."""
        moments = sorted(self.random.uniform(0, self.seconds * 0.95) for _ in range(times))
        moments[0] = self.random.uniform(0, self.seconds / 3)
        for moment in sorted(moments):
            name = f"e-{len(self.plan.alerts)}"
            self.plan.alerts.append(Alert(at_s=moment, body={"event_id": name, "device": code, **body}))


def plan(*, grounds: Grounds, scale: float, seconds: float, seed: int = 20261122) -> Plan:
    """Make a storm."""
    maker = _Maker(grounds=grounds, seed=seed, scale=scale, seconds=seconds)
    stormy = _stormy(maker)
    _covers(maker, stormy)
    others = iter([street for street in maker.streets if street not in stormy])
    _severe(maker, others)
    _lone(maker, others)
    _gateways(maker)
    _calm(maker)
    _odd(maker)
    maker.plan.alerts.sort(key=lambda alert: alert.at_s)
    return maker.plan


def _severe(maker: _Maker, streets: Iterator[str]) -> None:
    """Gas above the second, severe level: each a case of its own, however often it speaks."""
    for _ in range(maker.count(60)):
        code = maker.device(street=next(streets), profile="gas-underground", kind="gas")
        maker.say(code, 12, kind="alarm", level=2)
        maker.plan.severe.append(code)
    maker.plan.expected["S-GAS-01"] = len(maker.plan.severe)


def _stormy(maker: _Maker) -> list[str]:
    """Return the streets of the storms: large ones, and too few in any district to be one event of its own (E8)."""
    found: list[str] = []
    by_district: Counter[str] = Counter()
    for street in maker.streets:
        district = dict(maker.spots[street][0].chain)["district"]
        if len(found) < maker.count(40) and by_district[district] < MOST_PER_DISTRICT:
            by_district[district] += 1
            found.append(street)
    return found


def _covers(maker: _Maker, stormy: list[str]) -> None:
    """Covers lifted by water in whole streets: a case a street, the covers its children.

    Half of them say so themselves, half by a reading above the limit.
    """
    each = max(PER_STREET, maker.count(8000) // len(stormy))
    for street in stormy:
        for number in range(min(each, len(maker.spots[street]) - 1)):
            code = maker.device(street=street, profile="manhole-tilt", kind="cover")
            if number % 2:
                maker.say(code, 5, kind="alarm")
            else:
                maker.say(code, 5, kind="observation", metric="tilt", value=40)
    maker.plan.expected["E0506"] = len(stormy)


def _lone(maker: _Maker, streets: Iterator[str]) -> None:
    """A cover here and there: a case each, since nobody else in the street is in alarm."""
    lone = maker.count(50)
    for _ in range(lone):
        code = maker.device(street=next(streets), profile="manhole-tilt", kind="lone")
        maker.say(code, 4, kind="observation", metric="tilt", value=50)
    maker.plan.expected["S-MHC-01"] = lone


def _gateways(maker: _Maker) -> None:
    """Gateways that die: one case each, whatever number of devices is behind them."""
    dead = maker.count(30)
    for number in range(dead):
        street = maker.random.choice(maker.streets[:60])
        gateway = maker.device(street=street, profile="sewer-level", kind=f"gateway{number}")
        for _ in range(min(20, maker.count(20))):
            street = maker.random.choice(maker.streets[:100])
            if len(maker.spots[street]) > 2:
                maker.device(street=street, profile="sewer-level", kind="behind", gateway=gateway)
        maker.say(gateway, 3, kind="offline")
    maker.plan.expected["S-DEV-01"] = dead


def _calm(maker: _Maker) -> None:
    """Most devices say that all is well, again and again."""
    left = maker.count(10_000) - len(maker.plan.devices)
    free = [street for street in maker.streets if len(maker.spots[street]) > 1]
    codes = []
    for number in range(max(left, 1)):
        street = free[number % len(free)]
        while len(maker.spots[street]) <= 1:
            free.remove(street)
            street = free[number % len(free)]
        codes.append(maker.device(street=street, profile="sewer-level", kind="calm"))
    rest = maker.count(50_000) - len(maker.plan.alerts) - maker.count(560)
    for number in range(max(rest, 1)):
        maker.say(codes[number % len(codes)], 1, kind="observation", metric="fill", value=40)


def _odd(maker: _Maker) -> None:
    """Devices nobody knows, and alarms that are sent twice."""
    unknown = maker.count(60)
    for number in range(unknown):
        maker.say(f"nobody-{number}", 1, kind="alarm", level=1)
    maker.plan.unknown = unknown
    alarms = [
        one for one in maker.plan.alerts if one.body["kind"] == "alarm" and "nobody" not in one.body["device"]
    ]
    again = maker.random.sample(alarms, min(maker.count(500), len(alarms)))
    for alert in again:
        maker.plan.alerts.append(Alert(at_s=min(alert.at_s + 5, maker.seconds), body=alert.body))
    maker.plan.repeated = len(again)
