"""What is attached to reports and cases. The bytes themselves lie in the media folder."""

from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import ColumnElement, Connection, RowMapping, insert, or_, select

from store.database import Database
from store.rows_desk import AttachmentRow
from store.tables_desk import attachments

_SAME = ("report_no", "case_no", "source", "kind", "url")


class Attachments(Database):
    """The part of the store that keeps attachments."""

    def add_attachment(self, *, row: AttachmentRow) -> AttachmentRow:
        """Keep an attachment; the same bytes of the same sender at the same place return the first row."""
        return self._write(lambda connection: _add(connection, row))

    def attachment(self, *, id: str) -> AttachmentRow | None:  # noqa: A002 - its name everywhere
        """Return an attachment, or None."""
        found = self._attachments(attachments.c.id == id)
        return found[0] if found else None

    def attachments_of(self, *, report_nos: Sequence[str], case_no: str | None = None) -> list[AttachmentRow]:
        """Return what is attached to these reports or to the case, oldest first."""
        wanted: ColumnElement[bool] = attachments.c.report_no.in_(report_nos)
        if case_no is not None:
            wanted = or_(wanted, attachments.c.case_no == case_no)
        return self._attachments(wanted)

    def _attachments(self, condition: ColumnElement[bool]) -> list[AttachmentRow]:
        statement = select(attachments).where(condition).order_by(attachments.c.received_at, attachments.c.id)
        return self._read(lambda connection: [_row(one) for one in connection.execute(statement).mappings()])


def _add(connection: Connection, row: AttachmentRow) -> AttachmentRow:
    # One that was only named has no digest, but belongs to one report or case.
    here = (
        (attachments.c.report_no == row.report_no) if row.report_no else attachments.c.case_no == row.case_no
    )
    statement = select(attachments).where(attachments.c.digest == row.digest, here)
    for one in connection.execute(statement).mappings():
        if all(one[name] == getattr(row, name) for name in _SAME):
            return _row(one)
    connection.execute(insert(attachments), [asdict(row)])
    return row


def _row(row: RowMapping) -> AttachmentRow:
    return AttachmentRow(**row)
