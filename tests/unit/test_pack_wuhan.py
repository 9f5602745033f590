"""The flagship pack is whole: catalogue, organisation tree, calendar, and no problem found in it."""

import re
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from domain.catalogue import CategoryKind
from domain.decision import RouteRequest
from domain.limit import Limit
from domain.org import Area
from domain.pack import COMMAND, PEER, CityPack
from domain.place import Level
from domain.policy import CheckRule
from domain.rota import gaps
from domain.unit import DutyHours, Unit
from routing import Event, RouteBook, adjust, build_book, decide
from routing.adjust import Adjusted
from store.pack import load
from usecases.check_pack import check, place_in

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


def test_the_catalogue_has_the_107_types_of_the_domain_report_and_warnings() -> None:
    kinds = Counter(category.kind for category in wuhan().catalogue.values())
    assert kinds == {
        CategoryKind.PART: 29,
        CategoryKind.EVENT: 40,
        CategoryKind.DEMAND: 17,
        CategoryKind.SENSOR: 22,
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


def test_every_severity_has_its_rulebook_and_only_the_first_reports_upward() -> None:
    books = {severity: policy.book for severity, policy in wuhan().severities.items()}
    assert all(books.values())
    assert [severity for severity, book in books.items() if book and book.emergency] == [1]
    urgent, normal = books[2], books[3]
    assert urgent is not None
    assert normal is not None
    pairs = [
        (str(getattr(urgent, name)), str(getattr(normal, name)))
        for name in ("verify", "task_sign_in", "extension", "supervision_reply", "appeal_review", "rectify")
    ]
    assert pairs == [
        ("30MIN", "4WH"), ("15MIN", "4WH"), ("2UH", "1WD"), ("4UH", "2WD"), ("3WD", "3WD"), ("15WD", "15WD")
    ]  # fmt: skip
    first = books[1]
    assert first is not None
    assert first.emergency is not None
    reports = (first.emergency.phone, first.emergency.written, first.emergency.follow_up)
    assert [str(limit) for limit in reports] == ["30MIN", "1UH", "2UH"]


def test_the_four_tags_of_e9_start_at_the_district_and_are_supervised() -> None:
    rules = {tag.rule.tag: tag.rule for tag in wuhan().tags}
    grave = {name for name, rule in rules.items() if rule.supervise and rule.floor is Level.DISTRICT}
    assert grave == {"leader_instruction", "media", "mass", "major_event"}
    assert [name for name, rule in rules.items() if rule.illegal] == ["illegal_act"]
    asked = {rule.tag for rule in wuhan().rules if rule.tag is not None}
    assert asked <= set(rules)


def test_illegal_building_may_go_in_stages_with_their_own_deadlines() -> None:
    staged = wuhan().catalogue["E0101"].condition("staged")
    assert [(one.code, str(one.limit)) for one in staged.milestones] == [
        ("stop", "4WH"),
        ("penalty", "7WD"),
        ("demolition", "20WD"),
    ]
    for category in wuhan().catalogue.values():
        for condition in category.conditions:
            assert all(re.search(r"[\u4e00-\u9fff]", one.name_zh) for one in condition.milestones)


@pytest.mark.parametrize(
    ("category", "tags", "day", "limit", "contact"),
    [
        ("H-WAT-01", ("summer",), "2026-07-01", "3WD", "2UH"),
        ("E0111", ("summer",), "2026-07-01", "3WD", "2UH"),
        ("E0110", ("summer",), "2026-07-01", "4WH", "2UH"),  # four working hours are faster already
        ("E0111", ("summer",), "2026-06-14", "5WD", "1WD"),
        ("E0111", ("summer",), "2026-09-15", "3WD", "2UH"),
        ("E0111", ("summer",), "2026-09-16", "5WD", "1WD"),
        ("E0111", (), "2026-07-01", "5WD", "1WD"),
        ("E0401", ("summer",), "2026-07-01", "2UH", "1WD"),
    ],
)
def test_the_summer_track_holds_in_its_season_by_its_tag(
    category: str, tags: tuple[str, ...], day: str, limit: str, contact: str
) -> None:
    found = adjusted(category, street="420102002000", tags=tags, day=day)
    assert (str(found.decision.limit), str(found.policy.stages.contact)) == (limit, contact)
    named = [reason.rule for reason in found.decision.reasons if reason.rule.startswith("overlay:")]
    assert named == (["overlay:summer-2026"] if contact == "2UH" else [])


@pytest.mark.parametrize(
    ("street", "category", "limit"),
    [
        ("420102002000", "E0111", "5WD"),
        ("420114001000", "E0111", "5WD"),
        ("420114200000", "E0111", "7.5WD"),
        ("420114200000", "P0101", "2UH"),
    ],
)
def test_only_the_townships_get_more_time_and_never_for_what_is_severe(
    street: str, category: str, limit: str
) -> None:
    assert str(adjusted(category, street=street, day="2026-06-01").decision.limit) == limit


def adjusted(category: str, *, street: str, day: str, tags: tuple[str, ...] = ()) -> Adjusted:
    at = datetime.fromisoformat(day).replace(hour=12, tzinfo=ZoneInfo("Asia/Shanghai"))
    area = wuhan().areas.get(street)
    assert area is not None
    place = place_in(area=area, pack=wuhan())
    decision = decide(request=RouteRequest(place=place, category=category, tags=tags), book=routes())
    return adjust(
        pack=wuhan(),
        decision=decision,
        event=Event(category=category, tags=tags, place=place, received_at=at),
    )


@cache
def routes() -> RouteBook:
    return build_book(wuhan())


def test_every_centre_of_command_has_somebody_by_name_in_the_next_ninety_days() -> None:
    starts = datetime(2026, 11, 22, tzinfo=UTC)
    names = {rota.name for rota in wuhan().rotas}
    assert names == {"4201-COMMAND", "COMMAND@district", "COMMAND@street"}
    for rota in wuhan().rotas:
        assert gaps(rota=rota, starts=starts, ends=starts + timedelta(days=90)) == ()


def test_the_checker_looks_ninety_days_ahead_from_any_day_of_the_year() -> None:
    for day in (date(2026, 1, 1), date(2026, 11, 22)):
        found = check(folder=WUHAN, today=day, geometry=False)
        assert {problem.code for problem in found} <= {"calendar_ends"}
        assert all(problem.warning for problem in found)


def test_the_peers_of_a_transfer_are_units() -> None:
    peers = {unit.code for unit in wuhan().tree.explicit if unit.kind == PEER}
    assert {"PEER-110", "PEER-119", "PEER-120", "PEER-122", "PEER-OTHER-CITY"} == peers
