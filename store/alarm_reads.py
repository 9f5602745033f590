"""What the store knows about alarms: single ones with their facts, lists by page, false ones counted.

Written elsewhere (``store.signals``), with what raises and moves them.
"""

import base64
import binascii
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    ColumnElement,
    Select,
    and_,
    case,
    func,
    literal,
    select,
    text,
    tuple_,
    type_coerce,
)

from domain.alarm import Alarm, AlarmFact, AlarmPhase
from store.codec import instant, microseconds
from store.database import Database
from store.filters import UnableToReadCursor
from store.rows_alarms import AlarmFilter, AlarmPage, FalseAlarms
from store.scopes import on_ground
from store.tables_alarms import alarm_facts, alarms, devices

_LONGEST = 200
_ALARM = alarms.c
_EQUAL = (
    "open", "hazard", "severity", "source", "device", "unit", "street", "district", "parent", "case_no", "exercise",
)  # fmt: skip
_FALSE = AlarmPhase.FALSE_ALARM.value
_FAULT = AlarmPhase.DEVICE_FAULT.value


class AlarmReader(Database):
    """The part of the store that answers questions about alarms."""

    def alarm(self, *, alarm_no: str) -> Alarm | None:
        """Return an alarm, or None."""
        statement = select(_ALARM.alarm).where(_ALARM.alarm_no == alarm_no)
        return self._read(lambda connection: connection.execute(statement).scalar_one_or_none())

    def alarm_facts(self, *, alarm_no: str) -> tuple[AlarmFact, ...]:
        """Return what happened to an alarm, in order."""
        mine = select(alarm_facts).where(alarm_facts.c.alarm_no == alarm_no).order_by(alarm_facts.c.seq)
        return self._read(lambda connection: tuple(_fact(row) for row in connection.execute(mine).mappings()))

    def due_alarms(self, *, now: datetime, limit: int) -> list[str]:
        """Return the numbers of alarms of which a deadline has passed, the oldest first."""
        due = select(_ALARM.alarm_no).where(text("alarms.open"), _ALARM.next_due <= now)
        statement = due.order_by(_ALARM.next_due, _ALARM.alarm_no).limit(limit)
        return self._read(lambda connection: list(connection.scalars(statement)))

    def alarms(self, *, where: AlarmFilter, limit: int, cursor: str | None = None) -> AlarmPage:
        """Return a page of alarms, the latest raised first. Raises UnableToReadCursor."""
        size = max(1, min(limit, _LONGEST))
        statement = select(_ALARM.alarm).where(*_conditions(where))
        if cursor is not None:
            statement = statement.where(_after(cursor))
        statement = statement.order_by(_ALARM.raised_at.desc(), _ALARM.alarm_no.desc()).limit(size + 1)
        found = self._alarms(statement)
        end = _cursor(found[size - 1]) if len(found) > size else None
        return AlarmPage(alarms=tuple(found[:size]), next_cursor=end)

    def false_alarms(
        self, *, since: datetime, source: str = "", device: str = "", model: str = ""
    ) -> FalseAlarms:
        """Count what became of the alarms of a device (``source`` and ``device``) or of a model's devices."""
        if model:
            its = select(devices.c.source, devices.c.code).where(
                type_coerce(devices.c.device, JSON)["model"].as_string() == model
            )
            mine: ColumnElement[bool] = tuple_(_ALARM.source, _ALARM.device).in_(its)
        else:
            mine = and_(_ALARM.source == source, _ALARM.device == device)
        counted = (
            select(
                _ALARM.phase,
                _ALARM.reason,
                func.count().label("n"),
                func.sum(case((_ALARM.ended_at >= since, 1), else_=0)).label("recent"),
            )
            .where(mine, _ALARM.exercise.is_(False))
            .group_by(_ALARM.phase, _ALARM.reason)
        )
        rows = self._read(lambda connection: connection.execute(counted).all())
        return _counted(rows)

    def _alarms(self, statement: Select[Any]) -> list[Alarm]:
        return self._read(lambda connection: list(connection.execute(statement).scalars()))


def _conditions(where: AlarmFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [
        _ALARM[name] == value for name in _EQUAL if (value := getattr(where, name)) is not None
    ]
    if where.phase:
        found.append(_ALARM.phase.in_(where.phase))
    if where.scope is not None:
        found += on_ground(where.scope, unit=_ALARM.unit, district=_ALARM.district, street=_ALARM.street)
    return found


def _counted(rows: Sequence[Any]) -> FalseAlarms:
    def many(phase: str, *, column: str = "n") -> int:
        return sum(int(getattr(row, column)) for row in rows if row.phase == phase)

    return FalseAlarms(
        alarms=sum(int(row.n) for row in rows),
        false=many(_FALSE),
        faults=many(_FAULT),
        recent=many(_FALSE, column="recent"),
        reasons={row.reason: int(row.n) for row in _by_reason(rows)},
    )


def _by_reason(rows: Iterable[Any]) -> list[Any]:
    return sorted(
        (row for row in rows if row.phase == _FALSE and row.reason), key=lambda row: str(row.reason)
    )


def _fact(row: Any) -> AlarmFact:
    values = dict(row)
    for name in ("source", "target"):
        values[name] = None if values[name] is None else AlarmPhase(values[name])
    return AlarmFact(**values)


def _after(cursor: str) -> ColumnElement[bool]:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        at, alarm_no = base64.b64decode(padded, altchars=b"-_", validate=True).decode().split(":", 1)
        raised_at = instant(int(at))
    except (binascii.Error, ValueError, OverflowError):
        raise UnableToReadCursor("not a cursor of this list; start again without one") from None
    end = tuple_(literal(raised_at, _ALARM.raised_at.type), literal(alarm_no))
    return tuple_(_ALARM.raised_at, _ALARM.alarm_no) < end


def _cursor(last: Alarm) -> str:
    end = f"{microseconds(last.raised_at)}:{last.alarm_no}"
    return base64.urlsafe_b64encode(end.encode()).decode().rstrip("=")
