"""What a reporter adds to a report: a supplement (补充), or an urge (催办). Durable before the case hears of it.

The words are kept with the report and shown to staff only; the case is told that there are
some, as a command that is carried out once, later if Temporal is away.
"""

import asyncio
import hashlib
from dataclasses import dataclass
from datetime import datetime

from domain.actor import ENGINE
from domain.case import ENDED, SETTLED, Status
from domain.errors import CommandRefused, RefusalCode
from domain.identifiers import is_number
from domain.messages_reporter import ReporterCommand, SaidKind, Supplement, Urge
from domain.views import CaseView
from store.rows import Conflict, InboxRow, InboxStatus, StoredReport
from store.rows_desk import SaidRow
from usecases.act import OWN_DELIVERY_S
from usecases.city import City
from usecases.deliver import deliver, status_name
from usecases.problems import BadRequest, ProblemCode
from usecases.queries import case_view
from usecases.texts import check_values

MOST_TEXT = 5_000
ID_BITS = 128


@dataclass(frozen=True, kw_only=True, slots=True)
class Say:
    """What is to be added. ``key`` makes it repeatable and names its sender already; None: never the same."""

    report_no: str
    kind: SaidKind
    text: str = ""
    attachments: tuple[str, ...] = ()
    source: str
    key: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """The durable answer. ``pending``: the case hears of it soon; ``repeated``: it was said before."""

    id: str
    report_no: str
    case_no: str
    received_at: datetime
    pending: bool = False
    repeated: bool = False


def filed_report(*, city: City, report_no: str, source: str | None) -> StoredReport:
    """Return a report; ``source`` sees its own only. Raises BadRequest (report_not_found)."""
    report = city.store.report(report_no=report_no) if is_number(report_no) else None
    if report is None or (source is not None and report.source != source):
        raise BadRequest(ProblemCode.REPORT_NOT_FOUND, report_no=report_no[:40])
    return report


async def say(*, city: City, ask: Say) -> Said:
    """Keep what a reporter adds and tell the case. Raises BadRequest or CommandRefused."""
    check_values(values={"text": ask.text}, most={"text": MOST_TEXT}, otherwise=MOST_TEXT)
    row, kept = await asyncio.to_thread(_keep, city, ask)
    said = Said(id=row.id, report_no=row.report_no, case_no=kept.case_no, received_at=kept.received_at)
    if kept.status == InboxStatus.REFUSED and kept.code is not None:
        raise CommandRefused(RefusalCode(kept.code), **(kept.params or {}))
    if kept.status != InboxStatus.PENDING:
        return _answer(said, repeated=True)
    done = await deliver(city=city, case_no=kept.case_no, command=kept.command)
    return _answer(said, pending=not done, repeated=kept.repeated)


def _answer(said: Said, *, pending: bool = False, repeated: bool = False) -> Said:
    return Said(
        id=said.id, report_no=said.report_no, case_no=said.case_no, received_at=said.received_at,
        pending=pending, repeated=repeated,
    )  # fmt: skip


def _keep(city: City, ask: Say) -> tuple[SaidRow, InboxRow]:
    """Write the words and the command in one transaction, or find them written before."""
    report = filed_report(city=city, report_no=ask.report_no, source=None)
    _check_attachments(city, ask)
    row = _row(city, ask, report)
    before = city.store.said(id=row.id)
    if before is None:
        _refuse_too_late(ask, case_view(city=city, case_no=report.belongs_to))
    elif before.digest == row.digest:
        row = before  # the case it was said to then, though the report may belong to another now
    kept = city.store.put_said(
        row=row,
        command=_command(ask, row),
        received_at=row.received_at,
        grace_s=OWN_DELIVERY_S * city.clock.speed,
    )
    if isinstance(kept, Conflict):
        raise BadRequest(ProblemCode.IDEMPOTENCY_KEY_REUSED)
    return row, kept


def _row(city: City, ask: Say, report: StoredReport) -> SaidRow:
    said = "\x1f".join((ask.report_no, ask.kind.value, ask.text, *ask.attachments))
    drawn = f"{city.random_bits(ID_BITS):032x}"
    number = drawn if ask.key is None else hashlib.sha256(ask.key.encode()).hexdigest()[: ID_BITS // 4]
    return SaidRow(
        id=number,
        report_no=ask.report_no,
        case_no=report.belongs_to,
        kind=ask.kind.value,
        source=ask.source,
        text=ask.text,
        digest=hashlib.sha256(said.encode()).hexdigest(),
        attachments=ask.attachments,
        received_at=city.now(),
    )


def _command(ask: Say, row: SaidRow) -> ReporterCommand:
    request_id = f"said:{row.id}"
    if ask.kind is SaidKind.URGE:
        return Urge(
            request_id=request_id, actor=ENGINE, urge_id=row.id, report_no=row.report_no, source=row.source
        )
    return Supplement(
        request_id=request_id,
        actor=ENGINE,
        supplement_id=row.id,
        report_no=row.report_no,
        source=row.source,
        attachments=len(row.attachments),
    )


def _refuse_too_late(ask: Say, view: CaseView) -> None:
    """Say at once, and before anything is kept, what the case itself would say."""
    if ask.kind is SaidKind.URGE and Status(view.status) in SETTLED:
        raise CommandRefused(RefusalCode.NOTHING_TO_URGE, report=ask.report_no)
    if Status(view.status) in ENDED:
        raise CommandRefused(RefusalCode.CASE_ENDED, status=status_name(view))


def _check_attachments(city: City, ask: Say) -> None:
    """A supplement names attachments of its own report only."""
    if not ask.attachments:
        return
    known = {one.id for one in city.store.attachments_of(report_nos=(ask.report_no,))}
    for one in ask.attachments:
        if one not in known:
            raise BadRequest(ProblemCode.ATTACHMENT_NOT_FOUND, id=one[:40])


def said_in_case(*, city: City, case_no: str) -> list[SaidRow]:
    """Return what reporters added to a case, oldest first. The words may be personal. Raises BadRequest."""
    view = case_view(city=city, case_no=case_no)
    return city.store.said_in(case_no=view.case_no, report_nos=view.reports)
