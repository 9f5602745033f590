"""Typed reading of one table or CSV row: a wrong value becomes a problem with its line."""

from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from typing import Any, TypeVar

from domain.limit import Limit, UnableToReadLimit
from domain.place import Level
from store.pack.problems import ProblemBook
from store.pack.toml_lines import TomlFile

Choice = TypeVar("Choice", bound=Enum)
Value = TypeVar("Value")
Place = tuple[str, int]


class Fields:
    """The keys of one table. Missing or wrong values are recorded and replaced by a default.

    ``at`` tells file and line of a key. Unknown keys are reported by ``finish``: a misspelt
    key that is silently ignored is the hardest mistake to find in a pack.
    """

    __slots__ = ("_asked", "_at", "_book", "data")

    def __init__(
        self, *, data: Mapping[str, Any], at: Callable[[str | None], Place], book: ProblemBook
    ) -> None:
        self.data = data
        self._at = at
        self._book = book
        self._asked: set[str] = set()

    @property
    def book(self) -> ProblemBook:
        """Return the book problems go to."""
        return self._book

    def where(self, key: str | None = None) -> Place:
        """Return file and line of a key, or of the table."""
        return self._at(key)

    def problem(self, key: str | None, *, code: str, zh: str, en: str) -> None:
        """Record a problem at a key of this table."""
        self._book.add(where=self._at(key), code=code, zh=zh, en=en)

    def has(self, key: str) -> bool:
        """Tell whether the table has this key with a value."""
        self._asked.add(key)
        return self.data.get(key) not in (None, "")

    def text(self, key: str, default: str | None = None) -> str:
        """Return a text; without a default the key is obligatory."""
        if not self.has(key):
            return self._absent(key, default, "")
        value = self.data[key]
        return value if isinstance(value, str) else self._wrong(key, "文本", "a text", default or "")

    def optional(self, key: str) -> str | None:
        """Return a text or None."""
        return self.text(key, "") or None

    def number(self, key: str, default: float | None = None) -> float:
        """Return a number."""
        if not self.has(key):
            return self._absent(key, default, 0.0)
        value = self.data[key]
        if isinstance(value, bool) or not isinstance(value, int | float):
            return self._wrong(key, "数字", "a number", default or 0.0)
        return float(value)

    def integer(self, key: str, default: int | None = None) -> int:
        """Return a whole number."""
        if not self.has(key):
            return self._absent(key, default, 0)
        value = self.data[key]
        if isinstance(value, bool) or not isinstance(value, int):
            return self._wrong(key, "整数", "a whole number", default or 0)
        return value

    def flag(self, key: str, *, default: bool = False) -> bool:
        """Return true or false; ``yes``/``no`` are understood in CSV files."""
        if not self.has(key):
            return default
        value = self.data[key]
        if isinstance(value, bool):
            return value
        known = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
        if isinstance(value, str) and value.strip().lower() in known:
            return known[value.strip().lower()]
        return self._wrong(key, "是或否 (yes/no)", "yes or no", default)

    def texts(self, key: str, *, separator: str | None = None) -> tuple[str, ...]:
        """Return a list of texts; with a separator also a text that holds several."""
        if not self.has(key):
            return ()
        value = self.data[key]
        if isinstance(value, str):
            parts = value.split(separator) if separator else [value]
            return tuple(part.strip() for part in parts if part.strip())
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return tuple(value)
        return self._wrong(key, "文本列表", "a list of texts", ())

    def tables(self, key: str) -> tuple[Mapping[str, Any], ...]:
        """Return a list of tables."""
        if not self.has(key):
            return ()
        value = self.data[key]
        if isinstance(value, list) and all(isinstance(item, Mapping) for item in value):
            return tuple(value)
        return self._wrong(key, "表的列表", "a list of tables", ())

    def choice(self, key: str, kind: type[Choice], default: Choice | None = None) -> Choice:
        """Return a member of an enumeration, named by its value or, in any case, its name."""
        members = list(kind)
        if not self.has(key):
            return self._absent(key, default, members[0])
        value = str(self.data[key]).strip().lower()
        for member in members:
            if value in (str(member.value).lower(), member.name.lower()):
                return member
        names = "、".join(m.name.lower() for m in members)
        return self._wrong(key, f"以下之一:{names}", f"one of {names}", default or members[0])

    def level(self, key: str) -> Level | None:
        """Return a level by name or None."""
        return self.choice(key, Level, Level.CITY) if self.has(key) else None

    def limit(self, key: str) -> Limit | None:
        """Return a limit such as ``2UH``, or None when the key is absent."""
        if not self.has(key):
            return None
        try:
            return Limit.parse(str(self.data[key]))
        except UnableToReadLimit:
            self.problem(
                key,
                code="unreadable_limit",
                zh=f"时限“{self.data[key]}”无法识别,应为数字加单位 MIN、UH、UD、WH、WD 或 ND,例如 2UH",
                en=f"limit {self.data[key]!r} is unreadable: want a number with MIN, UH, UD, WH, WD or ND,"
                " for example 2UH",
            )
            return None

    def finish(self, *, also: Iterable[str] = ()) -> None:
        """Report keys nobody asked for."""
        for key in self.data:
            if key is not None and key not in self._asked and key not in also:
                self.problem(key, code="unknown_key", zh=f"未知的字段“{key}”", en=f"unknown key {key!r}")

    def _absent(self, key: str, default: Value | None, empty: Value) -> Value:
        if default is not None:
            return default
        self.problem(key, code="missing_key", zh=f"缺少字段“{key}”", en=f"key {key!r} is missing")
        return empty

    def _wrong(self, key: str, zh: str, en: str, default: Value) -> Value:
        value = self.data[key]
        self.problem(
            key,
            code="wrong_value",
            zh=f"字段“{key}”的值“{value}”应为{zh}",
            en=f"key {key!r} is {value!r}, want {en}",
        )
        return default


def fields_of(
    *, file: TomlFile, path: str, index: int = 0, data: Mapping[str, Any], book: ProblemBook
) -> Fields:
    """Return the fields of the n-th table of a TOML file under this path."""
    return Fields(data=data, at=lambda key: file.where(path, index, key), book=book)


def all_fields(*, file: TomlFile, path: str, book: ProblemBook) -> list[Fields]:
    """Return the fields of every ``[[path]]`` table of the file."""
    whole = fields_of(file=file, path="", data=file.data, book=book)
    return [
        fields_of(file=file, path=path, index=index, data=table, book=book)
        for index, table in enumerate(whole.tables(path))
    ]


def section(*, file: TomlFile, path: str, book: ProblemBook) -> Fields:
    """Return the fields of one ``[path]`` table, empty when the file has none."""
    data: Any = file.data
    for part in path.split("."):
        data = data.get(part, {}) if isinstance(data, Mapping) else {}
    if not isinstance(data, Mapping):
        book.add(
            where=file.where(path),
            code="wrong_value",
            zh=f"“{path}”应为一个表",
            en=f"{path!r} must be a table",
        )
        data = {}
    return fields_of(file=file, path=path, data=data, book=book)
