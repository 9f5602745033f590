"""The flagship pack is whole: catalogue, organisation tree, calendar, and no problem found in it."""

import re
from collections import Counter
from datetime import date
from functools import cache
from pathlib import Path

import pytest

from domain.catalogue import CategoryKind
from domain.limit import Limit
from domain.org import Area
from domain.pack import COMMAND, CityPack
from domain.place import Level
from domain.policy import CheckRule
from domain.unit import DutyHours, Unit
from store.pack import load
from usecases.check_pack import check

WUHAN = Path(__file__).parents[2] / "cities" / "wuhan"
ZONES = {"ZONE-ETDZ", "ZONE-EASTLAKE-HT", "ZONE-EASTLAKE-SCENIC"}


@cache
def wuhan() -> CityPack:
    return load(folder=WUHAN)


@cache
def all_units() -> tuple[Unit, ...]:
    return tuple(wuhan().tree.units())


def test_the_pack_has_no_problem_but_warnings_about_the_real_district_outlines() -> None:
    found = check(folder=WUHAN, today=date(2026, 6, 1))
    assert [str(problem) for problem in found if not problem.warning] == []
    assert {problem.file for problem in found} <= {"areas/districts.geojson"}


def test_the_catalogue_has_its_107_types() -> None:
    kinds = Counter(category.kind for category in wuhan().catalogue.values())
    assert kinds == {
        CategoryKind.PART: 29,
        CategoryKind.EVENT: 40,
        CategoryKind.DEMAND: 17,
        CategoryKind.SENSOR: 21,
    }


def test_every_filing_condition_has_words_in_both_languages() -> None:
    for category in wuhan().catalogue.values():
        for condition in category.conditions:
            assert re.search(r"[\u4e00-\u9fff]", condition.name_zh), (category.code, condition.code)
            assert re.search(r"[A-Za-z]{3}", condition.name_en), (category.code, condition.code)
            assert condition.closing_zh
            assert condition.closing_en


@pytest.mark.parametrize(
    ("category", "limits"),
    [
        ("P0101", ["2UH", "4WH", "2WD", "5WD"]),
        ("P0305", ["1WD", "3WD", "4WH"]),
        ("E0101", ["2UD", "15WD", "20WD"]),
        ("H-WAT-01", ["3WD"]),
        ("S-FLD-01", ["30MIN", "10MIN"]),
        ("S-GAS-01", ["1UH", "1UH"]),
    ],
)
def test_conditions_carry_the_limits_of_the_reference(category: str, limits: list[str]) -> None:
    assert [str(condition.limit) for condition in wuhan().catalogue[category].conditions] == limits


def test_departments_follow_the_condition_where_the_subject_has_two_owners() -> None:
    cable = wuhan().catalogue["E0508"]
    leads = {c.code: wuhan().departments(category=cable, condition=c.code)[0] for c in cable.conditions}
    assert leads == {"power": "POWER_UTILITY", "telecom": "TELECOM", "live": "POWER_UTILITY"}


def test_fifteen_districts_have_every_department_of_the_catalogue() -> None:
    pack = wuhan()
    wanted = {
        kind
        for category in pack.catalogue.values()
        for condition in category.conditions
        for kind in pack.departments(category=category, condition=condition.code)
    } - {"STREET", "COMMUNITY", "PROPERTY", "GRID"}
    running = [area.code for area in pack.areas.at(Level.DISTRICT) if area.code != "420113"]
    assert len(running) == 12
    for area_code in (*running, *ZONES):
        kinds = {unit.kind for unit in all_units() if unit.area_code == area_code}
        assert wanted <= kinds, area_code


def test_hannan_has_no_units_of_its_own_and_is_run_by_the_zone() -> None:
    tree = wuhan().tree
    assert not [unit for unit in tree.explicit if unit.area_code == "420113"]
    acting = tree.responsible(kind="CIVIL_AFFAIRS", level=Level.DISTRICT, area_code="420113")
    assert acting is not None
    assert acting.area_code == "ZONE-ETDZ"


def test_the_tree_reaches_every_grid() -> None:
    at = Counter((unit.level, unit.kind) for unit in all_units())
    areas = wuhan().areas
    assert at[Level.STREET, COMMAND] == len(areas.at(Level.STREET)) == 193
    assert at[Level.COMMUNITY, "COMMUNITY"] == len(areas.at(Level.COMMUNITY)) == 3495
    assert at[Level.GRID, "GRID"] == len(areas.at(Level.GRID)) > 19_000


def test_unit_codes_are_unique_and_lead_back_to_their_unit() -> None:
    codes = [unit.code for unit in all_units()]
    assert len(codes) == len(set(codes))
    for unit in all_units()[::97]:
        assert wuhan().tree.get(unit.code) == unit


def test_a_grid_in_a_zone_leads_up_to_the_zone_and_not_to_the_civil_district() -> None:
    tree, areas = wuhan().tree, wuhan().areas
    grid = next(a for a in areas.at(Level.GRID) if areas.lineage(a.code)[2].code == "420111080000")
    levels = [unit.code for unit in tree.parents(f"{grid.code}-GRID")]
    assert levels[1:] == ["420111080000-COMMAND", "ZONE-EASTLAKE-HT-COMMAND", "4201-COMMAND"]


def test_zones_run_their_own_streets_only() -> None:
    def street_of(area: Area) -> Area:
        return next(a for a in wuhan().areas.lineage(area.code) if a.level == Level.STREET)

    runs = Counter(street.zone for street in wuhan().areas.at(Level.STREET) if street.zone)
    assert runs == {"ZONE-ETDZ": 7, "ZONE-EASTLAKE-HT": 8, "ZONE-EASTLAKE-SCENIC": 2}
    for grid in wuhan().areas.at(Level.GRID)[::53]:
        assert grid.zone == street_of(grid).zone


def test_contacts_are_clearly_synthetic() -> None:
    for unit in all_units()[::31]:
        mails = [contact.address for contact in unit.contacts if contact.channel == "email"]
        assert mails
        assert all(mail.endswith("@wuhan.example.invalid") for mail in mails)
        assert any(contact.channel == "in_app" for contact in unit.contacts)


def test_commanders_of_city_district_and_street_are_always_on_duty() -> None:
    command = [unit for unit in all_units() if unit.kind == COMMAND]
    assert {unit.duty for unit in command} == {DutyHours.ALWAYS}


def test_severity_decides_floor_and_stage_limits() -> None:
    severities = wuhan().severities
    floors = {severity: policy.escalation.floor for severity, policy in severities.items()}
    assert floors == {1: Level.DISTRICT, 2: Level.STREET, 3: Level.GRID, 4: Level.GRID}
    assert [str(severities[s].default_limit) for s in (1, 2, 3, 4)] == ["24UH", "24UH", "7ND", "15ND"]
    assert severities[2].stages.sign_in == Limit.parse("15MIN")
    assert severities[4].stages.sign_in == Limit.parse("4WH")
    assert wuhan().check is CheckRule.SEVERE


def test_the_calendar_holds_the_state_councils_days() -> None:
    calendar = wuhan().calendar
    assert calendar.known_years == (2025, 2026)
    assert calendar.periods == ((510, 720), (840, 1050))
    assert date(2026, 2, 14) in calendar.workdays
    assert {date(2026, 2, 15), date(2026, 2, 23)} <= calendar.holidays
    assert (len(calendar.holidays), len(calendar.workdays)) == (28 + 33, 5 + 6)


def test_reading_twice_gives_the_same_version_and_a_change_another(tmp_path: Path) -> None:
    assert load(folder=WUHAN).version == wuhan().version
    copy = tmp_path / "wuhan"
    copy.mkdir()
    for file in (*WUHAN.glob("*.toml"), *WUHAN.glob("*.csv")):
        (copy / file.name).write_bytes(file.read_bytes())
    for folder in ("catalogue", "areas"):
        (copy / folder).mkdir()
        for file in (WUHAN / folder).glob("*.csv"):
            (copy / folder / file.name).write_bytes(file.read_bytes())
    assert load(folder=copy).version == wuhan().version
    text = (copy / "escalation.toml").read_text(encoding="utf-8")
    (copy / "escalation.toml").write_text(text.replace('"15MIN"', '"16MIN"'), encoding="utf-8")
    assert load(folder=copy).version != wuhan().version
