"""Photos that arrive in pieces: how far each has come. The pieces lie in ``upload_files``."""

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import Connection, delete, func, select, update

from store.database import Database
from store.rows_uploads import UploadRow
from store.tables_uploads import uploads


class Uploads(Database):
    """The part of the store that keeps uploads under way."""

    def begin_upload(self, *, row: UploadRow, most: int, most_of_all: int) -> UploadRow | None:
        """Keep a new upload, or return the one there is of the same photo.

        None where the account would have more than ``most`` bytes under way, everybody together
        more than ``most_of_all``.
        """
        return self._write(lambda connection: self._begin(connection, row, most, most_of_all))

    def upload(self, *, upload_id: str) -> UploadRow | None:
        """Return an upload, or None."""
        return self._read(lambda connection: _upload(connection, upload_id))

    def upload_advanced(self, *, upload_id: str, offset: int, to: int, at: datetime) -> int | None:
        """Note that the bytes from ``offset`` to ``to`` are there; return how far it is now, None: no such upload.

        Nothing is noted where it was not at ``offset``: somebody else was faster.
        """

        def work(connection: Connection) -> int | None:
            where = (uploads.c.upload_id == upload_id, uploads.c.received == offset)
            connection.execute(update(uploads).where(*where).values(received=to, updated_at=at))
            found = _upload(connection, upload_id)
            return None if found is None else found.received

        return self._write(work)

    def upload_again(self, *, upload_id: str, at: datetime) -> None:
        """Let an upload begin again: its bytes were others than it said."""
        where = (uploads.c.upload_id == upload_id, uploads.c.done.is_(False))
        self._write(
            lambda connection: connection.execute(
                update(uploads).where(*where).values(received=0, updated_at=at)
            )
        )

    def upload_done(self, *, upload_id: str, at: datetime) -> None:
        """Note that the photo is kept."""
        statement = update(uploads).where(uploads.c.upload_id == upload_id)
        self._write(lambda connection: connection.execute(statement.values(done=True, updated_at=at)))

    def prune_uploads(self, *, before: datetime) -> tuple[str, ...]:
        """Forget uploads nobody went on with since; return them, so that their pieces go as well."""

        def work(connection: Connection) -> tuple[str, ...]:
            old = select(uploads.c.upload_id).where(uploads.c.updated_at < before)
            found = tuple(connection.execute(old).scalars())
            if found:
                connection.execute(delete(uploads).where(uploads.c.upload_id.in_(found)))
            return found

        return self._write(work)

    def _begin(self, connection: Connection, row: UploadRow, most: int, most_of_all: int) -> UploadRow | None:
        found = _upload(connection, row.upload_id)
        if found is not None:
            return found
        whole = func.sum(uploads.c.size)
        mine = whole.filter(uploads.c.account == row.account)
        under_way = select(func.coalesce(whole, 0), func.coalesce(mine, 0)).where(uploads.c.done.is_(False))
        used, own = connection.execute(under_way).one()
        if own + row.size > most or used + row.size > most_of_all:
            return None
        connection.execute(self._insert(uploads).on_conflict_do_nothing(), [asdict(row)])
        return _upload(connection, row.upload_id)


def _upload(connection: Connection, upload_id: str) -> UploadRow | None:
    row = connection.execute(select(uploads).where(uploads.c.upload_id == upload_id)).mappings().one_or_none()
    return None if row is None else UploadRow(**row)
