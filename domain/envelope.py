"""What any sensor, platform or warning service says, in one shape: a CloudEvent in our own words.

Adapters (``usecases.formats``) turn each format into this and nothing else; the rules see
nothing but this. The names are those of CloudEvents 1.0 where it has one: ``event_id`` is its
``id``, and ``(source, event_id)`` identifies a repetition; ``subject`` is what it is about.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from domain.place import ReportedPlace

NOWHERE = ReportedPlace()


class EnvelopeKind(StrEnum):
    """What is said. An observation is no alarm: rules make one of it, or do not."""

    OBSERVATION = "observation"
    ALARM = "alarm"
    CLEAR = "clear"
    HEARTBEAT = "heartbeat"
    OFFLINE = "offline"
    ONLINE = "online"
    WARNING = "warning"
    CANCEL = "cancel"


class Exercise(StrEnum):
    """Whether it is meant. CAP: ``Actual`` is real, everything else never leaves to real handlers unmarked."""

    REAL = "real"
    EXERCISE = "exercise"
    TEST = "test"


@dataclass(frozen=True, kw_only=True, slots=True)
class Envelope:
    """One statement of a source.

    ``subject`` is the sender's code of a device, gateway or asset. ``value`` is in ``unit``
    as sent. ``raw_severity`` is the sender's own word or number; ``severity`` 1 (worst) … 4
    is what the source's declared mapping makes of it, None where it has none. ``place``
    keeps the axes as the standard of the format orders them (already lon, lat here).
    ``references`` are event ids this one updates or cancels. ``occurred_at`` and
    ``received_at`` are UTC-aware; ``sent_at`` is what the sender's clock said where that ran
    so wrong that ``occurred_at`` is our own. ``data`` is JSON-plain and holds what has no field.
    ``part`` are its own bytes, for the dead letter it becomes where nobody can take it; empty:
    those of the whole message.
    """

    source: str
    event_id: str
    kind: EnvelopeKind
    subject: str = ""
    metric: str = ""
    value: float | None = None
    unit: str = ""
    hazard: str = ""
    category: str | None = None
    condition: str | None = None
    raw_severity: str = ""
    severity: int | None = None
    title: str = ""
    text: str = ""
    place: ReportedPlace = NOWHERE
    exercise: Exercise = Exercise.REAL
    occurred_at: datetime
    received_at: datetime
    sent_at: datetime | None = None
    expires_at: datetime | None = None
    references: tuple[str, ...] = ()
    data: dict[str, object] = field(default_factory=dict)
    part: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Unreadable:
    """A part of a message nobody could read: it goes to the dead letters with these bytes.

    ``code`` is one of ``DeadCode``; ``params`` fill its sentence and hold no personal data.
    """

    code: "DeadCode"
    params: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    event_id: str = ""


class DeadCode(StrEnum):
    """Why an inbound message, or a part of one, is a dead letter. Stable."""

    NOT_JSON = "not_json"
    NOT_XML = "not_xml"
    DTD_FORBIDDEN = "dtd_forbidden"
    SCHEMA = "schema"
    ENCODING = "encoding"
    MISSING_FIELD = "missing_field"
    BAD_VALUE = "bad_value"
    MISSING_ID = "missing_id"
    REPLAYED_ID = "replayed_id"
    BAD_TIME = "bad_time"
    BAD_POSITION = "bad_position"
    SWAPPED_AXES = "swapped_axes"
    UNKNOWN_FORMAT = "unknown_format"
    UNKNOWN_SEVERITY = "unknown_severity"
    UNKNOWN_CATEGORY = "unknown_category"
    UNKNOWN_DEVICE = "unknown_device"
    UNKNOWN_REFERENCE = "unknown_reference"
    NO_MAPPING = "no_mapping"
    TOO_LARGE = "too_large"
    TOO_DEEP = "too_deep"
    TOO_MANY = "too_many"
    REFUSED = "refused"
    FAULT = "fault"
