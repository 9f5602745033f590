"""The page of one case in the street, for tasks and for checks, with or without something that went wrong."""

import hashlib
import secrets
from typing import Any

from fastapi import Request
from fastapi.responses import Response

from domain.account import Principal
from usecases.city import City
from usecases.task_sheet import TaskSheet, task_sheet
from web.render import page
from web.shown import Shown
from web.state import service
from web.tasks.forms import BEHIND_NAME
from web.tasks.words import BANDS, CONTACTS, KINDS, SCRIPT_WORDS, STEPS
from web.words import language_of

KEEP = "X-Cityops-Keep"
"""Says that a page may be kept on the telephone, and for whom."""


OF_ITEMS = frozenset({"sign_in_task", "report_task", "reply_supervision"})


def kept_for(who: Principal) -> dict[str, str]:
    """Return the header that lets a telephone keep a page for this person."""
    return {KEEP: hashlib.sha256(who.account.encode()).hexdigest()[:16]}


def new_request_id() -> str:
    """Return an id for one command, so that a form sent twice is one command."""
    return secrets.token_hex(12)


def shared(request: Request) -> dict[str, Any]:
    """Return what every page of the street shows things with."""
    found = service(request)
    visitor = getattr(request.state, "visitor", None)
    language = language_of(request, preferred=None if visitor is None else visitor.who.language)
    shown = Shown(city=found.city, language=language)
    return {
        "translated": lambda words: {key: shown.text(word) for key, word in words.items()},
        "steps": STEPS,
        "bands": BANDS,
        "kinds": KINDS,
        "contact_means": CONTACTS,
        "script_words": SCRIPT_WORDS,
        "request_id": new_request_id,
        "keep": "" if visitor is None else kept_for(visitor.who)[KEEP],
    }


def proposals(*, city: City, sheet: TaskSheet, chinese: bool) -> list[str]:
    """Return the units somebody may propose for a case: those of its city and district, by name and code."""
    here = {area.code for area in sheet.view.place.chain} | {zone.code for zone in sheet.view.place.zones}
    units = [one for one in city.pack.tree.explicit if one.area_code in here and one.code != sheet.view.owner]
    names = ((one.name_zh if chinese else one.name_en or one.name_zh, one.code) for one in units)
    return [f"{name}{BEHIND_NAME}{code}" for name, code in names]


def sheet_page(
    request: Request,
    *,
    who: Principal,
    case_no: str,
    template: str = "tasks/sheet.html",
    problem: dict[str, Any] | None = None,
    typed: dict[str, str] | None = None,
    kind: str = "",
) -> Response:
    """Render a case; with a ``problem`` beside what was ``typed`` into the form of ``kind``."""
    city = service(request).city
    sheet = task_sheet(city=city, who=who, case_no=case_no)
    return page(
        request,
        template,
        status=200 if problem is None else problem["status"],
        headers=kept_for(who) if problem is None else None,
        sheet=sheet,
        view=sheet.view,
        problem=problem,
        typed=typed or {},
        typed_kind=kind,
        offered=_offered(sheet),
        done=KINDS.get(request.query_params.get("done", "")),
        proposals=lambda chinese: proposals(city=city, sheet=sheet, chinese=chinese),
        **shared(request),
    )


def _offered(sheet: TaskSheet) -> frozenset[str]:
    """Return the commands whose forms a page of this case has: tasks and orders only where some are owed."""
    owed = {entry.step.value for entry in sheet.entries if entry.item}
    return (sheet.takes - OF_ITEMS) | owed
