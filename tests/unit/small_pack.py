"""A small sound pack as text, for tests that break one thing in it and look at what is said."""

from datetime import date
from pathlib import Path

from domain.pack import PackProblem
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
duty = "always"

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
duty = "always"

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
