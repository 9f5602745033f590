"""Dead letters: looked at with a reason, tried under another mapping, sent through again or closed."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Path, Query, Request
from fastapi.responses import RedirectResponse, Response

from domain.account import Permission, Principal
from domain.envelope import Unreadable
from usecases import dead_letters as letters
from usecases.dead_letters import Proposal
from usecases.dead_words import says
from usecases.problems import BadRequest, ProblemCode
from web.guard import needs
from web.render import page
from web.state import service

router = APIRouter(prefix="/admin/dead-letters")
Reader = Annotated[Principal, Depends(needs(Permission.DEAD_LETTERS))]
Number = Annotated[int, Path(ge=1, lt=2**62)]
Reason = Annotated[str, Form(max_length=500)]
MOST_TEXT = 20_000
"""Characters of a body that are shown."""


@router.get("")
def listed(
    request: Request,
    who: Reader,
    *,
    source: Annotated[str, Query(max_length=63)] = "",
    code: Annotated[str, Query(max_length=40)] = "",
    closed: Annotated[bool, Query()] = False,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """Show open or closed letters without their contents."""
    found = letters.page(
        city=service(request).city, actor=who, limit=50, cursor=cursor, source=source or None, code=code or None,
        closed=closed,
    )  # fmt: skip
    return page(request, "admin/letters.html", found=found, source=source, code=code, closed=closed)


@router.get("/{number}")
def asked(request: Request, _who: Reader, number: Number) -> Response:
    """Ask why somebody wants to look: contents may be personal."""
    return page(request, "admin/letter_reason.html", number=number)


@router.post("/{number}")
def look(request: Request, who: Reader, number: Number, reason: Reason) -> Response:
    """Show a letter with what came, what was done with it, and a mapping to try."""
    looked = letters.look(city=service(request).city, actor=who, number=number, reason=reason)
    return page(request, "admin/letter.html", **_shown(request, who, looked, reason))


@router.post("/{number}/try")
def try_mapping(
    request: Request,
    who: Reader,
    number: Number,
    reason: Reason,
    mapping: Annotated[str, Form(max_length=20_000)] = "",
) -> Response:
    """Show what a letter would become under another mapping; nothing is stored."""
    city = service(request).city
    looked = letters.look(city=city, actor=who, number=number, reason=reason)
    proposal = Proposal(mapping=_mapping(mapping))
    found = letters.preview(city=city, actor=who, ids=[number], proposal=proposal)
    shown = _shown(request, who, looked, reason) | {
        "mapping": mapping,
        "tried": [_part(one) for one in _parts(found)],
    }
    return page(request, "admin/letter.html", **shown)


@router.post("/{number}/mapping")
def keep_mapping(
    request: Request,
    who: Reader,
    number: Number,
    *,
    source: Annotated[str, Form(max_length=63)],
    mapping: Annotated[str, Form(max_length=20_000)],
    reason: Reason,
) -> Response:
    """Give the source this mapping from now on, and send the letter through again."""
    city = service(request).city
    letters.put_mapping(city=city, actor=who, name=source, proposal=Proposal(mapping=_mapping(mapping)))
    letters.replay(city=city, actor=who, number=number, reason=reason)
    return RedirectResponse("/admin/dead-letters", status_code=303)


@router.post("/{number}/replay")
def replay(request: Request, who: Reader, number: Number, reason: Reason = "") -> Response:
    """Send a letter through again as it is."""
    letters.replay(city=service(request).city, actor=who, number=number, reason=reason)
    return RedirectResponse("/admin/dead-letters", status_code=303)


@router.post("/{number}/close")
def close(request: Request, who: Reader, number: Number, reason: Reason) -> Response:
    """Close a letter that needs nothing more."""
    letters.close(city=service(request).city, actor=who, number=number, reason=reason)
    return RedirectResponse("/admin/dead-letters", status_code=303)


def _shown(request: Request, who: Principal, looked: letters.Looked, reason: str) -> dict[str, Any]:
    text = looked.body.decode("utf-8", "replace")
    return {
        "looked": looked,
        "letter": looked.letter,
        "text": text[:MOST_TEXT],
        "cut": len(text) > MOST_TEXT,
        "reason": reason,
        "mapping": _kept_mapping(request, who, looked.letter.source),
        "tried": None,
    }


def _kept_mapping(request: Request, who: Principal, source: str) -> str:
    """Return a source's mapping as lines ``field = path``; empty where the channel has none."""
    try:
        found = letters.mapping(city=service(request).city, actor=who, name=source)
    except BadRequest:
        return ""
    return "\n".join(f"{name} = {path}" for name, path in sorted(found.mapping.items()))


def _mapping(text: str) -> dict[str, str]:
    """Read lines ``field = path``. Raises BadRequest (bad_mapping) for any other line."""
    found = {}
    for n, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        name, equals, path = line.partition("=")
        if not equals or not name.strip() or not path.strip():
            raise BadRequest(ProblemCode.BAD_MAPPING, detail=f"{n}: {line.strip()[:60]}")
        found[name.strip()] = path.strip()
    return found


def _parts(found: list[letters.Previewed]) -> list[Any]:
    return [part for one in found for part in one.parts]


def _part(part: Any) -> dict[str, Any]:
    if isinstance(part, Unreadable):
        code = part.code.value
        texts = {lang: says(code=code, params=part.params, lang=lang) for lang in ("zh", "en")}
        return {"read": False, "code": code, **texts}
    return {"read": True, "kind": part.kind.value, "event_id": part.event_id, "subject": part.subject}
