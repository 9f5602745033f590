"""Drafts at the operator's desk: saved with every change, found again after a crash, dropped when done."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from domain.account import Permission, Principal
from domain.identifiers import is_number
from store.drafts import DraftRow
from usecases.city import City
from usecases.desk_sheet import clean
from usecases.permits import permit
from usecases.problems import BadRequest, ProblemCode

KEEP = timedelta(days=30)
"""How long a draft nobody touches is kept: it holds personal data."""
MOST_SHOWN = 12
ID_BITS = 96
LONGEST_ID = 40

__all__ = ["DraftRow", "Save", "drop", "mine", "new_id", "opened", "save"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Save:
    """What one window has typed: the draft, the version it knows (0: new), and the window's own mark.

    ``force``: the operator saw that another window wrote, and wants these words kept.
    """

    draft_id: str
    version: int
    window: str
    fields: Mapping[str, str]
    force: bool = False


def new_id(*, city: City) -> str:
    """Return an id for a new draft; nothing is kept until something is typed."""
    return f"{city.random_bits(ID_BITS):024x}"


def save(*, city: City, who: Principal, ask: Save) -> DraftRow:
    """Keep what was typed; durable when this returns.

    Raises BadRequest: not_permitted, draft_changed (another window wrote since), draft_not_found
    (somebody else's), too_long. A draft that has become a report is returned as it is.
    """
    permit(who, Permission.FILE)
    _check_id(ask.draft_id)
    now = city.now()
    draft = DraftRow(
        draft_id=ask.draft_id,
        account=who.account,
        fields=clean(ask.fields),
        version=max(0, ask.version),
        window=ask.window[:LONGEST_ID],
        created_at=now,
        updated_at=now,
    )
    kept = city.store.put_draft(draft=draft, force=ask.force)
    if kept.account != who.account:
        raise BadRequest(ProblemCode.DRAFT_NOT_FOUND)
    if kept.report_no is None and kept.window != draft.window:
        raise BadRequest(ProblemCode.DRAFT_CHANGED)
    return kept


def opened(*, city: City, who: Principal, draft_id: str) -> DraftRow:
    """Return one of one's own drafts. Raises BadRequest (not_permitted, draft_not_found)."""
    permit(who, Permission.FILE)
    _check_id(draft_id)
    found = city.store.draft(draft_id=draft_id, account=who.account)
    if found is None:
        raise BadRequest(ProblemCode.DRAFT_NOT_FOUND)
    return found


def mine(*, city: City, who: Principal) -> list[DraftRow]:
    """Return one's drafts that are no reports yet, the latest first; very old ones are forgotten."""
    permit(who, Permission.FILE)
    city.store.drop_old_drafts(account=who.account, before=city.now() - KEEP)
    return city.store.drafts_of(account=who.account, limit=MOST_SHOWN)


def drop(*, city: City, who: Principal, draft_id: str) -> None:
    """Forget a draft. Raises BadRequest (not_permitted, draft_not_found)."""
    permit(who, Permission.FILE)
    _check_id(draft_id)
    if not city.store.drop_draft(draft_id=draft_id, account=who.account):
        raise BadRequest(ProblemCode.DRAFT_NOT_FOUND)


def _check_id(draft_id: str) -> None:
    """An id is one we drew: letters and digits, and no report's number."""
    if not draft_id.isalnum() or not draft_id.isascii() or len(draft_id) > LONGEST_ID or is_number(draft_id):
        raise BadRequest(ProblemCode.DRAFT_NOT_FOUND)
