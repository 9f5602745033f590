"""CloudEvents 1.0: structured, batch and binary mode, with the checks their own library leaves out.

Reference: escalation.md §6.5. An event without an id would be a new one each time it is delivered, so
it is refused; ``source`` and ``id`` together name an event, and so they do here. The data goes
through the source's mapping like any JSON.
"""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from urllib.parse import unquote

from domain.envelope import DeadCode, Envelope, Unreadable
from usecases.formats.envelopes import envelope
from usecases.formats.faults import UnableToRead
from usecases.formats.frame import Frame
from usecases.formats.jsontext import checked, clean, decoded, items, load
from usecases.formats.paths import Context

REQUIRED = ("specversion", "id", "source", "type")
OPTIONAL = ("subject", "time", "datacontenttype", "dataschema")
VERSION = "1.0"
_NAME = re.compile(r"[a-z0-9]{1,64}")
_PREFIX = "ce-"
_STRUCTURED = "application/cloudevents"
_JSON_DATA = re.compile(r"^[^;]*[/+]json\s*(;|$)", re.IGNORECASE)


def read_cloudevents(frame: Frame) -> Iterator[Envelope | Unreadable]:
    """Yield what each event says. Raises UnableToRead when the whole cannot be read."""
    structured = frame.content_type.strip().lower().startswith(_STRUCTURED)
    if not structured and any(name.startswith(_PREFIX) for name in frame.headers):
        yield _binary(frame)
        return
    document = load(body=frame.body, content_type=frame.content_type)
    for item in items(document, body=frame.body):
        try:
            yield _event(frame=frame, event=checked(item.value), body=item.body)
        except UnableToRead as error:
            yield error.part(item.body)


def _binary(frame: Frame) -> Envelope:
    """Read an event whose attributes are headers and whose body is its data."""
    attributes: dict[str, object] = {
        name.removeprefix(_PREFIX): clean(unquote(text))
        for name, text in frame.headers.items()
        if name.startswith(_PREFIX)
    }
    attributes["datacontenttype"] = frame.content_type or "application/json"
    if not frame.body:
        data: object = {}
    elif _JSON_DATA.match(str(attributes["datacontenttype"])):
        data = checked(load(body=frame.body, content_type=frame.content_type).value)
    else:
        data = clean(decoded(body=frame.body, content_type=frame.content_type))
    return _read(frame=frame, attributes=attributes, data=data, body=frame.body)


def _event(*, frame: Frame, event: object, body: bytes) -> Envelope:
    if not isinstance(event, dict):
        raise UnableToRead(DeadCode.SCHEMA, reason="no_object")
    attributes = {name: each for name, each in event.items() if name not in {"data", "data_base64"}}
    data = event.get("data")
    if "data_base64" in event:
        data = _decoded_data(event, kind=str(event.get("datacontenttype") or "application/json"))
    return _read(frame=frame, attributes=attributes, data={} if data is None else data, body=body)


def _decoded_data(event: Mapping[str, object], *, kind: str) -> object:
    """Return data written in base64: JSON where its type says so, else text."""
    if "data" in event:
        raise UnableToRead(DeadCode.SCHEMA, reason="data_twice", field="data_base64")
    try:
        body = base64.b64decode(str(event["data_base64"]), validate=True)
    except (binascii.Error, ValueError):
        raise UnableToRead(DeadCode.BAD_VALUE, field="data_base64", reason="base64") from None
    if _JSON_DATA.match(kind):
        return checked(load(body=body, content_type=kind).value)
    return clean(decoded(body=body, content_type=kind))


def _read(*, frame: Frame, attributes: Mapping[str, object], data: object, body: bytes) -> Envelope:
    said = {name: each for name, each in attributes.items() if each is not None}
    _check(said)
    named = f"{said['source']}#{said['id']}"
    reading = replace(
        frame.reading,
        event_id=named,
        subject=str(said.get("subject", "")),
        time=said.get("time"),
        data={"ce_type": str(said["type"])[:200], "ce_source": str(said["source"])[:200]},
    )
    context = Context(part=data, message=data, topic=frame.topic, attributes=said)
    if len(named) > 500:
        raise UnableToRead(DeadCode.TOO_LARGE, field="id", size=str(len(named)), most="500")
    try:
        return replace(envelope(context=context, body=body, reading=reading), part=frame.own(body))
    except UnableToRead as error:
        error.event_id = error.event_id or named
        raise


def _check(attributes: Mapping[str, object]) -> None:
    """Look at the names and kinds of attributes. Raises UnableToRead (missing_id, missing_field, schema)."""
    for name, value in attributes.items():
        if not _NAME.fullmatch(name):
            raise UnableToRead(DeadCode.SCHEMA, reason="attribute_name", field=name[:40])
        if not isinstance(value, str | bool | int):
            raise UnableToRead(DeadCode.SCHEMA, reason="attribute_type", field=name)
    for name in REQUIRED:
        value = attributes.get(name)
        if value is None or value == "":
            code = DeadCode.MISSING_ID if name == "id" else DeadCode.MISSING_FIELD
            raise UnableToRead(code, field=name)
    for name in (*REQUIRED, *OPTIONAL):
        if not isinstance(attributes.get(name, ""), str):
            raise UnableToRead(DeadCode.SCHEMA, reason="attribute_type", field=name)
    if attributes["specversion"] != VERSION:
        raise UnableToRead(DeadCode.UNKNOWN_FORMAT, found=str(attributes["specversion"])[:20], known=VERSION)
