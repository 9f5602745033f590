"""What words have done to alarms, written: rows, facts, cases opened, notices, commands. Parts of a transaction."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, update

from domain.alarm import Alarm
from domain.alarm_life import OpenCase, TellCase, TellUnit
from domain.case import Notice
from domain.change import ChangeKind
from domain.command import CommandBase
from domain.correlate import Changes, Debt, is_open
from domain.report import Accepted, NewReport
from store.changes import Told, tell_changes
from store.intake import accept_reports
from store.notices import Owed, owe_notices
from store.orders import owe_commands
from store.tables_alarms import alarm_facts, alarms

_EPOCH = 1
"""Notices are told apart by number, epoch, fact and place; an alarm has one epoch."""


class UnableToNumber(RuntimeError):
    """A drawn case number belongs to another report: everything is rolled back and drawn again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Writings:
    """How an alarm's debts become what the store keeps: made where place, owner and texts are known.

    ``report`` makes the report that opens an alarm's case: why, when it happened, and when the word
    came that asks for it; ``tell`` the commands
    that tell a case what became of its alarm; ``join`` the command that makes a case (first)
    a child of another (second).
    """

    report: Callable[[Alarm, str, datetime, datetime], NewReport]
    tell: Callable[[Alarm, TellCase], Sequence[CommandBase]]
    join: Callable[[str, str], CommandBase]


def write_changes(
    connection: Connection, changes: Changes, *, writings: Writings, at: datetime, sqlite: bool
) -> int:
    """Write all that the words have done; return how many cases were opened. Raises UnableToNumber."""
    _write_alarms(connection, changes, at)
    if changes.facts:
        connection.execute(insert(alarm_facts), [_fact_values(one) for one in changes.facts])
    tell_changes(connection, _told(changes, at))
    opened = _open_cases(connection, changes, writings)
    notices = [_notice(debt, debt.owed) for debt in changes.debts if isinstance(debt.owed, TellUnit)]
    owe_notices(connection, notices)
    owe_commands(connection, _commands(changes, writings), sqlite=sqlite)
    return opened


def _write_alarms(connection: Connection, changes: Changes, at: datetime) -> None:
    """Ended ones first: a new alarm may have the key of one that has just ended."""
    known = [one for one in changes.alarms if one.alarm_no not in changes.fresh]
    fresh = [one for one in changes.alarms if one.alarm_no in changes.fresh]
    if known:
        mine = alarms.c.alarm_no == bindparam("of")
        connection.execute(
            update(alarms).where(mine), [{"of": one.alarm_no, **_values(one, at)} for one in known]
        )
    if fresh:
        ended_first = sorted(fresh, key=is_open)
        connection.execute(
            insert(alarms), [{"alarm_no": one.alarm_no, **_values(one, at)} for one in ended_first]
        )


def _told(changes: Changes, at: datetime) -> Iterator[Told]:
    """Yield what live pages are told: alarms that are new or took a step, not those only heard once more."""
    stepped = changes.fresh | {fact.alarm_no for fact in changes.facts}
    for alarm in changes.alarms:
        if alarm.alarm_no in stepped:
            yield Told(
                kind=ChangeKind.ALARM,
                number=alarm.alarm_no,
                status=alarm.phase.value,
                severity=alarm.severity,
                units=(alarm.unit,) if alarm.unit else (),
                areas=[code for _, code in alarm.chain],
                at=at,
            )


def _values(alarm: Alarm, at: datetime) -> dict[str, Any]:
    chain = dict(alarm.chain)
    standing = is_open(alarm)
    return {
        "key": alarm.key,
        "open": standing,
        "phase": alarm.phase.value,
        "origin": alarm.origin.value,
        "source": alarm.source,
        "device": alarm.device,
        "gateway": alarm.gateway,
        "hazard": alarm.hazard,
        "category": alarm.category,
        "severity": alarm.severity,
        "current": alarm.current if standing else None,
        "muted": bool(alarm.muted_by),
        "exercise": alarm.exercise,
        "unit": alarm.unit,
        "district": chain.get("district", ""),
        "street": chain.get("street", ""),
        "lon": alarm.lon,
        "lat": alarm.lat,
        "grouped": alarm.group,
        "parent": alarm.parent,
        "case_no": alarm.case_no,
        "reason": alarm.reason,
        "raised_at": alarm.raised_at,
        "ended_at": None if standing else (alarm.released_at or alarm.assessed_at or at),
        "next_due": alarm.next_due,
        "alarm": alarm,
    }


def _fact_values(fact: Any) -> dict[str, Any]:
    return {
        "alarm_no": fact.alarm_no,
        "seq": fact.seq,
        "at": fact.at,
        "kind": fact.kind,
        "source": fact.source.value if fact.source is not None else None,
        "target": fact.target.value if fact.target is not None else None,
        "by": fact.by,
        "data": fact.data,
    }


def _open_cases(connection: Connection, changes: Changes, writings: Writings) -> int:
    reports = [
        writings.report(
            debt.alarm, debt.owed.why, changes.happened.get(debt.alarm.alarm_no, debt.at), debt.at
        )
        for debt in changes.debts
        if isinstance(debt.owed, OpenCase)
    ]
    if not reports:
        return 0
    for report, answer in zip(reports, accept_reports(connection, reports), strict=True):
        if not isinstance(answer, Accepted) or answer.case_no != report.case_no:
            raise UnableToNumber(report.case_no)
    return len(reports)


def _notice(debt: Debt, owed: TellUnit) -> Owed:
    notice = Notice(
        seq=debt.alarm.seq, n=debt.n, template=owed.template, unit=owed.unit, context=owed.context
    )
    return Owed(
        case_no=debt.alarm.alarm_no, epoch=_EPOCH, priority=debt.alarm.severity, at=debt.at, notice=notice
    )


def _commands(changes: Changes, writings: Writings) -> Iterable[tuple[str, CommandBase, datetime, int]]:
    now = {one.alarm_no: one for one in changes.alarms}
    for debt in changes.debts:
        if isinstance(debt.owed, TellCase):
            for command in writings.tell(debt.alarm, debt.owed):
                yield debt.owed.case_no, command, debt.at, debt.alarm.severity
    for joining in changes.joinings:
        child, parent = now[joining.child].case_no, now[joining.parent].case_no
        if child is not None and parent is not None and child != parent:
            yield child, writings.join(child, parent), joining.at, now[joining.child].severity
