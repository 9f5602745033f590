"""The generated day: the same by seed, every life and channel in it, every point where it should be."""

from collections import Counter
from pathlib import Path

import pytest

from boot.demo.day import DayData, read_day
from boot.demo.generate import FEWEST, Item, generate, with_followers
from boot.demo.lives import LIVES
from boot.demo.places import APART_M, Spots, distance_m
from boot.demo.scripts import BY_LIFE, MERGED, Life
from domain.pack import CityPack
from domain.place import Level, LocateMethod, PlaceFlag, ReportedPlace
from geo.atlas import Atlas
from geo.publish import open_atlas, publish
from store.pack import load

WUHAN = Path(__file__).parents[2] / "cities" / "wuhan"
SEED = 20261122


@pytest.fixture(scope="module")
def pack() -> CityPack:
    return load(folder=WUHAN)


@pytest.fixture(scope="module")
def atlas(tmp_path_factory: pytest.TempPathFactory) -> Atlas:
    return open_atlas(publish(pack_folder=WUHAN, cache=tmp_path_factory.mktemp("atlas")))


@pytest.fixture(scope="module")
def day(pack: CityPack) -> DayData:
    return read_day(pack=pack, folder=WUHAN)


def made(pack: CityPack, atlas: Atlas, day: DayData, *, reports: int = 420, seed: int = SEED) -> list[Item]:
    spots = Spots(atlas=atlas, on=day.begins.date(), weights=day.districts, seed=seed)
    return generate(pack=pack, day=day, spots=spots, reports=reports, seed=seed)


@pytest.fixture(scope="module")
def items(pack: CityPack, atlas: Atlas, day: DayData) -> list[Item]:
    return made(pack, atlas, day)


def test_the_seed_decides_the_day(pack: CityPack, atlas: Atlas, day: DayData, items: list[Item]) -> None:
    assert made(pack, atlas, day) == items
    assert made(pack, atlas, day, seed=SEED + 1) != items


@pytest.mark.parametrize("reports", [FEWEST, 420])
def test_every_life_is_in_every_day(pack: CityPack, atlas: Atlas, day: DayData, reports: int) -> None:
    everything = list(with_followers(made(pack, atlas, day, reports=reports)))
    lives = Counter(item.life for item in everything)
    assert len(everything) == reports
    # Of two reports alike one is merged and one is filed: a day with a single such pair has only the first.
    expected = set(Life) if reports == 420 else set(Life) - {Life.ALIKE_OTHER}
    assert set(lives) == expected
    assert lives[Life.PROMPT] == max(lives.values())
    assert len({item.key for item in everything}) == reports


def test_too_small_a_day_is_refused(pack: CityPack, atlas: Atlas, day: DayData) -> None:
    with pytest.raises(ValueError, match="at least"):
        made(pack, atlas, day, reports=FEWEST - 1)


def test_every_life_can_be_played_and_judged() -> None:
    assert set(LIVES) == set(Life)
    assert {script.life for script in BY_LIFE.values()} <= set(Life)


def test_every_channel_reports(day: DayData, items: list[Item]) -> None:
    channels = Counter(item.body["channel"] for item in with_followers(items))
    assert set(channels) == set(day.channels)
    assert channels["hotline"] == max(channels.values())


def test_alerts_of_every_kind_come_in(items: list[Item]) -> None:
    sensors = {item.event.category.code[:5] for item in items if item.body["channel"] == "sensor"}
    assert {"S-GAS", "S-FLD", "S-DRN", "S-AIR", "S-FIR", "S-MHC"} <= sensors


def test_reports_come_by_time_within_the_day_and_its_windows(day: DayData, items: list[Item]) -> None:
    assert [item.at for item in items] == sorted(item.at for item in items)
    for item in items:
        assert 0 <= item.at < day.seconds
        if item.script.window is not None:
            first, last = (day.at(clock) for clock in item.script.window)
            assert first <= item.at < last


def test_mornings_and_evenings_are_busier_than_the_night(day: DayData, items: list[Item]) -> None:
    hours = Counter(int(item.at // 3600) + day.begins.hour for item in items)
    assert min(hours[8], hours[9], hours[17]) > max(hours[5], hours[22])


def test_points_lie_inside_their_grid_in_the_channel_s_own_system(
    pack: CityPack, atlas: Atlas, day: DayData, items: list[Item]
) -> None:
    vague = (Life.NO_PLACE, Life.WRONG_POINT, Life.NOT_OURS, Life.PLACEHOLDER)
    points = [
        item for item in with_followers(items) if item.life not in vague and "lon" in item.body["place"]
    ]
    assert len(points) > 350
    for item in points:
        place = atlas.locate(
            reported=ReportedPlace(**item.body["place"]),
            on=day.begins.date(),
            channel=pack.channels[item.body["channel"]],
        )
        assert place.method is LocateMethod.EXACT
        assert place.area(Level.GRID) == item.spot.chain[-1], item


def test_wrong_places_are_recognised_as_such(
    pack: CityPack, atlas: Atlas, day: DayData, items: list[Item]
) -> None:
    flags = {
        Life.WRONG_POINT: PlaceFlag.OUTSIDE_CITY,
        Life.NOT_OURS: PlaceFlag.OUTSIDE_CITY,
        Life.PLACEHOLDER: PlaceFlag.PLACEHOLDER_POINT,
        Life.NO_PLACE: PlaceFlag.NO_POINT,
    }
    wrong = [item for item in items if item.life in flags]
    assert {item.life for item in wrong} == set(flags)
    for item in wrong:
        place = atlas.locate(
            reported=ReportedPlace(**item.body["place"]),
            on=day.begins.date(),
            channel=pack.channels[item.body["channel"]],
            settings=pack.locate,
        )
        assert place.chain == ()
        assert flags[item.life] in place.flags


def test_some_axes_are_swapped_and_some_places_are_addresses(
    pack: CityPack, atlas: Atlas, day: DayData, items: list[Item]
) -> None:
    assert any(item.body["place"].get("lon", 180) < 50 for item in items)
    named = [item for item in items if "address" in item.body["place"]]
    assert len(named) > 5
    for item in named:
        place = atlas.locate(reported=ReportedPlace(**item.body["place"]), on=day.begins.date())
        assert place.area(Level.STREET) == next(a for a in item.spot.chain if a.level is Level.STREET)


def test_one_category_s_events_are_apart_unless_they_are_meant_to_be_the_same(items: list[Item]) -> None:
    for number, one in enumerate(items):
        for other in items[number + 1 :]:
            if one.event.category.code == other.event.category.code:
                assert distance_m(one.spot, other.spot) > APART_M


def test_followers_are_as_far_from_the_first_as_their_life_says(pack: CityPack, items: list[Item]) -> None:
    pairs = [(item, follower) for item in items for follower in item.followers]
    assert any(len(item.followers) > 1 for item in items)
    for item, follower in pairs:
        metres = distance_m(item.spot, follower.spot)
        assert follower.event is item.event
        if follower.life is Life.COPY:
            assert metres < pack.merge.auto_m
            assert follower.ends == (MERGED,)
        else:
            assert pack.merge.auto_m < metres < pack.merge.propose_m


def test_only_people_who_left_a_number_are_called_back(pack: CityPack, items: list[Item]) -> None:
    for item in items:
        if pack.channels[item.body["channel"]].kind in ("sensor", "patrol"):
            assert not item.visited
        if item.script.person:
            assert item.visited


def test_some_clients_send_twice(items: list[Item]) -> None:
    assert {item.repeat for item in items} == {"", "key", "source_no"}
