"""The one transaction of alarms: what a message says becomes alarms, cases, notices and commands, once.

Alarms are folded one message at a time. SQLite has one writer anyway; on PostgreSQL a lock of
the transaction does the same, since whether five alarms are a storm cannot be seen by two
transactions that each look at four. Everything a message causes is written in its
transaction, the settled message included: a process that dies half-way has done nothing.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import Connection, insert, select, text
from sqlalchemy.exc import IntegrityError

from domain.alarm import Alarm
from domain.alarm_life import AlarmProblem, AlarmRefused, AlarmWord, Assessed, Due, Unmuted
from domain.correlate import Changes, Ground, fold, fold_words, is_open
from domain.correlate_said import Heard, Said
from domain.correlate_senses import Event, Senses, sense
from domain.correlate_words import fault_word, hazard_word
from domain.device import ServiceState
from domain.envelope import Unreadable
from domain.sensing import Watch, fall_silent
from store.alarm_ground import (
    OPEN,
    Loaded,
    false_alarms,
    load_by_number,
    load_for_words,
    muted_by,
    mutes_over,
    open_near,
    with_device_alarm,
    with_suspicion,
)
from store.alarm_writes import UnableToNumber, write_changes
from store.database import Database, insert_into
from store.devices import load_devices, save_watches, silent_at, silent_devices
from store.inbound import hold_inbound, settle_inbound
from store.rows_devices import DeviceKey, DeviceRow
from store.rows_intake import InboundRow
from store.signal_ground import AlarmCity, behind, event_values, plain_registry, registry_of, witnesses
from store.tables_alarms import alarm_acts, alarms
from store.tables_sources import signals
from store.windows import ended_windows, windows_in_force, windows_looked_at

T = TypeVar("T")
_A = alarms.c
_TRIES = 3
_LATER = timedelta(minutes=1)
_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(7304251)")
"""Any number, the same for every process."""


class UnableToFindAlarm(LookupError):
    """There is no alarm of this number."""


class UnableToRepeat(ValueError):
    """The request id was used for something else."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Taken:
    """What became of a message. ``heard`` counts its envelopes; with ``dead`` they are all of its parts.

    ``settled`` False: somebody else had taken it before, and nothing was done.
    """

    settled: bool = True
    heard: Mapping[Heard, int] = field(default_factory=dict)
    dead: int = 0
    alarms: int = 0
    cases: int = 0


NOT_OURS = Taken(settled=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class AlarmRequest:
    """A person's request, kept with what it did: the same id again does nothing."""

    id: str
    digest: str


class Signals(Database):
    """The part of the store that makes alarms of messages, silence and time."""

    def take_message(
        self, *, message: InboundRow, events: Sequence[Event], dead: Sequence[Unreadable], city: AlarmCity
    ) -> Taken:
        """Take a claimed message with all it causes, wholly or not at all."""

        def work(connection: Connection) -> Taken:
            if not hold_inbound(connection, id=message.id):
                return NOT_OURS
            rows, registry = registry_of(connection, events, city, at=message.received_at)
            senses = sense(registry=registry, events=events)
            changes, cases = self._fold(connection, senses.said, city)
            _save_watches(connection, rows, senses.watches, city)
            self._keep_events(connection, message, senses, changes)
            taken = Taken(
                heard=senses.counts,
                dead=len(dead) + len(senses.dead),
                alarms=len(changes.fresh),
                cases=cases,
            )
            settle_inbound(
                connection,
                message=message,
                taken=sum(senses.counts.values()),
                dead=[*dead, *senses.dead],
                at=city.now,
                outcome=_outcome(taken),
            )
            return taken

        return self._alone(work)

    def say_to_alarm(
        self, *, alarm_no: str, word: AlarmWord, city: AlarmCity, request: AlarmRequest | None = None
    ) -> Alarm:
        """Say one word to one alarm, with everything it owes, in one transaction; return the alarm as it is then.

        Raises UnableToFindAlarm, UnableToRepeat, and AlarmRefused for a person's word.
        """

        def work(connection: Connection) -> Alarm:
            named = [alarm_no, word.into] if isinstance(word, Assessed) and word.into else [alarm_no]
            loaded = load_by_number(connection, named, family=True)
            before = next((one for one in loaded.open if one.alarm_no == alarm_no), None)
            if before is None:
                raise UnableToFindAlarm(alarm_no)
            if request is not None and not self._first_time(connection, alarm_no, request, city.now):
                return before
            into = next((one for one in loaded.open if one.alarm_no in named[1:]), None)
            if into is not None and (into.parent is not None or not is_open(into)):
                # Looked at again in here: two officers may merge two alarms into each other.
                raise AlarmRefused(AlarmProblem.PHASE, phase=into.phase.value)
            said = with_suspicion(
                connection,
                before,
                word,
                since=word.at - city.rules.fault_within,
                after=city.rules.fault_after,
            )
            loaded = with_device_alarm(connection, loaded, before)
            changes = fold_words(ground=_ground(loaded, city), words=[(alarm_no, said)])
            write_changes(connection, changes, writings=city.writings, at=city.now, sqlite=self._sqlite)
            return next((one for one in changes.alarms if one.alarm_no == alarm_no), before)

        return self._alone(work)

    def open_alarms_near(
        self, *, hazards: Sequence[str], lon: float, lat: float, metres: float
    ) -> list[Alarm]:
        """Return open alarms of these hazards about a point (WGS-84 degrees), drills and storms left out."""
        return self._read(
            lambda connection: open_near(connection, hazards=hazards, lon=lon, lat=lat, metres=metres)
        )

    def tell_alarms(self, *, word: AlarmWord, case_no: str, city: AlarmCity) -> int:
        """Say a word to every open alarm about a case; return how many there are."""

        def work(connection: Connection) -> int:
            about = select(_A.alarm_no).where(_A.case_no == case_no, OPEN).order_by(_A.alarm_no)
            return self._say_all(connection, list(connection.scalars(about)), word, city)

        return self._alone(work)

    def alarms_due(self, *, city: AlarmCity, limit: int) -> int:
        """Carry out the deadlines that have passed, the oldest first; return of how many alarms.

        Looked up inside the transaction: of two relays the second finds nothing left to do.
        """
        due = select(_A.alarm_no).where(OPEN, _A.next_due <= city.now).order_by(_A.next_due).limit(limit)
        if not self._read(lambda connection: connection.execute(due.limit(1)).first()):
            return 0  # looked before asking for the lock that all alarms share

        def work(connection: Connection) -> int:
            numbers = list(connection.scalars(due))
            self._say_all(connection, numbers, Due(at=city.now), city)
            # A deadline nothing came of is looked at again later, or the next call would find it at once.
            stuck = alarms.update().where(_A.alarm_no.in_(numbers), OPEN, _A.next_due <= city.now)
            connection.execute(stuck.values(next_due=city.now + _LATER))
            return len(numbers)

        return self._alone(work)

    def put_off_alarm(self, *, alarm_no: str, until: datetime) -> None:
        """Have the deadlines of an alarm looked at again later."""
        later = alarms.update().where(_A.alarm_no == alarm_no, OPEN).values(next_due=until)
        self._write(lambda connection: connection.execute(later))

    def sweep_silence(self, *, city: AlarmCity, at: datetime, limit: int) -> int:
        """Note devices that have been silent for too long at an instant; return how many were looked at."""
        if self._sqlite and not self._read(lambda connection: silent_devices(connection, at=at, limit=1)):
            return 0

        def work(connection: Connection) -> int:
            rows = silent_devices(connection, at=at, limit=limit)
            self._fall_silent(connection, rows, city, at)
            return len(rows)

        return self._alone(work)

    def look_again(self, *, devices: Iterable[DeviceKey], city: AlarmCity) -> None:
        """Let these devices say how they stand now: their service state or their registration has changed."""
        keys = list(devices)
        self._alone(lambda connection: self._look_again(connection, keys, city))

    def end_windows(self, *, city: AlarmCity, limit: int) -> int:
        """Look again at what ended maintenance windows muted; return how many windows there were."""
        if self._sqlite and not self._read(
            lambda connection: ended_windows(connection, at=city.now, limit=1)
        ):
            return 0

        def work(connection: Connection) -> int:
            windows = ended_windows(connection, at=city.now, limit=limit)
            keys = {(one.source, one.code) for one in windows}
            keys |= behind(connection, {(one.source, one.code) for one in windows if one.gateway})
            self._look_again(connection, keys, city)
            windows_looked_at(connection, [one.id for one in windows])
            return len(windows)

        return self._alone(work)

    def end_mutes(self, *, city: AlarmCity, limit: int) -> int:
        """Look again at silence whose inhibition has ended; return how many alarms are no longer muted."""
        if not self._read(lambda connection: mutes_over(connection, limit=1)):
            return 0

        def work(connection: Connection) -> int:
            over = mutes_over(connection, limit=limit)
            asked = self._look_again(connection, {(one.source, one.device) for one in over}, city)
            # Who is not registered (a gateway) or means nothing any more cannot be asked how it stands.
            mute = [one.alarm_no for one in over if (one.source, one.device) not in asked]
            self._say_all(connection, mute, Unmuted(at=city.now), city)
            return len(over)

        return self._alone(work)

    def _alone(self, work: Callable[[Connection], T]) -> T:
        """Run one transaction of alarms at a time; draw again where a number was taken."""

        def alone(connection: Connection) -> T:
            if not self._sqlite:
                connection.execute(_ONE_AT_A_TIME)
            return work(connection)

        for _ in range(_TRIES - 1):
            try:
                return self._write(alone)
            except (IntegrityError, UnableToNumber):
                continue
        return self._write(alone)

    def _fold(self, connection: Connection, said: Sequence[Said], city: AlarmCity) -> tuple[Changes, int]:
        """Fold words and write what they do; return it, and how many cases were opened."""
        if not said:
            return Changes(), 0
        words = muted_by(connection, said, inhibitions=city.rules.inhibitions, categories=city.inhibiting)
        loaded = load_for_words(connection, said=words, rules=city.rules)
        doubts = false_alarms(connection, words, since=city.now - city.rules.fault_within)
        confidences = {device: city.confidence(recent) for device, recent in doubts.items()}
        ground = replace(
            _ground(loaded, city), confidences=confidences, witnesses=witnesses(connection, words, city)
        )
        changes = fold(ground=ground, said=words)
        cases = write_changes(connection, changes, writings=city.writings, at=city.now, sqlite=self._sqlite)
        return changes, cases

    def _say_all(
        self, connection: Connection, numbers: Sequence[str], word: AlarmWord, city: AlarmCity
    ) -> int:
        if numbers:
            loaded = load_by_number(connection, numbers, family=True)
            changes = fold_words(ground=_ground(loaded, city), words=[(number, word) for number in numbers])
            write_changes(connection, changes, writings=city.writings, at=city.now, sqlite=self._sqlite)
        return len(numbers)

    def _fall_silent(
        self, connection: Connection, rows: Sequence[DeviceRow], city: AlarmCity, at: datetime
    ) -> None:
        known = {row.key: row for row in rows if row.device.profile in city.profiles}
        watches = {key: fall_silent(watch=row.watch, at=at)[0] for key, row in known.items()}
        quiet = windows_in_force(connection, [row.device for row in known.values()], at=at)
        registry = plain_registry(city)
        said = [
            fault_word(registry=registry, device=row.device, watch=watches[key], at=city.now)
            for key, row in known.items()
            if key not in quiet and row.device.service is ServiceState.IN_SERVICE
        ]
        _save_watches(connection, known, watches, city)
        save_watches(connection, [replace(row, silent_at=None) for row in rows if row.key not in known])
        self._fold(connection, said, city)

    def _look_again(
        self, connection: Connection, keys: Iterable[DeviceKey], city: AlarmCity
    ) -> set[DeviceKey]:
        """Let these devices say how they stand, as if they had just said it; return those that can, now or later."""
        rows = load_devices(connection, sorted(keys))
        quiet = windows_in_force(connection, [row.device for row in rows.values()], at=city.now)
        registry = plain_registry(city)
        said: list[Said] = []
        for key, row in rows.items():
            if key in quiet or row.device.profile not in city.profiles:
                continue
            device = row.device
            # One out of service says nothing: what it said last must not keep an alarm open for ever.
            watch = row.watch if device.service is ServiceState.IN_SERVICE else Watch()
            said.append(hazard_word(registry=registry, device=device, watch=watch, at=city.now))
            said.append(fault_word(registry=registry, device=device, watch=watch, at=city.now))
        self._fold(connection, said, city)
        return {key for key, row in rows.items() if row.device.profile in city.profiles}

    def _keep_events(
        self, connection: Connection, message: InboundRow, senses: Senses, changes: Changes
    ) -> None:
        rows = [event_values(one, message, changes) for one in senses.named]
        if rows:
            connection.execute(insert(signals), rows)

    def _first_time(
        self, connection: Connection, alarm_no: str, request: AlarmRequest, now: datetime
    ) -> bool:
        put = insert_into(alarm_acts, sqlite=self._sqlite).on_conflict_do_nothing(
            index_elements=["request_id"]
        )
        values = {"request_id": request.id, "alarm_no": alarm_no, "digest": request.digest, "at": now}
        if connection.execute(put.returning(alarm_acts.c.id), values).first() is not None:
            return True
        kept = connection.execute(
            select(alarm_acts.c.alarm_no, alarm_acts.c.digest).where(alarm_acts.c.request_id == request.id)
        ).one()
        if (kept.alarm_no, kept.digest) != (alarm_no, request.digest):
            raise UnableToRepeat(request.id)
        return False


def _ground(loaded: Loaded, city: AlarmCity) -> Ground:
    return Ground(
        rules=city.rules,
        severities=city.severities,
        times=city.times,
        number=city.number,
        case_number=city.case_number,
        open=loaded.open,
        loose=loaded.loose,
        tallies=loaded.tallies,
        sizes=loaded.sizes,
        families=loaded.families,
        citizens=city.citizens,
    )


def _save_watches(
    connection: Connection,
    rows: Mapping[DeviceKey, DeviceRow],
    watches: Mapping[DeviceKey, Watch],
    city: AlarmCity,
) -> None:
    changed: list[DeviceRow] = []
    for key, watch in watches.items():
        row = rows[key]
        when = silent_at(
            device=row.device,
            watch=watch,
            profile=city.profiles.get(row.device.profile),
            since=row.changed_at,
        )
        changed.append(replace(row, watch=watch, silent_at=when))
    save_watches(connection, changed)


def _outcome(taken: Taken) -> dict[str, Any]:
    counts = {kind.value: count for kind, count in taken.heard.items()}
    return {**counts, "dead": taken.dead, "alarms": taken.alarms, "cases": taken.cases}
