"""What stands before words are taken: open alarms, crowds, children, what mutes silence. Parts of a transaction."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from math import cos, radians

from sqlalchemy import JSON, Connection, Select, and_, func, or_, select, text, type_coerce

from domain.alarm import Alarm, AlarmOrigin, AlarmPhase
from domain.alarm_life import AlarmWord, Assessed, Verdict
from domain.correlate_crowd import crowd_key
from domain.correlate_said import DEVICE_HAZARD, Said, SaidKind, device_key
from domain.hazard import AlarmRules, Inhibition
from store.devices import behind_gateways
from store.tables import cases
from store.tables_alarms import alarms

OPEN = text("alarms.open")  # literal, or the partial indexes would not be used
MUTED = text("alarms.muted")
_A = alarms.c
_AT_ONCE = 1000
_MOST_LOOSE = 2000
_MOST_NEAR = 500
_METRES_PER_DEGREE = 110_000  # of latitude; a little less than there are, so that the box is large enough


@dataclass(frozen=True, kw_only=True, slots=True)
class Loaded:
    """Open alarms and what is counted about them, as ``domain.correlate.Ground`` wants it."""

    open: tuple[Alarm, ...] = ()
    loose: Mapping[str, Sequence[Alarm]] = field(default_factory=dict)
    tallies: Mapping[str, Mapping[int, int]] = field(default_factory=dict)
    sizes: Mapping[str, int] = field(default_factory=dict)
    families: Mapping[str, Sequence[Alarm]] = field(default_factory=dict)


def load_for_words(connection: Connection, *, said: Sequence[Said], rules: AlarmRules) -> Loaded:
    """Load what these words may touch: their alarms, the parents of these, the crowds they may be part of."""
    speaking = [one for one in said if one.kind is SaidKind.SPEAKS]
    crowds = {key for one in speaking if (key := crowd_key(rules=rules, said=one)) is not None}
    gateways = {one.key for one in speaking if one.hazard == DEVICE_HAZARD}
    references = {reference for one in said for reference in one.references}
    found = _alarms(connection, _A.key, {one.key for one in said} | references | crowds)
    found |= _alarms(connection, _A.alarm_no, references)
    found |= _alarms(connection, _A.alarm_no, _parents(found.values()) - set(found))
    standing = {one.key for one in found.values()}
    since = min((one.at for one in said), default=None)
    loose = _loose(connection, (crowds - standing) | gateways, since=since, rules=rules)
    parents = {one.alarm_no for one in found.values() if one.key in crowds or one.children}
    return Loaded(
        open=tuple(found.values()),
        loose=loose,
        tallies=_tallies(connection, parents | _parents(found.values())),
        sizes=_sizes(connection, speaking),
    )


def load_by_number(connection: Connection, numbers: Collection[str], *, family: bool = False) -> Loaded:
    """Load alarms by number, ended ones too, with their parents; with ``family`` their merged children as well."""
    found = _alarms(connection, _A.alarm_no, set(numbers), ended=True)
    found |= _alarms(connection, _A.alarm_no, _parents(found.values()) - set(found))
    parents = {one.alarm_no for one in found.values() if one.children} | _parents(found.values())
    whose = {one.alarm_no for one in found.values() if one.children and one.alarm_no in set(numbers)}
    families: dict[str, list[Alarm]] = defaultdict(list)
    if family and whose:
        merged = select(_A.alarm).where(
            _A.parent.in_(sorted(whose)), OPEN, _A.phase == AlarmPhase.MERGED.value
        )
        for alarm in connection.scalars(merged.order_by(_A.alarm_no)):
            families[alarm.parent or ""].append(alarm)
    return Loaded(open=tuple(found.values()), tallies=_tallies(connection, parents), families=families)


def false_alarms(
    connection: Connection, said: Iterable[Said], *, since: datetime
) -> dict[tuple[str, str], int]:
    """Return how many false alarms these devices have given since an instant, those that have."""
    devices = {one.device for one in said if one.kind is SaidKind.SPEAKS and one.device}
    found: dict[tuple[str, str], int] = {}
    wanted = sorted(devices)
    for start in range(0, len(wanted), _AT_ONCE):
        statement = (
            select(_A.source, _A.device, func.count())
            .where(
                _A.device.in_(wanted[start : start + _AT_ONCE]),
                _A.phase == AlarmPhase.FALSE_ALARM.value,
                _A.exercise.is_(False),
                _A.raised_at > since,
            )
            .group_by(_A.source, _A.device)
        )
        found |= {(source, device): count for source, device, count in connection.execute(statement)}
    return found


def muted_by(
    connection: Connection,
    said: Iterable[Said],
    *,
    inhibitions: Sequence[Inhibition],
    categories: Mapping[str, Sequence[str]],
) -> list[Said]:
    """Return the words, silence with the name of what mutes it.

    ``categories`` are the codes each inhibition stands for. An open case mutes, and so does an
    open alarm (a storm has one before it has a case).
    """
    given = list(said)
    silences = [one for one in given if one.kind is SaidKind.SPEAKS and one.origin is AlarmOrigin.SILENCE]
    mutes: dict[tuple[str, str], str] = {}
    for rule in inhibitions if silences else ():
        level = rule.area.name.lower()
        areas = {code for one in silences if (code := dict(one.spot.chain).get(level))}
        if areas and categories.get(rule.id):
            for area, number in _inhibitors(connection, level, sorted(areas), categories[rule.id]):
                mutes.setdefault((level, area), number)
    levels = {level for level, _ in mutes}
    return [_muted(one, mutes, levels) if one in silences else one for one in given] if mutes else given


def mutes_over(connection: Connection, *, limit: int) -> list[Alarm]:
    """Return muted alarms of which what mutes them has ended, however many others are muted still."""
    name = type_coerce(_A.alarm, JSON)["muted_by"].as_string()
    names = set(connection.scalars(select(name).where(OPEN, MUTED).distinct()))
    over = names - still_inhibited(connection, names) if names else names
    if not over:
        return []
    ended = select(_A.alarm).where(OPEN, MUTED, name.in_(sorted(over)))
    return list(connection.scalars(ended.order_by(_A.alarm_no).limit(limit)))


def still_inhibited(connection: Connection, numbers: Collection[str]) -> set[str]:
    """Return those of these cases and alarms that are still open."""
    wanted = sorted(numbers)
    of_cases = select(cases.c.case_no).where(cases.c.case_no.in_(wanted), cases.c.open.is_(True))
    of_alarms = select(_A.alarm_no).where(_A.alarm_no.in_(wanted), OPEN)
    return set(connection.scalars(of_cases)) | set(connection.scalars(of_alarms))


def open_near(
    connection: Connection, *, hazards: Collection[str], lon: float, lat: float, metres: float
) -> list[Alarm]:
    """Return the open alarms of these hazards in a box that holds everything within a distance; drills are none."""
    high = metres / _METRES_PER_DEGREE
    wide = high / max(cos(radians(min(abs(lat) + high, 89.0))), 0.01)
    statement = select(_A.alarm).where(
        OPEN,
        _A.hazard.in_(sorted(hazards)),
        _A.lat.between(lat - high, lat + high),
        _A.lon.between(lon - wide, lon + wide),
        _A.exercise.is_(False),
        _A.origin != AlarmOrigin.STORM.value,
    )
    return list(connection.scalars(statement.order_by(_A.alarm_no).limit(_MOST_NEAR)))


def with_suspicion(
    connection: Connection, alarm: Alarm, word: AlarmWord, since: datetime, after: int
) -> AlarmWord:
    """Say with a false alarm whether its device has given so many that it is to be looked at."""
    if not isinstance(word, Assessed) or word.verdict is not Verdict.FALSE:
        return word
    if not alarm.device or alarm.exercise:
        return word
    statement = (
        select(func.count())
        .select_from(alarms)
        .where(
            _A.device == alarm.device,
            _A.source == alarm.source,
            _A.phase == AlarmPhase.FALSE_ALARM.value,
            _A.exercise.is_(False),
            _A.ended_at > since,
        )
    )
    before = connection.execute(statement).scalar_one()
    return replace(word, suspect=before + 1 >= after)


def with_device_alarm(connection: Connection, loaded: Loaded, alarm: Alarm) -> Loaded:
    """Add the open alarm of the device itself: a fault that is found is said to that one."""
    if not alarm.device:
        return loaded
    statement = select(_A.alarm).where(OPEN, _A.device == alarm.device, _A.source == alarm.source)
    known = {one.alarm_no for one in loaded.open}
    more = [one for one in connection.scalars(statement) if one.alarm_no not in known]
    return replace(loaded, open=(*loaded.open, *more))


def _muted(one: Said, mutes: Mapping[tuple[str, str], str], levels: Collection[str]) -> Said:
    chain = dict(one.spot.chain)
    found = next(
        (mutes[level, chain[level]] for level in sorted(levels) if (level, chain.get(level)) in mutes), ""
    )
    return replace(one, muted_by=found)


def _inhibitors(
    connection: Connection, level: str, areas: Sequence[str], categories: Sequence[str]
) -> list[tuple[str, str]]:
    column = cases.c[level]
    of_cases = (
        select(column, func.min(cases.c.case_no))
        .where(
            cases.c.category.in_(categories),
            cases.c.open.is_(True),
            cases.c.exercise.is_(False),
            column.in_(areas),
        )
        .group_by(column)
    )
    found = [(row[0], row[1]) for row in connection.execute(of_cases)]
    if level in ("district", "street"):
        place = _A[level]
        of_alarms = (
            select(place, func.min(_A.alarm_no))
            .where(OPEN, _A.category.in_(categories), _A.exercise.is_(False), place.in_(areas))
            .group_by(place)
        )
        found += [(row[0], row[1]) for row in connection.execute(of_alarms)]
    return found


def _alarms(
    connection: Connection, column: object, values: Collection[str], *, ended: bool = False
) -> dict[str, Alarm]:
    found: dict[str, Alarm] = {}
    wanted = sorted(values)
    for start in range(0, len(wanted), _AT_ONCE):
        statement: Select[Alarm] = select(_A.alarm).where(column.in_(wanted[start : start + _AT_ONCE]))  # type: ignore[attr-defined]
        if not ended:
            statement = statement.where(OPEN)
        found |= {one.alarm_no: one for one in connection.scalars(statement)}
    return found


def _parents(found: Iterable[Alarm]) -> set[str]:
    return {one.parent for one in found if one.parent is not None}


def _loose(
    connection: Connection, crowds: Collection[str], *, since: datetime | None, rules: AlarmRules
) -> dict[str, list[Alarm]]:
    """Load the open alarms of these crowds that have no parent: recent ones of storms, all of a gateway."""
    if not crowds or since is None:
        return {}
    window = max(
        (hazard.group.window for hazard in rules.hazards.values() if hazard.group is not None),
        default=timedelta(),
    )
    of_device = _A.hazard == DEVICE_HAZARD
    statement = (
        select(_A.alarm)
        .where(OPEN, _A.grouped.in_(sorted(crowds)), _A.parent.is_(None), _A.muted.is_(False))
        .where(or_(of_device, _A.raised_at >= since - window))
        .order_by(_A.raised_at.desc(), _A.alarm_no)
        .limit(_MOST_LOOSE)
    )
    found: dict[str, list[Alarm]] = defaultdict(list)
    for alarm in connection.scalars(statement):
        if alarm.key != alarm.group:
            found[alarm.group].append(alarm)
    return found


def _tallies(connection: Connection, parents: Collection[str]) -> dict[str, dict[int, int]]:
    found: dict[str, dict[int, int]] = {parent: {} for parent in parents}
    wanted = sorted(parents)
    for start in range(0, len(wanted), _AT_ONCE):
        out = and_(_A.parent.in_(wanted[start : start + _AT_ONCE]), _A.current.is_not(None))
        statement = select(_A.parent, _A.current, func.count()).where(out).group_by(_A.parent, _A.current)
        for parent, current, count in connection.execute(statement):
            found[parent][current] = count
    return found


def _sizes(connection: Connection, speaking: Sequence[Said]) -> dict[str, int]:
    keys = {
        (one.source, one.gateway)
        for one in speaking
        if one.hazard == DEVICE_HAZARD and one.origin is AlarmOrigin.SILENCE and one.gateway
    }
    found = behind_gateways(connection, keys) if keys else {}
    return {device_key(source=source, code=code): one.devices for (source, code), one in found.items()}
