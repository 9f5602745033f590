"""What is wrong in the rules a city writes as data is said at its file and line, in Chinese and English."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from domain.case import CaseState, Status
from domain.limit import Limit
from domain.place import Level
from domain.policy import Rulebook
from domain.rota import Turn
from domain.unit import DutyHours
from routing import build_book
from store.pack import load
from store.pack.overlays import STAGES
from tests.unit.small_pack import CONDITIONS, EVERY, EXTRA, ROTA, UNITS, problems_of, write
from usecases.check_pack import check, place_in
from usecases.check_rules import Ways, first_state, left_behind, played, samples, states_without_way, ways

NINE = datetime(2026, 6, 1, 1, tzinfo=UTC)
"""Nine in the morning of a Monday."""

# Each case: file, text to replace, replacement, the problem's code, and words its line holds.
BROKEN = [
    ("escalation.toml", 'verify = "4WH"', "", "missing_key", "[severity.rulebook]"),
    ("escalation.toml", 'verify = "4WH"', 'verify = "4 hours"', "unreadable_limit", "4 hours"),
    ("escalation.toml", 'verify = "4WH"', 'verify = "4WH"\nverfy = "1WH"', "unknown_key", "verfy"),
    ("escalation.toml", "suspend_days = 30", "suspend_days = 400", "wrong_value", "suspend_days"),
    ("escalation.toml", "extensions = 1", "extensions = -1", "wrong_value", "extensions = -1"),
    ("escalation.toml", "extensions = 1", "info_tries = 0", "wrong_value", "info_tries"),
    ("escalation.toml", "extensions = 1", "answered_visit_share = 1.5", "wrong_value", "answered_visit_share"),
    ("escalation.toml", "extensions = 1", 'contact = "maybe"', "wrong_value", "contact"),
    ("escalation.toml", 'phone = "30MIN"', "", "missing_key", "[severity.rulebook.emergency]"),
    ("escalation.toml", 'phone = "30MIN"', 'phone = "soon"', "unreadable_limit", "phone"),
    ("catalogue/conditions.csv", "on_site 30MIN", "on_site", "unreadable_limit", "on_site"),
    ("catalogue/conditions.csv", "on_site 30MIN", "a 1UH; a 2UH", "duplicate_milestone", "Deep"),
    ("tags.toml", 'tag = "rain"', 'tag = "leader"', "duplicate_tag", 'tag = "leader"'),
    ("tags.toml", 'tag = "rain"', 'tag = "批示"', "duplicate_tag", 'tag = "批示"'),
    ("tags.toml", 'name_en = "Rain"', 'name_en = "Rain"\nwords_zh = ["市长批示"]', "duplicate_word", "words_zh"),
    ("tags.toml", 'words_en = ["mayor"]', 'words_en = ["mayor", " "]', "wrong_value", "words_en"),
    ("tags.toml", 'floor = "district"', 'floor = "moon"', "wrong_value", "floor"),
    ("tags.toml", "supervise = true", 'supervise = "perhaps"', "wrong_value", "supervise"),
    ("tags.toml", "supervise", "supervize", "unknown_key", "supervize"),
    ("tags.toml", "[[tag]]", "[[tags]]", "unknown_key", "[[tag"),
    ("tags.toml", 'tag = "leader"', 'tag = "leader', "not_toml", "leader"),
    ("overlays.toml", 'tags = ["rain"]', 'tags = ["snow"]', "unknown_tag", "id ="),
    ("overlays.toml", 'categories = ["E1"]', 'categories = ["X*"]', "unknown_category", "id ="),
    ("overlays.toml", "to = 2026-08-31", "to = 2026-05-31", "ends_before_start", "to ="),
    ("overlays.toml", "to = 2026-08-31", 'to = "2026-08-31"', "wrong_value", "to ="),
    ("overlays.toml", "to = 2026-08-31", "", "missing_key", "[[overlay]]"),
    ("overlays.toml", 'limit = "30MIN"', 'limit = "quick"', "unreadable_limit", "limit"),
    ("overlays.toml", "contact =", "kontakt =", "unknown_stage", "stages"),
    ("overlays.toml", "{ contact", '{ triage = "soon", contact', "unreadable_limit", "stages"),
    ("overlays.toml", 'stages = { contact = "1UH", verify = "10MIN" }', "stages = 3", "wrong_value", "stages"),
    ("overlays.toml", 'tags = ["rain"]\ncategories = ["E1"]', "", "selects_nothing", "[[overlay]]"),
    ("overlays.toml", 'limit = "30MIN"', "limits = 3", "unknown_key", "limits"),
    ("grid_classes.toml", "factor = 0.5", "factor = 0", "wrong_value", "factor"),
    ("grid_classes.toml", "factor = 0.5", "", "missing_key", "[[class]]"),
    ("grid_classes.toml", '"111"', '"9*"', "unknown_area", "name ="),
    ("grid_classes.toml", 'areas = ["111"]', "", "selects_nothing", "[[class]]"),
    ("grid_classes.toml", "factor", "faktor", "unknown_key", "faktor"),
    ("rota.toml", 'unit = "1-C"', 'unit = "9-C"', "unknown_unit", "[[rota]]"),
    ("rota.toml", 'unit = "1-C"', "", "rota_of_nobody", "[[rota]]"),
    ("rota.toml", 'kind = "COMMAND"', 'kind = "COMMANDO"', "unknown_unit", "[[rota]]"),
    ("rota.toml", 'kind = "COMMAND"\nlevel = "street"', 'unit = "1-C"', "duplicate_rota", 'unit = "1-C"'),
    ("rota.toml", "20:00-08:00", "19:00-08:00", "shifts_overlap", "[[rota.shift]]"),
    ("rota.toml", "20:00-08:00", "21:00-08:00", "rota_gap", "[[rota]]"),
    ("rota.toml", "20:00-08:00", "8 to 8", "bad_hours", "hours"),
    ("rota.toml", 'turn = "daily"', 'handoff = "8"', "bad_hours", "handoff"),
    ("rota.toml", 'turn = "daily"', 'turn = "monthly"', "wrong_value", "turn"),
    ("rota.toml", 'turn = "daily"', "days = [0]", "wrong_value", "days"),
    ("rota.toml", 'turn = "daily"', "handoff_day = 8", "wrong_value", "handoff_day"),
    ("rota.toml", "since = 2026-01-05", "", "missing_key", "[[rota.shift]]"),
    ("rota.toml", "since = 2026-01-05", 'since = "Monday"', "wrong_value", "since"),
    ("rota.toml", 'people = ["zhao"]', "", "shift_without_people", "[[rota.shift]]"),
    ("rota.toml", 'people = ["zhao"]', 'people = [""]', "shift_without_people", "people"),
    ("rota.toml", 'people = ["zhao"]', "people = [7]", "wrong_value", "people"),
    ("rota.toml", 'by = "chen"', "", "rota_gap", "[[rota]]"),
    ("rota.toml", "2026-06-02T20:00:00", "2026-06-01", "ends_before_start", "to ="),
    ("rota.toml", 'replaces = "wang"', 'replace = "wang"', "unknown_key", "replace ="),
    ("rota.toml", "[[rota.shift]]\npeople", "[[rota.shifts]]\npeople", "rota_without_shift", "[[rota]]"),
    ("routing.toml", 'condition = "deep"', 'condition = "deep"\ntag = "批示"', "tag_alias", 'id = "night"'),
    ("units.toml", 'duty_list = ["E1"]', 'duty_list = ["E1"]\nduty = "rota"', "no_rota", "[[per_area]]"),
    ("units.toml", "contacts = [{ channel", 'duty = "rota"\ncontacts = [{ channel', "no_rota", "11-R"),
    ("units.toml", 'area_code = "1"\nduty = "always"', 'area_code = "1"', "level_away_at_night", "1-C"),
]  # fmt: skip


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
    assert not found[0].warning
    assert re.search(r"[\u4e00-\u9fff]", found[0].zh)
    assert re.search(r"[A-Za-z]{2}", found[0].en)


@pytest.mark.parametrize("file", sorted(EXTRA))
def test_a_pack_does_without_the_files_of_further_rules(tmp_path: Path, file: str) -> None:
    folder = write(tmp_path)
    (folder / file).unlink()
    codes = {(problem.code, problem.warning) for problem in problems_of(folder)}
    assert codes == ({("unknown_tag", False)} if file == "tags.toml" else set())
    load(folder=folder)


@pytest.mark.parametrize("file", sorted(EXTRA))
def test_every_file_of_rules_is_in_the_packs_version(tmp_path: Path, file: str) -> None:
    folder = write(tmp_path)
    before = load(folder=folder).version
    (folder / file).write_text(EXTRA[file] + "# changed\n", encoding="utf-8")
    assert load(folder=folder).version != before


def test_a_severity_without_a_rulebook_is_used_and_warned_about(tmp_path: Path) -> None:
    text = EVERY["escalation.toml"]
    first = text[: text.index("[severity.rulebook]")]
    rest = text[text.index("[[severity]]", 10) :]
    folder = write(tmp_path, **{"escalation.toml": first + rest})
    assert [(p.code, p.line, p.warning) for p in problems_of(folder)] == [
        ("no_rulebook", 1, True),
        ("overlay_without_rulebook", 2, True),
    ]
    pack = load(folder=folder)
    assert pack.severities[1].book is None
    assert pack.severities[2].book is not None


def test_the_rulebook_is_what_was_written(tmp_path: Path) -> None:
    pack = load(folder=write(tmp_path))
    books = [pack.severities[severity].book for severity in (1, 2, 3, 4)]
    assert all(isinstance(book, Rulebook) for book in books)
    assert [str(book.decide_up) for book in books if book] == ["1WD", "2WD", "3WD", "4WD"]
    assert [book.extensions for book in books if book] == [1, 2, 3, 4]
    assert [book.emergency is not None for book in books if book] == [True, False, False, False]


def test_the_other_rules_are_what_was_written(tmp_path: Path) -> None:
    pack = load(folder=write(tmp_path))
    assert [(tag.rule.tag, tag.rule.floor, tag.rule.supervise) for tag in pack.tags] == [
        ("leader", Level.DISTRICT, True),
        ("rain", Level.GRID, False),
    ]
    assert pack.tags[0].words == ("市长批示", "mayor")
    season = pack.overlays[0]
    assert (season.starts, season.ends) == (
        datetime(2026, 5, 31, 16, tzinfo=UTC),
        datetime(2026, 8, 31, 16, tzinfo=UTC),
    )
    assert season.stages == (("contact", Limit.parse("1UH")), ("verify", Limit.parse("10MIN")))
    assert pack.grid_classes[0].areas == ("111",)
    deep = pack.catalogue["E1"].conditions[0]
    assert [(one.code, one.name_zh, str(one.limit)) for one in deep.milestones] == [
        ("on_site", "on_site", "30MIN")
    ]


def test_the_rotas_are_what_was_written(tmp_path: Path) -> None:
    city, streets = load(folder=write(tmp_path)).rotas
    assert [(one.name, one.hours, one.people, one.turn) for one in city.shifts] == [
        ("day", (480, 1200), ("wang", "li"), Turn.DAILY),
        ("night", (1200, 480), ("zhao",), Turn.WEEKLY),
    ]
    assert (city.shifts[0].handoff, city.shifts[1].handoff) == (480, 1200)
    assert (streets.name, streets.shifts[0].hours) == ("COMMAND@street", (0, 1440))


def test_an_overlay_may_set_every_limit_there_is() -> None:
    assert {"contact", "sign_in", "retention", "verify", "supervision_reply"} <= set(STAGES)
    assert len(set(STAGES)) == len(STAGES)


def test_milestones_may_have_names(tmp_path: Path) -> None:
    text = EVERY["catalogue/conditions.csv"].replace(
        "on_site 30MIN", "stop 4WH 责令停止|Work stopped; penalty 7WD 处罚"
    )
    deep = load(folder=write(tmp_path, **{"catalogue/conditions.csv": text})).catalogue["E1"].conditions[0]
    assert [(one.code, one.name_zh, one.name_en) for one in deep.milestones] == [
        ("stop", "责令停止", "Work stopped"),
        ("penalty", "处罚", "处罚"),
    ]


def test_hours_kept_by_a_rota_are_no_gap_but_somebody_missing_from_them_is_told(tmp_path: Path) -> None:
    units = UNITS.replace("contacts = [{ channel", 'duty = "rota"\ncontacts = [{ channel')
    hours = '\n[[rota]]\nunit = "11-R"\n\n[[rota.shift]]\nhours = "08:00-18:00"\npeople = ["sun"]\n'
    away = "\n[[rota.override]]\nfrom = 2026-06-03\nto = 2026-06-03\n"
    kept = write(tmp_path / "kept", **{"units.toml": units, "rota.toml": ROTA + hours})
    assert problems_of(kept) == []
    assert load(folder=kept).tree.get("11-R").duty is DutyHours.ROTA
    missing = write(tmp_path / "missing", **{"units.toml": units, "rota.toml": ROTA + hours + away})
    assert [(p.file, p.code, p.warning) for p in problems_of(missing)] == [("rota.toml", "rota_gap", True)]


def test_the_ninety_days_begin_with_the_day_that_is_asked_about(tmp_path: Path) -> None:
    folder = write(tmp_path, **{"rota.toml": ROTA.replace('by = "chen"\n', "")})
    for day, found in ((date(2026, 3, 1), []), (date(2026, 4, 1), ["rota_gap"]), (date(2026, 6, 3), [])):
        assert [p.code for p in check(folder=folder, today=day, geometry=False)] == found


@pytest.mark.parametrize(
    ("file", "old", "new", "code"),
    [
        ("routing.toml", 'condition = "deep"', 'condition = "deep"\ntag = "queue-7"', "unknown_tag"),
        ("catalogue/conditions.csv", "on_site 30MIN", "on_site 3UH", "milestone_after_limit"),
    ],
)
def test_what_may_be_meant_is_only_warned_about(
    tmp_path: Path, file: str, old: str, new: str, code: str
) -> None:
    found = problems_of(write(tmp_path, **{file: EVERY[file].replace(old, new)}))
    assert [(p.file, p.code, p.warning) for p in found] == [(file, code, True)]
    assert found[0].line > 1


def test_a_district_that_keeps_working_hours_is_warned_about(tmp_path: Path) -> None:
    units = UNITS.replace('parent = "1-C"\nduty = "always"', 'parent = "1-C"')
    found = problems_of(write(tmp_path, **{"units.toml": units}))
    assert [(p.code, p.warning) for p in found] == [("level_away_at_night", True)]
    assert "11-C" in found[0].en


def test_every_state_of_the_table_can_be_left_and_is_not_left_to_itself() -> None:
    assert list(states_without_way(ways())) == []
    assert {one.status for one in ways()} == set(Status)


def test_a_state_without_exit_or_escalation_is_named() -> None:
    stuck = Ways(status=Status.HANDLING, out=False, by_engine=False, up=True)
    alone = Ways(status=Status.CHECKING, out=True, by_engine=False, up=False)
    ended = replace(stuck, status=Status.ARCHIVED)
    found = [(code, en) for code, _, en in states_without_way((stuck, alone, ended))]
    assert [code for code, _ in found] == ["state_without_exit", "state_without_escalation"]
    assert "handling" in found[0][1]


def first(folder: Path, *, severity: int) -> CaseState:
    pack = load(folder=folder)
    places = tuple(place_in(area=area, pack=pack) for area in pack.areas.at(Level.STREET))
    sample = next(samples(pack=pack, places=places, severity=severity))
    return first_state(pack=pack, routes=build_book(pack), sample=sample, start=NINE)


def test_a_case_that_would_not_reach_the_city_in_ninety_days_is_named(tmp_path: Path) -> None:
    slow = EVERY["escalation.toml"].replace('sign_in = "1WD"', 'sign_in = "60WD"')
    limits = CONDITIONS.replace("2UH", "200UD").replace("5WD", "200UD")
    files = {"escalation.toml": slow, "catalogue/conditions.csv": limits, "overlays.toml": ""}
    found = problems_of(write(tmp_path, **files))
    assert {p.code for p in found} == {"city_not_reached"}
    lines = slow.splitlines()
    assert [lines[p.line].partition(" = ")[2] for p in found] == ["1", "2", "3", "4"]


@pytest.mark.parametrize("severity", [1, 2, 3, 4])
def test_cases_are_left_behind_in_every_state_of_handling(tmp_path: Path, severity: int) -> None:
    start = first(write(tmp_path), severity=severity)
    reached = {state.status for state in left_behind(start)}
    assert start.status is Status.DISPATCHED
    assert {Status.ACCEPTED, Status.HANDLING} <= reached
    assert reached & {Status.FEEDBACK, Status.CHECKING}
    # With one return allowed (severity 1 here) the first goes to arbitration.
    assert (Status.ARBITRATION if severity == 1 else Status.RETURN_REQUESTED) in reached
    for state in (start, *left_behind(start)):
        assert list(played(state, until=NINE + timedelta(days=90), first=state is start)) == []


def test_a_case_that_falls_asleep_is_named(tmp_path: Path) -> None:
    asleep = replace(first(write(tmp_path), severity=3), deadlines=())
    codes = [code for code, _, _ in played(asleep, until=NINE + timedelta(days=90), first=False)]
    assert codes == ["case_falls_asleep"]
