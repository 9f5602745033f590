"""Whom a commander reaches: nobody outside the area it runs, everybody inside it."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.instruction import InstructionRefused
from domain.org import Area, AreaTable, OrgTree, UnitTemplate, Zone
from domain.place import Level
from domain.reach import Selector, commanding_areas, reaches, select
from domain.unit import Unit
from store.pack import load
from tests.architecture.checkout import ROOT
from usecases import addressees
from usecases.addressees import Addressees, expand
from usecases.problems import BadRequest, ProblemCode

LEVELS = st.sampled_from(Level)


@pytest.fixture(scope="module")
def wuhan() -> OrgTree:
    """Return the flagship's tree: 13 districts, 3 zones, some 28,000 units."""
    return load(folder=Path(ROOT) / "cities" / "wuhan").tree


def test_districts_and_zones_share_out_the_city_without_overlap(wuhan: OrgTree) -> None:
    commanders = [u for u in wuhan.units() if u.kind == "COMMAND" and u.level is Level.DISTRICT]
    reached: Counter[str] = Counter()
    for commander in commanders:
        for level in Level:
            found = [u.code for u in select(tree=wuhan, commander=commander, selector=Selector(level=level))]
            assert len(found) == len(set(found))
            reached.update(found)
    below = {u.code for u in wuhan.units() if u.level >= Level.DISTRICT} - {u.code for u in commanders}
    assert set(reached.values()) == {1}, "no unit is instructed by two districts"
    assert set(reached) == below, "and none by nobody"


def test_a_zone_commands_what_it_runs_and_the_district_does_not(wuhan: OrgTree) -> None:
    zone, hannan = wuhan.get("ZONE-ETDZ-COMMAND"), wuhan.areas.get("420113")
    assert hannan is not None
    street = next(area for area in wuhan.areas.at(Level.STREET) if area.parent == hannan.code)
    unit = wuhan.get(f"{street.code}-COMMAND")
    assert reaches(tree=wuhan, commander=zone, unit=unit)
    inside = Selector(level=Level.STREET, kind="COMMAND", area=hannan.code)
    assert street.code in {u.area_code for u in select(tree=wuhan, commander=zone, selector=inside)}
    jiangan = wuhan.get("420102-COMMAND")
    assert not reaches(tree=wuhan, commander=jiangan, unit=unit)
    assert commanding_areas(tree=wuhan, unit=zone) == ("ZONE-ETDZ", "4201")


def test_nobody_instructs_upwards_or_itself(wuhan: OrgTree) -> None:
    city, district = wuhan.get("4201-COMMAND"), wuhan.get("420102-COMMAND")
    assert reaches(tree=wuhan, commander=city, unit=district)
    assert not reaches(tree=wuhan, commander=district, unit=city)
    assert not reaches(tree=wuhan, commander=city, unit=city)
    assert reaches(tree=wuhan, commander=district, unit=wuhan.get("420102-SANITATION"))
    assert not reaches(tree=wuhan, commander=district, unit=wuhan.get("420102-SANITATION"), below=True)


def test_a_higher_unit_that_sits_in_ones_area_is_not_instructed() -> None:
    table = AreaTable(
        areas=[
            Area(level=Level.CITY, code="w", name="市"),
            Area(level=Level.DISTRICT, code="w0", name="区", parent="w"),
        ]
    )
    district, bureau = (
        Unit(code=code, name_zh="x", name_en="x", kind="COMMAND", level=level, area_code="w0")
        for code, level in (("district", Level.DISTRICT), ("bureau", Level.CITY))
    )
    tree = OrgTree(areas=table, units=[district, bureau])
    assert not reaches(tree=tree, commander=district, unit=bureau)


def test_one_command_reaches_every_community_of_the_city(wuhan: OrgTree) -> None:
    to = Addressees(selectors=(Selector(level=Level.COMMUNITY, kind="COMMUNITY"),))
    found = expand(tree=wuhan, commander=wuhan.get("4201-COMMAND"), to=to)
    assert len(found) == len(wuhan.areas.at(Level.COMMUNITY))


@pytest.mark.parametrize(
    ("to", "code"),
    [
        (Addressees(), ProblemCode.NO_RECEIVERS),
        (Addressees(selectors=(Selector(level=Level.CITY),)), ProblemCode.NO_RECEIVERS),
        (Addressees(selectors=(Selector(level=Level.GRID),)), ProblemCode.TOO_MANY_RECEIVERS),
        (Addressees(units=("nobody",)), ProblemCode.UNKNOWN_UNIT),
        (Addressees(selectors=(Selector(level=Level.GRID, area="nowhere"),)), ProblemCode.UNKNOWN_AREA),
    ],
)
def test_what_means_nobody_or_too_many_is_refused(wuhan: OrgTree, to: Addressees, code: ProblemCode) -> None:
    commander = wuhan.get(
        "ZONE-EASTLAKE-SCENIC-COMMAND" if code is ProblemCode.NO_RECEIVERS else "4201-COMMAND"
    )
    with pytest.raises(BadRequest) as refused:
        expand(tree=wuhan, commander=commander, to=to)
    assert refused.value.finding.code is code


def test_a_unit_named_by_code_outside_ones_area_is_refused_not_dropped(wuhan: OrgTree) -> None:
    to = Addressees(units=("420102-SANITATION", "420103-SANITATION"))
    with pytest.raises(InstructionRefused) as refused:
        expand(tree=wuhan, commander=wuhan.get("420102-COMMAND"), to=to)
    assert refused.value.params["unit"] == "420103-SANITATION"


def test_a_unit_meant_twice_is_told_once(wuhan: OrgTree, monkeypatch: pytest.MonkeyPatch) -> None:
    commander = wuhan.get("420102-COMMAND")
    every = Selector(level=Level.STREET, kind="COMMAND")
    streets = [u.code for u in select(tree=wuhan, commander=commander, selector=every)]
    monkeypatch.setattr(addressees, "MOST_AT_ONCE", len(streets))
    to = Addressees(units=(streets[1], streets[0]), selectors=(every, every))
    found = [unit.code for unit in expand(tree=wuhan, commander=commander, to=to)]
    assert found[:2] == [streets[1], streets[0]]
    assert sorted(found) == sorted(streets)


@st.composite
def cities(draw: st.DrawFn) -> OrgTree:
    """Draw a small city: some streets are run by a zone, one district may be run by it altogether."""
    areas = [Area(level=Level.CITY, code="w", name="市")]
    for d in range(draw(st.integers(1, 3))):
        areas.append(Area(level=Level.DISTRICT, code=f"w{d}", name="区", parent="w"))
        for s in range(draw(st.integers(0, 3))):
            zone = draw(st.sampled_from([None, None, "Z"]))
            street = f"w{d}{s}"
            areas.append(Area(level=Level.STREET, code=street, name="街", parent=f"w{d}", zone=zone))
            areas.append(Area(level=Level.COMMUNITY, code=f"{street}c", name="社", parent=street, zone=zone))
            areas.append(Area(level=Level.GRID, code=f"{street}cg", name="格", parent=f"{street}c"))
    templates = [
        UnitTemplate(level=level, kind="COMMAND", code="{code}-" + level.name, name_zh="x", name_en="x")
        for level in Level
    ]
    run_by = {"w0": "Z"} if draw(st.booleans()) else {}
    command = Unit(
        code="Z-COMMAND",
        name_zh="x",
        name_en="x",
        kind="COMMAND",
        level=Level.DISTRICT,
        area_code="Z",
        zone=True,
    )
    table = AreaTable(areas=areas, zones=[Zone(code="Z", name="功能区")])
    return OrgTree(areas=table, units=[command], templates=templates, run_by=run_by)


def runner(tree: OrgTree, code: str) -> str | None:
    """Say by hand who runs an area at district level: its zone, the runner of its district, or that."""
    lineage = tree.areas.lineage(code)
    if not lineage:
        return "Z"
    zones = [area.zone for area in lineage if area.zone]
    districts = [area.code for area in lineage if area.level is Level.DISTRICT]
    return zones[0] if zones else tree.run_by.get(districts[0], districts[0]) if districts else None


@given(tree=cities(), level=LEVELS, data=st.data())
@settings(max_examples=150)
def test_whoever_is_reached_is_in_the_commanders_area_and_not_above(
    tree: OrgTree, level: Level, data: st.DataObject
) -> None:
    commanders = sorted((u for u in tree.units() if u.level <= Level.STREET), key=lambda u: u.code)
    commander = data.draw(st.sampled_from(commanders))
    found = list(select(tree=tree, commander=commander, selector=Selector(level=level)))
    for unit in tree.units():
        by_map = {area.code for area in tree.areas.lineage(unit.area_code)}
        mine = {
            Level.CITY: True,
            Level.DISTRICT: commander.area_code == runner(tree, unit.area_code),
            Level.STREET: commander.area_code in by_map,
        }[commander.level]
        told = mine and unit.level is level and level >= commander.level and unit.code != commander.code
        assert (unit in found) == told, (commander.code, unit.code)
