"""What reporters add: their words, and the command that tells the case of them, in one transaction."""

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, select

from domain.messages import Command
from store.inbox import Inbox, command_rows
from store.rows import Conflict, InboxRow
from store.rows_desk import SaidRow
from store.tables_desk import supplements


class Supplements(Inbox):
    """The part of the store that keeps supplements and urges."""

    def put_said(
        self, *, row: SaidRow, command: Command, received_at: datetime, grace_s: float = 5.0
    ) -> InboxRow | Conflict:
        """Keep what was said and the command that tells the case; as ``put_command`` for a repetition.

        The id used for other words is a Conflict. Raises UnableToFindCase.
        """
        kept, delivery = command_rows(
            case_no=row.case_no, command=command, received_at=received_at, grace_s=grace_s
        )

        def work(connection: Connection) -> InboxRow | Conflict:
            put = self._insert(supplements).on_conflict_do_nothing(index_elements=["id"])
            connection.execute(put, asdict(row))
            digest = connection.execute(
                select(supplements.c.digest).where(supplements.c.id == row.id)
            ).scalar_one()
            if digest != row.digest:
                return Conflict(code="request_id_reused", number=row.id)
            return self._put(connection, kept, delivery)

        return self._write(work)

    def said(self, *, id: str) -> SaidRow | None:  # noqa: A002 - its name everywhere
        """Return what was kept under an id, or None."""
        found = self._said(supplements.c.id == id)
        return found[0] if found else None

    def said_in(self, *, case_no: str, report_nos: tuple[str, ...]) -> list[SaidRow]:
        """Return what reporters added to a case and to these reports, oldest first."""
        return self._said((supplements.c.case_no == case_no) | supplements.c.report_no.in_(report_nos))

    def _said(self, condition: ColumnElement[bool]) -> list[SaidRow]:
        statement = select(supplements).where(condition).order_by(supplements.c.received_at, supplements.c.id)
        return self._read(
            lambda connection: [SaidRow(**row) for row in connection.execute(statement).mappings()]
        )
