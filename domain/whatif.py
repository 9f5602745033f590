"""Recorded cases played again under other rules, with the same ``decide``, and what came out differently.

A life is begun at the moment it was recorded to begin; then every recorded command is sent at
the moment it was carried out, and between them each deadline fires at its own time. Played
under the rules it really had, a life repeats itself; under a draft it shows what the draft
would have done, if people had acted when they did. Pure: no store, no pack, no clock.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import zip_longest

from domain.actor import Actor, Role
from domain.begin import begin
from domain.beginning import Begin
from domain.case import CaseState, Fact, Notice, Outcome, Status
from domain.decide import decide
from domain.errors import CommandRefused
from domain.messages import Command, JoinReport, TimePassed

CLOCKS_APART = timedelta(seconds=2)
"""How far the clock of whoever took a command may run ahead of the clock of the cases."""
PUNCTUAL = timedelta(seconds=60)
"""A recorded fact this close to the replayed one happened at the same time: the engine is never exact."""
NEVER_SENT_AGAIN = frozenset({"apply_policy"})
"""Commands that only changed which rules a case has: a replay has its own rules from the beginning."""
OWN_WORDS = frozenset({"rules"})
"""Data of a fact that names the version of the rules, not what they did."""
JOINED = "report_joined"


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """A recorded command: when it was taken, and whether the case refused it."""

    command: Command
    received_at: datetime
    refused: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Seats:
    """Who sat where when a command was sent: who acted as owner then acts as whoever owns now."""

    owner: str | None = None
    checker: str | None = None
    arbiter: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Sent:
    """A command at the moment it was carried out (UTC). ``unable`` is why these rules cannot even say it."""

    at: datetime
    command: Command
    seats: Seats = Seats()
    unable: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """A command a life did not take. ``code`` is stable (``domain.errors``, or the caller's own)."""

    at: datetime
    kind: str
    code: str
    request_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Life:
    """A case from its beginning to the end of the look. ``handed_on`` commands went to another unit."""

    state: CaseState
    facts: tuple[Fact, ...]
    notices: tuple[Notice, ...]
    owners: tuple[str, ...]
    refused: tuple[Refusal, ...] = ()
    handed_on: int = 0


def replay(*, start: Begin, sent: Sequence[Sent], until: datetime) -> Life:
    """Play a life again: commands in the order given, deadlines at their times, up to ``until`` (UTC)."""
    play = _Play(begin(start))
    for one in sent:
        play.pass_time(one.at)
        play.send(one)
    play.pass_time(until)
    return play.life()


class _Play:
    """A life in the making."""

    def __init__(self, first: Outcome) -> None:
        self._state = first.state
        self._facts = list(first.facts)
        self._notices = list(first.notices)
        self._owners = [first.state.owner]
        self._refused: list[Refusal] = []
        self._handed_on = 0

    def pass_time(self, until: datetime) -> None:
        """Fire each deadline at its own time."""
        while (due := self._state.next_due) is not None and due <= until:
            self._keep(decide(self._state, TimePassed(), due))

    def send(self, one: Sent) -> None:
        """Send a command; a refusal is kept and leaves the life as it is."""
        command = self._seated(one)
        code = one.unable
        if not code:
            try:
                self._keep(decide(self._state, command, one.at))
            except CommandRefused as refused:
                code = refused.code.value
        if code:
            kind, request_id = command.kind, command.request_id
            self._refused.append(Refusal(at=one.at, kind=kind, code=code, request_id=request_id))
        elif command is not one.command:
            self._handed_on += 1

    def life(self) -> Life:
        """Freeze it."""
        return Life(
            state=self._state,
            facts=tuple(self._facts),
            notices=tuple(self._notices),
            owners=tuple(dict.fromkeys(self._owners)),
            refused=tuple(self._refused),
            handed_on=self._handed_on,
        )

    def _keep(self, outcome: Outcome) -> None:
        self._state = outcome.state
        self._facts += outcome.facts
        self._notices += outcome.notices
        self._owners.append(outcome.state.owner)

    def _seated(self, one: Sent) -> Command:
        """Let whoever sits where the sender sat send the command."""
        actor, state = one.command.actor, self._state
        if one.command.kind == "rule":
            then, now = one.seats.arbiter, state.arbiter
        elif actor.role is Role.CHECKER:
            then, now = one.seats.checker, state.checker
        elif actor.role in (Role.HANDLER, Role.LEADER):
            then, now = one.seats.owner, state.owner
        else:
            return one.command
        if then is None or now is None or actor.unit != then or now == then:
            return one.command
        return replace(one.command, actor=replace(actor, unit=now))


def sent_of(*, facts: Sequence[Fact], asked: Sequence[Asked]) -> tuple[Sent, ...]:
    """Return the commands of a recorded life, each at the time of its facts, in that order.

    A fact does not name its command: what the same person did first from the moment the
    command was taken on is what it did. A refused command left no fact, and is sent when it
    was taken, never before what the same person had sent. A report that joined without a
    command of its own (an operator merged its case) is sent as the engine's join.
    """
    ordered = sorted(asked, key=lambda one: one.received_at)
    steps = _steps(facts)
    latest: dict[Actor, datetime] = {}
    timed: list[tuple[datetime, int, Command]] = []
    for n, one in enumerate(ordered):
        if one.command.kind not in NEVER_SENT_AGAIN:
            found = None if one.refused else _carried_out(one, steps, facts)
            actor = one.command.actor
            at = found or max(one.received_at, latest.get(actor, one.received_at))
            latest[actor] = at
            timed.append((at, n, one.command))
    joined = {one.command.report_no for one in ordered if isinstance(one.command, JoinReport)}
    timed += [
        (join.at, len(ordered) + n, _join(join, n))
        for n, join in enumerate(facts)
        if join.kind == JOINED and join.data.get("report") not in joined
    ]
    timed.sort(key=lambda item: item[:2])
    return tuple(Sent(at=at, command=command, seats=seats_at(facts, at)) for at, _, command in timed)


def _steps(facts: Sequence[Fact]) -> dict[Actor, list[datetime]]:
    """Return the moments at which each person did something, in order."""
    steps: dict[Actor, dict[datetime, None]] = {}
    for fact in facts:
        if fact.actor.role is not Role.ENGINE:
            steps.setdefault(fact.actor, {})[fact.at] = None
    return {actor: list(moments) for actor, moments in steps.items()}


def _carried_out(one: Asked, steps: dict[Actor, list[datetime]], facts: Sequence[Fact]) -> datetime | None:
    """Return when a command was carried out, taking the moment away; None where nothing tells."""
    command, earliest = one.command, one.received_at - CLOCKS_APART
    if command.actor.role is Role.ENGINE:
        return next((fact.at for fact in facts if fact.at >= earliest and _tells_of(fact, command)), None)
    own = steps.get(command.actor, [])
    found = next((moment for moment in own if moment >= earliest), None)
    if found is not None:
        own.remove(found)
    return found


def _tells_of(fact: Fact, command: Command) -> bool:
    if isinstance(command, JoinReport):
        return fact.kind == JOINED and fact.data.get("report") == command.report_no
    return fact.kind == command.kind


def _join(fact: Fact, n: int) -> JoinReport:
    return JoinReport(
        request_id=f"replayed:{n}",
        actor=fact.actor,
        report_no=str(fact.data.get("report", "")),
        merged_case=str(fact.data.get("merged_case", "")),
        wants_visit=fact.data.get("wants_visit") is not False,
    )


def seats_at(facts: Sequence[Fact], at: datetime) -> Seats:
    """Return who owned, checked and ruled at a moment, as the facts say."""
    seats = Seats()
    for fact in facts:
        if fact.at > at:
            break
        if fact.target is Status.DISPATCHED and fact.data.get("owner"):
            seats = Seats(owner=str(fact.data["owner"]))
        elif fact.target is Status.CHECKING and fact.data.get("checker"):
            seats = replace(seats, checker=str(fact.data["checker"]))
        elif fact.target is Status.ARBITRATION and fact.data.get("arbiter"):
            seats = replace(seats, arbiter=str(fact.data["arbiter"]))
    return seats


class Fidelity(StrEnum):
    """How well a replay under the rules in force repeats what was recorded.

    ``late`` means: the same up to a deadline that the engine itself fired more than a minute
    after its time (it was down, or a demonstration ran fast). In a replay it never is late, so
    from there on the two go different ways, rightly.
    """

    EXACT = "exact"
    LATE = "late"
    OTHER = "other"


def fidelity(*, recorded: Sequence[Fact], life: Life, until: datetime) -> Fidelity:
    """Compare a replayed life with the recorded one, fact by fact, each within a minute of its time.

    The last minute before ``until`` does not count: what happens there may not be written yet.
    """
    end = until - PUNCTUAL
    for one, other in zip_longest(recorded, life.facts):
        if one is not None and other is not None and _same(one, other):
            continue
        if (one is None or one.at > end) and (other is None or other.at > end):
            return Fidelity.EXACT
        return Fidelity.LATE if one is not None and _fired_late(one) else Fidelity.OTHER
    return Fidelity.EXACT


def _same(one: Fact, other: Fact) -> bool:
    near = _near(one.at, other.at) and _near(one.due, other.due)
    return near and _essence(one) == _essence(other)


def _near(one: datetime | None, other: datetime | None) -> bool:
    """A deadline that starts with what the engine did is as punctual as the engine."""
    return one == other if one is None or other is None else abs(one - other) <= PUNCTUAL


def _fired_late(fact: Fact) -> bool:
    return fact.actor.role is Role.ENGINE and fact.due is not None and fact.at - fact.due > PUNCTUAL


def _essence(fact: Fact) -> tuple[object, ...]:
    data = {key: value for key, value in fact.data.items() if key not in OWN_WORDS}
    return fact.kind, fact.row, fact.source, fact.target, fact.actor, data
