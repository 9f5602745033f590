"""Bursts (E8): cases to be looked at, what lies around them, and the one parent of each.

A case that may be part of a burst is written together with an order to look at it, so that
no crash loses the look. A burst is a row of its own, keyed by rule and area: whoever writes
that row first has opened the parent, in the same transaction as the parent's number and start.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from domain.beginning import Begin
from domain.command import CommandBase
from domain.place import Level
from store.database import Database, insert_into
from store.orders import owe_children, owe_commands
from store.rows import OutboxKind
from store.tables import bursts, cases, outbox, reports

_FOUND = (
    cases.c.case_no, cases.c.received_at, cases.c.channel, cases.c.status, cases.c.severity, cases.c.level,
    cases.c.lon, cases.c.lat, cases.c.master, cases.c.parent,
)  # fmt: skip


class _TakenByAnother(Exception):
    """Somebody else has opened this burst: everything of ours is rolled back."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BurstLook:
    """An order to look around a case by one rule. ``at`` is city time; ``priority`` the case's severity."""

    rule: str
    case_no: str
    at: datetime
    priority: int


@dataclass(frozen=True, kw_only=True, slots=True)
class BurstCase:
    """A reported case near in area and time: what counting and joining ask of it."""

    case_no: str
    received_at: datetime
    channel: str
    status: str
    severity: int
    level: int
    lon: float | None
    lat: float | None
    master: str | None
    parent: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class BurstParent:
    """The parent event a burst has, open or not, and since when (city time)."""

    case_no: str
    opened_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class BurstArea:
    """Where and when to look: exact category codes, one area of a level, received between two instants."""

    categories: tuple[str, ...]
    level: Level
    code: str
    since: datetime
    until: datetime
    exercise: bool = False


def owe_looks(connection: Connection, looks: Iterable[BurstLook], *, sqlite: bool) -> None:
    """Owe these looks, once each."""
    rows = [
        {
            "kind": OutboxKind.LOOK_FOR_BURST.value,
            "key": f"burst:{look.rule}:{look.case_no}",
            "case_no": look.case_no,
            "priority": look.priority,
            "payload": {"rule": look.rule},
            "created_at": look.at,
            "not_before": look.at,
        }
        for look in sorted(looks, key=lambda one: (one.rule, one.case_no))
    ]
    if rows:
        put = insert_into(outbox, sqlite=sqlite).on_conflict_do_nothing(index_elements=["key"])
        connection.execute(put, rows)


class Bursts(Database):
    """The part of the store that counts reports and keeps one parent a burst."""

    def burst_parent(self, *, key: str) -> BurstParent | None:
        """Return the parent opened last under this key, or None."""
        statement = select(bursts.c.parent, bursts.c.opened_at).where(bursts.c.key == key)
        row = self._read(lambda connection: connection.execute(statement).one_or_none())
        return None if row is None else BurstParent(case_no=row.parent, opened_at=row.opened_at)

    def burst_cases(self, *, area: BurstArea) -> list[BurstCase]:
        """Return the reported cases there and then that have begun, oldest first; merged ones too."""
        statement = (
            select(*_FOUND)
            .join(reports, reports.c.case_no == cases.c.case_no)
            .where(
                cases.c.category.in_(area.categories),
                cases.c[area.level.name.lower()] == area.code,
                cases.c.received_at.between(area.since, area.until),
                cases.c.exercise.is_(area.exercise),
                cases.c.epoch > 0,
            )
            .order_by(cases.c.received_at, cases.c.case_no)
        )
        rows = self._read(lambda connection: connection.execute(statement).mappings().all())
        return [BurstCase(**row) for row in rows]

    def open_burst(self, *, key: str, instead_of: str | None, begin: Begin, at: datetime) -> bool:
        """Open a burst's parent: its number, its start and the burst's row, all or nothing.

        ``instead_of`` is the parent of before, which has ended, or None. False when another
        one was opened meanwhile; nothing is written then.
        """

        def work(connection: Connection) -> bool:
            owe_children(connection, [(begin, at)], sqlite=self._sqlite)
            put = self._insert(bursts).values(key=key, parent=begin.case_no, opened_at=at)
            fresh = put.on_conflict_do_update(
                index_elements=["key"],
                set_={"parent": put.excluded.parent, "opened_at": put.excluded.opened_at},
                where=bursts.c.parent == (instead_of or ""),
            )
            if connection.execute(fresh.returning(bursts.c.key)).first() is None:
                raise _TakenByAnother
            return True

        try:
            return self._write(work)
        except _TakenByAnother:
            return False

    def send_commands(self, *, commands: Sequence[tuple[str, CommandBase]], at: datetime) -> None:
        """Owe the engine's own commands to cases, once each by request id; the relay delivers them."""
        given = [(case_no, command, at, 1) for case_no, command in commands]
        if given:
            self._write(lambda connection: owe_commands(connection, given, sqlite=self._sqlite))
