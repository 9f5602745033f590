"""The fields of an act's form, read from the command's own dataclass: what it asks, in which shape."""

import types
from collections.abc import Sequence
from dataclasses import MISSING, dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

from domain.aspects import UNFINISHED, SupervisionStatus
from domain.messages import COMMANDS
from domain.place import Level
from domain.views import CaseView
from usecases.command import ASKED, ENGINE_FIELDS, UNIT_FIELDS, kinds
from web.acting.words import CHOICES, FIELDS
from web.shown import Shown
from web.words import N_

YES, NO = "yes", "no"
_SKIPPED = ENGINE_FIELDS | {"kind", "lon", "lat", "area_code"}
_LONG = frozenset(
    {
        "answer", "interim_measure", "legal_basis", "note", "orders", "plan", "question", "reason", "reply", "result",
        "text", "told",
    }
)  # fmt: skip
_UNITS = frozenset({*UNIT_FIELDS, "verifier", "to", "service"})
_PEERS = frozenset({"to", "service"})
_GRADES = frozenset({"severity", "grade", "warning", "response"})
_VISITS = {5: N_("very good"), 4: N_("good"), 3: N_("fair"), 2: N_("bad"), 1: N_("very bad")}


class Shape(StrEnum):
    """How a field is asked for."""

    TEXT = "text"
    AREA = "area"
    CHOICE = "choice"
    CHECK = "check"
    UNIT = "unit"
    CATEGORY = "category"
    PLACE = "place"
    NUMBER = "number"
    WHEN = "when"
    MANY = "many"
    PHOTOS = "photos"


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """One field: its name, shape and type, and whether it must be filled in."""

    name: str
    act: str
    shape: Shape
    required: bool
    kind: Any = str
    default: Any = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """A field as a form shows it. ``text`` is what a combobox shows for its value."""

    name: str
    label: str
    shape: Shape
    required: bool
    options: tuple[tuple[str, str], ...] = ()
    value: str = ""
    text: str = ""
    error: str = ""
    url: str = ""
    chosen: tuple[str, ...] = field(default=())


@cache
def asked_of(kind: str) -> tuple[Asked, ...]:
    """Return the fields of a command people send. KeyError for any other."""
    if kind not in kinds():
        raise KeyError(kind)
    cls = ASKED[kind][0] if kind in ASKED else COMMANDS[kind]
    hints = get_type_hints(cls)
    found = []
    for one in fields(cls):
        if one.name in _SKIPPED:
            continue
        required = one.default is MISSING and one.default_factory is MISSING
        plain = _plain(hints[one.name])
        default = None if one.default is MISSING else one.default
        # Whether something is so may also not be known: then it is a choice, not a box.
        shape = Shape.CHOICE if plain is bool and default is None else _shape(one.name, plain)
        found.append(
            Asked(name=one.name, act=kind, shape=shape, required=required, kind=plain, default=default)
        )
    return tuple(sorted(found, key=lambda one: not one.required))


def _plain(hint: Any) -> Any:
    """Return a type without its None and its notes."""
    if get_origin(hint) in (Union, types.UnionType):
        return _plain(next(one for one in get_args(hint) if one is not type(None)))
    return hint


def _shape(name: str, kind: Any) -> Shape:
    if name in ("photos", "evidence"):
        return Shape.PHOTOS
    if name in _UNITS:
        return Shape.UNIT
    if name == "category":
        return Shape.CATEGORY
    if name == "address":
        return Shape.PLACE
    if name in ITEMS or name in _GRADES or name == "means":
        return Shape.MANY if name == "children" else Shape.CHOICE
    if isinstance(kind, type) and issubclass(kind, StrEnum | Level):
        return Shape.CHOICE
    if kind is bool:
        return Shape.CHECK
    if kind is datetime:
        return Shape.WHEN
    if kind in (int, float):
        return Shape.NUMBER
    return Shape.AREA if name in _LONG else Shape.TEXT


def form_fields(
    *,
    kind: str,
    view: CaseView | None,
    shown: Shown,
    values: dict[str, Sequence[str]],
    errors: dict[str, str],
) -> tuple[Field, ...]:
    """Return the fields of a form with what was typed and what was wrong.

    Without a ``view`` (many cases at once) nothing is offered that belongs to one case.
    """
    return tuple(_field(one, view, shown, values, errors) for one in asked_of(kind))


def _field(
    asked: Asked,
    view: CaseView | None,
    shown: Shown,
    values: dict[str, Sequence[str]],
    errors: dict[str, str],
) -> Field:
    given = [text for text in values.get(asked.name, ()) if text]
    value = given[0] if given else _default(asked, view, fresh=not values)
    shape = asked.shape
    required = asked.required
    options: tuple[tuple[str, str], ...] = ()
    if shape in (Shape.CHOICE, Shape.MANY):
        options = tuple(_options(asked, view, shown))
    label = shown.text(FIELDS.get(asked.name, asked.name))
    return Field(
        name=asked.name,
        label=label,
        shape=shape,
        required=required,
        options=options,
        value=value,
        text=_said(asked, value, values, shown),
        error=errors.get(asked.name, ""),
        url=_url(asked),
        chosen=tuple(given),
    )


def _default(asked: Asked, view: CaseView | None, *, fresh: bool) -> str:
    """Return what a form begins with."""
    if asked.shape is Shape.CHECK:
        return YES if fresh and asked.default is True else ""
    if isinstance(asked.default, StrEnum):
        return asked.default.value
    if asked.name == "severity" and view is not None and asked.required:
        return str(view.severity)
    items = ITEMS.get(asked.name)
    if items is not None and view is not None and asked.required:
        known = items(view)
        return known[0][0] if len(known) == 1 else ""
    return ""


def _said(asked: Asked, value: str, values: dict[str, Sequence[str]], shown: Shown) -> str:
    typed = next(iter(values.get(f"{asked.name}_text", ())), "")
    if not value or typed:
        return typed
    if asked.shape is Shape.UNIT:
        return shown.unit(value)
    return shown.category(value) if asked.shape is Shape.CATEGORY else value


def _url(asked: Asked) -> str:
    if asked.shape is Shape.UNIT:
        return f"/acting/{'services' if asked.name in _PEERS else 'units'}"
    return {Shape.CATEGORY: "/acting/categories", Shape.PLACE: "/maps/places"}.get(asked.shape, "")


def _options(asked: Asked, view: CaseView | None, shown: Shown) -> list[tuple[str, str]]:
    if asked.name in ITEMS:
        return [] if view is None else ITEMS[asked.name](view)
    if asked.name == "means":
        return [(one, shown.text(CHOICES[one])) for one in ("phone", "sms", "visit")]
    if asked.kind is bool:
        return [(YES, shown.text(N_("yes"))), (NO, shown.text(N_("no")))]
    if asked.act == "record_visit" and asked.name == "grade":
        return [(str(one), f"{one} {shown.text(word)}") for one, word in _VISITS.items()]
    if asked.name in _GRADES:
        return [(str(one), f"{one} {shown.severity(one)}") for one in range(1, 5)]
    if issubclass(asked.kind, Level):
        return [(level.name.lower(), shown.level(level)) for level in Level]
    return [(one.value, shown.text(CHOICES.get(one.value, one.value))) for one in asked.kind]


def _tasks(view: CaseView) -> list[tuple[str, str]]:
    return [(one.id, f"{one.id} · {one.text[:40]}") for one in view.aspects.tasks if one.status in UNFINISHED]


def _orders(view: CaseView) -> list[tuple[str, str]]:
    orders = view.aspects.supervisions
    return [
        (one.id, f"{one.id} · {one.text[:40]}")
        for one in orders
        if one.status is not SupervisionStatus.CLOSED
    ]


def _children(view: CaseView) -> list[tuple[str, str]]:
    return [(one.case_no, one.case_no) for one in view.aspects.children if not one.waived]


def _stages(view: CaseView) -> list[tuple[str, str]]:
    return [(one.code, one.name_zh or one.code) for one in view.aspects.milestones if one.reached_at is None]


def _reports(view: CaseView) -> list[tuple[str, str]]:
    return [(one, one) for one in view.reports]


ITEMS = {
    "task": _tasks,
    "supervision": _orders,
    "child": _children,
    "children": _children,
    "milestone": _stages,
    "report_no": _reports,
}
"""Fields that name a part of the case, and the parts there are."""


@cache
def takes_position(kind: str) -> bool:
    """Tell whether a command says where its sender was or where something is."""
    cls = ASKED[kind][0] if kind in ASKED else COMMANDS[kind]
    return "lon" in {one.name for one in fields(cls)}
