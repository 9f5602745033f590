"""The one place that writes a case: a step's view, facts and notices in one transaction.

Whoever delivered the message writes what it did, perhaps twice, perhaps late, perhaps out
of order. So the view is guarded by ``(epoch, seq)``, facts and notices are keyed, and
everything is idempotent.
"""

from collections.abc import Sequence
from dataclasses import fields
from functools import cache
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, delete, insert, or_, select, update

from domain.case import ENDED, Fact, Status
from domain.views import CaseView, Record
from store.bursts import BurstLook, owe_looks
from store.database import Database, insert_into
from store.notices import owe
from store.orders import owe_orders
from store.rows import Done
from store.settle import settle
from store.tables import case_links, cases, history, reports

_ENDED = frozenset(status.value for status in ENDED)
_FIELDS = tuple(field.name for field in fields(CaseView))
_LONGEST_CHAIN = 10

_GUARDED = (
    update(cases)
    .where(
        cases.c.case_no == bindparam("b_case_no"),
        or_(
            cases.c.epoch < bindparam("b_epoch"),
            and_(cases.c.epoch == bindparam("b_epoch"), cases.c.seq <= bindparam("b_seq")),
        ),
    )
    .values({name: bindparam(name) for name in (*_FIELDS, "open") if name not in ("case_no", "received_at")})
)
_LOCKING = (
    select(
        cases.c.case_no,
        cases.c.epoch,
        cases.c.seq,
        cases.c.status,
        cases.c.supervisors,
        cases.c.zones,
        cases.c.task_units,
    )
    .where(cases.c.case_no.in_(bindparam("numbers", expanding=True)))
    .order_by(cases.c.case_no)
    .with_for_update(key_share=True)
)
_UNLINK = delete(case_links).where(case_links.c.case_no.in_(bindparam("numbers", expanding=True)))
_LINK = insert(case_links)

Held = Row[*tuple[Any, ...]]
"""A locked row: case_no, epoch, seq, status, supervisors, zones, task_units."""


class CaseWriter(Database):
    """The part of the store that writes cases."""

    def record(self, *, record: Record, done: Done | None = None) -> None:
        """Write what one step did and settle what it answers; see ``record_many``."""
        self.record_many(records=[(record, done)])

    def record_many(
        self, *, records: Sequence[tuple[Record, Done | None]], looks: Sequence[BurstLook] = ()
    ) -> None:
        """Write what several steps did, in one transaction, and owe the ``looks`` for bursts they call for.

        The case's row is replaced only by a view that is not older in ``(epoch, seq)``.
        Facts and notices are written whatever their age, once each. A merged case's
        reports move to its master. Each ``done`` marks its outbox row and its command.
        """

        def work(connection: Connection) -> None:
            self._record(connection, records)
            owe_looks(connection, looks, sqlite=self._sqlite)

        if records:
            self._write(work)

    def _record(self, connection: Connection, records: Sequence[tuple[Record, Done | None]]) -> None:
        views = _newest(record.view for record, _ in records)
        held = self._locked(connection, views)
        _replace(
            connection,
            [
                (view, held[number])
                for number, view in views.items()
                if (held[number].epoch, held[number].seq) <= (view.epoch, view.seq)
            ],
        )
        facts = {
            (record.view.case_no, record.view.epoch, fact.seq): fact
            for record, _ in records
            for fact in record.facts
        }
        if facts:
            values = [_fact_values(*key, fact) for key, fact in facts.items()]
            connection.execute(_put_facts(sqlite=self._sqlite), values)
        owe(connection, (record for record, _ in records))
        owe_orders(connection, [record for record, _ in records], sqlite=self._sqlite)
        settle(connection, [done for _, done in records if done is not None])

    def _locked(self, connection: Connection, views: "dict[str, CaseView]") -> "dict[str, Held]":
        """Lock the rows of the cases and of the masters they are merged into; make missing rows."""
        numbers = set(views) | {view.master for view in views.values() if view.master is not None}
        held = _lock(connection, numbers)
        missing = [view for number, view in views.items() if number not in held]
        if missing:
            blank = [
                {**_values(view), "epoch": 0, "seq": 0, "supervisors": (), "zones": (), "task_units": ()}
                for view in missing
            ]
            connection.execute(self._insert(cases).on_conflict_do_nothing(), blank)
            held = _lock(connection, numbers)
        return held


@cache
def _put_facts(*, sqlite: bool) -> Any:
    """Return the statement that writes facts, the same fact again included."""
    statement = insert_into(history, sqlite=sqlite)
    keys = ("case_no", "epoch", "seq")
    changed = {
        column.name: statement.excluded[column.name] for column in history.c if column.name not in keys
    }
    return statement.on_conflict_do_update(index_elements=keys, set_=changed)


def _replace(connection: Connection, newer: "Sequence[tuple[CaseView, Held]]") -> None:
    """Write the views that are not older than what is held, and what hangs on them."""
    if not newer:
        return
    connection.execute(_GUARDED, [_guarded_values(view) for view, _ in newer])
    relinked = [
        view
        for view, held in newer
        if (held.supervisors, held.zones, held.task_units) != (view.supervisors, view.zones, view.task_units)
    ]
    if relinked:
        _link(connection, relinked)
    for view, held in newer:
        if view.status == Status.MERGED.value and view.master is not None:
            master = _last_master(connection, view.case_no, view.master)
            moved = update(reports).where(reports.c.belongs_to == view.case_no)
            connection.execute(moved.values(belongs_to=master))
        elif held.status == Status.MERGED.value:
            # Split off again: the report it was filed with comes back, others stay where they are.
            back = update(reports).where(reports.c.case_no == view.case_no)
            connection.execute(back.values(belongs_to=view.case_no))


def _newest(views: Any) -> "dict[str, CaseView]":
    newest: dict[str, CaseView] = {}
    for view in views:
        held = newest.get(view.case_no)
        if held is None or (held.epoch, held.seq) <= (view.epoch, view.seq):
            newest[view.case_no] = view
    return newest


def _lock(connection: Connection, numbers: set[str]) -> "dict[str, Held]":
    """Lock in one order, so that two batches wait for each other instead of blocking each other.

    The lock lets others refer to the case (a command, a report), but not change it.
    """
    rows = connection.execute(_LOCKING, {"numbers": sorted(numbers)})
    return {row.case_no: row for row in rows}


def _values(view: CaseView) -> dict[str, Any]:
    values = {name: getattr(view, name) for name in _FIELDS}
    values["open"] = view.status not in _ENDED
    return values


def _fact_values(case_no: str, epoch: int, seq: int, fact: Fact) -> dict[str, Any]:
    return {
        "case_no": case_no,
        "epoch": epoch,
        "seq": seq,
        "at": fact.at,
        "kind": fact.kind,
        "row": fact.row,
        "source": fact.source,
        "target": fact.target,
        "actor": fact.actor,
        "due": fact.due,
        "data": fact.data,
    }


def _guarded_values(view: CaseView) -> dict[str, Any]:
    values = {**_values(view), "b_case_no": view.case_no, "b_epoch": view.epoch, "b_seq": view.seq}
    del values["case_no"], values["received_at"]
    return values


def _link(connection: Connection, views: Sequence[CaseView]) -> None:
    """Keep the many-valued filters of a list in rows of their own."""
    connection.execute(_UNLINK, {"numbers": [view.case_no for view in views]})
    links = [
        {"kind": kind, "code": code, "case_no": view.case_no}
        for view in views
        for kind, codes in (("supervisor", view.supervisors), ("zone", view.zones), ("task", view.task_units))
        for code in dict.fromkeys(codes)
    ]
    if links:
        connection.execute(_LINK, links)


def _last_master(connection: Connection, case_no: str, master: str) -> str:
    """Follow merges of merges to the case that is worked on, whichever merge was written first."""
    last, following = case_no, [master]
    while following[-1] != case_no and len(following) < _LONGEST_CHAIN:
        row = connection.execute(
            select(cases.c.status, cases.c.master)
            .where(cases.c.case_no == following[-1])
            .with_for_update(key_share=True)
        ).one_or_none()
        if row is None:
            break  # a master nobody has: the reports stay where they are
        last = following[-1]
        if row.status != Status.MERGED.value or row.master is None:
            break
        following.append(row.master)
    return last
