"""TOML with line numbers: what ``tomllib`` reads, and where each table and key stands.

``tomllib`` forgets lines, and a problem without its line is of little help to the person who
edits the pack. Headers and keys are found again in the text: the n-th ``[[unit]]`` in the
file is the n-th table of ``unit``.
"""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from store.pack.problems import ProblemBook

_HEADER = re.compile(r"^\s*(\[\[?)\s*([A-Za-z0-9_.\"-]+)\s*\]\]?")
_KEY = re.compile(r"^\s*\"?([A-Za-z0-9_-]+)\"?\s*(?:\.[A-Za-z0-9_.\"-]+\s*)?=")
_TOML_LINE = re.compile(r"at line (\d+)")


class TomlLines:
    """Line numbers of one TOML text, by table path and occurrence."""

    __slots__ = ("_headers", "_keys")

    def __init__(self, text: str) -> None:
        self._headers: dict[tuple[str, int], int] = {("", 0): 1}
        self._keys: dict[tuple[str, int, str], int] = {}
        seen: dict[str, int] = {}
        path, index, quoted = "", 0, ""
        for number, line in enumerate(text.splitlines(), start=1):
            if quoted:
                quoted = "" if quoted in line else quoted
                continue
            header = _HEADER.match(line)
            if header and "=" not in line.split("#", 1)[0]:
                path = header[2].replace('"', "")
                index = seen.get(path, -1) + 1
                seen[path] = index
                self._headers[path, index] = number
            elif key := _KEY.match(line):
                self._keys.setdefault((path, index, key[1]), number)
                quoted = next((q for q in ('"""', "'''") if line.count(q) == 1), "")

    def line(self, path: str, index: int = 0, key: str | None = None) -> int:
        """Return the line of a key, or of its table's header when the key is absent."""
        header = self._headers.get((path, index), 1)
        return self._keys.get((path, index, key), header) if key else header


class TomlFile:
    """One parsed file of a pack: its data, its name inside the pack, and its lines."""

    __slots__ = ("data", "lines", "name")

    def __init__(self, *, name: str, text: str, data: Mapping[str, Any]) -> None:
        self.name = name
        self.data = data
        self.lines = TomlLines(text)

    def where(self, path: str, index: int = 0, key: str | None = None) -> tuple[str, int]:
        """Return file and line of a table or key."""
        return self.name, self.lines.line(path, index, key)


def read_toml(*, folder: Path, name: str, book: ProblemBook) -> TomlFile | None:
    """Read one TOML file of a pack; None, with a problem recorded, when it cannot be read."""
    try:
        text = (folder / name).read_text(encoding="utf-8")
    except FileNotFoundError:
        book.add(where=(name, 0), code="missing_file", zh="缺少此文件", en="this file is missing")
        return None
    except (OSError, UnicodeDecodeError) as problem:
        book.add(
            where=(name, 0),
            code="unreadable_file",
            zh=f"无法读取(须为 UTF-8 文本):{problem}",
            en=f"cannot be read (must be UTF-8 text): {problem}",
        )
        return None
    try:
        return TomlFile(name=name, text=text, data=tomllib.loads(text))
    except tomllib.TOMLDecodeError as problem:
        found = _TOML_LINE.search(str(problem))
        book.add(
            where=(name, int(found[1]) if found else len(text.splitlines())),
            code="not_toml",
            zh=f"TOML 语法错误:{problem}",
            en=f"not valid TOML: {problem}",
        )
        return None
