"""``/ask``: what a caller asks about a case: where it stands, in words to read out; words, urges, taking back."""

import secrets
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response

from domain.account import Permission, Principal
from domain.messages_reporter import SaidKind
from usecases.desk_ask import Question, Standing, find, place_words, standing, take_back
from usecases.desk_callers import add
from usecases.problems import BadRequest, ProblemCode
from web.guard import needs
from web.render import page
from web.state import service

router = APIRouter(prefix="/ask")
Operator = Annotated[Principal, Depends(needs(Permission.FILE))]
Text = Annotated[str, Form(max_length=5_000)]
Short = Annotated[str, Form(max_length=400)]
ID_BYTES = 12


@router.get("")
def ask(request: Request, _who: Operator) -> Response:
    """Show the enquiry."""
    return page(request, "desk/ask.html", found=None)


@router.post("/find")
def post_find(
    request: Request,
    who: Operator,
    *,
    number: Short = "",
    phone: Short = "",
    lon: Short = "",
    lat: Short = "",
    category: Short = "",
) -> Response:
    """Answer with the cases that are meant; a telephone number stands in no address."""
    asked = Question(
        number=number, phone=phone, lon=_degrees(lon), lat=_degrees(lat), category=category or None
    )
    found = find(city=service(request).city, who=who, asked=asked)
    if len(found) == 1:
        return page(request, "desk/standing.html", **_context(found[0]))
    return page(request, "desk/found.html", found=found, place_words=place_words)


@router.get("/{number}")
def one(request: Request, who: Operator, number: str) -> Response:
    """Show where one case or report stands."""
    found = standing(city=service(request).city, who=who, number=number)
    template = "desk/standing.html" if request.headers.get("hx-request") == "true" else "desk/ask_one.html"
    return page(request, template, **_context(found))


@router.post("/{number}/say")
async def post_say(
    request: Request,
    who: Operator,
    number: str,
    *,
    kind: Annotated[SaidKind, Form()],
    text: Text = "",
    once: Annotated[str, Form(max_length=60)],
) -> Response:
    """Add words to a report, or urge its case; the same form sent twice is one."""
    if kind is SaidKind.SUPPLEMENT and not text.strip():
        raise BadRequest(ProblemCode.DESCRIPTION_REQUIRED)
    city = service(request).city
    await add(city=city, who=who, report_no=number, kind=kind, text=text, key=f"{once}:{kind.value}")
    found = standing(city=city, who=who, number=number)
    return page(request, "desk/standing.html", **_context(found, done=kind.value))


@router.post("/{number}/take-back")
async def post_take_back(
    request: Request,
    who: Operator,
    number: str,
    *,
    reason: Annotated[str, Form(max_length=500)],
    once: Annotated[str, Form(max_length=60)],
) -> Response:
    """Take a case back for its reporter, where the case lets it go."""
    city = service(request).city
    before = standing(city=city, who=who, number=number)
    await take_back(
        city=city, who=who, case_no=before.view.case_no, reason=reason, request_id=f"take-back:{once}"
    )
    found = standing(city=city, who=who, number=number)
    return page(request, "desk/standing.html", **_context(found, done="taken_back"))


def _context(found: Standing, *, done: str = "") -> dict[str, Any]:
    return {
        "one": found,
        "place_words": place_words,
        "done": done,
        "once": secrets.token_hex(ID_BYTES),
    }


def _degrees(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if abs(value) <= 180 else None
