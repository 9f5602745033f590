"""What a generated day is made of, read from the pack's ``demo`` folder (see its README)."""

import csv
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from domain.catalogue import Category, FilingCondition
from domain.limit import LimitUnit
from domain.pack import CityPack
from domain.place import Level

CONTINUOUS = {LimitUnit.MIN: 1.0, LimitUnit.UH: 60.0, LimitUnit.UD: 1440.0}
"""Minutes in the units whose clock never pauses."""


class UnableToReadDay(Exception):
    """The pack has no demonstration day, or one that does not fit its catalogue."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """Something that can happen: a filing condition of the catalogue, by whom, and in what words."""

    category: Category
    condition: FilingCondition
    channels: tuple[str, ...]
    weight: float
    texts: tuple[str, ...]

    @property
    def urgent(self) -> bool:
        """Severity 1 and 2 run on emergency clocks."""
        return self.category.severity <= 2

    @property
    def minutes(self) -> float | None:
        """Return the handling limit in minutes where its clock never pauses, else None."""
        length = CONTINUOUS.get(self.condition.limit.unit)
        return None if length is None else self.condition.limit.amount * length

    @property
    def has_seniors(self) -> bool:
        """Tell whether somebody commands above the level that gets it first."""
        return self.category.level is not Level.CITY


@dataclass(frozen=True, kw_only=True)
class DayData:
    """The day: ``begins`` and ``ends`` are UTC-aware; weights are relative, ``load`` is per hour."""

    begins: datetime
    ends: datetime
    load: Mapping[str, tuple[float, ...]]
    channels: Mapping[str, float]
    districts: Mapping[str, float]
    spots: tuple[str, ...]
    colleagues: tuple[str, ...]
    unclassified: tuple[Mapping[str, str], ...]
    outside: tuple[Mapping[str, Any], ...]
    placeholder: Mapping[str, Any]
    events: tuple[Event, ...]

    @cached_property
    def channel_shares(self) -> Mapping[str, float]:
        """Return by which factor an event's weight counts on a channel, so that the channels keep theirs."""
        return {
            name: weight / sum(event.weight for event in self.events if name in event.channels)
            for name, weight in self.channels.items()
        }

    @property
    def seconds(self) -> float:
        """Return the day's length in city seconds."""
        return (self.ends - self.begins).total_seconds()

    def at(self, clock: str) -> float:
        """Return a wall time of the day (``"08:30"``) as city seconds after its beginning."""
        start = self.begins
        local = datetime.combine(start.date(), time.fromisoformat(clock), start.tzinfo)
        return (local - start).total_seconds()


def read_day(*, pack: CityPack, folder: Path) -> DayData:
    """Read the day of a pack. ``folder`` is the pack's. Raises UnableToReadDay."""
    path = folder / "demo" / "day.toml"
    if not path.is_file():
        raise UnableToReadDay(
            f"{path}: 此城市包没有演示数据 · this pack has no demonstration day; see cities/wuhan/demo"
        )
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    begins, ends = _hours(raw, ZoneInfo(pack.city.timezone))
    strange = set(raw["channels"]) - set(pack.channels)
    if strange:
        raise UnableToReadDay(f"{path}: 未知渠道 · unknown channels: {', '.join(sorted(strange))}")
    return DayData(
        begins=begins,
        ends=ends,
        load={kind: tuple(map(float, hours)) for kind, hours in raw["load"].items()},
        channels=raw["channels"],
        districts=raw["districts"],
        spots=tuple(raw["words"]["spots"]),
        colleagues=tuple(raw["words"]["colleagues"]),
        unclassified=tuple(raw["words"]["unclassified"]),
        outside=tuple(raw["wrong"]["outside"]),
        placeholder=raw["wrong"]["placeholder"],
        events=tuple(_events(pack, folder / "demo" / "events.csv")),
    )


def _hours(raw: Mapping[str, Any], zone: ZoneInfo) -> tuple[datetime, datetime]:
    day: date = raw["date"]
    begins = datetime.combine(day, time.fromisoformat(raw["begins"]), zone)
    ends = datetime.combine(day, time.fromisoformat(raw["ends"]), zone)
    return begins, ends if ends > begins else ends + timedelta(days=1)


def _events(pack: CityPack, path: Path) -> list[Event]:
    found = []
    with path.open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.DictReader(file), start=2):
            category = pack.catalogue.get(row["category"])
            known = category is not None and row["condition"] in {one.code for one in category.conditions}
            if category is None or not known:
                raise UnableToReadDay(
                    f"{path}:{number}: 目录中没有 · not in the catalogue: {row['category']}/{row['condition']}"
                )
            found.append(
                Event(
                    category=category,
                    condition=category.condition(row["condition"]),
                    channels=tuple(row["channels"].split()),
                    weight=float(row["weight"]),
                    texts=tuple(row["texts"].split("|")),
                )
            )
    return found
