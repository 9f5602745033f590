"""Generates the reports and alerts of a day: the same seed and pack give the same day."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from boot.demo.day import DayData, Event
from boot.demo.places import Spot, Spots
from boot.demo.scripts import BY_LIFE, CLOSED, EVALUATED, FOLLOWERS, SCRIPTS, Life, Script, quotas
from domain.pack import CityPack
from domain.place import Level
from geo.crs import from_wgs84

CALLABLE = frozenset({"hotline", "web", "app"})
"""Kinds of channel whose reporters leave a number and can be called back."""
BY_ADDRESS, SWAPPED = 0.10, 0.02
"""Shares of the prompt cases that come with an address only, or with swapped axes."""
REPEATED = 0.04
"""Share of the reports that are sent twice by a nervous client."""
FEWEST = 60
"""Below this a day has no room for every life."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """One report of the day.

    ``at`` is city seconds after the day's beginning. ``body`` is what is posted; ``triage``
    what an operator finds out when the report has to be filed by hand. ``followers`` are
    reported once this one is in somebody's hands. ``repeat`` says how the same report is
    sent again: by its ``key``, by its ``source_no``, or not.
    """

    key: str
    at: float
    life: Life
    event: Event
    spot: Spot
    body: dict[str, Any]
    ends: tuple[str, ...]
    triage: dict[str, Any] = field(default_factory=dict)
    followers: tuple["Item", ...] = ()
    repeat: str = ""

    @property
    def script(self) -> Script:
        """Return what this life needs and must leave behind."""
        return BY_LIFE.get(self.life, BY_LIFE[Life.PROMPT])

    @property
    def visited(self) -> bool:
        """Tell whether its reporter is called back."""
        return bool(self.body["reporter"].get("phone"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Generator:
    """Makes items from the day's data."""

    pack: CityPack
    day: DayData
    spots: Spots
    random: random.Random

    def items(self, reports: int) -> list[Item]:
        """Return so many reports, followers included, by time. ValueError when too few for a day."""
        if reports < FEWEST:
            raise ValueError(f"a day needs at least {FEWEST} reports, not {reports}")
        found: list[Item] = []
        room = reports
        for script, count in quotas(reports):
            for number in range(count):
                item = self._with_followers(self._item(script), number)
                found.append(item)
                room -= 1 + len(item.followers)
        found += [self._item(BY_LIFE[Life.PROMPT]) for _ in range(room)]
        return [
            replace(item, key=f"demo-{number:04d}")
            for number, item in enumerate(sorted(found, key=lambda one: (one.at, one.key)), start=1)
        ]

    def _item(self, script: Script) -> Item:
        event, channel = self._event(script)
        spot = self.spots.draw(category=event.category.code)
        body = self._body(event, channel, spot)
        at = self._time(channel, script)
        ends = script.ends or (EVALUATED if body["reporter"].get("phone") else CLOSED,)
        repeat = self.random.choice(("key", "source_no")) if self.random.random() < REPEATED else ""
        item = Item(
            key=f"{self.random.getrandbits(64):016x}", at=at, life=script.life, event=event, spot=spot,
            body=body, ends=ends, repeat=repeat,
        )  # fmt: skip
        return self._special(item)

    def _event(self, script: Script) -> tuple[Event, str]:
        """Choose a channel by its weight, then something that fits the life and the channel."""
        pairs = [
            (event, channel)
            for event in self.day.events
            if script.fits(event)
            for channel in event.channels
            if not script.person or self._is_callable(channel)
        ]
        shares = self.day.channel_shares
        return self.random.choices(pairs, [event.weight * shares[channel] for event, channel in pairs])[0]

    def _is_callable(self, channel: str) -> bool:
        return self.pack.channels[channel].kind in CALLABLE

    def _time(self, channel: str, script: Script) -> float:
        """Draw a time by the load of its hour, within the script's window."""
        sensor = self.pack.channels[channel].kind == "sensor"
        load = self.day.load["sensor" if sensor else "people"]
        first, last = (self.day.at(clock) for clock in script.window) if script.window else (0.0, 0.0)
        last = last or self.day.seconds
        while True:
            (hour,) = self.random.choices(range(len(load)), load)
            at = (hour + self.random.random()) * 3600.0
            if first <= at < min(last, self.day.seconds):
                return at

    def _body(self, event: Event, channel: str, spot: Spot) -> dict[str, Any]:
        text = self.random.choice(event.texts).format(spot=self.random.choice(self.day.spots))
        reporter: dict[str, Any] = {}
        if self._is_callable(channel):
            reporter = {"phone": f"+861380000{self.random.randrange(10_000):04d}"}
        return {
            "channel": channel,
            "category": event.category.code,
            "condition": event.condition.code,
            "description": text,
            "place": self._place(channel, spot.lon, spot.lat),
            "reporter": reporter,
            "source": f"demo-{channel}",
        }

    def _place(self, channel: str, lon: float, lat: float) -> dict[str, Any]:
        """Return a point in the system the channel declares."""
        lon, lat = from_wgs84(lon, lat, crs=self.pack.channels[channel].crs)
        return {"lon": round(lon, 7), "lat": round(lat, 7)}

    def _address(self, spot: Spot) -> str:
        names = "".join(spot.name(level) for level in (Level.CITY, Level.DISTRICT, Level.STREET))
        return f"{names}{self.random.choice(self.day.spots)}"

    def _special(self, item: Item) -> Item:
        """Spoil the report as its life asks for."""
        area = {"area_code": item.spot.chain[-1].code}
        match item.life:
            case Life.NO_PLACE:
                return self._placed(item, {}, triage=area)
            case Life.WRONG_POINT | Life.NOT_OURS:
                wrong = self.random.choice(self.day.outside)
                place = self._place(item.body["channel"], wrong["lon"], wrong["lat"])
                return self._placed(item, place, triage=area)
            case Life.PLACEHOLDER:
                return self._on_placeholder(item, area)
            case Life.UNCLASSIFIED:
                return self._unclassified(item)
            case Life.DRILL:
                return replace(item, body={**item.body, "exercise": True})
            case Life.PROMPT:
                return self._often_vague(item)
        return item

    def _placed(self, item: Item, place: dict[str, Any], *, triage: dict[str, Any] | None = None) -> Item:
        return replace(item, body={**item.body, "place": place}, triage=triage or {})

    def _on_placeholder(self, item: Item, area: dict[str, Any]) -> Item:
        point = self.day.placeholder
        place = {"lon": point["lon"], "lat": point["lat"]}
        body = {
            **item.body,
            "channel": point["channel"],
            "source": f"demo-{point['channel']}",
            "place": place,
        }
        return replace(item, body=body, triage=area)

    def _unclassified(self, item: Item) -> Item:
        said = self.random.choice(self.day.unclassified)
        text = said["text"].format(spot=self.random.choice(self.day.spots))
        body = {**item.body, "description": text}
        del body["category"], body["condition"]
        return replace(item, body=body, triage={"category": said["category"], "condition": said["condition"]})

    def _often_vague(self, item: Item) -> Item:
        draw = self.random.random()
        if draw < BY_ADDRESS and item.visited:
            return self._placed(item, {"address": self._address(item.spot)})
        if draw > 1.0 - SWAPPED:
            place = item.body["place"]
            return self._placed(item, {"lon": place["lat"], "lat": place["lon"]})
        return item

    def _with_followers(self, item: Item, number: int) -> Item:
        if item.life is Life.CROWD:
            lives = [Life.COPY] * self.random.choice((1, 1, 2, 3))
        elif item.life is Life.NEIGHBOUR:
            lives = [(Life.ALIKE_SAME, Life.ALIKE_OTHER)[number % 2]]
        else:
            return item
        return replace(item, followers=tuple(self._follower(item, life) for life in lives))

    def _follower(self, first: Item, life: Life) -> Item:
        """Return a report of the same category within merging distance, or a little beyond it."""
        merge = self.pack.merge
        metres = merge.auto_m * 0.5 if life is Life.COPY else (merge.auto_m + merge.propose_m) / 2
        lon, lat = first.spot.moved(
            east_m=metres * self.random.choice((-0.7, 0.7)), north_m=metres * self.random.choice((-0.7, 0.7))
        )
        channel = self.random.choice(first.event.channels)
        body = self._body(first.event, channel, replace(first.spot, lon=lon, lat=lat))
        ends = FOLLOWERS[life] or (EVALUATED if body["reporter"].get("phone") else CLOSED,)
        return Item(
            key=f"{self.random.getrandbits(64):016x}", at=first.at, life=life, event=first.event,
            spot=replace(first.spot, lon=lon, lat=lat), body=body, ends=ends,
        )  # fmt: skip


def generate(*, pack: CityPack, day: DayData, spots: Spots, reports: int, seed: int) -> list[Item]:
    """Return a day's reports by time; ``reports`` counts the followers. ValueError when too few."""
    maker = Generator(pack=pack, day=day, spots=spots, random=random.Random(f"{seed}:day"))  # noqa: S311
    return maker.items(reports)


def with_followers(items: list[Item]) -> Iterator[Item]:
    """Yield every report, each followed by those that come because of it."""
    for item in items:
        yield item
        yield from item.followers


def occurred(item: Item, *, now_s: float, day: DayData) -> str:
    """Return when it happened, some minutes before it is reported at ``now_s``, as ISO 8601."""
    before = 30.0 if item.body["channel"] == "sensor" else 240.0
    return (day.begins + timedelta(seconds=now_s - before)).isoformat()


assert {script.life for script in SCRIPTS} | set(FOLLOWERS) == set(Life)  # noqa: S101 - none forgotten
