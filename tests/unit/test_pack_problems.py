"""What is wrong in a pack is said at its file and line, in Chinese and English."""

import re
from datetime import date
from pathlib import Path

import pytest

from domain.place import Level
from store.pack import UnableToLoadPack, load
from tests.unit.small_pack import CONDITIONS, EVERY, FILES, ROUTING, UNITS, problems_of, write
from usecases.check_pack import check


def test_the_small_pack_is_sound(tmp_path: Path) -> None:
    assert [str(problem) for problem in problems_of(write(tmp_path))] == []


def test_the_small_pack_is_what_was_written(tmp_path: Path) -> None:
    pack = load(folder=write(tmp_path))
    assert pack.city.name_zh == "小城"
    assert pack.channels["hotline"].placeholder_points == ((113.5, 30.5),)
    assert pack.zones["park"].takes(zone="Z1", category="E1")
    assert not pack.zones["park"].takes(zone="Z1", category="E2")
    night = pack.rules[1]
    assert (night.hours, str(night.lead), str(night.limit)) == ((1320, 360), "unit:11-R", "1UH")
    assert pack.tree.get("11211-G").level is Level.GRID
    assert pack.severities[3].escalation.returns == 3
    assert pack.severities[3].escalation.warn_at == 0.8


# Each case: file, text to replace, replacement, the problem's code, and words its line holds.
BROKEN = [
    ("city.toml", 'timezone = "Asia/Shanghai"', 'timezone = "Asia/Wuhan"', "unknown_timezone", "timezone"),
    ("city.toml", "[113.0, 30.0, 114.0, 31.0]", "[114.0, 30.0, 113.0, 31.0]", "wrong_value", "bbox"),
    ("city.toml", 'crs = "CGCS2000"', 'crs = "WGS72"', "wrong_value", "crs ="),
    ("city.toml", 'kind = "hotline"', 'kind = "pigeon"', "wrong_value", 'kind = "pigeon"'),
    ("city.toml", "[[113.5, 30.5]]", "[113.5, 30.5]", "wrong_value", "placeholder_points"),
    ("city.toml", 'categories = ["E*"]', 'categories = ["X*"]', "unknown_category", "[[zones]]"),
    ("city.toml", 'zone = "Z1"', 'zone = "Z9"', "unknown_zone", "[[zones]]"),
    ("city.toml", 'version = "1"', "version = 1", "wrong_value", "version"),
    ("city.toml", 'version = "1"', 'version = "../../1"', "wrong_value", "version"),
    ("city.toml", 'version = "1"', 'version = "一"', "wrong_value", "version"),
    ("city.toml", 'name_zh = "小城"', "", "missing_key", "code = "),
    ("city.toml", 'code = "small"', 'code = "small', "not_toml", "code = "),
    (
        "areas/areas.csv",
        "grid,11111,东一格,East 1,1111,",
        "grid,11111,东一格,East 1,1",
        "wrong_columns",
        "11111",
    ),
    ("areas/areas.csv", "street,112,园街", "street,111,园街", "duplicate_area", "园街"),
    ("areas/areas.csv", "East 1,1111,", "East 1,9999,", "unknown_parent", "9999"),
    ("areas/areas.csv", "Park 1,1121,Z1", "Park 1,1121,Z7", "unknown_zone", "Z7"),
    ("areas/areas.csv", "community,1111", "hamlet,1111", "unknown_level", "hamlet"),
    ("units.toml", 'parent = "1-C"', 'parent = "9-C"', "unknown_parent_unit", 'code = "11-C"'),
    ("units.toml", 'parent = "1-C"', 'parent = "11-R"', "unit_cycle", 'code = "11-C"'),
    ("units.toml", 'parent = "1-C"', "", "outside_tree", 'code = "11-C"'),
    (
        "units.toml",
        'area_code = "11"\nparent = "11-C"',
        'area_code = "12"\nparent = "11-C"',
        "unknown_area",
        "11-R",
    ),
    ("units.toml", 'code = "11-R"', 'code = "11-C"', "duplicate_unit", 'code = "11-C"'),
    ("units.toml", 'kind = "ROADS"', 'kind = "COMMAND"', "double_duty", 'code = "11-R"'),
    ("units.toml", 'duty = "always"', 'duty = "sometimes"', "wrong_value", "sometimes"),
    ("units.toml", 'duty = "always"', 'dutty = "always"', "unknown_key", "dutty"),
    ("units.toml", 'channel = "email"', 'channel = "fax"', "wrong_value", "fax"),
    ("units.toml", 'duty_list = ["E1"]', 'duty_list = ["E7"]', "unknown_category", "[[per_area]]"),
    ("units.toml", 'code = "{code}-G"', 'code = "{name}-G"', "bad_template", "{name}-G"),
    ("units.toml", 'name_zh = "{name}中心"', 'name_zh = "{nmae}"', "bad_template", '"{code}-C"'),
    ("units.toml", 'parent = "{parent}-M"', 'parent = "{parent}-X"', "unknown_parent_unit", "[[per_area]]"),
    ("catalogue/categories.csv", "district,3,no", "district,5,no", "wrong_value", "E2"),
    ("catalogue/categories.csv", "坑洼,Pothole,ROADS", "坑洼,Pothole,PAINTERS", "unknown_department", "E2"),
    ("catalogue/categories.csv", "坑洼,Pothole,ROADS", "坑洼,Pothole,", "missing_department", "E2"),
    ("catalogue/categories.csv", "E2,own,event", "E1,own,event", "duplicate_category", "Pothole"),
    ("catalogue/categories.csv", "district,3,no", "district,3,perhaps", "wrong_value", "E2"),
    ("catalogue/categories.csv", ",severity,", ",urgency,", "missing_column", "code,"),
    ("catalogue/conditions.csv", "5WD", "5 weeks", "unreadable_limit", "weeks"),
    ("catalogue/conditions.csv", "5WD", "", "missing_limit", "Wide"),
    ("catalogue/conditions.csv", "on_site 30MIN", "on_site soon", "unreadable_limit", "soon"),
    ("catalogue/conditions.csv", "E2,wide", "E9,wide", "unknown_category", "E9"),
    ("catalogue/conditions.csv", "E2,wide", "E1,deep", "duplicate_condition", "Wide"),
    ("catalogue/conditions.csv", "Repaired,,", "Repaired,PAINTERS,", "unknown_department", "PAINTERS"),
    ("routing.toml", 'id = "night"', 'id = "roads"', "duplicate_rule", 'id = "roads"'),
    ("routing.toml", 'category = "E1"', 'category = "E7"', "unknown_category", 'id = "night"'),
    ("routing.toml", 'condition = "deep"', 'condition = "wide"', "unknown_condition", 'id = "night"'),
    ("routing.toml", "22:00-06:00", "22:00-25:00", "bad_hours", "hours"),
    ("routing.toml", 'channel = "hotline"', 'channel = "fax"', "unknown_channel", 'id = "night"'),
    ("routing.toml", 'district = "11"', 'district = "111"', "unknown_area", 'id = "night"'),
    ("routing.toml", 'zone = "Z1"', 'street = "111"\ncommunity = "1121"', "areas_exclude", 'id = "night"'),
    ("routing.toml", 'zone = "Z1"', 'zone = "Z2"', "unknown_zone", 'id = "night"'),
    ("routing.toml", "severity_at_most = 2", "severity_at_most = 7", "wrong_value", 'id = "night"'),
    ("routing.toml", '"unit:11-R"', '"unit:11-X"', "unknown_unit", 'id = "night"'),
    ("routing.toml", '"unit:11-R"', '"11-R"', "bad_selector", "lead"),
    ("routing.toml", '"dept:GRID@grid"', '"dept:GRID@block"', "bad_selector", "co ="),
    ("routing.toml", '"dept:GRID@grid"', '"dept:PAINTERS@grid"', "unknown_department", 'id = "night"'),
    ("routing.toml", 'lead = "unit:11-R"', "", "missing_key", "[[rule]]"),
    ("routing.toml", 'limit = "1UH"', 'limit = "1 hour"', "unreadable_limit", "limit"),
    ("routing.toml", "channel =", "chanel =", "unknown_key", "chanel"),
    ("escalation.toml", "severity = 3", "severity = 5", "missing_severity", "[[severity]]"),
    ("escalation.toml", 'default_limit = "3WD"', "", "missing_key", "[[severity]]"),
    ("escalation.toml", "returns = 2", "returns = 0", "wrong_value", "returns = 0"),
    ("escalation.toml", "returns = 2", "remind_at = 2.0", "not_toml", "remind_at = 2.0"),
    ("calendar.toml", '"14:00-17:30"', '"11:00-17:30"', "bad_periods", "periods"),
    ("calendar.toml", "holidays = [2026-01-01]", "holidays = [2027-01-01]", "unknown_year", "known_years"),
    ("calendar.toml", "workdays = [2026-01-04]", "workdays = [2026-01-05]", "not_a_makeup", "workdays"),
    ("calendar.toml", "workdays = [2026-01-04]", "workdays = [2026-01-01]", "day_twice", "workdays"),
    ("calendar.toml", "[2025, 2026]", "[2024, 2026]", "calendar_gap", "known_years"),
]


@pytest.mark.parametrize("case", BROKEN, ids=lambda case: f"{case[0]}-{case[3]}")
def test_a_mistake_is_named_at_its_line(tmp_path: Path, case: tuple[str, str, str, str, str]) -> None:
    file, old, new, code, line = case
    assert old in EVERY[file]
    text = EVERY[file].replace(old, new, 1)
    found = [problem for problem in problems_of(write(tmp_path, **{file: text})) if problem.code == code]
    assert found
    lines = text.splitlines()
    named = [lines[problem.line - 1] for problem in found if problem.file == file and problem.line]
    assert any(line in text for text in named), [str(problem) for problem in found]
    assert re.search(r"[\u4e00-\u9fff]", found[0].zh)
    assert re.search(r"[A-Za-z]{2}", found[0].en)


@pytest.mark.parametrize("file", sorted(FILES))
def test_a_missing_file_is_named(tmp_path: Path, file: str) -> None:
    folder = write(tmp_path)
    (folder / file).unlink()
    assert (file, "missing_file") in {(problem.file, problem.code) for problem in problems_of(folder)}
    with pytest.raises(UnableToLoadPack, match="missing"):
        load(folder=folder)


def test_a_file_in_another_encoding_is_named(tmp_path: Path) -> None:
    folder = write(tmp_path)
    (folder / "routing.toml").write_bytes('note = "规则"'.encode("gb18030"))
    assert ("routing.toml", "unreadable_file") in {(p.file, p.code) for p in problems_of(folder)}


def test_a_rule_that_can_never_win_is_named_with_the_winner(tmp_path: Path) -> None:
    twin = '\n[[rule]]\nid = "zz-roads"\ndepartment = "ROADS"\nlead = "dept:ROADS@district"\n'
    found = problems_of(write(tmp_path, **{"routing.toml": ROUTING + twin}))
    assert [(p.code, p.line) for p in found] == [("rule_never_wins", ROUTING.count("\n") + 3)]
    assert "'roads'" in found[0].en


def test_a_category_without_an_owner_is_named_with_an_area(tmp_path: Path) -> None:
    only = ROUTING.replace('department = "ROADS"', 'category = "E1"')
    found = problems_of(write(tmp_path, **{"routing.toml": only}))
    assert [(p.file, p.line, p.code) for p in found] == [("catalogue/conditions.csv", 3, "locality_fallback")]
    assert "E2/wide" in found[0].en
    assert "111" in found[0].en


def test_levels_without_a_unit_or_duty_are_named(tmp_path: Path) -> None:
    lazy = UNITS.replace('parent = "{parent}-M"', 'parent = "{parent}-M"\nduty = "none"')
    assert {p.code for p in problems_of(write(tmp_path, **{"units.toml": lazy}))} == {"level_without_duty"}
    none = UNITS[: UNITS.rindex("[[per_area]]")]
    codes = {p.code for p in problems_of(write(tmp_path, **{"units.toml": none}))}
    assert codes == {"level_without_unit", "unknown_department"}


@pytest.mark.parametrize(
    ("today", "codes"),
    [
        (date(2026, 6, 1), []),
        (date(2026, 11, 20), [("calendar_ends", True)]),
        (date(2027, 1, 1), [("calendar_ended", False)]),
    ],
)
def test_a_calendar_that_ends_is_told_in_time(
    tmp_path: Path, today: date, codes: list[tuple[str, bool]]
) -> None:
    found = check(folder=write(tmp_path), today=today, geometry=False)
    assert [(problem.code, problem.warning) for problem in found] == codes


def test_a_category_without_condition_gets_its_severitys_default_limit(tmp_path: Path) -> None:
    pack = load(
        folder=write(tmp_path, **{"catalogue/conditions.csv": CONDITIONS.replace("E2,wide", "E1,wide")})
    )
    assert str(pack.catalogue["E2"].conditions[0].limit) == "3WD"


def test_a_pack_with_errors_is_not_loaded(tmp_path: Path) -> None:
    bad = ROUTING.replace('"1UH"', '"soon"')
    with pytest.raises(UnableToLoadPack) as refusal:
        load(folder=write(tmp_path, **{"routing.toml": bad}))
    assert [problem.code for problem in refusal.value.problems] == ["unreadable_limit"]
