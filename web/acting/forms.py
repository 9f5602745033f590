"""One act's form: its fields with what was typed, what it brings about, and what went wrong."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from domain.actor import Role
from domain.case import SETTLED, Fact, Status
from domain.views import CaseView
from usecases.acting import seen_of
from web.acting.fields import Field, Shape, form_fields
from web.acting.words import CONSEQUENCES, LEGAL, OVERDUE_NOTE, act_name
from web.shown import Shown

Values = Mapping[str, Sequence[str]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Trouble:
    """Why an act did not go through: by field, or a sentence with its code; what others did meanwhile."""

    errors: Mapping[str, str]
    code: str = ""
    text: str = ""
    status: int = 422
    changed: tuple[Fact, ...] = ()


FINE = Trouble(errors={}, status=200)


@dataclass(frozen=True, kw_only=True, slots=True)
class Form:
    """A form as the template shows it. ``legal`` acts are confirmed; ``photos`` are kept ones."""

    kind: str
    title: str
    fields: tuple[Field, ...]
    consequence: str
    overdue: str
    legal: bool
    photos: bool
    request_id: str
    seen: str
    next: str
    trouble: Trouble
    values: Values


def form_of(*, kind: str, view: CaseView, shown: Shown, values: Values, trouble: Trouble = FINE) -> Form:
    """Return the form of an act on a case. KeyError for an act people do not send."""
    fields = form_fields(kind=kind, view=view, shown=shown, values=dict(values), errors=dict(trouble.errors))
    consequence = CONSEQUENCES.get(kind, "")
    first = {name: next(iter(values.get(name, ())), "") for name in ("request_id", "next")}
    return Form(
        kind=kind,
        title=act_name(kind, chinese=shown.chinese),
        fields=fields,
        consequence=shown.text(consequence) if consequence else "",
        overdue=_overdue(view, shown),
        legal=kind in LEGAL,
        photos=any(one.shape is Shape.PHOTOS for one in fields),
        # A refused act is sent anew under a new id: its words may be other ones.
        request_id=secrets.token_hex(16),
        seen=seen_of(view),
        next=first["next"],
        trouble=trouble,
        values=values,
    )


def by_engine(fact: Fact) -> bool:
    """Tell whether the engine did it."""
    return fact.actor.role is Role.ENGINE


def _overdue(view: CaseView, shown: Shown) -> str:
    due = view.handling_due
    late = due is not None and due < shown.city.now() and view.submitted_at is None
    if not late or Status(view.status) in SETTLED:
        return ""
    return shown.text(OVERDUE_NOTE, since=shown.when(due))
