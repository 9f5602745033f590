"""When we could hear: a device is not silent for what it said while nobody of us listened."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Connection, DateTime, Interval, literal, select, type_coerce, update

from store.database import Database
from store.tables_alarms import device_watches, listeners


class Listening(Database):
    """The part of the store that knows whether somebody listens to devices."""

    def note_listening(self, *, name: str, at: datetime, gap: timedelta) -> timedelta:
        """Note that a listener (``api``, ``mqtt``) listens now; return for how long nobody of that name had.

        Longer than ``gap`` means that we were down: that time counts for no device's silence.
        """
        mine = listeners.c.name == name

        def work(connection: Connection) -> timedelta:
            last: datetime | None = connection.scalars(
                select(listeners.c.at).where(mine).with_for_update()
            ).first()
            if last is None:
                connection.execute(self._insert(listeners).values(name=name, at=at).on_conflict_do_nothing())
                return timedelta()
            deaf = max(at - last, timedelta())
            connection.execute(update(listeners).where(mine).values(at=max(at, last)))
            if deaf <= gap:
                return timedelta()
            self._forgive(connection, since=last, deaf=deaf)
            return deaf

        return self._write(work)

    def listened_until(self, *, since: datetime) -> datetime | None:
        """Return until when all listeners have listened, without those not heard of after ``since``.

        Where there is none of these, until when the last one did; None where nobody ever has.
        """
        found = self._read(lambda connection: list(connection.scalars(select(listeners.c.at))))
        return min((at for at in found if at > since), default=max(found, default=None))

    def _forgive(self, connection: Connection, *, since: datetime, deaf: timedelta) -> None:
        """Expect every device so much later. What was due before nobody listened is silence all the same."""
        due = device_watches.c.silent_at
        if self._sqlite:
            later: Any = type_coerce(due, BigInteger) + deaf // timedelta(microseconds=1)
        else:
            later = type_coerce(due, DateTime(timezone=True)) + literal(deaf, Interval())
        connection.execute(update(device_watches).where(due > since).values(silent_at=later))
