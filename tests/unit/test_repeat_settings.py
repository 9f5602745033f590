"""How a city says what it takes for a repetition (row 39): ``[repeat]`` of ``city.toml``."""

from pathlib import Path

import pytest

from domain.pack import RepeatSettings
from store.pack.city import read_city
from store.pack.problems import ProblemBook
from store.pack.toml_lines import read_toml
from tests.unit.small_pack import CITY


def settings_of(folder: Path, text: str) -> tuple[RepeatSettings, list[str]]:
    """Read a city with this text at its end; return the settings and the codes of what is wrong."""
    (folder / "city.toml").write_text(CITY + text, encoding="utf-8")
    book = ProblemBook()
    file = read_toml(folder=folder, name="city.toml", book=book)
    assert file is not None
    found = read_city(file=file, book=book).repeat
    return found, [problem.code for problem in book.problems]


def test_a_city_that_says_nothing_links_what_comes_again_near_by_within_half_a_month(tmp_path: Path) -> None:
    assert settings_of(tmp_path, "") == (RepeatSettings(metres=50.0, days=15), [])


def test_a_city_says_how_near_and_how_soon(tmp_path: Path) -> None:
    text = "\n[repeat]\nmetres = 30\ndays = 7\n"
    assert settings_of(tmp_path, text) == (RepeatSettings(metres=30.0, days=7), [])


@pytest.mark.parametrize(
    ("line", "code"),
    [("days = 1.5", "wrong_value"), ('metres = "far"', "wrong_value"), ("hours = 4", "unknown_key")],
)
def test_what_is_wrong_is_told(tmp_path: Path, line: str, code: str) -> None:
    _, codes = settings_of(tmp_path, f"\n[repeat]\n{line}\n")
    assert codes == [code]
