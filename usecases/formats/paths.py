"""Where in a message something stands: the small language of a source's mapping.

=====================  ==========================================================================
``data.items[0].v``    keys and places in arrays, from the part that is being read
``a["@iot.id"]``       a key with signs of its own
``.``                  the part itself
``^gateway``           the same, from the whole message the part is in
``$topic[2]``          a level of the MQTT topic, from 0; ``$topic`` is all of it
``$ce.type``           an attribute of a CloudEvent
``a|b|=none``          the first that says something
``=alarm``             a constant: everything after the sign
=====================  ==========================================================================
"""

import re
from dataclasses import dataclass, field
from enum import StrEnum

_STEP = re.compile(r"""\.?([^.\[\]|"@^$=\s]+)|\[(-?\d{1,6})\]|\["([^"]+)"\]""")
MOST_STEPS = 32


class UnableToReadPath(ValueError):
    """The text is no path."""


class Root(StrEnum):
    """From where a path goes."""

    PART = "part"
    MESSAGE = "message"
    TOPIC = "topic"
    ATTRIBUTES = "ce"
    CONSTANT = "constant"


@dataclass(frozen=True, kw_only=True, slots=True)
class Path:
    """One way to a value; ``constant`` is the value itself for the root of that name."""

    root: Root
    steps: tuple[str | int, ...] = ()
    constant: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Context:
    """What paths may lead into: the part, the message around it, topic and attributes."""

    part: object
    message: object = None
    topic: str = ""
    attributes: dict[str, object] = field(default_factory=dict)


def parse(text: str) -> tuple[Path, ...]:
    """Return the ways a path names, in order. Raises UnableToReadPath."""
    ways: list[Path] = []
    rest: str | None = text.strip()
    while rest is not None:
        if rest.startswith("="):
            return (*ways, Path(root=Root.CONSTANT, constant=rest[1:]))
        way, bar, after = _split(rest)
        ways.append(_way(way.strip()))
        rest = after.strip() if bar else None
    return tuple(ways)


def find(ways: tuple[Path, ...], context: Context) -> object:
    """Return the first value the ways lead to, None when none does; JSON's null says nothing."""
    for way in ways:
        value = _follow(way, context)
        if value is not None:
            return value
    return None


def _split(text: str) -> tuple[str, str, str]:
    """Part a text at the first bar that is not quoted."""
    quoted = False
    for at, sign in enumerate(text):
        quoted ^= sign == '"'
        if sign == "|" and not quoted:
            return text[:at], "|", text[at + 1 :]
    return text, "", ""


def _way(text: str) -> Path:
    for sign, root in (("$topic", Root.TOPIC), ("$ce", Root.ATTRIBUTES)):
        if text == sign or text.startswith((f"{sign}.", f"{sign}[")):
            return Path(root=root, steps=_steps(text.removeprefix(sign)))
    if text == ".":
        return Path(root=Root.PART)
    if text.startswith("^"):
        return Path(root=Root.MESSAGE, steps=_steps(text[1:]))
    steps = _steps(text)
    if not steps:
        raise UnableToReadPath("an empty path")
    return Path(root=Root.PART, steps=steps)


def _steps(text: str) -> tuple[str | int, ...]:
    steps: list[str | int] = []
    at = 0
    while at < len(text):
        found = _STEP.match(text, at)
        if found is None or len(steps) >= MOST_STEPS:
            raise UnableToReadPath(f"not readable from sign {at + 1}")
        key, place, quoted = found.groups()
        steps.append(int(place) if place is not None else key or quoted)
        at = found.end()
    return tuple(steps)


def _follow(way: Path, context: Context) -> object:
    value = _start(way, context)
    for step in way.steps:
        if value is None:
            return None
        value = _step(value, step)
    return value


def _start(way: Path, context: Context) -> object:
    match way.root:
        case Root.PART:
            return context.part
        case Root.MESSAGE:
            return context.message
        case Root.TOPIC:
            return context.topic.split("/") if way.steps else context.topic or None
        case Root.ATTRIBUTES:
            return context.attributes
        case Root.CONSTANT:
            return way.constant


def _step(value: object, step: str | int) -> object:
    if isinstance(step, str):
        return value.get(step) if isinstance(value, dict) else None
    if isinstance(value, list) and -len(value) <= step < len(value):
        return value[step]
    return None
