"""How Python values become columns, the same on SQLite and PostgreSQL.

Two column types: an instant that is aware UTC on both sides, and a JSON document that is
one of the domain's dataclasses. The pydantic adapters behind the documents are made once
per type, since making one costs milliseconds and using one microseconds.
"""

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter
from sqlalchemy import BigInteger, DateTime, Dialect, Text, TypeDecorator
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine

T = TypeVar("T")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class UnableToStoreTime(ValueError):
    """A time without a zone: nobody could say which instant it is."""


@cache
def adapter(kind: Any) -> TypeAdapter[Any]:
    """Return the adapter of a type (a dataclass, a union or a container of them)."""
    return TypeAdapter(kind)


def plain(*, kind: Any, value: Any) -> Any:
    """Return a value of this type as JSON-plain data: dicts, lists, strings, numbers, booleans, None."""
    return adapter(kind).dump_python(value, mode="json")


def loaded(*, kind: Any, data: Any) -> Any:
    """Return the value of this type that JSON-plain data stand for; pydantic.ValidationError if none."""
    return adapter(kind).validate_python(data)


def microseconds(moment: datetime) -> int:
    """Return microseconds since 1970 of an aware instant; UnableToStoreTime for a naive one."""
    if moment.tzinfo is None:
        raise UnableToStoreTime(f"a time without a zone: {moment.isoformat()}")
    return (moment - _EPOCH) // _MICROSECOND


def instant(value: int) -> datetime:
    """Return the UTC instant of microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=value)


class Utc(TypeDecorator[datetime]):
    """An aware instant. SQLite keeps integer microseconds, so that order and equality are exact."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the column type of the database."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(DateTime(timezone=True))
        return dialect.type_descriptor(BigInteger())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Refuse naive times; hand integers to SQLite."""
        if value is None:
            return None
        if dialect.name != "postgresql":
            return microseconds(value)
        if value.tzinfo is None:
            raise UnableToStoreTime(f"a time without a zone: {value.isoformat()}")
        return value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Return UTC whatever the session's zone is."""
        if value is None:
            return None
        return instant(value) if isinstance(value, int) else value.astimezone(UTC)


class JsonOf(TypeDecorator[T], Generic[T]):
    """A JSON document of one Python type: JSONB on PostgreSQL, text on SQLite."""

    impl = Text
    cache_ok = True

    def __init__(self, kind: Any) -> None:
        """Name the type of the documents."""
        super().__init__()
        self.kind = kind

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the column type of the database."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(JSONB(none_as_null=True))
        return dialect.type_descriptor(Text())

    def process_bind_param(self, value: T | None, dialect: Dialect) -> Any:
        """Dump: to plain data where the driver makes JSON of it, to text otherwise."""
        if value is None:
            return None
        if dialect.name == "postgresql":
            return adapter(self.kind).dump_python(value, mode="json")
        return adapter(self.kind).dump_json(value).decode()

    def process_result_value(self, value: Any, dialect: Dialect) -> T | None:
        """Load and check the document."""
        if value is None:
            return None
        found: T = (
            adapter(self.kind).validate_json(value)
            if isinstance(value, str) and dialect.name != "postgresql"
            else adapter(self.kind).validate_python(value)
        )
        return found
