"""From words to alarms: the second half of the fold of one message. Pure.

A key has at most one open alarm. Many alarms of one hazard in one area are one storm; many silent
devices behind one gateway are one dead gateway: both are a crowd with one parent, whose
children are kept and have no case of their own (severity 1 always has). Numbers are drawn
through ``number`` and ``case_number``; everything else follows from the ground and the words.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from domain.actor import ENGINE
from domain.alarm import ALARM_ENDED, Alarm, AlarmFact, AlarmOrigin, AlarmPhase
from domain.alarm_life import (
    AlarmStep,
    AlarmTimes,
    AlarmWord,
    Begun,
    Corroborated,
    FaultOfDevice,
    Gathered,
    JoinedStorm,
    OpenCase,
    Owed,
    Unmuted,
    Withdrawn,
)
from domain.alarm_steps import step
from domain.alarm_turn import ACKNOWLEDGED, has_open_case
from domain.correlate_alarm import Witness, raised_by, witnesses_of, word_of
from domain.correlate_crowd import Crowd, begun_times, crowd_of, parent_alarm
from domain.correlate_said import DEVICE_HAZARD, DeviceKey, Said, SaidKind, Spot, key_of
from domain.hazard import AlarmRules

_SHORT = timedelta(seconds=1)
_MEASURED_TOO = (AlarmOrigin.MAKER, SaidKind.SPEAKS, AlarmOrigin.LIMIT)
"""Readings are out of band as well as its maker said: they must be back before the alarm ends."""
TRUSTED = 0.5
"""The confidence an alarm begins with, of a device nobody has reason to doubt."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ground:
    """What stands before the words are taken.

    ``open`` are the open alarms of the words' keys and references and the crowds' parents.
    ``loose`` are, by crowd, its open alarms that have no parent; ``tallies`` count, by parent,
    the children out of band by severity. ``sizes`` are how many devices speak through a
    gateway, by the key of its crowd; ``confidences`` what alarms of a device begin with where that
    is not ``TRUSTED``. ``witnesses`` are citizens' reports of late, ``citizens`` the categories by
    hazard that join its alarms. ``families`` are, by parent, its open merged children: they
    end with it. ``times`` and ``severities`` are the pack's.
    """

    rules: AlarmRules
    severities: Mapping[str, int]
    times: Callable[[Alarm], AlarmTimes]
    number: Callable[[], str]
    case_number: Callable[[], str]
    open: Sequence[Alarm] = ()
    loose: Mapping[str, Sequence[Alarm]] = field(default_factory=dict)
    tallies: Mapping[str, Mapping[int, int]] = field(default_factory=dict)
    sizes: Mapping[str, int] = field(default_factory=dict)
    confidences: Mapping[DeviceKey, float] = field(default_factory=dict)
    families: Mapping[str, Sequence[Alarm]] = field(default_factory=dict)
    witnesses: Sequence[Witness] = ()
    citizens: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Debt:
    """What one step owes: the alarm as it was then, the instant, and the place among the step's debts."""

    alarm: Alarm
    at: datetime
    n: int
    owed: Owed


@dataclass(frozen=True, kw_only=True, slots=True)
class Joining:
    """A case about a child is to become a child of the parent's case."""

    child: str
    parent: str
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Changes:
    """What the words have done.

    ``alarms`` are all that were touched, as they are now; ``fresh`` the numbers of the new ones.
    ``events`` leads from (source, event id) to the alarm it became part of. ``happened`` is
    when, by alarm, the first word happened (an alarm is dated by when it came in).
    """

    alarms: tuple[Alarm, ...] = ()
    fresh: frozenset[str] = frozenset()
    facts: tuple[AlarmFact, ...] = ()
    debts: tuple[Debt, ...] = ()
    joinings: tuple[Joining, ...] = ()
    events: Mapping[tuple[str, str], str] = field(default_factory=dict)
    happened: Mapping[str, datetime] = field(default_factory=dict)


def fold(*, ground: Ground, said: Sequence[Said]) -> Changes:
    """Take these words. The order of words about different keys does not matter."""
    work = Fold(ground)
    for _, word in sorted(_in_time(said), key=lambda one: (one[0], bool(one[1].references), one[1].key)):
        work.take(word)
    return work.changes()


def _in_time(said: Iterable[Said]) -> Iterator[tuple[datetime, Said]]:
    """Yield the words with when they count: those of one device never before what it said earlier in the message."""
    latest: dict[DeviceKey, datetime] = {}
    for one in said:
        at, voice = one.occurred_at, (one.source, one.device)
        if one.device:
            at = latest[voice] = max(at, latest.get(voice, at))
        yield at, one


def fold_words(*, ground: Ground, words: Iterable[tuple[str, AlarmWord]]) -> Changes:
    """Say words to open alarms of the ground, by number. Raises AlarmRefused for a person's word."""
    work = Fold(ground)
    for alarm_no, word in words:
        work.say(alarm_no, word)
    return work.changes()


class Fold:
    """A fold under construction. Mutable while ``fold`` runs, gone afterwards."""

    def __init__(self, ground: Ground) -> None:
        """Start from the ground."""
        self.ground = ground
        self.alarms: dict[str, Alarm] = {one.alarm_no: one for one in ground.open}
        self.loose: dict[str, dict[str, Alarm]] = {
            key: {one.alarm_no: one for one in members} for key, members in ground.loose.items()
        }
        for members in self.loose.values():
            self.alarms |= members
        self.by_key = {one.key: one.alarm_no for one in self.alarms.values() if is_open(one)}
        self.tallies = {parent: Counter(tally) for parent, tally in ground.tallies.items()}
        self.dirty: dict[str, datetime] = {}
        self.born: Counter[str] = Counter()
        self.touched: dict[str, None] = {}
        self.fresh: set[str] = set()
        self.facts: list[AlarmFact] = []
        self.debts: list[Debt] = []
        self.joinings: list[Joining] = []
        self.events: dict[tuple[str, str], str] = {}
        self.happened: dict[str, datetime] = {}

    def changes(self) -> Changes:
        """Let every parent hear of its children once, and return what all words have done."""
        self._hear_witnesses()
        while self.dirty:
            # A dead gateway may itself be part of a storm, which hears of it in turn.
            parent = next(iter(self.dirty))
            self._gather(parent, self.dirty.pop(parent))
        return Changes(
            alarms=tuple(self.alarms[number] for number in self.touched),
            fresh=frozenset(self.fresh),
            facts=tuple(self.facts),
            debts=tuple(self.debts),
            joinings=tuple(self.joinings),
            events=self.events,
            happened=self.happened,
        )

    def take(self, said: Said) -> None:
        """Take one word: it opens an alarm, or is said to the one that is open."""
        targets = self._targets(said)
        if not targets and said.kind is SaidKind.SPEAKS and said.category:
            targets = [self._raise(said)]
        else:
            for number in targets:
                self._append(number, said)
        if said.event_id and targets:
            self.events[said.source, said.event_id] = targets[0]

    def say(self, number: str, word: AlarmWord) -> None:
        """Say one word to one alarm."""
        self._step(self.alarms[number], word)

    def _hear_witnesses(self) -> None:
        """Let the alarms that have just been raised know who reported the same before: nobody waits then."""
        for number in [one for one in self.touched if one in self.fresh] if self.ground.witnesses else ():
            alarm = self.alarms[number]
            hazard = self.ground.rules.hazards.get(alarm.hazard)
            if hazard is None or alarm.origin is AlarmOrigin.STORM or not is_open(alarm):
                continue
            categories = self.ground.citizens.get(hazard.id, ())
            for one in witnesses_of(alarm, hazard=hazard, categories=categories, known=self.ground.witnesses):
                said = Corroborated(at=alarm.raised_at, report_no=one.report_no, case_no=one.case_no)
                self.say(number, said)

    def _targets(self, said: Said) -> list[str]:
        """Return the open alarms a word is about: those it refers to, or the one of its key."""
        found: dict[str, None] = {}
        for reference in said.references:
            number = reference if reference in self.alarms else self.by_key.get(reference, "")
            if number and is_open(self.alarms[number]):
                found[number] = None
        if not found and said.key in self.by_key:
            found[self.by_key[said.key]] = None
        return list(found)

    def _append(self, number: str, said: Said) -> None:
        alarm = self.alarms[number]
        voices = dict(alarm.voices)
        if said.kind is SaidKind.SPEAKS:
            voices[said.voice] = said.severity
        else:
            voices.pop(said.voice, None)
        # Where what muted it has ended and something else mutes it still, it is muted by that.
        muted_by = said.muted_by if alarm.muted_by and said.muted_by else alarm.muted_by
        alarm = replace(alarm, voices=tuple(sorted(voices.items())), muted_by=muted_by)
        if (alarm.origin, said.kind, said.origin) == _MEASURED_TOO:
            alarm = replace(alarm, origin=AlarmOrigin.LIMIT)
        worst = self._worst(alarm)
        if alarm.muted_by and not said.muted_by and worst is not None:
            alarm = self._step(alarm, Unmuted(at=said.at))
            self._enter(alarm, crowd_of(rules=self.ground.rules, said=said, sizes=self.ground.sizes), said)
            alarm = self.alarms[number]
        self._step(alarm, word_of(alarm, said, worst))

    def _worst(self, alarm: Alarm) -> int | None:
        """Return the worst that its own devices and its children say now; None when all are in band."""
        tally: Mapping[int, int] = self.tallies.get(alarm.alarm_no, {})
        children = [severity for severity, count in tally.items() if count > 0]
        return min([*children, *(severity for _, severity in alarm.voices)], default=None)

    def _raise(self, said: Said) -> str:
        crowd = crowd_of(rules=self.ground.rules, said=said, sizes=self.ground.sizes)
        alarm = raised_by(
            said,
            number=self.ground.number(),
            group=crowd.key if crowd is not None else "",
            confidence=self.ground.confidences.get((said.source, said.device), TRUSTED),
        )
        self.fresh.add(alarm.alarm_no)
        self.by_key[alarm.key] = alarm.alarm_no
        self.happened[alarm.alarm_no] = said.occurred_at
        joins = crowd is not None and crowd.key in self.by_key and alarm.severity > 1
        alarm = self._begin(alarm, said=said, at_least=max(_SHORT, said.wait) if joins else said.wait)
        for child in list(self.loose.get(alarm.key, {})):
            # It is the gateway of devices that fell silent before it was said to be dead.
            self._join(self.alarms[child], alarm, said.at)
        self._enter(alarm, crowd, said)
        return alarm.alarm_no

    def _enter(self, alarm: Alarm, crowd: Crowd | None, said: Said) -> None:
        """Let an alarm that counts join the parent there is, or be one of those that make one."""
        if crowd is None or alarm.muted_by or alarm.parent is not None:
            return
        number = self.by_key.get(crowd.key)
        if number is not None:
            self._join(alarm, self.alarms[number], said.at)
        else:
            self.loose.setdefault(crowd.key, {})[alarm.alarm_no] = alarm
            self._storm(crowd, said)

    def _begin(self, alarm: Alarm, *, said: Said, at_least: timedelta) -> Alarm:
        times = begun_times(self.ground.times(alarm), alarm=alarm, at_least=at_least)
        return self._keep(step(alarm=alarm, word=Begun(at=said.at), times=times), said.at)

    def _storm(self, crowd: Crowd, said: Said) -> None:
        """Open the parent when there are enough, and let all of them join it."""
        members = [
            one
            for one in (self.alarms[number] for number in self.loose[crowd.key])
            if is_open(one) and one.parent is None and crowd.holds(one, at=said.at)
        ]
        if len({one.asset or one.device or one.key for one in members}) < crowd.count:
            return
        parent = parent_alarm(
            crowd=crowd, members=members, said=said, number=self.ground.number(), rules=self.ground.rules
        )
        self.fresh.add(parent.alarm_no)
        self.by_key[parent.key] = parent.alarm_no
        self.happened[parent.alarm_no] = min(
            self.happened.get(one.alarm_no, one.raised_at) for one in members
        )
        parent = self._begin(parent, said=said, at_least=timedelta())
        for one in sorted(members, key=lambda member: member.key):
            self._join(one, parent, said.at)

    def _join(self, alarm: Alarm, parent: Alarm, at: datetime) -> None:
        """Make an alarm a child. One of severity 1 keeps its own life and case, and is only listed."""
        if alarm.severity == 1:
            seq = alarm.seq + 1
            fact = AlarmFact(
                alarm_no=alarm.alarm_no, seq=seq, at=at, kind="joined_storm", source=alarm.phase,
                target=alarm.phase, by=ENGINE.id, data={"parent": parent.alarm_no},
            )  # fmt: skip
            after = replace(alarm, parent=parent.alarm_no, seq=seq)
            self._keep(AlarmStep(alarm=after, facts=(fact,)), at)
        else:
            # No case number: the parent's case is the parent's, a child that gets worse asks for its own.
            word = JoinedStorm(at=at, parent=parent.alarm_no, case_no=None)
            after = self._step(alarm, word)
        self.loose.get(after.group, {}).pop(after.alarm_no, None)
        if after.case_no is not None:
            self.joinings.append(Joining(child=after.alarm_no, parent=parent.alarm_no, at=at))

    def _gather(self, parent: str, at: datetime) -> None:
        alarm = self.alarms.get(parent)
        if alarm is None or not is_open(alarm):
            return
        joined = self.born.pop(parent, 0)
        word = Gathered(at=at, children=alarm.children + joined, worst=self._worst(alarm))
        after = self._step(alarm, word)
        if joined and after.phase in ACKNOWLEDGED and not has_open_case(after):
            # Its case was closed, and more of the same has come: children without a case need one that is open.
            reopened = replace(after, case_no=None, case_status="")
            self._keep(AlarmStep(alarm=reopened, owes=(OpenCase(why="worse"),)), at)

    def _step(self, alarm: Alarm, word: AlarmWord) -> Alarm:
        return self._keep(step(alarm=alarm, word=word, times=self.ground.times(alarm)), word.at)

    def _keep(self, done: AlarmStep, at: datetime) -> Alarm:
        """Keep what a step has done, and what it means for the alarm's parent and key."""
        after = done.alarm
        if any(isinstance(owed, OpenCase) for owed in done.owes):
            after = replace(after, case_no=self.ground.case_number(), case_status="")
        before = self.alarms.get(after.alarm_no)
        self.alarms[after.alarm_no] = after
        self.touched[after.alarm_no] = None
        self.facts += done.facts
        if not is_open(after) and self.by_key.get(after.key) == after.alarm_no:
            del self.by_key[after.key]
        self._count(before, after, at)
        if not is_open(after):
            self._end_family(after, at)
        for n, owed in enumerate(done.owes):
            self.debts.append(Debt(alarm=after, at=at, n=n, owed=owed))
            if isinstance(owed, FaultOfDevice):
                self._fault(after, owed.reason, at)
        return after

    def _end_family(self, parent: Alarm, at: datetime) -> None:
        """Children that had no life of their own end with their parent, whatever ended it."""
        for child in self.ground.families.get(parent.alarm_no, ()):
            now = self.alarms.get(child.alarm_no, child)
            if now.phase is AlarmPhase.MERGED:
                self._step(now, Withdrawn(at=at, reason=f"parent_{parent.phase.value}"))

    def _count(self, before: Alarm | None, after: Alarm, at: datetime) -> None:
        """Keep the tally of the parent: which of its children are out of band, and how badly."""
        was = _loud(before) if before is not None and before.parent is not None else None
        now = _loud(after) if after.parent is not None else None
        if after.parent is None:
            return
        joined = before is None or before.parent is None
        if joined:
            self.born[after.parent] += 1
        elif was == now:
            return
        tally = self.tallies.setdefault(after.parent, Counter())
        if was is not None:
            tally[was] -= 1
        if now is not None:
            tally[now] += 1
        self.dirty[after.parent] = at

    def _fault(self, alarm: Alarm, reason: str, at: datetime) -> None:
        """A device that is to be looked at: one alarm of the device, however often it is said."""
        rules = self.ground.rules
        if not alarm.device or not rules.device_category or alarm.hazard == DEVICE_HAZARD:
            return
        self.take(
            Said(
                key=key_of(
                    source=alarm.source, subject=alarm.device, hazard=DEVICE_HAZARD, exercise=alarm.exercise
                ),
                kind=SaidKind.SPEAKS,
                origin=AlarmOrigin.MAKER, source=alarm.source, voice=alarm.device, device=alarm.device,
                asset=alarm.asset, hazard=DEVICE_HAZARD, category=rules.device_category,
                condition=rules.device_condition, severity=self.ground.severities.get(rules.device_category, 4),
                exercise=alarm.exercise, spot=Spot(lon=alarm.lon, lat=alarm.lat, chain=alarm.chain),
                unit=alarm.unit, title=alarm.title, text=reason, at=at, occurred_at=at,
            )
        )  # fmt: skip


def is_open(alarm: Alarm) -> bool:
    """Tell whether words are still said to an alarm, rather than raise a new one."""
    return alarm.phase not in ALARM_ENDED


def _loud(alarm: Alarm) -> int | None:
    return alarm.current if is_open(alarm) else None
