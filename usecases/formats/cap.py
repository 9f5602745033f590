"""CAP 1.2 and 1.1: warnings of weather and emergency services (reference: escalation.md §6.2).

A message is one document, a wrapper of several (``alerts``, EDXL-DE), or refused. Its event id
is ``sender,identifier``, which is what the references of later messages begin with; a second
hazard of the same message is ``sender,identifier#2`` and so on; an Update speaks of the hazards in
their places, a Cancel of all. Status other than Actual is
never real. Several ``info`` are languages of one hazard, or several hazards: one envelope each.
"""

import re
from collections.abc import Iterator
from datetime import datetime

from lxml import etree

from domain.envelope import DeadCode, Envelope, EnvelopeKind, Exercise, Unreadable
from usecases.formats.cap_info import Hazard, hazards_of
from usecases.formats.cap_schema import CAP_11, CAP_12, check_cap, parse_xml
from usecases.formats.faults import UnableToRead
from usecases.formats.frame import Frame
from usecases.formats.jsontext import MOST_ITEMS
from usecases.formats.times import believed, instant
from usecases.formats.values import severity_of

SEVERITIES = {"Extreme": 1, "Severe": 2, "Moderate": 3, "Minor": 4}
"""CAP's words; Unknown stays unknown. A source's own table goes before."""
STATUSES = {"Actual": Exercise.REAL, "Exercise": Exercise.EXERCISE}
"""Any other status (System, Test, Draft) is a test."""
KINDS = {"Alert": EnvelopeKind.WARNING, "Update": EnvelopeKind.WARNING, "Cancel": EnvelopeKind.CANCEL}
REFERRING = ("Update", "Cancel")
MOST_REFERENCES = 500
"""Messages one may name: in a megabyte there is room for a hundred thousand, each of which is looked for."""
MOST_HAZARDS = 8
"""Hazards of one message; a Cancel, which names the message alone, ends them all."""
EDXL_STATUS = "{urn:oasis:names:tc:emergency:EDXL:DE:1.0}distributionStatus"
EDXL = "{urn:oasis:names:tc:emergency:EDXL:DE:1.0}EDXLDistribution"
_ALERTS = {f"{{{space}}}alert" for space in (CAP_11, CAP_12)}
_WRAPPERS = {f"{{{space}}}alerts" for space in (CAP_11, CAP_12)} | {EDXL}


def read_cap(frame: Frame) -> Iterator[Envelope | Unreadable]:
    """Yield what each hazard of each alert says. Raises UnableToRead when the whole cannot be read."""
    root = parse_xml(frame.body)
    if root.tag in _ALERTS:
        yield from _alert(frame=frame, alert=root, body=frame.body, exercise=Exercise.REAL)
        return
    alerts = list(root.iter(*_ALERTS)) if root.tag in _WRAPPERS else []
    if not alerts:
        name = etree.QName(root)
        raise UnableToRead(DeadCode.UNKNOWN_FORMAT, found=f"{name.namespace or ''} {name.localname}"[:100])
    if len(alerts) > MOST_ITEMS:
        raise UnableToRead(DeadCode.TOO_MANY, count=str(len(alerts)), most=str(MOST_ITEMS))
    wrapped = STATUSES.get((root.findtext(EDXL_STATUS) or "Actual").strip(), Exercise.TEST)
    for each in alerts:
        body = etree.tostring(each, encoding="utf-8", with_tail=False)
        try:
            yield from _alert(frame=frame, alert=each, body=body, exercise=wrapped)
        except UnableToRead as error:
            yield error.part(body)


def _alert(
    *, frame: Frame, alert: etree._Element, body: bytes, exercise: Exercise
) -> Iterator[Envelope | Unreadable]:
    event_id = _event_id(alert)
    try:
        check_cap(alert)
        yield from _envelopes(frame=frame, alert=alert, body=body, event_id=event_id, exercise=exercise)
    except UnableToRead as error:
        error.event_id = error.event_id or event_id
        yield error.part(body)


def _event_id(alert: etree._Element) -> str:
    """Return ``sender,identifier``. Raises UnableToRead (missing_id)."""
    sender, identifier = text(alert, "sender"), text(alert, "identifier")
    if not identifier:
        raise UnableToRead(DeadCode.MISSING_ID, field="identifier")
    event_id = f"{sender},{identifier}"
    if len(event_id) > 400:
        raise UnableToRead(DeadCode.TOO_LARGE, field="identifier", size=str(len(event_id)), most="400")
    return event_id


def _envelopes(
    *, frame: Frame, alert: etree._Element, body: bytes, event_id: str, exercise: Exercise
) -> list[Envelope]:
    """Return the alert's envelopes, all or none."""
    kind = KINDS.get(text(alert, "msgType"))
    if kind is None:
        raise UnableToRead(DeadCode.REFUSED, reason="msg_type", word=text(alert, "msgType"))
    _conditions(alert)
    references = _references(alert)
    told = instant(text(alert, "sent"), field="sent")
    status = STATUSES.get(text(alert, "status"), Exercise.TEST)
    hazards = hazards_of(alert, words=frame.reading.rules.words, bbox=frame.reading.bbox)
    if len(hazards) > MOST_HAZARDS:
        raise UnableToRead(DeadCode.TOO_MANY, count=str(len(hazards)), most=str(MOST_HAZARDS))
    if kind is EnvelopeKind.CANCEL:
        hazards = hazards[:1]
    return [
        _envelope(
            frame=frame,
            hazard=hazard,
            event_id=_nth(event_id, at),
            kind=EnvelopeKind.CANCEL if hazard.all_clear and references else kind,
            exercise=status if status is not Exercise.REAL else exercise,
            told=told,
            references=_named(references, at=None if kind is EnvelopeKind.CANCEL else at),
            part=frame.own(body),
        )
        for at, hazard in enumerate(hazards, 1)
    ]


def _nth(event_id: str, at: int) -> str:
    """Return the id of a message's first, second … hazard."""
    return event_id if at == 1 else f"{event_id}#{at}"


def _named(references: tuple[str, ...], *, at: int | None) -> tuple[str, ...]:
    """Return the ids of the hazards in the same place of earlier messages; with None, of all they may have."""
    places = range(1, MOST_HAZARDS + 1) if at is None else (at,)
    return tuple(_nth(reference, place) for reference in references for place in places)


def _envelope(
    *,
    frame: Frame,
    hazard: Hazard,
    event_id: str,
    kind: EnvelopeKind,
    exercise: Exercise,
    told: datetime,
    references: tuple[str, ...],
    part: bytes,
) -> Envelope:
    reading = frame.reading
    # Warnings are fetched and handed on late; only one from the future is not believed.
    at, sent = believed(told, received_at=reading.received_at, trusted=True)
    return Envelope(
        source=reading.source.name,
        event_id=event_id,
        kind=kind,
        subject=hazard.subject,
        hazard=hazard.hazard,
        category=hazard.category,
        condition=hazard.condition,
        raw_severity=hazard.severity,
        severity=severity_of(hazard.severity, source=reading.source, usual=SEVERITIES),
        title=hazard.title,
        text=hazard.text,
        place=hazard.place,
        exercise=exercise,
        occurred_at=at,
        received_at=reading.received_at,
        sent_at=sent,
        expires_at=hazard.expires_at,
        references=references,
        data=hazard.data,
        part=part,
    )


def _conditions(alert: etree._Element) -> None:
    """Look at what must stand with what, which no schema says. Raises UnableToRead (missing_field)."""
    needed = {"Restricted": "restriction", "Private": "addresses"}.get(text(alert, "scope"))
    if needed and not text(alert, needed):
        raise UnableToRead(DeadCode.MISSING_FIELD, field=needed)
    if text(alert, "msgType") in REFERRING and not text(alert, "references"):
        raise UnableToRead(DeadCode.MISSING_FIELD, field="references")


def _references(alert: etree._Element) -> tuple[str, ...]:
    """Return the event ids of ``sender,identifier,sent`` triples. Raises UnableToRead (bad_value, too_many)."""
    found: list[str] = []
    triples = text(alert, "references").split()
    if len(triples) > MOST_REFERENCES:
        raise UnableToRead(DeadCode.TOO_MANY, count=str(len(triples)), most=str(MOST_REFERENCES))
    for triple in triples:
        parts = re.fullmatch(r"([^,]+),([^,]+),[^,]+", triple)
        if parts is None:
            raise UnableToRead(DeadCode.BAD_VALUE, field="references", reason="triple")
        found.append(f"{parts.group(1)},{parts.group(2)}")
    return tuple(dict.fromkeys(found))


def text(element: etree._Element, name: str) -> str:
    """Return the text of a child of the element's own namespace, stripped; empty when there is none."""
    namespace = etree.QName(element).namespace
    return (element.findtext(f"{{{namespace}}}{name}") or "").strip()
