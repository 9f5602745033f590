"""One act on many cases: each for itself, as whoever may act on it, with a result for each.

Nothing here decides more than a single act would. Sent again under the same request id, every
case answers what it answered before.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from domain.account import Permission, Principal
from domain.errors import CommandRefused
from domain.views import CaseFilter, CaseView
from usecases.case_lists import page_of
from usecases.city import City
from usecases.permits import permit
from usecases.problems import BadRequest, ProblemCode
from usecases.staff import act_as, allowed

MOST_SELECTED = 200
AT_ONCE = 8
"""Cases acted on side by side: enough to hide the waiting, few enough to leave room for others."""
BULK = frozenset(
    {
        "acknowledge", "cancel_case", "close_case", "decide_extension", "grant_return", "jump_level", "merge_into",
        "open_supervision", "reassign", "refuse_return", "regrade", "request_check", "request_extension", "resume",
        "rule", "send_back", "sign_in", "start_handling", "apply_policy", "join_parent",
    }
)  # fmt: skip
"""Acts that say the same of many cases; the others are about one case's own parts."""


class Became(StrEnum):
    """What became of one case of a bulk act."""

    DONE = "done"
    PENDING = "pending"
    REFUSED = "refused"


@dataclass(frozen=True, kw_only=True, slots=True)
class BulkRow:
    """One case's result. ``code`` and both texts are of the refusal, empty otherwise."""

    case_no: str
    became: Became
    code: str = ""
    zh: str = ""
    en: str = ""


async def bulk(
    *,
    city: City,
    who: Principal,
    kind: str,
    fields: dict[str, Any],
    case_nos: Sequence[str] = (),
    where: CaseFilter | None = None,
    request_id: str,
) -> tuple[BulkRow, ...]:
    """Send one command to cases named, or to all of a filter; return a row for each, in order.

    Raises BadRequest: not_permitted, too_many_selected (above 200), unknown_command for an act
    that is no bulk act. What a single case refuses is its row's.
    """
    permit(who, Permission.ACT)
    if kind not in BULK:
        raise BadRequest(ProblemCode.UNKNOWN_COMMAND, kind=kind[:40], known=", ".join(sorted(BULK)))
    chosen = await asyncio.to_thread(lambda: selected(city=city, who=who, case_nos=case_nos, where=where))
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(case_no: str) -> BulkRow:
        async with gate:
            return await _row(
                city=city,
                who=who,
                case_no=case_no,
                kind=kind,
                fields=fields,
                request_id=f"{request_id}:{case_no}",
            )

    return tuple(await asyncio.gather(*(one(case_no) for case_no in chosen)))


def selected(
    *, city: City, who: Principal, case_nos: Sequence[str] = (), where: CaseFilter | None = None
) -> tuple[str, ...]:
    """Return the numbers meant, each once. Raises BadRequest (too_many_selected)."""
    if where is None:
        numbers = tuple(dict.fromkeys(case_nos))
        more = len(numbers) > MOST_SELECTED
    else:
        page = page_of(city=city, who=who, where=where, limit=MOST_SELECTED)
        numbers, more = tuple(view.case_no for view in page.cases), page.next_cursor is not None
    if more:
        raise BadRequest(ProblemCode.TOO_MANY_SELECTED, most=str(MOST_SELECTED))
    return numbers


def common_actions(*, city: City, who: Principal, views: Sequence[CaseView]) -> tuple[str, ...]:
    """Return the bulk acts that every one of these cases takes from this person now, in the table's order."""
    if not views:
        return ()
    each = [[one.kind for one in allowed(city=city, who=who, view=view)] for view in views]
    rest = [set(kinds) for kinds in each[1:]]
    return tuple(kind for kind in each[0] if kind in BULK and all(kind in kinds for kinds in rest))


async def _row(
    *, city: City, who: Principal, case_no: str, kind: str, fields: dict[str, Any], request_id: str
) -> BulkRow:
    try:
        acted = await act_as(
            city=city, who=who, case_no=case_no, kind=kind, fields=fields, request_id=request_id
        )
    except CommandRefused as refused:
        return _refused(case_no, refused.code.value, zh=refused.text(lang="zh"), en=refused.text(lang="en"))
    except BadRequest as problem:
        found = problem.finding
        return _refused(case_no, found.code.value, zh=found.text(lang="zh"), en=found.text(lang="en"))
    return BulkRow(case_no=case_no, became=Became.PENDING if acted.pending else Became.DONE)


def _refused(case_no: str, code: str, *, zh: str, en: str) -> BulkRow:
    return BulkRow(case_no=case_no, became=Became.REFUSED, code=code, zh=zh, en=en)
