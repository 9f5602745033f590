"""From a form in the street to a command: its fields, its photos, when it was done."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import MAXYEAR, MINYEAR, UTC, datetime
from typing import Any

from starlette.datastructures import FormData, UploadFile

from domain.account import Principal
from domain.attachment import AttachmentKind
from usecases.city import City
from usecases.media import MOST_BYTES, keep_media
from usecases.permits import actors_for
from usecases.problems import BadRequest, ProblemCode
from usecases.queries import case_view
from usecases.uploads import photo_address, said_of

PHOTO_FIELDS: Mapping[str, AttachmentKind] = {
    "before": AttachmentKind.BEFORE,
    "after": AttachmentKind.AFTER,
    "photo": AttachmentKind.NEAR,
}
MOST_PHOTOS = 12
REFERENCE = "photo_ref"
"""A photo that is kept already, by its address."""
BEHIND_NAME = " · "
"""Between a unit's name and its code, as the list of proposals writes them."""
Fields = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """What a form says. ``typed`` is every text field as it was typed, to be shown again."""

    fields: Fields
    request_id: str
    occurred_at: datetime | None
    typed: dict[str, str] = field(repr=False)


async def said(*, city: City, who: Principal, case_no: str, kind: str, form: FormData) -> Said:
    """Read a form; photos that come with it are kept first. Raises BadRequest."""
    typed = {name: value for name, value in form.multi_items() if isinstance(value, str)}
    read = FORMS.get(kind)
    if read is None:
        raise BadRequest(ProblemCode.UNKNOWN_COMMAND, kind=kind[:60], known=", ".join(sorted(FORMS)))
    request_id = typed.get("request_id", "").strip()
    if not 8 <= len(request_id) <= 64 or not request_id.replace("-", "").isalnum():
        raise BadRequest(ProblemCode.INVALID_PARAMETER)
    fields = read(city, who, typed)
    if kind in WITH_PHOTOS:
        fields["photos"] = await _photos(city=city, who=who, case_no=case_no, form=form)
    return Said(
        fields=fields, request_id=request_id, occurred_at=_moment(typed.get("occurred_at", "")), typed=typed
    )


async def _photos(*, city: City, who: Principal, case_no: str, form: FormData) -> list[str]:
    """Return the addresses of a form's photos, those sent before included, each once."""
    found = [await asyncio.to_thread(_known, city, case_no, str(one)) for one in form.getlist(REFERENCE)]
    files = [
        (kind, one)
        for name, kind in PHOTO_FIELDS.items()
        for one in form.getlist(name)
        if isinstance(one, UploadFile) and one.size
    ]
    if files:
        view = await asyncio.to_thread(lambda: case_view(city=city, case_no=case_no))
        await asyncio.to_thread(lambda: actors_for(city=city, who=who, view=view))
    for kind, file in files[:MOST_PHOTOS]:
        row = await keep_media(
            city=city,
            case_no=case_no,
            source=f"staff:{who.account}",
            kind=kind,
            name=file.filename or "",
            media_type=file.content_type or "",
            body=await file.read(MOST_BYTES + 1),
            said=said_of(form).facts(),
        )
        found.append(photo_address(row))
    return list(dict.fromkeys(found))


def _known(city: City, case_no: str, address: str) -> str:
    """Return the address of a photo of this case. Raises BadRequest for any other."""
    row = city.store.attachment(id=address.rpartition("/")[2][:40])
    if row is None or row.case_no != case_no or photo_address(row) != address:
        raise BadRequest(ProblemCode.ATTACHMENT_NOT_FOUND, id=address[-40:])
    return address


def _moment(text: str) -> datetime | None:
    """Read a telephone's time; what is none is not said."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    known = found.tzinfo is not None and MINYEAR < found.year < MAXYEAR
    return found.astimezone(UTC) if known else None


def _text(typed: Mapping[str, str], name: str) -> str:
    return typed.get(name, "").strip()


def _yes(typed: Mapping[str, str], name: str) -> bool:
    return typed.get(name, "") in ("1", "on", "yes", "true")


def _sign_in(_city: City, who: Principal, typed: Mapping[str, str]) -> Fields:
    return {"assignee": who.account if _yes(typed, "mine") else ""}


def _start(_city: City, who: Principal, typed: Mapping[str, str]) -> Fields:
    return {"assignee": who.account, "contacted": _yes(typed, "contacted")}


def _contact(_city: City, _who: Principal, typed: Mapping[str, str]) -> Fields:
    return {
        "reached": _yes(typed, "reached"),
        "means": _text(typed, "means") or "phone",
        "note": _text(typed, "note"),
    }


def _return(city: City, _who: Principal, typed: Mapping[str, str]) -> Fields:
    return {
        "reason": _text(typed, "reason"),
        "proposed_unit": unit_code(city=city, text=_text(typed, "proposed_unit")),
        "legal_basis": _text(typed, "legal_basis"),
    }


def _extend(_city: City, _who: Principal, typed: Mapping[str, str]) -> Fields:
    return {"reason": _text(typed, "reason")}


def _submit(_city: City, _who: Principal, typed: Mapping[str, str]) -> Fields:
    return {
        "result": _text(typed, "result"),
        "solved": typed.get("solved", "yes") == "yes",
        "contacted": _yes(typed, "contacted"),
    }


def _take_task(_city: City, _who: Principal, typed: Mapping[str, str]) -> Fields:
    return {"task": _text(typed, "item")}


def _report_task(_city: City, _who: Principal, typed: Mapping[str, str]) -> Fields:
    return {"task": _text(typed, "item"), "result": _text(typed, "result")}


def _reply(_city: City, _who: Principal, typed: Mapping[str, str]) -> Fields:
    return {"supervision": _text(typed, "item"), "reply": _text(typed, "reply")}


def _seen(_city: City, _who: Principal, typed: Mapping[str, str]) -> Fields:
    return {"finding": _text(typed, "finding"), "note": _text(typed, "note"), **_position(typed)}


def _checked(_city: City, _who: Principal, typed: Mapping[str, str]) -> Fields:
    # Nothing chosen is no verdict: the field is left out, and the command is refused by its schema.
    verdict = {"yes": True, "no": False}.get(typed.get("passed", ""))
    passed = {} if verdict is None else {"passed": verdict}
    return {**passed, "note": _text(typed, "note"), **_position(typed)}


def _position(typed: Mapping[str, str]) -> Fields:
    found = said_of(typed)
    if found.lon is None or found.lat is None:
        return {}
    return {"lon": found.lon, "lat": found.lat}


def unit_code(*, city: City, text: str) -> str | None:
    """Return the code of a unit typed as proposed, as its code, or by its whole name; None for nothing.

    What is no unit is returned as it is: the command is refused with it.
    """
    if not text:
        return None
    code = text.rpartition(BEHIND_NAME)[2].strip()
    if city.pack.tree.find(code) is not None:
        return code
    named = (one.code for one in city.pack.tree.explicit if text in (one.name_zh, one.name_en))
    return next(named, text)


FORMS: Mapping[str, Callable[[City, Principal, Mapping[str, str]], Fields]] = {
    "sign_in": _sign_in,
    "start_handling": _start,
    "log_contact": _contact,
    "request_return": _return,
    "request_extension": _extend,
    "submit_result": _submit,
    "sign_in_task": _take_task,
    "report_task": _report_task,
    "reply_supervision": _reply,
    "record_verification": _seen,
    "record_check": _checked,
}
"""Commands the pages of the street send, and what their forms say."""
WITH_PHOTOS = frozenset({"submit_result", "report_task", "record_verification", "record_check"})
