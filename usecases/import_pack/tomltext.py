"""TOML text for the files of a pack."""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any


def value(item: Any) -> str:
    """Write one TOML value: text, number, truth, date, list or inline table."""
    if isinstance(item, bool):
        return "true" if item else "false"
    if isinstance(item, date):
        return item.isoformat()
    if isinstance(item, Mapping):
        return "{ " + ", ".join(f"{key} = {value(each)}" for key, each in item.items()) + " }"
    if isinstance(item, str):
        # JSON's escapes are TOML's, but TOML wants DEL escaped as well.
        return json.dumps(item, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(item, Sequence):
        return _items([value(each) for each in item])
    return repr(item)


def _items(parts: list[str]) -> str:
    plain = "[" + ", ".join(parts) + "]"
    return plain if len(plain) <= 100 else "[\n" + "".join(f"    {part},\n" for part in parts) + "]"


def entries(data: Mapping[str, Any]) -> str:
    """Write the keys of one table; None is left out."""
    return "".join(f"{key} = {value(item)}\n" for key, item in data.items() if item is not None)


def table(header: str, data: Mapping[str, Any]) -> str:
    """Write one table with its header, which holds its own brackets."""
    return f"\n{header}\n{entries(data)}"
