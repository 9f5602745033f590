"""The examples of docs/howto/devices.md are read without a complaint, and are what Wuhan's catalogue knows."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.pack import CityPack
from store.pack import ProblemBook, load
from store.pack.alarms import read_alarms
from store.pack.csv_rows import read_rows
from store.pack.devices import read_profiles
from store.pack.fields import Fields
from store.pack.toml_lines import TomlFile
from usecases.device_file import COLUMNS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "howto" / "devices.md").read_text(encoding="utf-8")
TOML = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
CSV = re.findall(r"```csv\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture(scope="module")
def wuhan() -> CityPack:
    return load(folder=ROOT / "cities" / "wuhan")


def files() -> Iterator[TomlFile]:
    for text in TOML:
        yield TomlFile(name="devices.md", text=text, data=tomllib.loads(text))


def test_the_examples_are_read_as_they_stand(wuhan: CityPack) -> None:
    book = ProblemBook()
    devices, alarms = files()
    (profile,) = read_profiles(file=devices, catalogue=wuhan.catalogue, book=book).values()
    rules = read_alarms(file=alarms, book=book)
    assert book.problems == ()
    assert profile.hazard in rules.hazards
    conditions = {one.code for one in wuhan.catalogue[profile.category].conditions}
    assert {limit.condition for limit in profile.limits} <= conditions
    assert rules.device_category in wuhan.catalogue


def test_the_example_of_a_file_has_the_columns(tmp_path: Path) -> None:
    (text,) = CSV
    (tmp_path / "devices.csv").write_text(text, encoding="utf-8")
    book = ProblemBook()
    (row,) = read_rows(folder=tmp_path, name="devices.csv", columns=COLUMNS, book=book)
    assert isinstance(row, Fields)
    assert book.problems == ()
