"""An event with a radius in the flagship city: whose it is, and who commands it (E7)."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest

from boot.settings import Settings
from boot.wiring import grounds_of
from domain.begin import begin
from domain.case import CaseState
from domain.place import Level, ReportedPlace
from domain.report import NewReport
from geo.span import touched
from usecases.city import Grounds
from usecases.governors import districts_and_streets, governor
from usecases.place_and_owner import Answer, Question, answer
from usecases.start_case import begin_with

AT = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)
DAY = AT.date()
CATEGORY = "E0110"


@pytest.fixture(scope="module")
def wuhan(tmp_path_factory: pytest.TempPathFactory) -> Grounds:
    return grounds_of(Settings(data_dir=tmp_path_factory.mktemp("span")))


def asked(
    wuhan: Grounds, point: tuple[float, float], radius_m: float | None, category: str = CATEGORY
) -> Answer:
    place = ReportedPlace(lon=point[0], lat=point[1], radius_m=radius_m)
    return answer(
        grounds=wuhan, question=Question(reported=place, channel="console", category=category, at=AT)
    )


def border(wuhan: Grounds, level: Level) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return two points some ten metres apart, on both sides of a border of this level and no higher one."""
    for lat in (30.55, 30.57, 30.59, 30.61, 30.63):
        line = [(114.2 + 0.0001 * n, lat) for n in range(2000)]
        for here, there in pairwise(line):
            chains = [wuhan.atlas.chain_at(*point, on=DAY) for point in (here, there)]
            if any(len(chain) < 3 for chain in chains):
                continue
            codes = [{area.level: area.code for area in chain} for chain in chains]
            zoned = any(wuhan.atlas.edition(DAY).zones_at(*point) for point in (here, there))
            same_above = all(codes[0][one] == codes[1][one] for one in Level if one < level)
            if same_above and codes[0][level] != codes[1][level] and not zoned:
                return here, there
    raise AssertionError(f"no border of {level.name} found")


def further_in(point: tuple[float, float], other: tuple[float, float], steps: float) -> tuple[float, float]:
    """Return a point away from the border, on the side of ``point``."""
    return point[0] + (point[0] - other[0]) * steps, point[1]


def begun(wuhan: Grounds, found: Answer, point: tuple[float, float]) -> CaseState:
    report = NewReport(
        case_no="20261118-0000-0001",
        report_no="20261118-0000-0001",
        source="console",
        channel="console",
        category=CATEGORY,
        description="x",
        reported=ReportedPlace(lon=point[0], lat=point[1]),
        occurred_at=AT,
        received_at=AT,
    )
    return begin(begin_with(grounds=wuhan, report=report, found=found, at=AT)).state


def test_a_point_and_a_small_circle_are_as_before(wuhan: Grounds) -> None:
    here, there = border(wuhan, Level.STREET)
    inside = further_in(here, there, 15)
    point, none = asked(wuhan, inside, None), asked(wuhan, inside, 0.0)
    assert (point.span, point.floor) == ((), None)
    assert point == none
    small = asked(wuhan, inside, 20.0)
    assert (small.place.chain, small.span, small.floor) == (point.place.chain, (), None)
    assert small.decision == point.decision


def test_over_a_streets_border_the_district_commands_and_the_larger_part_leads(wuhan: Grounds) -> None:
    here, there = border(wuhan, Level.STREET)
    for point in (further_in(here, there, 2), further_in(there, here, 2)):
        alone, wide = asked(wuhan, point, None), asked(wuhan, point, 60.0)
        assert wide.place.area(Level.STREET) == alone.place.area(Level.STREET)
        assert (wide.floor, len(wide.span)) == (Level.DISTRICT, 1)
        assert [reason.rule for reason in wide.decision.reasons][-1] == "E7"
        state = begun(wuhan, wide, point)
        assert state.level == Level.DISTRICT
        assert state.owner == wide.decision.lead == alone.decision.lead
        assert state.span == wide.span


def test_over_a_districts_border_the_city_commands(wuhan: Grounds) -> None:
    here, there = border(wuhan, Level.DISTRICT)
    wide = asked(wuhan, further_in(here, there, 2), 60.0)
    assert wide.floor is Level.CITY
    other = wuhan.atlas.chain_at(*there, on=DAY)
    assert {area.code for area in other if area.level in (Level.DISTRICT, Level.STREET)} <= set(wide.span)


def test_a_point_near_a_border_goes_where_most_of_the_circle_lies(wuhan: Grounds) -> None:
    for lon in range(140, 300):
        point = (114.0 + 0.002 * lon, 30.585)
        found = asked(wuhan, point, 1500.0)
        street = asked(wuhan, point, None).place.area(Level.STREET)
        leading = found.place.area(Level.STREET)
        if street is not None and leading is not None and street != leading:
            break
    else:
        raise AssertionError("no such point")
    streets = touched(
        atlas=wuhan.atlas, lon=point[0], lat=point[1], radius_m=1500.0, on=DAY, level=Level.STREET
    )
    by_district: dict[str | None, float] = {}
    for one in streets:
        above = governor(pack=wuhan.pack, area=one.area.code)
        by_district[above] = by_district.get(above, 0.0) + one.share
    leads = governor(pack=wuhan.pack, area=leading.code)
    assert by_district[leads] == max(by_district.values())
    ours = [one for one in streets if governor(pack=wuhan.pack, area=one.area.code) == leads]
    assert ours[0].area.code == leading.code
    assert (found.place.lon, found.place.lat) == point, "the point stays what was reported"
    assert street.code in found.span


def test_a_functional_zone_counts_as_a_district(wuhan: Grounds) -> None:
    zoned = next(area for area in wuhan.pack.areas.at(Level.STREET) if area.zone is not None)
    civil = next(
        area
        for area in wuhan.pack.areas.at(Level.STREET)
        if area.parent == zoned.parent and area.zone is None
    )
    districts, streets = districts_and_streets(pack=wuhan.pack, areas=(zoned.code, civil.code))
    assert districts == (zoned.zone, civil.parent)
    assert streets == (zoned.code, civil.code)
    assert districts_and_streets(pack=wuhan.pack, areas=(zoned.zone or "",)) == ((zoned.zone,), ())


def test_an_area_chosen_by_hand_stays(wuhan: Grounds) -> None:
    here, there = border(wuhan, Level.STREET)
    chosen = wuhan.atlas.chain_at(*there, on=DAY)[2]
    place = ReportedPlace(lon=here[0], lat=here[1], radius_m=60.0, area_code=chosen.code)
    question = Question(reported=place, channel="console", category=CATEGORY, at=AT)
    found = answer(grounds=wuhan, question=question)
    assert found.place.area(Level.STREET) == chosen
    assert found.floor is Level.DISTRICT
