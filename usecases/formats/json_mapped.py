"""Plain JSON, and plain text, by the source's own mapping."""

from collections.abc import Iterator
from dataclasses import replace

from domain.envelope import Envelope, Unreadable
from usecases.formats.envelopes import envelope
from usecases.formats.faults import UnableToRead
from usecases.formats.frame import Frame
from usecases.formats.jsontext import checked, clean, decoded, items, load
from usecases.formats.paths import Context


def read_json(frame: Frame) -> Iterator[Envelope | Unreadable]:
    """Yield what each part of the message says. Raises UnableToRead when the whole cannot be read."""
    rules = frame.reading.rules
    if rules.plain_text:
        text = clean(decoded(body=frame.body, content_type=frame.content_type)).strip()
        yield _part(frame=frame, value=text, message=text, body=frame.body)
        return
    document = load(body=frame.body, content_type=frame.content_type)
    for item in items(document, body=frame.body, under=rules.items):
        yield _part(frame=frame, value=item.value, message=document.value, body=item.body)


def _part(*, frame: Frame, value: object, message: object, body: bytes) -> Envelope | Unreadable:
    try:
        context = Context(
            part=checked(value),
            message=message,
            topic=frame.topic,
        )
        return replace(envelope(context=context, body=body, reading=frame.reading), part=frame.own(body))
    except UnableToRead as error:
        return error.part(body)
