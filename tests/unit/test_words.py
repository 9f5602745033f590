"""Every word of the pages has its Chinese, none is left over, and one word means one thing."""

import re

import pytest

from tests.words import SHARED, areas, catalogue, ids, kept, needed

VALUE = re.compile(r"%\((\w+)\)[sd]")


@pytest.mark.parametrize("area", [SHARED, *areas()])
def test_the_catalogue_has_what_its_area_says_and_nothing_else(area: str) -> None:
    assert kept(area) == needed(area), "python -m tests.words writes what is missing"


@pytest.mark.parametrize("area", [SHARED, *areas()])
def test_everything_is_translated_with_its_values(area: str) -> None:
    for message in catalogue(area):
        if not message.id:
            continue
        strings = [message.string] if isinstance(message.string, str) else list(message.string or ())
        wanted = set(VALUE.findall(message.id if isinstance(message.id, str) else message.id[-1]))
        assert all(strings), message.id
        assert not message.fuzzy, message.id
        assert all(set(VALUE.findall(string)) == wanted for string in strings), message.id


def test_one_word_has_one_translation_everywhere() -> None:
    found: dict[str, set[str]] = {}
    for area in [SHARED, *areas()]:
        for message in catalogue(area):
            if message.id:
                found.setdefault(str(message.id), set()).add(str(message.string))
    assert {word: strings for word, strings in found.items() if len(strings) > 1} == {}


def test_there_are_words_to_look_at() -> None:
    assert len(ids(SHARED)) > 30
