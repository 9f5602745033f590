"""What a page offers: whatever a case takes from somebody is offered to them, over whole random lives."""

from dataclasses import replace

from hypothesis import HealthCheck, Phase, settings

from domain.actor import Role
from domain.case import CaseState, Fact, Outcome
from domain.decide import decide
from domain.messages import Message, TimePassed
from domain.transitions import roles_for
from domain.views import view_of
from tests.unit.test_case_machine import Life
from usecases.command import kinds
from usecases.staff_guards import Commanders, takes_from

PEOPLE = frozenset(kinds()) - {"see_children"}
"""Seeing children again that were seen changes nothing: it is taken, and not offered."""


class OfferedLife(Life):
    """The lives of the case machine, each step held against what a page would have offered."""

    def _keep(self, message: Message | None, outcome: Outcome, facts: tuple[Fact, ...]) -> None:
        if message is not None and not isinstance(message, TimePassed) and message.kind in PEOPLE:
            # What was due comes first, as the case itself sees it.
            before = decide(self.state, TimePassed(), self.now).state
            if message.actor.role is not Role.ENGINE and before.rules.severity.book is not None:
                offered(before, message)
        super()._keep(message, outcome, facts)


def offered(before: CaseState, message: Message) -> None:
    assert not isinstance(message, TimePassed)
    assert message.actor.role in (roles_for(message.kind, before.status) or ())
    over_owner = {message.actor.unit} if getattr(message, "above_owner", False) else set()
    commanders = Commanders(
        ladder=before.rules.ladder,
        over_owner=frozenset(unit for unit in over_owner if unit is not None),
        triage=before.triage_unit,
    )
    item = str(getattr(message, "task", "") or getattr(message, "supervision", ""))
    view = replace(view_of(before), level=int(before.level))
    taken = takes_from(view=view, kind=message.kind, actor=message.actor, commanders=commanders, item=item)
    assert taken, f"{message.kind} was taken from {message.actor} and would not have been offered"


TestOfferedLife = OfferedLife.TestCase
TestOfferedLife.settings = settings(
    max_examples=25,
    stateful_step_count=50,
    deadline=None,
    phases=[
        Phase.explicit,
        Phase.reuse,
        Phase.generate,
    ],  # shrinking whole lives takes minutes and tells no more
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)
del Life
