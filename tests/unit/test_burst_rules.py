"""Bursts as rules: what counts, within which stretch of time, and what is wrong in bursts.toml (E8)."""

import re
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.burst import BurstRule, densest
from domain.place import Level
from store.pack import ProblemBook, load
from store.pack.bursts import read_bursts
from store.pack.toml_lines import TomlFile
from tests.unit.small_pack import problems_of, write

START = datetime(2026, 7, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def minutes(*at: float) -> list[datetime]:
    return [START + one * MINUTE for one in at]


def rule(**changes: int) -> BurstRule:
    given_: dict[str, Any] = {"reports": 0, "alarms": 0} | changes
    return BurstRule(
        id="r",
        name_zh="积水",
        name_en="water",
        categories=("E05*",),
        parent_category="E0506",
        window=HOUR,
        **given_,
    )


@pytest.mark.parametrize(
    ("at", "most"),
    [((), 0), ((0,), 1), ((0, 60), 2), ((0, 60.1), 1), ((0, 30, 60, 90), 3), ((90, 0, 61, 60.5), 3)],
)
def test_the_fullest_stretch(at: tuple[float, ...], most: int) -> None:
    assert densest(minutes(*at), window=HOUR) == most


@given(st.lists(st.floats(0, 600), max_size=30), st.floats(1, 300))
def test_the_fullest_stretch_is_that_of_counting_from_every_start(at: list[float], window: float) -> None:
    instants, length = minutes(*at), window * MINUTE
    counted = [sum(first <= other <= first + length for other in instants) for first in instants]
    assert densest(instants, window=length) == max(counted, default=0)


def test_either_count_makes_a_burst_and_alarms_count_as_reports() -> None:
    both = rule(reports=4, alarms=2)
    assert not both.reached(reports=minutes(0, 1, 2), alarms=[])
    assert both.reached(reports=minutes(0, 1, 2), alarms=minutes(3))
    assert both.reached(reports=[], alarms=minutes(0, 59))
    assert not both.reached(reports=[], alarms=minutes(0, 61))
    assert not rule(alarms=2).reached(reports=minutes(*range(50)), alarms=minutes(1))
    assert not rule(reports=2).reached(reports=[], alarms=[])


def test_categories_are_codes_or_globs() -> None:
    assert rule().takes("E0506")
    assert not rule().takes("E0606")


GOOD = """
[[burst]]
id = "water"
name_zh = "积水"
name_en = "Water"
categories = ["E*"]
reports = 3
window_min = 30
parent_category = "E1"
"""


def test_a_pack_without_bursts_has_none_and_one_with_them_says_which(tmp_path: Path) -> None:
    assert load(folder=write(tmp_path)).bursts == ()
    (tmp_path / "bursts.toml").write_text(GOOD, encoding="utf-8")
    assert problems_of(tmp_path) == []
    (found,) = load(folder=tmp_path).bursts
    assert (found.reports, found.alarms, found.window, found.area, found.level) == (
        3, 0, timedelta(minutes=30), Level.STREET, Level.DISTRICT,
    )  # fmt: skip


def test_a_changed_burst_is_another_version_of_the_pack(tmp_path: Path) -> None:
    write(tmp_path)
    before = load(folder=tmp_path).version
    (tmp_path / "bursts.toml").write_text(GOOD, encoding="utf-8")
    assert load(folder=tmp_path).version != before


@pytest.mark.parametrize(
    ("wrong", "right", "code"),
    [
        ('categories = ["E*"]', "", "selects_nothing"),
        ("reports = 3", "reports = 1", "counts_nothing"),
        ("window_min = 30", "window_min = 0", "wrong_value"),
        ("window_min = 30", "window_min = 99999", "wrong_value"),
        ('parent_category = "E1"', 'parent_category = "X9"', "unknown_category"),
        ('parent_category = "E1"', 'parent_category = "E1"\nparent_condition = "no"', "unknown_condition"),
        ('categories = ["E*"]', 'categories = ["X*"]', "unknown_category"),
        ("reports = 3", 'reports = 3\narea = "grid"', "wrong_value"),
        ("reports = 3", 'reports = 3\nlevel = "street"', "wrong_value"),
        ("reports = 3", "reports = 3\nreport = 4", "unknown_key"),
    ],
)
def test_what_is_wrong_in_a_burst_is_said_at_its_line(
    tmp_path: Path, wrong: str, right: str, code: str
) -> None:
    write(tmp_path)
    (tmp_path / "bursts.toml").write_text(GOOD.replace(wrong, right), encoding="utf-8")
    found = problems_of(tmp_path)
    assert code in [problem.code for problem in found]
    assert {problem.file for problem in found} == {"bursts.toml"}


def test_a_burst_twice_is_a_mistake(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "bursts.toml").write_text(GOOD + GOOD, encoding="utf-8")
    assert [problem.code for problem in problems_of(tmp_path)] == ["duplicate_burst"]


def test_the_example_of_the_guide_is_read_as_it_stands() -> None:
    page = (Path(__file__).parents[2] / "docs" / "howto" / "rules.md").read_text(encoding="utf-8")
    (text,) = [
        one for one in re.findall(r"```toml\n(.*?)```", page, re.DOTALL) if one.startswith("[[burst]]")
    ]
    book = ProblemBook()
    file = TomlFile(name="rules.md", text=text, data=tomllib.loads(text))
    (found,) = read_bursts(file=file, book=book)
    assert book.problems == ()
    assert (found.reports, found.alarms, found.level) == (8, 3, Level.DISTRICT)
