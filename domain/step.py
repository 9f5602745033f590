"""One step of a case under construction: the state so far, the facts and the notices it makes.

``decide`` creates a Step for a message, the row functions move it, and ``outcome`` freezes
it. All changes go through four verbs: ``change``, ``move``, ``record`` and ``tell``.
"""

from collections.abc import Callable
from dataclasses import fields
from datetime import datetime
from typing import Any

from domain.actor import ENGINE, Actor
from domain.beginning import Begin
from domain.case import Alarm, CaseState, Deadline, Fact, Notice, Outcome, Status
from domain.clock import due, fraction
from domain.limit import Limit
from domain.messages_command import ChildChanged
from domain.order import Order, Revive, TellAlarm
from domain.place import Level
from domain.policy import Rulebook, Rung, SeverityPolicy
from domain.transitions import row_from

Moved = tuple[Status | None, Status]
Plain = str | int | float | bool | list[str] | None
Handler = Callable[["Step", Any], None]
"""Carries out one kind of command; raises CommandRefused."""
AlarmHandler = Callable[["Step", Deadline], None]
"""Fires one kind of deadline."""


class BrokenTable(AssertionError):
    """The code tried a move the transition table does not have: a fault of ours, not of a user."""


class Step:
    """A step of one case. Mutable while ``decide`` runs, gone afterwards."""

    def __init__(self, *, state: CaseState, now: datetime, actor: Actor = ENGINE) -> None:
        """Start from a state at an instant (UTC), acted by somebody."""
        self.state = state
        self.now = now
        self.actor = actor
        self.facts: list[Fact] = []
        self.notices: list[Notice] = []
        self.orders: list[Order] = []
        self._before = state

    @property
    def policy(self) -> SeverityPolicy:
        """Return the pinned limits and triggers of this case's severity."""
        return self.state.rules.severity

    @property
    def book(self) -> Rulebook | None:
        """Return the pinned limits of the whole rulebook; None for a case begun before it (ADR 0013)."""
        return self.state.rules.severity.book

    def change(self, **fields: Any) -> None:
        """Replace fields of the state."""
        self.state = _changed(self.state, fields)

    def record(
        self,
        kind: str,
        *,
        row: int = 0,
        target: Status | None = None,
        due_at: datetime | None = None,
        actor: Actor | None = None,
        **data: Plain,
    ) -> None:
        """Append a fact outside the table's moves; only a re-assignment names a ``target``."""
        moved = (self.state.status, target or self.state.status)
        self.change(status=moved[1])
        self._append(kind=kind, row=row, moved=moved, due_at=due_at, actor=actor or self.actor, data=data)

    def move(
        self,
        row: int,
        *,
        to: Status | None = None,
        due_at: datetime | None = None,
        actor: Actor | None = None,
        **data: Plain,
    ) -> None:
        """Take a row of the transition table: check it, change the status, append the fact.

        ``to`` chooses where a row has several targets (row 9).
        """
        source = None if row == 1 else self.state.status
        transition = row_from(row, source=source, target=to)
        if transition is None or transition.target is None:
            raise BrokenTable(f"row {row} does not lead from {source} to {to}")
        self.change(status=transition.target)
        kind, moved = transition.target.value, (source, transition.target)
        self._append(kind=kind, row=row, moved=moved, due_at=due_at, actor=actor or self.actor, data=data)

    def tell(
        self, template: str, *, unit: str | None = None, report_no: str | None = None, **context: Plain
    ) -> None:
        """Owe a message to a unit or a reporter; it hangs on the last fact.

        In an exercise every message says so: it never reaches anybody unmarked (演练).
        """
        last = self.facts[-1].seq
        if self.state.exercise:
            context["exercise"] = True
        self.notices.append(
            Notice(
                seq=last,
                n=sum(1 for notice in self.notices if notice.seq == last),
                template=template,
                unit=unit,
                report_no=report_no,
                context={key: value for key, value in context.items() if not isinstance(value, list)},
            )
        )

    def order(
        self,
        case_no: str,
        *,
        command: ChildChanged | None = None,
        begin: Begin | None = None,
        revive: Revive | None = None,
        tell_alarm: TellAlarm | None = None,
    ) -> None:
        """Owe something to another case; it hangs on the last fact and is delivered once."""
        last = self.facts[-1].seq
        n = sum(1 for order in self.orders if order.seq == last)
        self.orders.append(
            Order(
                seq=last, n=n, case_no=case_no, command=command, begin=begin, revive=revive, tell_alarm=tell_alarm
            )
        )  # fmt: skip

    def arm(self, *names_and_times: tuple[Alarm, datetime], item: str = "") -> None:
        """Arm deadlines, each replacing an armed one of the same name and ``item``."""
        names = {name for name, _ in names_and_times}
        kept = [one for one in self.state.deadlines if one.name not in names or one.item != item]
        kept += [Deadline(name=name, at=at, item=item) for name, at in names_and_times]
        self.change(deadlines=tuple(sorted(kept, key=lambda one: (one.at, one.name, one.item))))

    def disarm(self, *prefixes: str, item: str | None = None) -> None:
        """Disarm every deadline whose name starts with one of the prefixes; only that ``item``'s when given."""
        kept = tuple(
            one
            for one in self.state.deadlines
            if not one.name.value.startswith(prefixes) or (item is not None and one.item != item)
        )
        self.change(deadlines=kept)

    def due(self, *, start: datetime, limit: Limit) -> datetime:
        """Return when a limit ends, noting a calendar year nobody has published yet."""
        found = due(start=start, limit=limit, calendar=self.state.rules.calendar)
        if found.crosses_unknown_year and not self.state.unknown_year:
            self.change(unknown_year=True)
        return found.at

    def share(self, *, start: datetime, limit: Limit, share: float) -> datetime:
        """Return when a share of a limit is used up."""
        return fraction(start=start, limit=limit, calendar=self.state.rules.calendar, share=share).at

    def rung(self, level: Level) -> Rung | None:
        """Return the ladder's rung at a level."""
        return next((rung for rung in self.state.rules.ladder if rung.level == level), None)

    def outcome(self) -> Outcome:
        """Freeze what happened. News goes to the parent and to the alarm the case is about, once a step."""
        parent = self.state.parent
        said = any(order.command is not None and order.case_no == parent for order in self.orders)
        if parent is not None and self.facts and not said and self._has_news():
            self.order(parent, command=self.word_to_parent())
        if self.state.alarm is not None and self.facts and self._tells_alarm():
            self.order(self.state.case_no, tell_alarm=self._word_to_alarm(self.state.alarm))
        state = self.state
        return Outcome(
            state=state, facts=tuple(self.facts), notices=tuple(self.notices), orders=tuple(self.orders)
        )

    def _has_news(self) -> bool:
        """State, owner, place or level changed, or the limit passed; the rest is the child's own business."""
        now, then = self.state, self._before
        moved = (now.status, now.owner, now.place) != (then.status, then.owner, then.place)
        return moved or self.facts[0].source is None or self._raised() or self._overdue()

    def _tells_alarm(self) -> bool:
        """Its status, or that it is about this alarm at all."""
        now, then = self.state, self._before
        return (now.status, now.alarm) != (then.status, then.alarm) or self.facts[0].source is None

    def _word_to_alarm(self, alarm_no: str) -> TellAlarm:
        state = self.state
        return TellAlarm(
            alarm_no=alarm_no,
            status=state.status.value,
            close_kind=state.close_kind,
            master=state.master,
            epoch=state.epoch,
            seq=state.seq,
        )

    def _raised(self) -> bool:
        return self.state.level < self._before.level

    def _overdue(self) -> bool:
        return any(fact.kind == "overdue" for fact in self.facts)

    def word_to_parent(self, *, mandatory: bool | None = None) -> ChildChanged:
        """Return how this case stands, for its parent. ``mandatory`` is said when it joins."""
        state = self.state
        codes = {area.level: area.code for area in state.place.chain}
        district = state.place.zones[0].code if state.place.zones else codes.get(Level.DISTRICT)
        return ChildChanged(
            request_id=f"child:{state.case_no}:{state.epoch}:{state.seq}",
            actor=ENGINE,
            child=state.case_no,
            status=state.status.value,
            owner=state.owner,
            severity=state.severity,
            epoch=state.epoch,
            seq=state.seq,
            district=district,
            street=codes.get(Level.STREET),
            close_kind=state.close_kind,
            mandatory=mandatory,
            raised=self._raised(),
            overdue=self._overdue(),
        )

    def _append(
        self,
        *,
        kind: str,
        row: int,
        moved: Moved,
        due_at: datetime | None,
        actor: Actor,
        data: dict[str, Plain],
    ) -> None:
        seq = self.state.seq + 1
        self.change(seq=seq)
        known: dict[str, Plain] = {key: value for key, value in data.items() if value not in (None, "", [])}
        source, target = moved
        self.facts.append(
            Fact(
                seq=seq, at=self.now, kind=kind, row=row, source=source, target=target, actor=actor, due=due_at,
                data=known,
            )
        )  # fmt: skip


_SLOTS: tuple[tuple[str, Any], ...] = tuple(
    (one.name, getattr(CaseState, one.name)) for one in fields(CaseState)
)
_NAMES = frozenset(name for name, _ in _SLOTS)


def _changed(state: CaseState, changes: dict[str, Any]) -> CaseState:
    """Return the state with some fields changed, as ``dataclasses.replace`` does.

    A step changes the state a dozen times and the state has eighty fields: copying its slots
    takes a third of the time that going through its constructor does.
    """
    if not _NAMES.issuperset(changes):
        raise TypeError(f"a case has no {', '.join(sorted(changes.keys() - _NAMES))}")
    new = object.__new__(CaseState)
    for name, slot in _SLOTS:
        slot.__set__(new, changes[name] if name in changes else slot.__get__(state))
    return new
