"""One step of a case under construction: the state so far, the facts and the notices it makes.

``decide`` creates a Step for a message, the row functions move it, and ``outcome`` freezes
it. All changes go through four verbs: ``change``, ``move``, ``record`` and ``tell``.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any

from domain.actor import ENGINE, Actor
from domain.case import Alarm, CaseState, Deadline, Fact, Notice, Outcome, Status
from domain.clock import due, fraction
from domain.limit import Limit
from domain.place import Level
from domain.policy import Rung, SeverityPolicy
from domain.transitions import BY_ROW

Moved = tuple[Status | None, Status]
Plain = str | int | float | bool | list[str] | None


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

    @property
    def policy(self) -> SeverityPolicy:
        """Return the pinned limits and triggers of this case's severity."""
        return self.state.rules.severity

    def change(self, **fields: Any) -> None:
        """Replace fields of the state."""
        self.state = replace(self.state, **fields)

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
        self, row: int, *, due_at: datetime | None = None, actor: Actor | None = None, **data: Plain
    ) -> None:
        """Take a row of the transition table: check it, change the status, append the fact."""
        transition = BY_ROW[row]
        source = None if row == 1 else self.state.status
        if source not in transition.sources or transition.target is None:
            raise BrokenTable(f"row {row} does not lead from {source}")
        self.change(status=transition.target)
        kind, moved = transition.target.value, (source, transition.target)
        self._append(kind=kind, row=row, moved=moved, due_at=due_at, actor=actor or self.actor, data=data)

    def tell(
        self, template: str, *, unit: str | None = None, report_no: str | None = None, **context: Plain
    ) -> None:
        """Owe a message to a unit or a reporter; it hangs on the last fact."""
        last = self.facts[-1].seq
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

    def arm(self, *names_and_times: tuple[Alarm, datetime]) -> None:
        """Arm deadlines, each replacing an armed one of the same name."""
        names = {name for name, _ in names_and_times}
        kept = [deadline for deadline in self.state.deadlines if deadline.name not in names]
        kept += [Deadline(name=name, at=at) for name, at in names_and_times]
        self.change(deadlines=tuple(sorted(kept, key=lambda deadline: (deadline.at, deadline.name))))

    def disarm(self, *prefixes: str) -> None:
        """Disarm every deadline whose name starts with one of the prefixes."""
        kept = tuple(d for d in self.state.deadlines if not d.name.value.startswith(prefixes))
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
        """Freeze what happened."""
        return Outcome(state=self.state, facts=tuple(self.facts), notices=tuple(self.notices))

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
