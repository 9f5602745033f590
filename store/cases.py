"""The one place that writes a case: a step's view, facts and notices in one transaction.

Whoever delivered the message writes what it did, perhaps twice, perhaps late, perhaps out
of order. So the view is guarded by ``(epoch, seq)``, facts and notices are keyed, and
everything is idempotent.
"""

from collections.abc import Iterator, Sequence
from dataclasses import fields
from functools import cache
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, delete, or_, select, update

from domain.aspects import SupervisionStatus
from domain.case import ENDED, Fact, Status
from domain.change import ChangeKind
from domain.views import NO_ASPECTS, CaseView, Record, parts_of
from store.bursts import BurstLook, owe_looks
from store.changes import Told, areas_of, tell_changes
from store.database import Database, insert_into
from store.notices import owe
from store.orders import owe_orders
from store.rows import Done
from store.settle import settle
from store.tables import case_links, cases, history, reports

_ENDED = frozenset(status.value for status in ENDED)
_FIELDS = tuple(field.name for field in fields(CaseView))
_DERIVED = ("open", "under_order", "address")
"""Columns made of a view's parts, for lists to filter by."""
_LINKING = (
    "owner", "checker", "arbiter", "co_handlers", "supervisors", "zones", "task_units", "tags", "aspects",
)  # fmt: skip
"""Fields the links of a case are made of."""
_PLACES = ("city", "district", "street", "community", "grid")
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
    .values(
        {name: bindparam(name) for name in (*_FIELDS, *_DERIVED) if name not in ("case_no", "received_at")}
    )
)
_LOCKING = (
    select(
        cases.c.case_no,
        cases.c.epoch,
        cases.c.seq,
        cases.c.status,
        *(cases.c[name] for name in (*_LINKING, *_PLACES)),
    )
    .where(cases.c.case_no.in_(bindparam("numbers", expanding=True)))
    .order_by(cases.c.case_no)
    .with_for_update(key_share=True)
)
_UNLINK = delete(case_links).where(
    case_links.c.kind == bindparam("kind"),
    case_links.c.code == bindparam("code"),
    case_links.c.case_no == bindparam("case_no"),
)
_NO_LINKS: dict[str, Any] = {
    **dict.fromkeys(_LINKING, ()), "owner": "", "checker": None, "arbiter": None, "aspects": NO_ASPECTS,
}  # fmt: skip

Held = Row[*tuple[Any, ...]]
"""A locked row: case_no, epoch, seq, status and what its links are made of, and its area chain."""


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
        tell_changes(connection, _told(records, views, held))
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
            blank = [{**_values(view), "epoch": 0, "seq": 0, **_NO_LINKS} for view in missing]
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
    _link(connection, newer)
    for view, held in newer:
        if view.status == Status.MERGED.value and view.master is not None:
            master = _last_master(connection, view.case_no, view.master)
            moved = update(reports).where(reports.c.belongs_to == view.case_no)
            connection.execute(moved.values(belongs_to=master))
        elif held.status == Status.MERGED.value:
            # Split off again: the report it was filed with comes back, others stay where they are.
            back = update(reports).where(reports.c.case_no == view.case_no)
            connection.execute(back.values(belongs_to=view.case_no))


def _told(
    records: Sequence[tuple[Record, Done | None]], views: "dict[str, CaseView]", held: "dict[str, Held]"
) -> Iterator[Told]:
    """Yield what live pages are told of the views that are newer: once for each case, whatever its steps.

    Those who had a part in the case before are told as well: it leaves their lists.
    """
    at = {record.view.case_no: fact.at for record, _ in records for fact in record.facts[-1:]}
    for number, view in views.items():
        was: Any = held[number]
        if (was.epoch, was.seq) < (view.epoch, view.seq):
            yield Told(
                kind=ChangeKind.CASE,
                number=number,
                status=view.status,
                severity=view.severity,
                units=sorted(parts_of(view) | parts_of(was)),
                areas=dict.fromkeys((*areas_of(view), *areas_of(was))),
                at=at.get(number, view.received_at),
            )


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
    values["under_order"] = any(
        order.status is not SupervisionStatus.CLOSED for order in view.aspects.supervisions
    )
    values["address"] = view.place.address
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


def _link(connection: Connection, newer: "Sequence[tuple[CaseView, Held]]") -> None:
    """Keep the many-valued filters of a list, and who has a part in a case, in rows of their own.

    Most steps change none of them: only the difference is written.
    """
    gone: list[dict[str, str]] = []
    come: list[dict[str, str]] = []
    for view, held in newer:
        before, after = _links(held), _links(view)
        gone += [_link_row(link, view.case_no) for link in sorted(before - after)]
        come += [_link_row(link, view.case_no) for link in sorted(after - before)]
    if gone:
        connection.execute(_UNLINK, gone)
    if come:
        connection.execute(_put_links(sqlite=connection.dialect.name == "sqlite"), come)


@cache
def _put_links(*, sqlite: bool) -> Any:
    return insert_into(case_links, sqlite=sqlite).on_conflict_do_nothing()


def _links(one: Any) -> set[tuple[str, str]]:
    """Return kind and code of every link of a view or of a held row."""
    many = {"supervisor": one.supervisors, "zone": one.zones, "task": one.task_units, "tag": one.tags}
    return {(kind, code) for kind, codes in {**many, "part": parts_of(one)}.items() for code in codes}


def _link_row(link: tuple[str, str], case_no: str) -> dict[str, str]:
    return {"kind": link[0], "code": link[1], "case_no": case_no}


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
