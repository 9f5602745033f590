"""The in-app inbox: a notice is delivered by being there."""

from sqlalchemy import RowMapping, select

from store.database import Database
from store.filters import UnableToReadCursor
from store.rows import BoxMessage, BoxPage
from store.tables import messages

_LONGEST = 200


class MessageBox(Database):
    """The part of the store that shows notices to units."""

    def inbox_messages(self, *, unit: str, limit: int, cursor: str | None = None) -> BoxPage:
        """Return a page of a unit's notices, newest first. ``limit`` is kept within 1 … 200.

        Raises UnableToReadCursor.
        """
        size = max(1, min(limit, _LONGEST))
        statement = select(messages).where(messages.c.unit == unit)
        if cursor is not None:
            statement = statement.where(messages.c.id < _read(cursor))
        statement = statement.order_by(messages.c.id.desc()).limit(size + 1)
        rows = self._read(lambda connection: connection.execute(statement).mappings().all())
        end = str(rows[size - 1]["id"]) if len(rows) > size else None
        return BoxPage(messages=tuple(_message(row) for row in rows[:size]), next_cursor=end)

    def report_messages(self, *, report_no: str) -> list[BoxMessage]:
        """Return the notices kept for the reporter of a report, oldest first."""
        statement = select(messages).where(messages.c.report_no == report_no).order_by(messages.c.id)
        return self._read(
            lambda connection: [_message(row) for row in connection.execute(statement).mappings()]
        )


def _message(row: RowMapping) -> BoxMessage:
    return BoxMessage(**row)


def _read(cursor: str) -> int:
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 19):
        raise UnableToReadCursor("not a cursor of this inbox; start again without one")
    return int(cursor)
