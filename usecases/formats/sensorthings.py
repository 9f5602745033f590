"""Observations of OGC SensorThings 1.1 (reference: escalation.md §6.3).

The subject is the datastream: from the link in the observation, or from the MQTT topic
``v1.1/Datastreams(42)/Observations``. Where it is is known by its registration, not from here.
"""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime

from domain.envelope import DeadCode, Envelope, EnvelopeKind, Unreadable
from usecases.formats.faults import UnableToRead
from usecases.formats.frame import Frame
from usecases.formats.jsontext import MOST_ITEMS, Document, checked, items, load
from usecases.formats.times import believed, instant
from usecases.formats.values import derived_id, number_of, text_of

ID = "@iot.id"
_LINK = re.compile(r"Datastreams\(('[^']{1,200}'|[^)]{1,200})\)")
_ARRAY = "dataArray"


def read_sensorthings(frame: Frame) -> Iterator[Envelope | Unreadable]:
    """Yield each observation. Raises UnableToRead when the whole cannot be read."""
    document = load(body=frame.body, content_type=frame.content_type)
    room = MOST_ITEMS
    for item in items(document, body=frame.body, under=_under(document)):
        try:
            observation = checked(item.value)
            if isinstance(observation, dict) and _ARRAY in observation:
                rows = _rows(frame=frame, group=observation, charset=document.charset, most=room)
                room -= len(rows)
                yield from rows
            else:
                yield _observation(frame=frame, observation=observation, body=item.body)
        except UnableToRead as error:
            yield error.part(item.body)


def _under(document: Document) -> tuple[str, ...]:
    """Return where the observations are: a server's answer holds them under ``value``."""
    value = document.value
    return ("value",) if isinstance(value, dict) and isinstance(value.get("value"), list) else ()


def _rows(*, frame: Frame, group: Mapping[str, object], charset: str, most: int) -> list[Envelope]:
    """Return the observations of a data array, all or none: its rows have no names of their own.

    The bytes of each are those of the observation it stands for, so that it can be read again by itself.
    """
    rows, names = group[_ARRAY], group.get("components")
    if not isinstance(rows, list) or not isinstance(names, list):
        raise UnableToRead(DeadCode.MISSING_FIELD, field="components")
    if len(rows) > most:
        raise UnableToRead(DeadCode.TOO_MANY, count=str(len(rows)), most=str(most))
    found = []
    for at, row in enumerate(rows):
        if not isinstance(row, list) or len(row) != len(names):
            raise UnableToRead(DeadCode.SCHEMA, field=_ARRAY, reason="length", at=str(at))
        observation = {**dict(zip(map(str, names), row, strict=True)), "Datastream": group.get("Datastream")}
        own = json.dumps(observation).encode(charset)
        found.append(_observation(frame=frame, observation=observation, body=own))
    return found


def _observation(*, frame: Frame, observation: object, body: bytes) -> Envelope:
    if not isinstance(observation, Mapping):
        raise UnableToRead(DeadCode.SCHEMA, reason="no_object")
    reading = frame.reading
    told = _time(observation)
    subject = _datastream(observation, topic=frame.topic)
    value = number_of(observation.get("result"), field="result")
    if value is None:
        raise UnableToRead(DeadCode.MISSING_FIELD, field="result")
    happened, sent = believed(told, received_at=reading.received_at, trusted=reading.rules.trusted_clock)
    named = text_of(observation.get(ID), field="event_id")
    return Envelope(
        source=reading.source.name,
        event_id=f"Observations({named})"
        if named
        else derived_id(topic=frame.topic, body=body, at=told or reading.received_at),
        kind=EnvelopeKind.OBSERVATION,
        subject=subject,
        value=value,
        occurred_at=happened,
        received_at=reading.received_at,
        sent_at=sent,
        data={"phenomenonTime": str(observation["phenomenonTime"])[:80]} if told else {},
        part=frame.own(body),
    )


def _time(observation: Mapping[str, object]) -> datetime | None:
    """Return when it was observed: of an interval its end. Raises UnableToRead (bad_time)."""
    value = observation.get("phenomenonTime")
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise UnableToRead(DeadCode.BAD_TIME, field="phenomenonTime", reason="type")
    begin, slash, end = value.partition("/")
    if not slash:
        return instant(begin, field="phenomenonTime")
    begins, ends = (instant(each, field="phenomenonTime") for each in (begin, end))
    if ends < begins:
        raise UnableToRead(DeadCode.BAD_TIME, field="phenomenonTime", reason="interval")
    return ends


def _datastream(observation: Mapping[str, object], *, topic: str) -> str:
    """Return the datastream's id. Raises UnableToRead (missing_field)."""
    link = observation.get("Datastream") or observation.get("MultiDatastream")
    if isinstance(link, Mapping):
        found = text_of(link.get(ID), field="subject")
        if found:
            return found
    where = str(observation.get("Datastream@iot.navigationLink") or "")
    match = _LINK.search(where) or _LINK.search(topic)
    if match is None:
        raise UnableToRead(DeadCode.MISSING_FIELD, field="Datastream")
    return match.group(1).strip("'")
