"""Filing a report: checked, numbered, stored durably, answered. Works while Temporal is down.

A report that cannot be located or routed is accepted all the same and waits in triage;
only a request that is wrong in itself is refused.
"""

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from domain.identifiers import RANDOM_BITS, number
from domain.place import ReportedPlace
from domain.report import Accepted, NewReport, Reporter
from store.rows import Conflict
from usecases.city import City
from usecases.problems import BadRequest, Finding, ProblemCode

MOST_CHARACTERS = {"description": 20_000, "address": 500, "source": 100, "source_no": 200, "name": 100}
CLOCK_SKEW = timedelta(minutes=5)
"""How far a sender's clock may run ahead before its time counts as wrong."""
UNCLASSIFIED = "unclassified"
"""The category of a report that triage has to classify."""
NUMBER_TAKEN = "number_taken"
"""The store's word for a drawn number that is somebody else's: draw again."""
NOWHERE = ReportedPlace()
NOBODY = Reporter()
ALLOWED_CONTROLS = frozenset("\n\r\t")


@dataclass(frozen=True, kw_only=True, slots=True)
class FileReport:
    """What a reporter, an operator or a system asks to be filed."""

    channel: str
    description: str
    category: str | None = None
    condition: str | None = None
    place: ReportedPlace = NOWHERE
    reporter: Reporter = NOBODY
    severity: int | None = None
    tags: tuple[str, ...] = ()
    exercise: bool = False
    source: str = ""
    source_no: str | None = None
    occurred_at: datetime | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Filed:
    """The answer: the durable receipt and what the sender should know about its report."""

    accepted: Accepted
    warnings: tuple[Finding, ...] = ()


async def file_report(*, city: City, ask: FileReport) -> Filed:
    """Accept a report; durable when this returns. Raises BadRequest."""
    now = city.now()
    check(city=city, ask=ask, now=now)
    accepted = await city.intake.submit(new_report(city=city, ask=ask, now=now))
    while isinstance(accepted, Conflict):
        if accepted.code != NUMBER_TAKEN:
            raise BadRequest(ProblemCode(accepted.code))
        accepted = await city.intake.submit(new_report(city=city, ask=ask, now=now))
    return Filed(accepted=accepted, warnings=tuple(place_warnings(city=city, place=ask.place)))


def new_report(*, city: City, ask: FileReport, now: datetime) -> NewReport:
    """Number a report. Case and first report share their number: it is the reporter's receipt."""
    day = now.astimezone(ZoneInfo(city.pack.city.timezone)).date()
    case_no = number(day=day, random_bits=city.random_bits(RANDOM_BITS))
    channel = city.pack.channels[ask.channel]
    return NewReport(
        case_no=case_no,
        report_no=case_no,
        source=ask.source or ask.channel,
        source_no=ask.source_no,
        channel=ask.channel,
        category=ask.category or UNCLASSIFIED,
        condition=ask.condition,
        description=ask.description,
        reported=replace(ask.place, crs=channel.crs),
        reporter=ask.reporter,
        severity=ask.severity,
        tags=ask.tags,
        exercise=ask.exercise,
        occurred_at=ask.occurred_at or now,
        received_at=now,
        idempotency_key=ask.idempotency_key,
        fingerprint=fingerprint(ask),
    )


def fingerprint(ask: FileReport) -> str:
    """Return what tells two bodies apart under one idempotency key."""
    parts = (
        ask.channel, ask.description, ask.category, ask.condition, ask.source, ask.source_no, ask.severity,
        ask.place.lon, ask.place.lat, ask.place.address, ask.place.area_code, ask.tags, ask.exercise,
        str(ask.occurred_at), ask.reporter.phone, ask.reporter.email,
    )  # fmt: skip
    return hashlib.sha256(json.dumps(parts, ensure_ascii=True).encode()).hexdigest()


def check(*, city: City, ask: FileReport, now: datetime) -> None:
    """Refuse what is wrong in itself. Raises BadRequest with a stable code."""
    _check_texts(ask)
    if ask.channel not in city.pack.channels:
        known = ", ".join(sorted(city.pack.channels))
        raise BadRequest(ProblemCode.UNKNOWN_CHANNEL, channel=ask.channel[:50], known=known)
    _check_category(city, ask)
    if ask.place.area_code is not None and city.pack.areas.get(ask.place.area_code) is None:
        raise BadRequest(ProblemCode.UNKNOWN_AREA, area=ask.place.area_code[:50])
    if ask.occurred_at is not None and ask.occurred_at > now + CLOCK_SKEW:
        raise BadRequest(
            ProblemCode.OCCURRED_IN_FUTURE, occurred_at=ask.occurred_at.isoformat(), now=now.isoformat()
        )


def _check_category(city: City, ask: FileReport) -> None:
    if ask.category is None:
        return
    category = city.pack.catalogue.get(ask.category)
    if category is None:
        raise BadRequest(ProblemCode.UNKNOWN_CATEGORY, category=ask.category[:50])
    if ask.condition is not None and all(one.code != ask.condition for one in category.conditions):
        known = ", ".join(one.code for one in category.conditions)
        raise BadRequest(
            ProblemCode.UNKNOWN_CONDITION, category=category.code, condition=ask.condition[:50], known=known
        )


def _check_texts(ask: FileReport) -> None:
    texts = {
        "description": ask.description,
        "address": ask.place.address or "",
        "source": ask.source,
        "source_no": ask.source_no or "",
        "name": ask.reporter.name,
    }
    for field, text in texts.items():
        if len(text) > MOST_CHARACTERS[field]:
            raise BadRequest(
                ProblemCode.TOO_LONG, field=field, length=str(len(text)), most=str(MOST_CHARACTERS[field])
            )
        refuse_controls(field=field, text=text)


def refuse_controls(*, field: str, text: str) -> None:
    """Raise BadRequest where a text holds a control character other than a line break or tab."""
    if text.isprintable():
        return
    for char in text:
        if (
            (ord(char) < 32 and char not in ALLOWED_CONTROLS)
            or 0x7F <= ord(char) < 0xA0
            or 0xD800 <= ord(char) < 0xE000
        ):
            raise BadRequest(ProblemCode.CONTROL_CHARACTERS, field=field, point=f"{ord(char):04X}")


def place_warnings(*, city: City, place: ReportedPlace) -> list[Finding]:
    """Return what the sender should know about the place; cheap, since the binding look-up comes later."""
    if place.lon is None and place.lat is None and not place.address and place.area_code is None:
        return [Finding(code=ProblemCode.NO_PLACE, params={})]
    if place.lon is None or place.lat is None:
        return []
    west, south, east, north = city.pack.city.bbox
    inside = west <= place.lon <= east and south <= place.lat <= north
    swapped = west <= place.lat <= east and south <= place.lon <= north
    if inside or swapped or place.address or place.area_code:
        return []
    return [Finding(code=ProblemCode.OUTSIDE_CITY, params={})]
