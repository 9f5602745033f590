"""mySociety's extension: what became of requests, told by the change; and what others say about ours.

An update's id is made of the fact it tells, so it is the same whenever it is asked for. What
somebody else says about a request moves no case by itself: it is kept, and its words are put
before whoever handles the case, as a supplement (补充).
"""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from domain.case import Status
from domain.errors import CommandRefused
from domain.identifiers import is_number
from domain.messages_reporter import SaidKind
from store.open311_reads import UpdateRow
from usecases.city import City
from usecases.open311.answers import Faults, RequestUpdate
from usecases.open311.filing import MOST_DESCRIPTION, plain
from usecases.open311.form import MOST_FILES, Form
from usecases.open311.query import (
    MOST_PAGE,
    MOST_ROWS,
    SPAN,
    TIME,
    base_filter,
    instant,
    listed,
    read_times,
    read_whole,
)
from usecases.open311.requests import request_row
from usecases.open311.services import check_jurisdiction
from usecases.open311.statuses import SAID, note, update_status
from usecases.problems import BadRequest, ProblemCode
from usecases.supplements import Say, say

MOST_ID = 200


def list_updates(*, city: City, given: Mapping[str, str], exercise: bool, lang: str) -> list[RequestUpdate]:
    """Return changes of state, oldest first; one statement. Raises UnableToAnswer.

    Both ends of the stretch are included; without one it is the last 90 days, the first
    thousand of them. ``page`` and ``page_size`` page through them.
    """
    faults = Faults()
    given = {name: text.strip() for name, text in given.items() if text.strip()}
    try:
        check_jurisdiction(city=city, given=given.get("jurisdiction_id", ""))
    except BadRequest as error:
        faults.keep(error)
    since, until = read_times(faults, given, "start_date", "end_date")
    page = read_whole(faults, given, "page", least=1, most=MOST_PAGE, otherwise=1)
    size = min(read_whole(faults, given, "page_size", least=1, most=10**9, otherwise=MOST_ROWS), MOST_ROWS)
    faults.raise_any()
    if since is None:
        since = (until or city.now()) - SPAN
    where = base_filter(city=city, exercise=exercise)
    if "service_request_id" in given:
        numbers = listed(given["service_request_id"])[:MOST_ROWS]
        where = replace(where, numbers=tuple(number for number in numbers if is_number(number)))
    rows = city.store.request_updates(
        where=where, since=since, until=until or since + SPAN, limit=size, offset=(page - 1) * size
    )
    return [_update(row, lang) for row in rows]


def _update(row: UpdateRow, lang: str) -> RequestUpdate:
    status = Status(row.kind)
    kind = row.data.get("close_kind")
    return RequestUpdate(
        update_id=_id(row),
        service_request_id=row.report_no,
        status=update_status(status=status, close_kind=kind if isinstance(kind, str) else None),
        description=note(status=status, lang=lang),
        updated_datetime=row.at,
    )


def _id(row: UpdateRow) -> str:
    fact = f"{row.case_no}.{row.epoch}.{row.seq}"
    return fact if row.report_no == row.case_no else f"{fact}.{row.report_no}"


async def take_update(*, city: City, source: str, form: Form, exercise: bool) -> tuple[str, bool]:
    """Keep an update about a request; return our id for it, and whether it had been taken before.

    The same ``update_id`` of a source is one update, however often it comes. Raises
    UnableToAnswer, BadRequest (report_not_found).
    """
    now = city.now()
    row = await asyncio.to_thread(read_update, city=city, form=form, exercise=exercise, now=now)
    kept = await asyncio.to_thread(
        lambda: city.store.keep_service_update(row={**row, "source": source, "received_at": now})
    )
    if not kept.told:
        detail = {**row["detail"], "fate": await _told(city, source, row)}
        await asyncio.to_thread(lambda: city.store.update_acted(serial=kept.serial, detail=detail))
    return f"U{kept.serial}", kept.repeated


async def _told(city: City, source: str, row: Mapping[str, Any]) -> str:
    """Put the words before whoever handles the case, once; return "told", or why nobody hears of them."""
    ask = Say(
        report_no=row["report_no"],
        kind=SaidKind.SUPPLEMENT,
        text=f"[{row['status']}] {row['description']}".strip(),
        source=source,
        key=f"{source}:open311-update:{row['update_id']}",
    )
    try:
        await say(city=city, ask=ask)
    except BadRequest as error:
        return error.finding.code.value
    except CommandRefused as error:
        return error.code.value
    return "told"


def read_update(*, city: City, form: Form, exercise: bool, now: datetime) -> dict[str, Any]:
    """Read an update of somebody else's as the store keeps it. Raises UnableToAnswer with every fault."""
    faults = Faults()
    try:
        check_jurisdiction(city=city, given=form.text("jurisdiction_id"))
    except BadRequest as error:
        faults.keep(error)
    update_id = plain(form.text("update_id", "update_id_ext"))
    if len(update_id) > MOST_ID:
        faults.wrong("update_id", f"≤ {MOST_ID}")
    status = form.text("status").upper().replace(" ", "_")
    if status and status not in SAID:
        faults.wrong("status", ", ".join(SAID))
    number = form.text("service_request_id")
    for name, text in (("update_id", update_id), ("status", status), ("service_request_id", number)):
        if not text:
            faults.add(ProblemCode.ATTRIBUTE_REQUIRED, attribute=name)
    description = plain(form.text("description"))
    if len(description) > MOST_DESCRIPTION:
        length, most = str(len(description)), str(MOST_DESCRIPTION)
        faults.add(ProblemCode.TOO_LONG, field="description", length=length, most=most)
    at = _written_at(faults, form.text("updated_datetime"), now)
    about = _about(city, faults, number, exercise=exercise) if number else {}
    faults.raise_any()
    detail = {"thinks": SAID[status], "media_url": list(form.texts("media_url"))[:MOST_FILES]}
    return {
        **about,
        "update_id": update_id,
        "status": status,
        "description": description,
        "detail": detail,
        **at,
    }


def _written_at(faults: Faults, text: str, now: datetime) -> dict[str, datetime]:
    """Return when it was written; a clock that runs ahead of ours says nothing about the future."""
    found = instant(text) if text else now
    if found is None:
        faults.wrong("updated_datetime", TIME)
    return {"updated_at": min(found or now, now)}


def _about(city: City, faults: Faults, number: str, *, exercise: bool) -> dict[str, str]:
    try:
        row = request_row(city=city, number=number, exercise=exercise)
    except BadRequest as error:
        faults.keep(error)
        return {}
    return {"case_no": row.case_no, "report_no": row.report_no}
