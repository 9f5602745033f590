"""Drafts of reports: what an operator has typed so far, kept until it becomes a report or is dropped."""

from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from store.database import Database
from store.tables import reports
from store.tables_console import drafts


@dataclass(frozen=True, kw_only=True, slots=True)
class DraftRow:
    """One draft. ``fields`` are texts by name and personal; ``window`` is the browser window that wrote last.

    ``version`` counts the writes from 1; ``report_no`` is what it became: its fields are gone then.
    """

    draft_id: str
    account: str
    fields: dict[str, str] = field(repr=False)
    version: int
    window: str
    created_at: datetime
    updated_at: datetime
    report_no: str | None = None


_DRAFT = tuple(drafts.c[one.name] for one in fields(DraftRow))


class Drafts(Database):
    """The part of the store that keeps drafts. An account finds its own only."""

    def put_draft(self, *, draft: DraftRow, force: bool = False) -> DraftRow:
        """Write a draft over ``draft.version`` (0: it is new) and return the row as it is now.

        What another window wrote meanwhile is not written over (unless ``force``), nor what has
        become a report, nor another account's: the row is then returned as it was, so that its
        ``window`` is not the sender's, it has a ``report_no``, or its ``account`` is another. A
        window may write over its own last words whatever version it knows: an answer got lost.
        """

        def work(connection: Connection) -> DraftRow:
            kept = _locked(connection, draft.draft_id)
            if kept is None:
                row = _values(draft, version=1)
                connection.execute(insert(drafts).values(**row))
                return DraftRow(**row)
            if kept.report_no is not None or kept.account != draft.account:
                return kept
            if kept.version != draft.version and kept.window != draft.window and not force:
                return kept
            if kept.fields == draft.fields and kept.window == draft.window:
                return kept
            row = _values(draft, version=kept.version + 1) | {"created_at": kept.created_at}
            connection.execute(update(drafts).where(drafts.c.draft_id == draft.draft_id).values(**row))
            return DraftRow(**row)

        try:
            return self._write(work)
        except IntegrityError:
            # Its first two writes came at once, on PostgreSQL: the second finds it now.
            return self._write(work)

    def draft(self, *, draft_id: str, account: str) -> DraftRow | None:
        """Return one of an account's drafts, or None."""
        statement = select(*_DRAFT).where(drafts.c.draft_id == draft_id, drafts.c.account == account)
        found = self._read(lambda connection: connection.execute(statement).mappings().one_or_none())
        return None if found is None else DraftRow(**found)

    def drafts_of(self, *, account: str, limit: int) -> list[DraftRow]:
        """Return an account's drafts that are no reports yet, the latest first."""
        statement = (
            select(*_DRAFT)
            .where(drafts.c.account == account, drafts.c.report_no.is_(None))
            .order_by(drafts.c.updated_at.desc(), drafts.c.draft_id)
            .limit(limit)
        )
        rows = self._read(lambda connection: connection.execute(statement).mappings().all())
        return [DraftRow(**row) for row in rows]

    def drop_draft(self, *, draft_id: str, account: str) -> bool:
        """Delete a draft that is no report; False when there is none."""
        statement = delete(drafts).where(
            drafts.c.draft_id == draft_id, drafts.c.account == account, drafts.c.report_no.is_(None)
        )
        return self._write(lambda connection: connection.execute(statement).rowcount > 0)

    def drop_old_drafts(self, *, account: str, before: datetime) -> int:
        """Delete an account's drafts nobody touched since a time, those that became reports too."""
        statement = delete(drafts).where(drafts.c.account == account, drafts.c.updated_at < before)
        return self._write(lambda connection: connection.execute(statement).rowcount)

    def settle_draft(self, *, draft_id: str, account: str, report_no: str, at: datetime) -> None:
        """Say what a draft became; its words are in the report now and leave the draft."""
        statement = (
            update(drafts)
            .where(drafts.c.draft_id == draft_id, drafts.c.account == account, drafts.c.report_no.is_(None))
            .values(report_no=report_no, fields={}, updated_at=at)
        )
        self._write(lambda connection: connection.execute(statement))

    def report_of_key(self, *, idempotency_key: str) -> str | None:
        """Return the number of the report that was filed under a key, or None."""
        statement = select(reports.c.report_no).where(reports.c.idempotency_key == idempotency_key)
        return self._read(lambda connection: connection.execute(statement).scalar())


def _locked(connection: Connection, draft_id: str) -> DraftRow | None:
    found: RowMapping | None = (
        connection.execute(select(*_DRAFT).where(drafts.c.draft_id == draft_id).with_for_update())
        .mappings()
        .one_or_none()
    )
    return None if found is None else DraftRow(**found)


def _values(draft: DraftRow, *, version: int) -> dict[str, Any]:
    values = {one.name: getattr(draft, one.name) for one in fields(draft)}
    return values | {"version": version}
