"""Cases as points of a map: in scope, filtered, light, clustered where they are many; and who is given what."""

from dataclasses import replace

import pytest

from boot.settings import Settings
from domain.account import Grant, Post, Principal
from domain.place import Level
from domain.views import CaseFilter, Record
from store.engine import Store
from tests.integration.people_city import city_of
from tests.integration.signed_in_site import signed_in_site
from tests.integration.store_samples import NOW, case_no, view
from usecases import map_data
from usecases.city import City, Grounds
from usecases.place_search import chain_at, search, warm
from usecases.problems import BadRequest, ProblemCode

WUCHANG, JIANGAN = "420106", "420102"
SUPERVISOR = Principal(account="s", name="s", grants=(Grant(post=Post.CITY_SUPERVISOR, unit="4201-COMMAND"),))
LOCAL = Principal(
    account="d", name="d", grants=(Grant(post=Post.DISTRICT_SUPERVISOR, unit="420106-COMMAND"),)
)
KEEPER = Principal(account="k", name="k", grants=(Grant(post=Post.SYSTEM_ADMIN, unit="4201-COMMAND"),))
COUNT = 60


@pytest.fixture
def city(wuhan: Grounds, store: Store) -> City:
    """Sixty cases along a line, every second in 武昌区, every third grave; one without a point."""
    for n in range(COUNT):
        one = replace(
            view(n), epoch=1, seq=1, district=WUCHANG if n % 2 else JIANGAN, severity=1 if n % 3 == 0 else 3,
            lon=114.2 + n // 4 / 250, lat=30.5 + n // 4 / 250,
        )  # fmt: skip
        store.record(record=Record(view=one, facts=(), notices=()))
    lost = replace(view(COUNT), epoch=1, seq=1, lon=None, lat=None)
    store.record(record=Record(view=lost, facts=(), notices=()))
    return city_of(wuhan, store)


def test_points_are_those_in_scope_the_gravest_first(city: City) -> None:
    found = map_data.case_points(city=city, who=SUPERVISOR, where=CaseFilter())
    assert len(found.points) == COUNT, "what has no point is on no map"
    assert found.clusters == ()
    severities = [one.severity for one in found.points]
    assert severities == sorted(severities)
    mine = map_data.case_points(city=city, who=LOCAL, where=CaseFilter())
    assert {one.case_no for one in mine.points} == {case_no(n) for n in range(1, COUNT, 2)}
    grave = map_data.case_points(city=city, who=LOCAL, where=CaseFilter(severities=(1,)))
    assert {one.case_no for one in grave.points} == {case_no(n) for n in range(3, COUNT, 6)}
    with pytest.raises(BadRequest) as refused:
        map_data.case_points(city=city, who=KEEPER, where=CaseFilter())
    assert refused.value.finding.code is ProblemCode.NOT_PERMITTED


def test_what_is_late_is_what_the_list_calls_overdue(city: City) -> None:
    points = map_data.case_points(city=city, who=SUPERVISOR, where=CaseFilter()).points
    overdue = city.store.list_cases(where=CaseFilter(overdue_at=city.now()), limit=200, cursor=None).cases
    assert {one.case_no for one in points if one.late} == {
        one.case_no for one in overdue if one.lon is not None
    }


@pytest.mark.parametrize("box", [None, (114.1, 30.4, 114.4, 30.7)])
def test_too_many_come_as_clusters_and_none_is_lost(
    city: City, box: tuple[float, float, float, float] | None
) -> None:
    found = city.store.case_points(where=CaseFilter(box=box), now=NOW, most=20)
    assert found.points == ()
    assert 1 < len(found.clusters) < COUNT
    assert sum(one.count for one in found.clusters) == COUNT
    assert min(one.severity for one in found.clusters) == 1
    assert all(114.2 <= one.lon <= 114.26 and 30.5 <= one.lat <= 30.56 for one in found.clusters)


def test_one_spot_is_one_cluster(wuhan: Grounds, store: Store) -> None:
    for n in range(4):
        here = replace(view(n), epoch=1, seq=1, lon=114.3, lat=30.6)
        store.record(record=Record(view=here, facts=(), notices=()))
    found = city_of(wuhan, store).store.case_points(where=CaseFilter(), now=NOW, most=2)
    assert [(one.count, round(one.lon, 6)) for one in found.clusters] == [(4, 114.3)]


def test_outlines_are_given_as_fine_as_asked_and_no_finer(city: City) -> None:
    streets = map_data.area_file(city=city, level=Level.STREET)
    assert streets is map_data.area_file(city=city, level=Level.STREET), "drawn once"
    within = map_data.area_file(city=city, level=Level.GRID, within="420106001000")
    assert within.etag != streets.etag
    assert within.body.count(b'"Feature"') > 10
    for level, where in ((Level.GRID, None), (Level.COMMUNITY, None), (Level.STREET, "nowhere")):
        with pytest.raises(BadRequest) as refused:
            map_data.area_file(city=city, level=level, within=where)
        assert refused.value.finding.code is ProblemCode.UNKNOWN_AREA
    assert len(map_data.area_drawing(city=city).areas) == 13
    assert b"MultiLineString" in map_data.road_file(city=city).body


def test_a_place_is_found_and_a_point_has_its_chain(city: City) -> None:
    assert warm(city=city) > 23_000
    (found, *_) = search(city=city, text="lyl zdql")
    assert found.lon is not None
    assert found.lat is not None
    assert chain_at(city=city, lon=found.lon, lat=found.lat) == found.chain
    assert chain_at(city=city, lon=0.0, lat=0.0) == ()


async def test_map_data_is_for_whoever_is_signed_in(wuhan_settings: Settings, sqlite_url: str) -> None:
    outside = {"database_url": sqlite_url, "demo_mode": False, "public_url": "http://127.0.0.1:8000"}
    async with signed_in_site(wuhan_settings.model_copy(update=outside)) as town:
        person = town.session(town.hired(Grant(post=Post.OPERATOR, unit="4201-COMMAND")))
        keeper = town.session(town.hired(Grant(post=Post.SYSTEM_ADMIN, unit="4201-COMMAND")))
        for path, status in (
            ("/maps/areas/district.geojson", 200),
            ("/maps/areas/street.svg", 200),
            ("/maps/areas/grid.geojson?within=420106001000", 200),
            ("/maps/areas/grid.geojson", 422),
            ("/maps/areas/county.geojson", 422),
            ("/maps/roads.geojson", 200),
            ("/maps/cases.geojson?severity=1&severity=2&overdue=true&box=114,30,115,31", 200),
            ("/maps/cases.geojson?box=1.2.3,1,1,1", 422),
            ("/maps/at?lon=114.3&lat=30.55", 200),
            ("/maps/at?lon=nan&lat=30.55", 422),
            ("/maps/places?q=wcq", 200),
            ("/maps/places?q=%F0%9F%92%A5&lon=999", 422),
            ("/maps/components", 200),
        ):
            assert (await town.ask("GET", path, headers={})).refused, path
            assert (await town.ask("GET", path, headers=person)).status == status, path
        assert (await town.ask("GET", "/maps/cases.geojson", headers=keeper)).status == 403
        assert (await town.ask("GET", "/maps/places?q=wcq", headers=keeper)).status == 200
        etag = map_data.area_file(city=town.city, level=Level.DISTRICT).etag
        for known in (etag, f"W/{etag}"):
            again = {**person, "if-none-match": known}
            assert (await town.ask("GET", "/maps/areas/district.geojson", headers=again)).status == 304
