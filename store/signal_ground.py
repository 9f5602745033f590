"""What is known before a message is folded: the registry, what is remembered, event ids that came before."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from domain.alarm import Alarm
from domain.alarm_life import AlarmTimes
from domain.case import SETTLED
from domain.correlate import Changes
from domain.correlate_alarm import Witness
from domain.correlate_said import Said, SaidKind
from domain.correlate_senses import NAMED_ONCE, Event, Named
from domain.correlate_words import Registry, SeenEvent
from domain.device import Device, DeviceProfile
from domain.envelope import EnvelopeKind
from domain.hazard import AlarmRules
from store.alarm_writes import Writings
from store.devices import load_devices
from store.rows_devices import DeviceKey, DeviceRow
from store.rows_intake import InboundRow
from store.tables import cases, reports
from store.tables_alarms import devices
from store.tables_sources import signals
from store.windows import windows_in_force

_SETTLED = tuple(status.value for status in SETTLED)
_MOST_WITNESSES = 500
_AT_ONCE = 5000


@dataclass(frozen=True, kw_only=True, slots=True)
class AlarmCity:
    """What a city says about alarms, and how what is owed is made. ``now`` is city time.

    ``severities`` are the catalogue's by category, ``inhibiting`` the categories of each
    inhibition by its id. ``confidence`` is what an alarm begins with whose device has lately given
    so many false ones. ``citizens`` are the categories by hazard of reports that join its alarms,
    ``people`` the channels people report through.
    """

    rules: AlarmRules
    profiles: Mapping[str, DeviceProfile]
    severities: Mapping[str, int]
    inhibiting: Mapping[str, Sequence[str]]
    times: Callable[[Alarm], AlarmTimes]
    confidence: Callable[[int], float]
    citizens: Mapping[str, Sequence[str]]
    people: Sequence[str]
    number: Callable[[], str]
    case_number: Callable[[], str]
    writings: Writings
    now: datetime


def plain_registry(city: AlarmCity) -> Registry:
    return Registry(rules=city.rules, profiles=city.profiles, severities=city.severities)


def registry_of(
    connection: Connection, events: Sequence[Event], city: AlarmCity, *, at: datetime
) -> tuple[dict[DeviceKey, DeviceRow], Registry]:
    subjects = {(one.envelope.source, one.envelope.subject) for one in events if one.envelope.subject}
    rows = load_devices(connection, sorted(subjects))
    quiet = windows_in_force(connection, [row.device for row in rows.values()], at=at)
    registry = replace(
        plain_registry(city),
        devices={key: row.device for key, row in rows.items()},
        watches={key: row.watch for key, row in rows.items()},
        gateways=_gateways(connection, events, set(rows)),
        muted=frozenset(quiet),
        seen=_seen(connection, events),
    )
    return rows, registry


def _gateways(
    connection: Connection, events: Sequence[Event], known: set[DeviceKey]
) -> dict[DeviceKey, Device]:
    """Return one device behind each gateway that is said to be off or on and is no device itself."""
    kinds = (EnvelopeKind.OFFLINE, EnvelopeKind.ONLINE)
    asked = {(one.envelope.source, one.envelope.subject) for one in events if one.envelope.kind in kinds}
    found: dict[DeviceKey, Device] = {}
    for source, code in sorted(asked - known):
        statement = (
            select(devices.c.device)
            .where(devices.c.source == source, devices.c.gateway == code)
            .order_by(devices.c.code)
            .limit(1)
        )
        sample = connection.scalars(statement).first()
        if code and sample is not None:
            found[source, code] = sample
    return found


def _seen(connection: Connection, events: Sequence[Event]) -> dict[tuple[str, str], SeenEvent]:
    by_source: dict[str, set[str]] = {}
    for one in events:
        if one.envelope.kind in NAMED_ONCE:
            names = by_source.setdefault(one.envelope.source, set())
            names |= {one.envelope.event_id, *one.envelope.references}
    found: dict[tuple[str, str], SeenEvent] = {}
    # A message may name more than one statement takes.
    some = (
        (source, sorted(names)[start : start + _AT_ONCE])
        for source, names in sorted(by_source.items())
        for start in range(0, len(names), _AT_ONCE)
    )
    for source, wanted in some:
        statement = select(signals.c.event_id, signals.c.digest, signals.c.alarm_no).where(
            signals.c.source == source, signals.c.event_id.in_(wanted)
        )
        for row in connection.execute(statement):
            found[source, row.event_id] = SeenEvent(digest=row.digest, alarm_no=row.alarm_no)
    return found


def event_values(one: Named, message: InboundRow, changes: Changes) -> dict[str, Any]:
    return {
        "source": one.source,
        "event_id": one.event_id,
        "inbound": message.id,
        "digest": one.digest,
        "alarm_no": changes.events.get((one.source, one.event_id), ""),
        "outcome": one.outcome.value,
        "received_at": message.received_at,
    }


def behind(connection: Connection, gateways: Iterable[DeviceKey]) -> set[DeviceKey]:
    found: set[DeviceKey] = set()
    for source, code in sorted(gateways):
        statement = select(devices.c.code).where(devices.c.source == source, devices.c.gateway == code)
        found |= {(source, one) for one in connection.scalars(statement)}
    return found


def witnesses(connection: Connection, said: Iterable[Said], city: AlarmCity) -> list[Witness]:
    """Return people's reports of late that may say what these words say, with the open cases they belong to."""
    hazards = {one.hazard for one in said if one.kind is SaidKind.SPEAKS and one.hazard in city.citizens}
    categories = sorted({code for hazard in hazards for code in city.citizens[hazard]})
    if not categories or not city.people:
        return []
    window = max(city.rules.hazards[hazard].window for hazard in hazards)
    since = min(one.at for one in said) - window
    own, now = cases.alias("own"), cases.alias("now")
    statement = (
        select(
            reports.c.report_no, now.c.case_no, own.c.category, own.c.lon, own.c.lat, reports.c.occurred_at
        )
        .join(reports, reports.c.case_no == own.c.case_no)
        .join(now, now.c.case_no == reports.c.belongs_to)
        .where(
            own.c.category.in_(categories),
            own.c.received_at >= since,
            own.c.channel.in_(city.people),
            own.c.exercise.is_(False),
            own.c.lon.is_not(None),
            now.c.open.is_(True),
            now.c.status.not_in(_SETTLED),
        )
        .order_by(own.c.received_at.desc(), own.c.case_no)
        .limit(_MOST_WITNESSES)
    )
    return [
        Witness(report_no=row[0], case_no=row[1], category=row[2], lon=row[3], lat=row[4], at=row[5])
        for row in connection.execute(statement)
    ]
