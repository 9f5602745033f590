"""Domain read models as JSON-plain dictionaries."""

from functools import cache
from typing import Any, cast

from pydantic import TypeAdapter


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def plain(value: object) -> dict[str, Any]:
    """Return a dataclass as a dictionary of JSON-plain values."""
    kind: Any = type(value)
    return cast("dict[str, Any]", _adapter(kind).dump_python(value, mode="json"))
