"""Acting on a case from a page: what the reader had seen counts.

Somebody who writes on a page for five minutes decides about the case as it was then. Where
somebody else acted meanwhile, or the case moved, they are shown that first; what they typed stays.
"""

import asyncio
from dataclasses import dataclass
from typing import Any

from domain.account import Permission, Principal
from domain.actor import Role
from domain.case import Fact
from domain.views import CaseView
from usecases.city import City
from usecases.permits import may_see, permit
from usecases.problems import BadRequest, ProblemCode
from usecases.queries import case_history, case_view
from usecases.staff import Acted, act_as

__all__ = ["Acted", "CaseChanged", "act_seen", "check_seen", "seen_of"]


class CaseChanged(BadRequest):
    """The case is not what the reader saw; ``facts`` say what happened since, ``view`` how it is now."""

    def __init__(self, *, view: CaseView, facts: tuple[Fact, ...]) -> None:
        """Keep what changed."""
        super().__init__(ProblemCode.CASE_CHANGED)
        self.view = view
        self.facts = facts


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class _Seen:
    epoch: int
    seq: int


def seen_of(view: CaseView) -> str:
    """Return the mark of how a case is, for a form to carry."""
    return f"{view.epoch}.{view.seq}"


def check_seen(*, city: City, who: Principal, case_no: str, seen: str, request_id: str) -> None:
    """Raise CaseChanged where people acted or the case moved since ``seen``; empty: never.

    A request sent before is not asked again. Reminders of the engine change nothing that was read.
    Raises BadRequest (not_permitted, outside_scope, case_not_found) as well.
    """
    permit(who, Permission.ACT)
    mark = _read(seen)
    if mark is None or city.store.command(request_id=f"by:{who.account}:{request_id}") is not None:
        return
    view = case_view(city=city, case_no=case_no)
    may_see(city=city, who=who, view=view)
    if (view.epoch, view.seq) == (mark.epoch, mark.seq):
        return
    timeline = case_history(city=city, case_no=case_no)
    # Facts of an earlier epoch come first; the history does not number epochs, so seq within the order counts.
    later = tuple(fact for fact in timeline.facts if fact.seq > mark.seq or view.epoch > mark.epoch)
    if any(_matters(fact) for fact in later):
        raise CaseChanged(view=timeline.case, facts=tuple(fact for fact in later if _matters(fact)))


async def act_seen(
    *,
    city: City,
    who: Principal,
    case_no: str,
    kind: str,
    fields: dict[str, Any],
    request_id: str,
    seen: str = "",
) -> Acted:
    """Send a command as ``usecases.staff.act_as`` does, unless the case is not what the reader saw.

    Raises CaseChanged, and whatever ``act_as`` raises.
    """
    await asyncio.to_thread(
        lambda: check_seen(city=city, who=who, case_no=case_no, seen=seen, request_id=request_id)
    )
    return await act_as(city=city, who=who, case_no=case_no, kind=kind, fields=fields, request_id=request_id)


def _matters(fact: Fact) -> bool:
    return fact.source != fact.target or fact.actor.role is not Role.ENGINE


def _read(seen: str) -> _Seen | None:
    epoch, dot, seq = seen.partition(".")
    if not dot or not epoch.isdecimal() or not seq.isdecimal() or len(seen) > 20:
        return None
    return _Seen(epoch=int(epoch), seq=int(seq))
