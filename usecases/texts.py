"""Texts people and systems send: how long they may be and what they may hold."""

import math
from collections.abc import Iterator, Mapping

from usecases.problems import BadRequest, ProblemCode

ALLOWED_CONTROLS = frozenset("\n\r\t")
MOST_DEPTH = 8
"""Nothing we take is nested deeper than a field of a part of a body."""


def check_values(*, values: Mapping[str, object], most: Mapping[str, int], otherwise: int) -> None:
    """Look at every text and number of a body, however nested. Raises BadRequest.

    A text may have ``most[field]`` characters, where the field is the innermost named one,
    else ``otherwise``; control characters and halves of surrogate pairs are refused, and so
    are numbers that are none (NaN, Infinity): no database keeps them.
    """
    for field, value in _leaves(values):
        if isinstance(value, str):
            longest = most.get(field, otherwise)
            if len(value) > longest:
                raise BadRequest(
                    ProblemCode.TOO_LONG, field=field[:40], length=str(len(value)), most=str(longest)
                )
            refuse_controls(field=field, text=value)
        elif isinstance(value, float) and not math.isfinite(value):
            raise BadRequest(ProblemCode.NOT_A_NUMBER, field=field[:40])


def refuse_controls(*, field: str, text: str) -> None:
    """Raise BadRequest where a text holds a control character other than a line break or tab."""
    if text.isprintable():
        return
    for char in text:
        if _refused(char):
            raise BadRequest(ProblemCode.CONTROL_CHARACTERS, field=field[:40], point=f"{ord(char):04X}")


def _refused(char: str) -> bool:
    point = ord(char)
    control = (point < 0x20 and char not in ALLOWED_CONTROLS) or 0x7F <= point < 0xA0
    return control or 0xD800 <= point < 0xE000


def _leaves(values: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """Yield every value that is no container, with the name of the field it stands in."""
    waiting: list[tuple[str, object, int]] = [(name, value, 1) for name, value in values.items()]
    while waiting:
        field, value, depth = waiting.pop()
        if depth > MOST_DEPTH:
            raise BadRequest(ProblemCode.TOO_DEEP, field=field[:40], most=str(MOST_DEPTH))
        if isinstance(value, Mapping):
            waiting.extend((str(name), inner, depth + 1) for name, inner in value.items())
        elif isinstance(value, list | tuple):
            waiting.extend((field, inner, depth + 1) for inner in value)
        else:
            yield field, value
