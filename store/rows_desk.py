"""What the store hands out of attachments, supplements and urges. Plain frozen data."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class AttachmentRow:
    """One attachment. The bytes lie in the media folder under ``digest`` (SHA-256, hexadecimal).

    ``public_digest`` is the copy without metadata that may be shown to anybody, None where there
    is none. ``facts`` is JSON-plain: ``taken_at`` (ISO, with offset where the camera said one),
    ``lon``, ``lat`` (WGS-84), ``width``, ``height`` in pixels, ``camera``. One that was only named
    has a ``url``, no digest and size 0. ``name`` may be personal data.
    """

    id: str
    report_no: str | None = None
    case_no: str | None = None
    source: str
    kind: str
    name: str = field(default="", repr=False)
    media_type: str
    size: int
    digest: str
    public_digest: str | None = None
    public_type: str | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    url: str | None = field(default=None, repr=False)
    received_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class SaidRow:
    """What a reporter added. ``text`` may be personal: it is in no fact, history or log.

    ``case_no`` is the case the report belonged to then; ``digest`` tells two bodies under one
    id apart; ``attachments`` are ids.
    """

    id: str
    report_no: str
    case_no: str
    kind: str
    source: str
    text: str = field(default="", repr=False)
    digest: str = ""
    attachments: tuple[str, ...] = ()
    received_at: datetime
