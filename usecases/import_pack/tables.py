"""Typed reading of the import file: a wrong entry is named with its section, key and value."""

from collections.abc import Mapping
from typing import Any

_MISSING: Any = object()


class UnableToReadSpec(ValueError):
    """The import file lacks an entry or holds a wrong one."""


class Table:
    """One table of the import file, read key by key; ``finish`` refuses keys nobody asked for."""

    __slots__ = ("_asked", "_data", "_name")

    def __init__(self, data: Any, name: str) -> None:
        if not isinstance(data, Mapping):
            raise UnableToReadSpec(f"[{name}] must be a table")
        self._data: Mapping[str, Any] = data
        self._name = name
        self._asked: set[str] = set()

    def text(self, key: str, default: str = _MISSING) -> str:
        """Return a text."""
        return str(self._value(key, str, default, "a text"))

    def optional(self, key: str) -> str | None:
        """Return a text or None."""
        return self.text(key) if key in self._data else None

    def number(self, key: str, default: float = _MISSING) -> float:
        """Return a number."""
        return float(self._value(key, (int, float), default, "a number"))

    def integer(self, key: str, default: int = _MISSING) -> int:
        """Return a whole number."""
        return int(self._value(key, int, default, "a whole number"))

    def items(
        self, key: str, kind: type | tuple[type, ...], default: tuple[Any, ...] = _MISSING
    ) -> tuple[Any, ...]:
        """Return a list whose entries are all of this kind."""
        value = self._value(key, (list, tuple), default, "a list")
        if not all(isinstance(item, kind) for item in value):
            kinds = kind if isinstance(kind, tuple) else (kind,)
            raise self.wrong(key, "a list of " + " or ".join(each.__name__ for each in kinds))
        return tuple(value)

    def tables(self, key: str) -> list["Table"]:
        """Return the ``[[key]]`` tables."""
        entries = self.items(key, dict, ())
        return [Table(entry, f"{self._name}{key} {n}") for n, entry in enumerate(entries, start=1)]

    def table(self, key: str) -> "Table":
        """Return the ``[key]`` table, empty when it is absent."""
        self._asked.add(key)
        return Table(self._data.get(key, {}), key)

    def named(self) -> list[tuple[str, "Table"]]:
        """Return every entry as a named table."""
        self._asked.update(self._data)
        return [(key, Table(value, f"{self._name}.{key}")) for key, value in self._data.items()]

    def texts(self) -> dict[str, str]:
        """Return the whole table as texts by key."""
        return {key: self.text(key) for key in self._data}

    def __contains__(self, key: str) -> bool:
        return key in self._data

    def wrong(self, key: str, want: str) -> UnableToReadSpec:
        """Return the error for a value that is not what is wanted."""
        return UnableToReadSpec(f"[{self._name}] {key} = {self._data.get(key)!r}: want {want}")

    def finish(self) -> None:
        """Refuse unknown keys: a misspelt one that is silently ignored is hard to find."""
        unknown = sorted(set(self._data) - self._asked)
        if unknown:
            raise UnableToReadSpec(f"[{self._name}] has unknown keys: {', '.join(unknown)}")

    def _value(self, key: str, kind: type | tuple[type, ...], default: Any, want: str) -> Any:
        self._asked.add(key)
        if key not in self._data:
            if default is _MISSING:
                raise UnableToReadSpec(f"[{self._name}] {key} is missing: want {want}")
            return default
        value = self._data[key]
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise self.wrong(key, want)
        return value
