"""Messages are for ever: what a city wrote last year must load tomorrow.

Each sample fills every field, so that a field that changes its name or its meaning on the
wire shows here. Files under ``v1/`` are never rewritten.
"""

import json
from dataclasses import MISSING, Field, fields
from typing import Any

import pytest
from pydantic import TypeAdapter

from domain.messages import COMMANDS, Message, TimePassed
from tests.unit.golden.files import HERE, path_of, plain
from tests.unit.golden.samples import samples

SAMPLES = samples()
FROZEN = sorted((HERE / "v1").glob("*.json"))
MESSAGE: TypeAdapter[Message] = TypeAdapter(Message)


FREE = ("data", "context")
"""Fields of a fact and a notice that take any key: a stranger is none in them."""


def with_strangers(value: Any) -> Any:
    """Add a field nobody knows to every object, as a newer version might."""
    if isinstance(value, dict):
        known = {key: one if key in FREE else with_strangers(one) for key, one in value.items()}
        return known | {"from_the_future": {"x": [1]}}
    if isinstance(value, list):
        return [with_strangers(one) for one in value]
    return value


def keeps(now: Any, then: Any) -> bool:
    """Tell whether everything written then is still said now."""
    if isinstance(then, dict):
        return isinstance(now, dict) and all(key in now and keeps(now[key], then[key]) for key in then)
    if isinstance(then, list):
        return isinstance(now, list) and len(now) == len(then) and all(map(keeps, now, then))
    return type(now) is type(then) and bool(now == then)


def default_of(field: Field[Any]) -> Any:
    if field.default is not MISSING:
        return field.default
    return field.default_factory() if field.default_factory is not MISSING else MISSING


def test_everything_that_crosses_a_process_has_a_sample() -> None:
    assert {*COMMANDS, "time_passed", "begin", "case_state", "fact", "notice", "record"} == set(SAMPLES)
    assert {path.stem for path in HERE.glob("*.json")} == set(SAMPLES)
    assert {path.stem for path in FROZEN} <= set(SAMPLES)


@pytest.mark.parametrize("name", [name for name in SAMPLES if name not in ("time_passed", "record")])
def test_a_sample_fills_every_field(name: str) -> None:
    sample: Any = SAMPLES[name]
    empty = [
        field.name
        for field in fields(sample)
        if field.name != "kind" and getattr(sample, field.name) in (default_of(field), None, "", ())
    ]
    assert empty == []


@pytest.mark.parametrize("name", SAMPLES)
def test_the_golden_file_is_what_we_write_and_loads_as_what_we_meant(name: str) -> None:
    sample, text = SAMPLES[name], path_of(name).read_text(encoding="utf-8")

    assert json.loads(text) == plain(sample), "changed on the wire: python -m tests.unit.golden, and say why"
    assert TypeAdapter(type(sample)).validate_json(text) == sample


@pytest.mark.parametrize("name", [*COMMANDS, "time_passed"])
def test_a_command_is_recognised_among_all_others(name: str) -> None:
    loaded = MESSAGE.validate_json(path_of(name).read_text(encoding="utf-8"))

    assert type(loaded) is (TimePassed if name == "time_passed" else COMMANDS[name])
    assert loaded == SAMPLES[name]


@pytest.mark.parametrize("path", FROZEN, ids=lambda path: path.stem)
def test_what_was_written_long_ago_loads_and_says_the_same(path: Any) -> None:
    text = path.read_text(encoding="utf-8")
    adapter: TypeAdapter[Any] = TypeAdapter(type(SAMPLES[path.stem]))
    loaded = adapter.validate_json(text)

    assert keeps(plain(loaded), json.loads(text))


@pytest.mark.parametrize("path", FROZEN, ids=lambda path: path.stem)
def test_what_a_newer_version_wrote_loads_without_what_we_do_not_know(path: Any) -> None:
    written = json.loads(path.read_text(encoding="utf-8"))
    adapter: TypeAdapter[Any] = TypeAdapter(type(SAMPLES[path.stem]))
    loaded = adapter.validate_json(json.dumps(with_strangers(written)))

    assert keeps(plain(loaded), written)
