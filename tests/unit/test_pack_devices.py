"""devices.toml and alarms.toml: what is read, what is wrong with file and line, and Wuhan's own."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from domain.device import AlarmLimit, LevelDirection, Trip
from domain.hazard import GroupRule, Unanswered
from domain.pack import CityPack
from domain.place import Level
from domain.sensing import Watch, maker_says, observe
from store.pack import load
from tests.unit.builders import MONDAY
from tests.unit.small_pack import problems_of, write
from usecases.check_pack import check
from usecases.plan_changes import changes

WUHAN = Path(__file__).parents[2] / "cities" / "wuhan"

DEVICES = """\
[[profile]]
id = "depth"
name_zh = "水位计"
name_en = "Depth"
category = "E1"
hazard = "water"
metric = "depth"
unit = "cm"
lowest = 0
highest = 400
levels = 3
direction = "one_is_mildest"
heartbeat_min = 10
misses = 2

[[profile.limit]]
severity = 3
trip = "above"
value = 15
reset = 10
samples = 2
of = 3

[[profile.limit]]
severity = 1
trip = "above"
value = 27
reset = 24
hold_s = 60
condition = "deep"

[[profile]]
id = "pit"
name_zh = "坑"
name_en = "Pit"
category = "E2"
hazard = "water"
flaps = 0

[[profile.limit]]
severity = 2
trip = "below"
value = 1
reset = 2
"""

ALARMS = """\
[assessment]
within_min = 20
severity_2 = "escalate"

[device]
category = "E2"
condition = "wide"
critical_condition = "wide"
fault_after = 4

[[false_reason]]
code = "test"
zh = "测试"
en = "test"

[[inhibit]]
id = "out"
name_zh = "停电"
name_en = "Outage"
categories = ["E2"]
area = "district"

[[hazard]]
id = "plain"
name_zh = "一般"
name_en = "Plain"

[[hazard]]
id = "water"
name_zh = "积水"
name_en = "Water"
citizen_categories = ["E*"]
radius_m = 150

[hazard.group]
area = "street"
count = 3
wait_s = 20
category = "E1"
condition = "deep"
"""
SOUND = DEVICES.replace('id = "pit"', 'id = "pit"\nmetric = "depth"\nunit = "m"')


def pack_with(folder: Path, devices: str = SOUND, alarms: str = ALARMS) -> Path:
    write(folder)
    (folder / "devices.toml").write_text(devices, encoding="utf-8")
    (folder / "alarms.toml").write_text(alarms, encoding="utf-8")
    return folder


def found(folder: Path) -> list[tuple[str, int, str]]:
    return [
        (one.file, one.line, one.code)
        for one in problems_of(folder)
        if one.file in {"devices.toml", "alarms.toml"}
    ]


def line_of(text: str, wanted: str, nth: int = 1) -> int:
    lines = [number for number, line in enumerate(text.splitlines(), start=1) if line == wanted]
    return lines[nth - 1]


def test_what_is_read(tmp_path: Path) -> None:
    folder = pack_with(tmp_path)
    assert found(folder) == []
    pack = load(folder=folder)
    depth, pit = pack.profiles.values()
    assert depth.limits == (
        AlarmLimit(severity=3, trip=Trip.ABOVE, value=15, reset=10, samples=2, of=3),
        AlarmLimit(
            severity=1, trip=Trip.ABOVE, value=27, reset=24, hold=timedelta(minutes=1), condition="deep"
        ),
    )
    assert (depth.levels, depth.direction) == (3, LevelDirection.ONE_IS_MILDEST)
    assert (depth.heartbeat, depth.misses, depth.severity) == (timedelta(minutes=10), 2, 2)
    assert (pit.flaps, pit.severity, pit.heartbeat) == (0, 3, timedelta())
    assert (pit.limits[0].trip, pit.limits[0].reset) == (Trip.BELOW, 2)
    rules = pack.alarms
    assert rules.hazards["plain"].group is None
    assert rules.hazards["water"].radius_m == 150
    assert rules.hazards["water"].group == GroupRule(
        area=Level.STREET, count=3, wait=timedelta(seconds=20), category="E1", condition="deep"
    )
    assert rules.unanswered == {
        1: Unanswered.TRUE, 2: Unanswered.ESCALATE, 3: Unanswered.ESCALATE, 4: Unanswered.ESCALATE
    }  # fmt: skip
    assert (rules.assess_within, rules.fault_after) == (timedelta(minutes=20), 4)
    assert rules.fault_within == timedelta(days=7)
    assert rules.false_reasons == {"test": ("测试", "test")}
    assert [(one.id, one.area) for one in rules.inhibitions] == [("out", Level.DISTRICT)]


def test_a_pack_without_them_has_none(tmp_path: Path) -> None:
    pack = load(folder=write(tmp_path))
    assert pack.profiles == {}
    assert pack.alarms.hazards == {}


@pytest.mark.parametrize(
    ("old", "new", "line", "code"),
    [
        ("reset = 10", "reset = 16", "reset = 16", "reset_unsafe"),
        ("value = 1\nreset = 2", "value = 1\nreset = 0", "reset = 0", "reset_unsafe"),
        ("value = 27", "value = 427", "value = 427", "limit_never_trips"),
        ('trip = "below"\nvalue = 1', 'trip = "fall"\nvalue = 0', "value = 0", "wrong_value"),
        ("value = 15\nreset", "value = 30\nreset", "severity = 3", "limits_out_of_order"),
        ('direction = "one_is_mildest"\n', "", "levels = 3", "no_direction"),
        ('direction = "one_is_mildest"', 'direction = "up"', 'direction = "up"', "wrong_value"),
        ("severity = 1", "severity = 5", "severity = 5", "wrong_value"),
        ("samples = 2", "samples = 4", "samples = 4", "wrong_value"),
        ("of = 3", "of = 300", "of = 300", "wrong_value"),
        ("hold_s = 60", "hold = 60", "hold = 60", "unknown_key"),
        ("lowest = 0", "lowest = 500", "lowest = 500", "wrong_value"),
        ('unit = "cm"\n', "", "[[profile]]", "no_unit"),
        ('id = "pit"', 'id = "depth"', 'id = "depth"', "duplicate_profile"),
        ('category = "E1"', 'category = "E9"', 'id = "depth"', "unknown_category"),
        ('condition = "deep"', 'condition = "wide"', 'id = "depth"', "unknown_condition"),
        ('hazard = "water"', 'hazard = "fire"', 'id = "depth"', "unknown_hazard"),
        ("misses = 2", "misses = 0", "misses = 0", "wrong_value"),
    ],
)
def test_what_is_wrong_in_devices(tmp_path: Path, old: str, new: str, line: str, code: str) -> None:
    text = SOUND.replace(old, new, 1)
    at = len([1 for one in text.splitlines() if one == line]) if code == "duplicate_profile" else 1
    assert ("devices.toml", line_of(text, line, at), code) in found(pack_with(tmp_path, devices=text))


@pytest.mark.parametrize(
    ("old", "new", "line", "code"),
    [
        ('severity_2 = "escalate"', 'severity_1 = "escalate"', 'severity_1 = "escalate"', "not_fail_safe"),
        ('severity_2 = "escalate"', 'severity_2 = "wait"', 'severity_2 = "wait"', "wrong_value"),
        ("within_min = 20", "within = 20", "within = 20", "unknown_key"),
        ("fault_after = 4", "fault_after = 0", "fault_after = 0", "wrong_value"),
        ('area = "district"', 'area = "city"', 'area = "city"', "wrong_value"),
        ('categories = ["E2"]', 'categories = ["X*"]', 'id = "out"', "unknown_category"),
        ('citizen_categories = ["E*"]', 'citizen_categories = ["X1"]', 'id = "water"', "unknown_category"),
        ("radius_m = 150", "radius_m = -1", "radius_m = -1", "wrong_value"),
        ("count = 3", "count = 1", "count = 1", "wrong_value"),
        ("wait_s = 20", "wait = 20", "wait = 20", "unknown_key"),
        ("wait_s = 20", "interval_min = 90", "[hazard.group]", "wrong_value"),
        ('condition = "deep"', 'condition = "x"', 'id = "water"', "unknown_condition"),
        ('id = "plain"', 'id = "water"', 'id = "water"', "duplicate_hazard"),
    ],
)
def test_what_is_wrong_in_alarms(tmp_path: Path, old: str, new: str, line: str, code: str) -> None:
    text = ALARMS.replace(old, new, 1)
    at = 2 if code == "duplicate_hazard" else 1
    assert ("alarms.toml", line_of(text, line, at), code) in found(pack_with(tmp_path, alarms=text))


def test_what_is_missing_in_alarms(tmp_path: Path) -> None:
    assert {code for _, _, code in found(pack_with(tmp_path, alarms=""))} == {
        "unknown_hazard", "no_device_category"
    }  # fmt: skip
    hazards = ALARMS[ALARMS.index("[[hazard]]") :]
    assert ("alarms.toml", 1, "no_false_reason") in found(pack_with(tmp_path, alarms=hazards))


def test_a_plan_tells_what_changes_in_them(tmp_path: Path) -> None:
    before = load(folder=pack_with(tmp_path / "before"))
    devices = SOUND.replace("value = 27", "value = 30").replace("misses = 2", "misses = 4")
    alarms = ALARMS.replace("count = 3", "count = 6").replace("fault_after = 4", "fault_after = 2")
    alarms = alarms.replace('area = "district"', 'area = "street"').replace('"plain"', '"other"')
    after = load(folder=pack_with(tmp_path / "after", devices, alarms))
    told = changes(before=before, after=after)
    assert [(one.section, one.name, one.field) for one in told] == [
        ("profiles", "depth", "limits"),
        ("profiles", "depth", "misses"),
        ("hazards", "other", ""),
        ("hazards", "plain", ""),
        ("hazards", "water", "group.count"),
        ("inhibitions", "out", "area"),
        ("alarms", "", "fault_after"),
    ]
    assert "value=30" in str(told[0])
    assert str(told[4]) == "~ water group.count: 3 → 6"


@pytest.fixture(scope="module")
def wuhan() -> CityPack:
    return load(folder=WUHAN)


def test_wuhan_is_sound_and_every_sensor_category_has_a_device(wuhan: CityPack) -> None:
    wrong = check(folder=WUHAN, today=date(2026, 7, 1), geometry=False)
    assert [one for one in wrong if one.file in {"devices.toml", "alarms.toml"}] == []
    sensors = {code for code in wuhan.catalogue if code.startswith("S-")} - {"S-WRN-01"}  # official warnings
    assert {profile.category for profile in wuhan.profiles.values()} == sensors
    assert tuple(wuhan.alarms.false_reasons) == (
        "methane", "maintenance", "drift", "environment", "test", "unknown"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("profile", "level", "severity"),
    [
        ("gas-underground", 1, 2),  # GB/T 50493: the first level is the mild one
        ("gas-underground", 2, 1),
        ("bridge-response", 1, 3),
        ("bridge-response", 3, 1),  # 超限三级 is the worst
        ("smoke", 1, 1),
        ("video-ai", 0, None),
    ],
)
def test_wuhans_levels_point_the_right_way(
    wuhan: CityPack, profile: str, level: int, severity: int | None
) -> None:
    kind = wuhan.profiles[profile]
    watch, _ = maker_says(profile=kind, limits=kind.limits, watch=Watch(), at=MONDAY, level=level)
    assert watch.severity == severity


def test_water_of_15_and_27_centimetres(wuhan: CityPack) -> None:
    kind = wuhan.profiles["road-water"]
    watch = Watch()
    said: list[tuple[str, int | None, str | None, float | None]] = []
    for minute, depth in enumerate((3, 16, 17, 28, 23, 21, 12, 9)):
        at = MONDAY + timedelta(minutes=minute)
        watch, changed = observe(profile=kind, limits=kind.limits, watch=watch, at=at, value=depth)
        said += [(one.sense.value, one.severity, one.condition, one.value) for one in changed]
    assert said == [
        ("raised", 2, "depth_15", 17),
        ("worse", 1, "depth_27", 28),
        ("milder", 2, "depth_15", 21),
        ("back_in_band", None, None, 9),
    ]
