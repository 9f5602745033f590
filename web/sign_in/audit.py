"""The log of what people did: the audit administrator's page, and its file."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import MAXYEAR, MINYEAR, datetime, time, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response, StreamingResponse

from domain.account import Permission, Principal
from usecases.city import City
from usecases.deeds import DeedFilter, DeedRow, logged, note
from usecases.problems import BadRequest, ProblemCode
from web.guard import needs
from web.render import page
from web.shown import Shown
from web.state import service
from web.words import N_, language_of

router = APIRouter(prefix="/admin/audit")
Auditor = Annotated[Principal, Depends(needs(Permission.AUDIT))]
AT_ONCE = 200
MOST = 100_000
KINDS = {
    "sign_in": N_("signed in"), "sign_in_failed": N_("sign-in failed"), "sign_out": N_("signed out"),
    "password_changed": N_("password changed"), "password_reset": N_("password reset"),
    "factor_enrolled": N_("second factor set up"), "factor_dropped": N_("second factor given up"),
    "factor_reset": N_("second factor set back"), "sessions_ended": N_("sessions ended"),
    "account_opened": N_("account opened"), "account_closed": N_("account closed"),
    "account_reopened": N_("account opened again"), "account_unlocked": N_("account unlocked"),
    "account_linked": N_("account linked"), "post_given": N_("post given"), "post_taken": N_("post taken away"),
    "reveal_reporter": N_("number shown in full"), "export": N_("list taken out"),
    "acted_offline": N_("acted offline, sent later"), "hand_over": N_("handed over to 110, 119 or 120"),
    "letter_viewed": N_("dead letter looked at"), "letters_previewed": N_("dead letters tried out"),
    "mapping_changed": N_("mapping of a source changed"), "delivery_again": N_("notice sent again"),
    "screen_made": N_("wall screen made"), "screen_ended": N_("wall screen ended"),
}  # fmt: skip


@router.get("")
def audit_page(
    request: Request,
    who: Auditor,
    *,
    account: str = "",
    kind: str = "",
    object: str = "",  # noqa: A002 - the word of the log
    since: str = "",
    until: str = "",
    cursor: str = "",
) -> Response:
    """Show the log, newest first."""
    city = service(request).city
    where = _where(city, request, account, kind, (object, since, until))
    found = logged(city=city, who=who, where=where, limit=50, cursor=cursor or None)
    query = {"account": account, "kind": kind, "object": object, "since": since, "until": until}
    language = language_of(request, preferred=who.language)
    t = Shown(city=city, language=language)
    kinds = sorted(((name, t.text(text)) for name, text in KINDS.items()), key=lambda one: one[1])
    return page(
        request, "sign_in/audit.html", deeds=found.deeds, next_cursor=found.next_cursor,
        query={name: text for name, text in query.items() if text}, given=query, kinds=kinds,
        words=dict(kinds), paged=bool(cursor),
    )  # fmt: skip


@router.get("/log.csv")
def audit_file(
    request: Request,
    who: Auditor,
    *,
    account: str = "",
    kind: str = "",
    object: str = "",  # noqa: A002 - the word of the log
    since: str = "",
    until: str = "",
) -> Response:
    """Return what the page shows as a file for a spreadsheet; taking it out is noted."""
    city = service(request).city
    where = _where(city, request, account, kind, (object, since, until))
    note(city=city, who=who, kind="export", object="deeds")
    headers = {"Content-Disposition": 'attachment; filename="audit.csv"'}
    return StreamingResponse(_lines(city, who, where), media_type="text/csv; charset=utf-8", headers=headers)


def _lines(city: City, who: Principal, where: DeedFilter) -> Iterator[str]:
    """Yield the log as CSV with a byte order mark, which spreadsheets here need for Chinese."""
    yield "\ufeff" + _csv(["at", "account", "kind", "object", "reason", "detail"])
    cursor, written = None, 0
    while written < MOST:
        found = logged(city=city, who=who, where=where, limit=AT_ONCE, cursor=cursor)
        for deed in found.deeds:
            yield _csv(_row(deed))
        written += len(found.deeds)
        cursor = found.next_cursor
        if cursor is None:
            return


def _row(deed: DeedRow) -> list[str]:
    detail = json.dumps(dict(deed.detail), ensure_ascii=False) if deed.detail else ""
    return [deed.at.isoformat(), deed.account, deed.kind, deed.object, deed.reason, detail]


def _csv(cells: list[str]) -> str:
    # A cell a spreadsheet would take for a formula is text: somebody else typed it.
    safe = [f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell for cell in cells]
    line = io.StringIO()
    csv.writer(line).writerow(safe)
    return line.getvalue()


def _where(city: City, request: Request, account: str, kind: str, rest: tuple[str, str, str]) -> DeedFilter:
    """Return the filter a form names: days are the city's. Raises BadRequest (invalid_parameter)."""
    known, since, until = rest
    zone = Shown(city=city, language=language_of(request)).zone

    def midnight(day: str, days: int) -> datetime | None:
        if not day:
            return None
        try:
            parsed = datetime.strptime(day, "%Y-%m-%d").date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            raise BadRequest(ProblemCode.INVALID_PARAMETER) from None
        if not MINYEAR < parsed.year < MAXYEAR:
            raise BadRequest(ProblemCode.INVALID_PARAMETER)  # no zone of the world reaches beyond
        return datetime.combine(parsed + timedelta(days=days), time(), tzinfo=zone)

    return DeedFilter(
        account=account.strip().lower() or None,
        kind=kind or None,
        object=known.strip() or None,
        since=midnight(since, 0),
        until=midnight(until, 1),
    )
