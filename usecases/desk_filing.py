"""A draft becomes a report, exactly once; what the operator did for the caller goes with it.

The draft's id is the report's idempotency key: whatever is sent twice, and whoever dies in
between, there is one report and one receipt. A hand-over to 110/119/120/122 is written down at
once and told to the case when there is one.
"""

import asyncio
from dataclasses import dataclass, replace
from typing import Any

import structlog

from domain.account import Permission, Principal
from domain.actor import Role
from domain.errors import CommandRefused
from domain.pack import PEER
from domain.report import Accepted
from domain.views import CaseView
from usecases.act import act
from usecases.callers import DESK
from usecases.city import City
from usecases.command import build
from usecases.deeds import note
from usecases.desk import to_file
from usecases.desk_categories import propose
from usecases.desk_drafts import DraftRow, Save, save
from usecases.desk_sheet import Sheet, sheet_of
from usecases.file_report import file_report
from usecases.permits import may_see, permit
from usecases.problems import BadRequest, Finding, ProblemCode
from usecases.queries import case_view
from usecases.staff import actor_with

HAND_OVER = "hand_over"
"""The kind of the deed that a hand-over to 110/119/120/122 is."""
log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipt:
    """What the operator reads out: the number, and the case it joined where it is about one.

    ``changed``: the report had been filed already, in other words than these.
    """

    report_no: str
    repeated: bool = False
    changed: bool = False
    joined: str | None = None
    warnings: tuple[Finding, ...] = ()


async def file_draft(*, city: City, who: Principal, ask: Save) -> Receipt:
    """Keep the last words of a draft and file it. Raises BadRequest.

    description_required (nothing is said of what happened), draft_changed, draft_not_found,
    not_permitted, outside_scope and case_not_found (of the case to join), what is wrong with a field.
    """
    kept = await asyncio.to_thread(save, city=city, who=who, ask=ask)
    if kept.report_no is not None:
        return Receipt(report_no=kept.report_no, repeated=True)
    sheet = sheet_of(kept.fields)
    if not sheet.description:
        raise BadRequest(ProblemCode.DESCRIPTION_REQUIRED)
    joined = await asyncio.to_thread(_to_join, city, who, sheet)
    receipt = await _file(city, who, kept, sheet, joined)
    await _hand_over(city, who, kept.draft_id, sheet, joined or receipt.report_no)
    await asyncio.to_thread(
        lambda: city.store.settle_draft(
            draft_id=kept.draft_id, account=who.account, report_no=receipt.report_no, at=city.now()
        )
    )
    return receipt


def _to_join(city: City, who: Principal, sheet: Sheet) -> str | None:
    """Return the case the operator says this is about, if it is one of theirs to see."""
    if sheet.joins is None:
        return None
    view: CaseView = case_view(city=city, case_no=sheet.joins)
    may_see(city=city, who=who, view=view)
    return view.case_no


async def _file(city: City, who: Principal, kept: DraftRow, sheet: Sheet, joined: str | None) -> Receipt:
    key = f"{DESK}:{kept.draft_id}"
    proposals = propose(pack=city.pack, text=sheet.description)
    asked = to_file(city=city, sheet=sheet, proposals=proposals)
    related = await asyncio.to_thread(_named, city, joined)
    try:
        filed = await file_report(
            city=city,
            ask=replace(asked, source=DESK, idempotency_key=key, related=related),
            raw={"desk": _what_was_asked(who, sheet, joined)},
        )
    except BadRequest as refused:
        if refused.finding.code is not ProblemCode.IDEMPOTENCY_KEY_REUSED:
            raise
        return await _filed_before(city, key)
    accepted: Accepted = filed.accepted
    return Receipt(
        report_no=accepted.report_no, repeated=accepted.repeated, joined=joined, warnings=filed.warnings
    )


async def _filed_before(city: City, key: str) -> Receipt:
    """An earlier try was filed and its answer got lost; since then other words were typed."""
    known = await asyncio.to_thread(lambda: city.store.report_of_key(idempotency_key=key))
    if known is None:
        raise BadRequest(ProblemCode.IDEMPOTENCY_KEY_REUSED)
    return Receipt(report_no=known, repeated=True, changed=True)


def _named(city: City, joined: str | None) -> tuple[str, ...]:
    """Return the report by which a case to join is named: the engine joins what names an open case's report."""
    if joined is None:
        return ()
    return case_view(city=city, case_no=joined).reports[:1]


def _what_was_asked(who: Principal, sheet: Sheet, joined: str | None) -> dict[str, Any]:
    """Return what is kept with the report beside its own fields: who took it, the answers, hand-overs."""
    return {
        "operator": who.account,
        "answers": dict(sheet.answers),
        "handed_over": list(sheet.handed),
        "same_event": joined or "",
    }


def hand_over(*, city: City, who: Principal, ask: Save, service: str) -> DraftRow:
    """Write down that a call was handed over to 110, 119, 120 or 122; durable when this returns.

    It stands in the log of deeds at once, and on the case as soon as the draft is filed. Raises
    BadRequest (not_a_peer, and as ``save``).
    """
    permit(who, Permission.FILE)
    unit = city.pack.tree.find(service)
    if unit is None or unit.kind != PEER:
        raise BadRequest(ProblemCode.NOT_A_PEER, unit=service[:60])
    before = ask.fields.get("handed", "").split()
    handed = " ".join(dict.fromkeys((*before, service)))
    kept = save(city=city, who=who, ask=replace(ask, fields={**ask.fields, "handed": handed}))
    if service not in before:
        note(city=city, who=who, kind=HAND_OVER, object=ask.draft_id, detail={"service": service})
    return kept


async def _hand_over(city: City, who: Principal, draft_id: str, sheet: Sheet, case_no: str) -> None:
    """Tell the case whom its caller was handed to, so that it stands in its history and they hear of it.

    The receipt does not wait for a case that refuses: the hand-over itself is in the log already.
    """
    for service in sheet.handed:
        try:
            actor = actor_with(
                who=who, permission=Permission.ACT, roles=(Role.OPERATOR, Role.DISPATCHER, Role.SUPERVISOR)
            )
            command = await asyncio.to_thread(
                build,
                city=city,
                case_no=case_no,
                kind="call_emergency",
                fields={"service": service, "note": "handed over at the desk"},
                actor=actor,
                request_id=f"{DESK}:{draft_id}:{service}",
            )
            await act(city=city, case_no=case_no, command=command)
        except (BadRequest, CommandRefused) as refused:
            log.warning("a hand-over is not on its case", case_no=case_no, service=service, why=str(refused))
