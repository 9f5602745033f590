"""The golden files: where they are and how they are written."""

import json
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

HERE = Path(__file__).parent


def path_of(name: str) -> Path:
    """Return today's golden file of a sample."""
    return HERE / f"{name}.json"


def plain(sample: object) -> Any:
    """Return a sample as it goes over the wire."""
    return json.loads(TypeAdapter(type(sample)).dump_json(sample))


def dumped(sample: object) -> str:
    """Return the text of a golden file, for people to read and compare."""
    return json.dumps(plain(sample), ensure_ascii=False, indent=1) + "\n"
