"""What the store hands out of uploads under way. Plain frozen data."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class UploadRow:
    """One photo on its way. ``digest`` is the SHA-256 (hexadecimal) of the whole, ``size`` its bytes.

    ``received`` bytes are there, from the beginning on. ``attachment`` is the number it will be
    kept under; ``done`` that it is. ``said`` is JSON-plain (see ``usecases.uploads``). ``name``
    may be personal data.
    """

    upload_id: str
    account: str
    case_no: str
    kind: str
    name: str = field(default="", repr=False)
    media_type: str = ""
    size: int
    digest: str
    received: int = 0
    said: dict[str, Any] = field(default_factory=dict, repr=False)
    attachment: str
    done: bool = False
    created_at: datetime
    updated_at: datetime
