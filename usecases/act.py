"""Acting on a case: a person's command, durable before it is sent, carried out once.

The command is written to the inbox first. Then it goes to the workflow as an update whose
id is the request id. When the workflow does not answer in time the answer to the person is
"accepted" and the relay delivers it later. What the workflow answers is recorded, together
with the command's result, in one transaction.
"""

import asyncio
from dataclasses import dataclass

from domain.case import ENDED, Status
from domain.errors import CommandRefused, RefusalCode
from domain.messages import Command, MergeInto
from domain.views import CaseView
from store.rows import Conflict, InboxRow
from usecases.city import City
from usecases.deliver import deliver, status_name
from usecases.problems import BadRequest, ProblemCode
from usecases.queries import case_view

OWN_DELIVERY_S = 10.0
"""The relay leaves a command to its sender's own delivery for this long (machine seconds)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Acted:
    """The answer to a command. ``pending`` means durable and to be carried out soon."""

    case: CaseView
    pending: bool = False


async def act(*, city: City, case_no: str, command: Command) -> Acted:
    """Send a command to a case. Raises BadRequest or CommandRefused."""
    view = await asyncio.to_thread(_ready, city, case_no, command)
    row = await asyncio.to_thread(_keep, city, case_no, command)
    if row.status != "pending":
        return _repeat(row, view)
    pending = not await deliver(city=city, case_no=case_no, command=command)
    fresh = await asyncio.to_thread(lambda: city.store.case(case_no=case_no))
    return Acted(case=fresh or view, pending=pending)


def _ready(city: City, case_no: str, command: Command) -> CaseView:
    view = case_view(city=city, case_no=case_no)
    if isinstance(command, MergeInto) and city.store.command(request_id=command.request_id) is None:
        _check_master(city, view, command)
    return view


def _check_master(city: City, view: CaseView, command: MergeInto) -> None:
    """Refuse what is no master: an ended case, a drill for what is real, a milder case (as ``find_duplicates``)."""
    master = case_view(city=city, case_no=command.master)
    if Status(master.status) in ENDED:
        raise BadRequest(ProblemCode.MERGE_TARGET, master=command.master, detail=status_name(master))
    if master.exercise != view.exercise:
        raise BadRequest(ProblemCode.MERGE_EXERCISE, master=command.master)
    if master.severity > view.severity:
        raise BadRequest(ProblemCode.MERGE_MILDER, master=command.master, severity=str(view.severity))


def _keep(city: City, case_no: str, command: Command) -> InboxRow:
    grace_s = OWN_DELIVERY_S * city.clock.speed
    kept = city.store.put_command(case_no=case_no, command=command, received_at=city.now(), grace_s=grace_s)
    if isinstance(kept, Conflict):
        raise BadRequest(ProblemCode.REQUEST_ID_REUSED)
    return kept


def _repeat(row: InboxRow, view: CaseView) -> Acted:
    if row.status == "refused" and row.code is not None:
        raise CommandRefused(RefusalCode(row.code), **(row.params or {}))
    return Acted(case=view)
