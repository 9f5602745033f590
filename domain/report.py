"""A report as it comes in: what a reporter, a sensor or another system said, before any judgement."""

from dataclasses import dataclass, field
from datetime import datetime

from domain.place import ReportedPlace


@dataclass(frozen=True, kw_only=True, slots=True)
class Reporter:
    """Who reported. Kept apart from the case; shown only to those who need it."""

    name: str = ""
    phone: str = ""
    email: str = ""
    anonymous: bool = False
    wants_visit: bool = True
    confidential: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class NewReport:
    """A report to be filed. ``source``/``source_no`` identify it in the sending system.

    ``received_at`` and ``occurred_at`` are UTC-aware. ``case_no`` was drawn for it before
    it is stored, so that the answer can be given as soon as it is durable. ``raw`` is the
    body as it came. ``caller`` is a keyed digest of the telephone number; ``related`` are earlier
    tickets of the source, or reports of ours, that this one names.
    """

    case_no: str
    report_no: str
    source: str
    source_no: str | None = None
    channel: str
    category: str
    condition: str | None = None
    description: str
    reported: ReportedPlace
    reporter: Reporter = Reporter()
    severity: int | None = None
    tags: tuple[str, ...] = ()
    exercise: bool = False
    occurred_at: datetime
    received_at: datetime
    idempotency_key: str | None = None
    fingerprint: str = ""
    raw: dict[str, object] = field(default_factory=dict)
    caller: str = ""
    related: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Accepted:
    """The durable answer to a report. ``repeated`` says that it had been filed before."""

    case_no: str
    report_no: str
    received_at: datetime
    repeated: bool = False
