"""Screens on walls: each shows the wall by a token of its own until it expires or is ended."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, insert, select, update

from domain.scope import CaseScope
from store.codec import loaded, plain
from store.database import Database
from store.tables_board import screens


@dataclass(frozen=True, kw_only=True, slots=True)
class Screen:
    """A screen: what it may show, who made it (an account), and how long it lasts."""

    screen_id: str
    name: str
    scope: CaseScope
    made_by: str
    made_at: datetime
    expires_at: datetime
    ended_at: datetime | None = None

    def shows(self, at: datetime) -> bool:
        """Tell whether it may still show anything."""
        return self.ended_at is None and at < self.expires_at


_COLUMNS = tuple(column for column in screens.c if column.name != "digest")


class Screens(Database):
    """The part of the store that knows screens. Only a digest of their tokens is kept."""

    def add_screen(self, *, screen: Screen, digest: str) -> None:
        """Keep a screen under its token's digest."""
        values = {
            "screen_id": screen.screen_id,
            "name": screen.name,
            "digest": digest,
            "scope": plain(kind=CaseScope, value=screen.scope),
            "made_by": screen.made_by,
            "made_at": screen.made_at,
            "expires_at": screen.expires_at,
        }
        self._write(lambda connection: connection.execute(insert(screens).values(**values)))

    def screen_of(self, *, digest: str) -> Screen | None:
        """Return the screen of a token's digest, whether it still shows anything or not."""
        found = self._screens(select(*_COLUMNS).where(screens.c.digest == digest))
        return found[0] if found else None

    def all_screens(self) -> tuple[Screen, ...]:
        """Return every screen, the newest first."""
        return self._screens(select(*_COLUMNS).order_by(screens.c.made_at.desc(), screens.c.screen_id))

    def end_screen(self, *, screen_id: str, at: datetime) -> None:
        """Let a screen show nothing any more; ended twice it keeps the first time."""
        statement = (
            update(screens)
            .where(screens.c.screen_id == screen_id, screens.c.ended_at.is_(None))
            .values(ended_at=at)
        )
        self._write(lambda connection: connection.execute(statement))

    def _screens(self, statement: "Select[*tuple[Any, ...]]") -> tuple[Screen, ...]:
        rows = self._read(lambda connection: connection.execute(statement).mappings().all())
        return tuple(Screen(**{**row, "scope": loaded(kind=CaseScope, data=row["scope"])}) for row in rows)
