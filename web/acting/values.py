"""From a form as it was sent to the fields of a command: the types the command has, nothing guessed."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from web.acting.fields import NO, YES, Asked, Shape, asked_of, takes_position
from web.words import N_

Values = Mapping[str, Sequence[str]]
NOT_CHOSEN = N_("Choose one of the proposals; what you typed names none")
NOT_A_NUMBER = N_("This is no whole number")
NOT_A_TIME = N_("This is no date and time")
MISSING = N_("This must be filled in")


class UnableToReadForm(ValueError):
    """Fields of the form do not fit; ``errors`` has a message id for each."""

    def __init__(self, errors: dict[str, str]) -> None:
        """Keep them."""
        super().__init__(", ".join(sorted(errors)))
        self.errors = errors


def fields_from(*, kind: str, values: Values, zone: ZoneInfo) -> dict[str, Any]:
    """Return the command's fields as on the wire. What was left empty is left out.

    Raises UnableToReadForm; KeyError for a command people do not send.
    """
    found: dict[str, Any] = {}
    errors: dict[str, str] = {}
    for asked in asked_of(kind):
        try:
            value = _value(asked, values, zone)
        except ValueError as error:
            errors[asked.name] = str(error)
            continue
        if value is None and asked.required:
            errors[asked.name] = MISSING
        elif value is not None:
            found[asked.name] = value
    if takes_position(kind):
        found.update(_position(values))
    if errors:
        raise UnableToReadForm(errors)
    return found


def _value(asked: Asked, values: Values, zone: ZoneInfo) -> Any:
    given = [text.strip() for text in values.get(asked.name, ()) if text.strip()]
    if asked.kind is bool:
        return _flag(asked, given)
    if asked.shape in (Shape.MANY, Shape.PHOTOS):
        return given or None
    if not given:
        typed = "".join(values.get(f"{asked.name}_text", ())).strip()
        if typed and asked.shape in (Shape.UNIT, Shape.CATEGORY):
            raise ValueError(NOT_CHOSEN)
        return typed or None if asked.shape is Shape.PLACE else None
    return _typed(asked, given[0], zone)


def _flag(asked: Asked, given: list[str]) -> bool | None:
    """A box that is not ticked is a no; a choice that was not made is none."""
    if asked.shape is Shape.CHOICE:
        return {YES: True, NO: False}.get(given[0]) if given else None
    return bool(given) and given[0] == YES


def _typed(asked: Asked, text: str, zone: ZoneInfo) -> Any:
    if asked.kind is int:
        try:
            return int(text)
        except ValueError:
            raise ValueError(NOT_A_NUMBER) from None
    if asked.kind is datetime:
        try:
            at = datetime.fromisoformat(text)
        except ValueError:
            raise ValueError(NOT_A_TIME) from None
        return (at if at.tzinfo is not None else at.replace(tzinfo=zone)).isoformat()
    if asked.name in ("areas", "tags"):
        return [part.strip() for part in text.replace("，", ",").split(",") if part.strip()]
    return text


def _position(values: Values) -> dict[str, float]:
    """Return the point of the place that was chosen, both degrees or none."""
    try:
        lon, lat = (float(next(iter(values.get(name, ())), "")) for name in ("lon", "lat"))
    except ValueError:
        return {}
    return {"lon": lon, "lat": lat}
