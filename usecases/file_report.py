"""Filing a report: checked, numbered, stored durably, answered. Works while Temporal is down.

A report that cannot be located or routed is accepted all the same and waits in triage;
only a request that is wrong in itself is refused.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter

from domain.catalogue import Category
from domain.identifiers import RANDOM_BITS, number
from domain.place import ReportedPlace
from domain.report import Accepted, NewReport, Reporter
from routing import canonical, tags_in
from store.group_commit import UnableToSubmit
from store.rows import Conflict
from usecases.callers import caller_of
from usecases.city import City
from usecases.problems import BadRequest, Finding, ProblemCode
from usecases.texts import check_values

MOST_CHARACTERS = {
    "description": 20_000, "address": 500, "source_no": 200, "email": 200, "idempotency_key": 300, "phone": 40,
    "related": 200,
}  # fmt: skip
MOST_OTHERWISE = 100
CLOCK_SKEW = timedelta(minutes=5)
"""How far a sender's clock may run ahead before its time counts as wrong."""
UNCLASSIFIED = "unclassified"
"""The category of a report that triage has to classify."""
NUMBER_TAKEN = "number_taken"
"""The store's word for a drawn number that is somebody else's: draw again."""
NOWHERE = ReportedPlace()
NOBODY = Reporter()
NOTHING: Mapping[str, object] = {}


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
    related: tuple[str, ...] = ()


_PLAIN = TypeAdapter(FileReport)


@dataclass(frozen=True, kw_only=True, slots=True)
class Filed:
    """The answer: the durable receipt and what the sender should know about its report."""

    accepted: Accepted
    warnings: tuple[Finding, ...] = ()


async def file_report(*, city: City, ask: FileReport, raw: Mapping[str, object] = NOTHING) -> Filed:
    """Accept a report; durable when this returns. ``raw`` is the body as it came. Raises BadRequest."""
    now = city.now()
    check(city=city, ask=ask, now=now)
    accepted = await _submit(city, new_report(city=city, ask=ask, now=now, raw=raw))
    while isinstance(accepted, Conflict):
        if accepted.code != NUMBER_TAKEN:
            raise BadRequest(ProblemCode(accepted.code))
        accepted = await _submit(city, new_report(city=city, ask=ask, now=now, raw=raw))
    return Filed(accepted=accepted, warnings=tuple(place_warnings(city=city, place=ask.place)))


async def _submit(city: City, report: NewReport) -> Accepted | Conflict:
    try:
        return await city.intake.submit(report)
    except UnableToSubmit as error:
        # This process is going down; another one takes the report.
        raise BadRequest(ProblemCode.OVERLOADED) from error


def new_report(
    *, city: City, ask: FileReport, now: datetime, raw: Mapping[str, object] = NOTHING
) -> NewReport:
    """Number a report. Case and first report share their number: it is the reporter's receipt."""
    day = now.astimezone(ZoneInfo(city.pack.city.timezone)).date()
    case_no = number(day=day, random_bits=city.random_bits(RANDOM_BITS))
    channel = city.pack.channels[ask.channel]
    return NewReport(
        case_no=case_no,
        report_no=case_no,
        source=ask.source or ask.channel,
        # A blank number identifies nothing: two reports that have it are not the same.
        source_no=(ask.source_no or "").strip() or None,
        channel=ask.channel,
        category=ask.category or UNCLASSIFIED,
        condition=ask.condition,
        description=ask.description,
        reported=replace(ask.place, crs=channel.crs),
        reporter=ask.reporter,
        severity=ask.severity,
        tags=tags_of(city=city, ask=ask),
        exercise=ask.exercise,
        occurred_at=ask.occurred_at or now,
        received_at=now,
        idempotency_key=(ask.idempotency_key or "").strip() or None,
        fingerprint=fingerprint(ask) if ask.idempotency_key else "",
        raw=dict(raw),
        caller=caller_of(city=city, phone=ask.reporter.phone),
        related=ask.related,
    )


def tags_of(*, city: City, ask: FileReport) -> tuple[str, ...]:
    """Return the report's tags: those sent, in the city's names too, then those its text says (E9)."""
    said = tags_in(text=ask.description, known=city.pack.tags)
    return canonical(given=(*ask.tags, *said), known=city.pack.tags)


def fingerprint(ask: FileReport) -> str:
    """Return what tells two bodies apart under one idempotency key: all that was sent but the key."""
    return hashlib.sha256(
        _PLAIN.dump_json(replace(ask, idempotency_key=None), exclude=_later(ask))
    ).hexdigest()


def _later(ask: FileReport) -> dict[str, Any]:
    """Return the fields that came later and are empty: they leave the digests of older bodies as they were."""
    found: dict[str, Any] = {}
    if ask.place.radius_m is None:
        found["place"] = {"radius_m"}
    if not ask.reporter.confidential:
        found["reporter"] = {"confidential"}
    if not ask.related:
        found["related"] = True
    return found


def check(*, city: City, ask: FileReport, now: datetime) -> None:
    """Refuse what is wrong in itself. Raises BadRequest with a stable code."""
    check_values(values=_PLAIN.dump_python(ask), most=MOST_CHARACTERS, otherwise=MOST_OTHERWISE)
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
    check_condition(category=category, condition=ask.condition)


def check_condition(*, category: Category, condition: str | None) -> None:
    """Raise BadRequest for a filing condition the category does not have."""
    if condition is not None and all(one.code != condition for one in category.conditions):
        known = ", ".join(one.code for one in category.conditions)
        raise BadRequest(
            ProblemCode.UNKNOWN_CONDITION, category=category.code, condition=condition[:50], known=known
        )


def place_warnings(*, city: City, place: ReportedPlace) -> list[Finding]:
    """Return what the sender should know about the place; cheap, since the binding look-up comes later."""
    if place.lon is None or place.lat is None:
        # Half a point is no point.
        named = bool(place.address and place.address.strip()) or place.area_code is not None
        return [] if named else [Finding(code=ProblemCode.NO_PLACE, params={})]
    west, south, east, north = city.pack.city.bbox
    inside = west <= place.lon <= east and south <= place.lat <= north
    swapped = west <= place.lat <= east and south <= place.lon <= north
    if inside or swapped or place.address or place.area_code:
        return []
    return [Finding(code=ProblemCode.OUTSIDE_CITY, params={})]
