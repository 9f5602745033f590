"""Every document comes back as it went, and order in the database is order in time."""

import base64
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from enum import Enum
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Column, Dialect, make_url

from domain.case import Fact
from domain.identifiers import is_number
from domain.messages import COMMANDS, Command
from domain.place import ReportedPlace
from domain.report import Reporter
from store.codec import JsonOf, instant, microseconds
from store.filters import UnableToReadCursor, after, cursor_of
from store.tables import cases, commands, history, reports
from tests.integration.store_samples import case_no

# What people write: anything but lone surrogates, which no database takes, and NUL, which PostgreSQL does not.
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2200, 1, 1), timezones=ZONES)  # noqa: DTZ001
DIALECTS = [make_url(url).get_dialect()() for url in ("sqlite://", "postgresql+psycopg://")]
SQLITE = DIALECTS[0]
MADE: dict[Any, st.SearchStrategy[Any]] = {
    str: TEXTS,
    int: st.integers(),
    float: NUMBERS,
    bool: st.booleans(),
    type(None): st.none(),
    date: st.dates(),
    time: st.times(),
    datetime: MOMENTS.map(lambda moment: moment.astimezone(UTC)),
}


def some(kind: Any) -> st.SearchStrategy[Any]:
    """Return values of a type. Hypothesis' own way would set its strategies for every test of the run."""
    if kind not in MADE:
        MADE[kind] = _made(kind)
    return MADE[kind]


def _made(kind: Any) -> st.SearchStrategy[Any]:
    origin, parts = get_origin(kind), get_args(kind)
    if is_dataclass(kind) and isinstance(kind, type):
        hints = get_type_hints(kind)
        return st.builds(kind, **{field.name: some(hints[field.name]) for field in fields(kind)})
    if isinstance(kind, type) and issubclass(kind, Enum):
        return st.sampled_from(list(kind))
    if origin is Literal:
        return st.sampled_from(parts)
    if origin in (Union, UnionType):
        return st.one_of(*(some(part) for part in parts))
    if origin is tuple and Ellipsis not in parts:
        return st.tuples(*(some(part) for part in parts))
    if origin is tuple:
        return st.lists(some(parts[0]), max_size=2).map(tuple)
    if origin is list:
        return st.lists(some(parts[0]), max_size=2)
    if origin is frozenset:
        return st.frozensets(some(parts[0]), max_size=2)
    assert origin is dict, kind
    return st.dictionaries(some(parts[0]), some(parts[1]), max_size=2)


def through(column: "Column[Any]", value: Any, dialect: Dialect) -> Any:
    assert isinstance(column.type, JsonOf)
    stored = column.type.process_bind_param(value, dialect)
    return column.type.process_result_value(stored, dialect)


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
@pytest.mark.parametrize("kind", sorted(COMMANDS))
@settings(max_examples=25)
@given(data=st.data())
def test_commands(dialect: Dialect, kind: str, data: st.DataObject) -> None:
    command: Command = data.draw(some(COMMANDS[kind]))
    back = through(commands.c.command, command, dialect)
    assert back == command
    assert type(back) is type(command)


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
@given(fact=some(Fact), reporter=some(Reporter), place=some(ReportedPlace))
def test_facts_and_what_was_reported(
    dialect: Dialect, fact: Fact, reporter: Reporter, place: ReportedPlace
) -> None:
    assert through(history.c.data, fact.data, dialect) == fact.data
    assert through(history.c.actor, fact.actor, dialect) == fact.actor
    assert through(reports.c.reporter, reporter, dialect) == reporter
    assert through(reports.c.reported, place, dialect) == place


@given(one=MOMENTS, other=MOMENTS)
def test_the_order_of_instants_is_kept_to_the_microsecond(one: datetime, other: datetime) -> None:
    assert instant(microseconds(one)) == one
    assert (microseconds(one) < microseconds(other)) == (one < other)
    assert microseconds(one + timedelta(microseconds=1)) == microseconds(one) + 1


@given(moment=MOMENTS, number=st.integers(0, 2**35 - 1).map(case_no))
def test_a_cursor_names_its_place(moment: datetime, number: str) -> None:
    cursor = cursor_of(received_at=moment, case_no=number)
    assert cursor.isascii()
    bound = after(cursor).compile(dialect=SQLITE).params.values()
    assert list(bound) == [moment, number]


@given(
    cursor=st.text(max_size=40)
    | st.binary(max_size=40).map(lambda raw: base64.urlsafe_b64encode(raw).decode())
)
def test_any_other_text_is_refused_or_harmless(cursor: str) -> None:
    try:
        after(cursor)
    except UnableToReadCursor:
        return
    _, number = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().split(":", 1)
    assert is_number(number)


def test_the_defaults_of_a_pending_case_are_readable_documents() -> None:
    for column in cases.c:
        if isinstance(column.type, JsonOf) and column.server_default is not None:
            text = str(getattr(column.server_default, "arg", ""))
            assert column.type.process_result_value(text, SQLITE) is not None
