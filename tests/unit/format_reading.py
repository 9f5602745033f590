"""Reading a message in a test: one source, one instant, and the two kinds of parts told apart."""

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from domain.envelope import DeadCode, Envelope, Unreadable
from domain.place import Crs
from domain.source import Source, WireFormat
from usecases.formats import read

NOW = datetime(2026, 11, 22, 0, 16, tzinfo=UTC)
WUHAN = (113.6, 29.9, 115.1, 31.4)
DATA = Path(os.environ.get("CITYOPS_DATA", Path(__file__).parents[3] / "shared" / "data"))


def parts(
    body: bytes | object,
    *,
    form: WireFormat = WireFormat.JSON,
    content_type: str = "application/json",
    headers: Mapping[str, str] | None = None,
    mapping: Mapping[str, str] | None = None,
    severities: Mapping[str, int] | None = None,
    at: datetime = NOW,
    crs: Crs = Crs.WGS84,
) -> list[Envelope | Unreadable]:
    """Read bytes, or anything else as JSON."""
    source = Source(
        name="vendor",
        channel="sensor",
        mapping=mapping or {},
        severities=severities or {},
        created_at=NOW,
    )
    return read(
        form=form,
        body=body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode(),
        content_type=content_type,
        headers=headers or {},
        source=source,
        received_at=at,
        crs=crs,
        bbox=WUHAN,
    )


def one(found: list[Envelope | Unreadable]) -> Envelope:
    """Return the only part, which can be read."""
    assert len(found) == 1, found
    part = found[0]
    assert isinstance(part, Envelope), part
    return part


def dead(found: list[Envelope | Unreadable]) -> Unreadable:
    """Return the only part, which cannot be read."""
    assert len(found) == 1, found
    part = found[0]
    assert isinstance(part, Unreadable), part
    return part


def code(found: list[Envelope | Unreadable]) -> DeadCode:
    """Return why the only part cannot be read."""
    return dead(found).code
