"""Views of a list that somebody keeps by name: the query as in the address, and whether it is on their bar."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select, update

from store.database import Database
from store.tables_console import saved_views


@dataclass(frozen=True, kw_only=True, slots=True)
class SavedView:
    """One kept view. ``page`` is the list it belongs to, ``query`` its filters as in the address."""

    id: int
    page: str
    name: str
    query: str
    pinned: bool


_VIEW = (saved_views.c.id, saved_views.c.page, saved_views.c.name, saved_views.c.query, saved_views.c.pinned)


class SavedViews(Database):
    """The part of the store that keeps views of lists."""

    def saved_views(self, *, account: str, page: str) -> list[SavedView]:
        """Return somebody's own views of a list, the pinned ones first, then by name."""
        statement = (
            select(*_VIEW)
            .where(saved_views.c.account == account, saved_views.c.page == page)
            .order_by(saved_views.c.pinned.desc(), saved_views.c.name)
        )
        return self._read(
            lambda connection: [SavedView(**row) for row in connection.execute(statement).mappings()]
        )

    def save_view(
        self, *, account: str, page: str, name: str, query: str, pinned: bool, at: datetime, most: int
    ) -> bool:
        """Keep a view under a name, over one of the same name; False when ``most`` are kept already."""

        def work(connection: Connection) -> bool:
            own = (saved_views.c.account == account, saved_views.c.page == page)
            changed = connection.execute(
                update(saved_views).where(*own, saved_views.c.name == name).values(query=query, pinned=pinned)
            )
            if changed.rowcount:
                return True
            if (
                connection.execute(select(func.count()).select_from(saved_views).where(*own)).scalar_one()
                >= most
            ):
                return False
            connection.execute(
                insert(saved_views).values(
                    account=account, page=page, name=name, query=query, pinned=pinned, created_at=at
                )
            )
            return True

        return self._write(work)

    def forget_view(self, *, account: str, view: int) -> bool:
        """Take one of somebody's own views out; False when they have none of this id."""
        statement = delete(saved_views).where(saved_views.c.account == account, saved_views.c.id == view)
        return self._write(lambda connection: bool(connection.execute(statement).rowcount))
