"""What is wrong in a pack is said at its file and line, in Chinese and English."""

import re
from datetime import date
from pathlib import Path

import pytest

from domain.pack import PackProblem
from domain.place import Level
from store.pack import UnableToLoadPack, load
from usecases.check_pack import check

CITY = """\
code = "small"
name_zh = "小城"
name_en = "Smallville"
timezone = "Asia/Shanghai"
version = "1"
bbox = [113.0, 30.0, 114.0, 31.0]
metric_epsg = 4547

[[zones]]
kind = "park"
categories = ["E*"]
precedence = 5
takes = [{ zone = "Z1", categories = ["E1"] }]

[channels.hotline]
crs = "CGCS2000"
kind = "hotline"
placeholder_points = [[113.5, 30.5]]
"""

AREAS = """\
level,code,name,name_en,parent,zone
city,1,小城,Smallville,,
zone,Z1,公园,Park,1,
district,11,东区,East,1,
street,111,东街,East Street,11,
community,1111,东社区,East Community,111,
grid,11111,东一格,East 1,1111,
street,112,园街,Park Street,11,Z1
community,1121,园社区,Park Community,112,Z1
grid,11211,园一格,Park 1,1121,Z1
"""

UNITS = """\
[[unit]]
code = "1-C"
name_zh = "市运管中心"
name_en = "City Centre"
kind = "COMMAND"
level = "city"
area_code = "1"
duty = "always"

[[unit]]
code = "11-C"
name_zh = "东区运管中心"
name_en = "East Centre"
kind = "COMMAND"
level = "district"
area_code = "11"
parent = "1-C"

[[unit]]
code = "11-R"
name_zh = "东区市政"
name_en = "East Roads"
kind = "ROADS"
level = "district"
area_code = "11"
parent = "11-C"
contacts = [{ channel = "email", address = "roads@example.invalid" }]

[[per_area]]
level = "street"
kind = "COMMAND"
code = "{code}-C"
name_zh = "{name}中心"
name_en = "{name_en} Centre"
parent = "{parent}-C"

[[per_area]]
level = "community"
kind = "COMMUNITY"
code = "{code}-M"
name_zh = "{name}"
name_en = "{name_en}"
parent = "{parent}-C"
duty_list = ["E1"]

[[per_area]]
level = "grid"
kind = "GRID"
code = "{code}-G"
name_zh = "{name}"
name_en = "{name_en}"
parent = "{parent}-M"
"""

CATEGORIES = """\
code,scheme,kind,name_zh,name_en,departments,level,severity,site_check,keywords,source,note
E1,own,event,积水,Water on road,ROADS,district,2,yes,积水,,
E2,own,event,坑洼,Pothole,ROADS,district,3,no,,,
"""

CONDITIONS = """\
category,code,name_zh,name_en,limit,closing_zh,closing_en,departments,milestones,source,note
E1,deep,深,Deep,2UH,排除,Drained,,on_site 30MIN,,
E2,wide,大,Wide,5WD,修复,Repaired,,,,
"""

ROUTING = """\
[[rule]]
id = "roads"
department = "ROADS"
lead = "dept:ROADS@district"

[[rule]]
id = "night"
category = "E1"
hours = "22:00-06:00"
channel = "hotline"
district = "11"
zone = "Z1"
condition = "deep"
severity_at_most = 2
lead = "unit:11-R"
co = ["dept:GRID@grid"]
limit = "1UH"
"""

STAGES = "\n".join(
    f'{name} = "1WD"'
    for name in (
        "triage",
        "sign_in",
        "return_request",
        "return_decision",
        "arbitration",
        "contact",
        "check",
        "rework",
        "visit_start",
        "visit",
        "retention",
    )
)
SEVERITY = """\
[[severity]]
severity = {n}
floor = "grid"
default_limit = "{n}WD"

[severity.stages]
{stages}

[severity.escalation]
remind_at = 0.5
raise_at = 1.5
returns = {n}
repeat = "1WD"

[severity.rulebook]
info_wait = "2WD"
verify = "4WH"
transfer = "30MIN"
task_sign_in = "4WH"
extension = "1WD"
rectify = "15WD"
appeal_file = "5WD"
appeal_review = "3WD"
supervision_reply = "2WD"
supervision_review = "1WD"
acknowledge = "4WH"
decide_up = "{n}WD"
extensions = {n}
suspend_days = 30
"""
EMERGENCY = """
[severity.rulebook.emergency]
phone = "30MIN"
written = "1UH"
follow_up = "2UH"
"""

TAGS = """\
[[tag]]
tag = "leader"
name_zh = "领导批示"
name_en = "Leader"
floor = "district"
supervise = true
aliases = ["批示"]
words_zh = ["市长批示"]
words_en = ["mayor"]

[[tag]]
tag = "rain"
name_zh = "暴雨"
name_en = "Rain"
"""

OVERLAYS = """\
[[overlay]]
id = "rainy-season"
name_zh = "汛期快办"
name_en = "Rainy season"
from = 2026-06-01
to = 2026-08-31
tags = ["rain"]
categories = ["E1"]
limit = "30MIN"
stages = { contact = "1UH", verify = "10MIN" }
"""

CLASSES = """\
[[class]]
name = "A"
name_zh = "一类"
name_en = "Class A"
factor = 0.5
areas = ["111"]
"""

ROTA = """\
[[rota]]
unit = "1-C"
since = 2026-01-05

[[rota.shift]]
name = "day"
hours = "08:00-20:00"
people = ["wang", "li"]
turn = "daily"

[[rota.shift]]
name = "night"
hours = "20:00-08:00"
people = ["zhao"]

[[rota.override]]
from = 2026-06-02T08:00:00
to = 2026-06-02T20:00:00
replaces = "wang"
by = "chen"

[[rota]]
kind = "COMMAND"
level = "street"

[[rota.shift]]
people = ["{unit}-1"]
"""

CALENDAR = """\
timezone = "Asia/Shanghai"
periods = ["08:30-12:00", "14:00-17:30"]
known_years = [2025, 2026]
holidays = [2026-01-01]
workdays = [2026-01-04]
"""

FILES = {
    "city.toml": CITY,
    "areas/areas.csv": AREAS,
    "units.toml": UNITS,
    "catalogue/categories.csv": CATEGORIES,
    "catalogue/conditions.csv": CONDITIONS,
    "routing.toml": ROUTING,
    "escalation.toml": "".join(
        SEVERITY.format(n=n, stages=STAGES) + (EMERGENCY if n == 1 else "") + "\n" for n in (1, 2, 3, 4)
    ),
    "calendar.toml": CALENDAR,
}
EXTRA = {
    "tags.toml": TAGS,
    "overlays.toml": OVERLAYS,
    "grid_classes.toml": CLASSES,
    "rota.toml": ROTA,
}
"""Files a pack may do without."""
EVERY = FILES | EXTRA


def write(folder: Path, **changes: str) -> Path:
    for name, text in EVERY.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(changes.get(name, text), encoding="utf-8")
    return folder


def problems_of(folder: Path) -> list[PackProblem]:
    return check(folder=folder, today=date(2026, 6, 1), geometry=False)


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
