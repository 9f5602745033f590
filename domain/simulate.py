"""The future of a case if nobody acts: the same ``decide`` on a virtual clock."""

from collections.abc import Iterator
from datetime import datetime

from domain.case import ENDED, CaseState, Outcome
from domain.decide import decide
from domain.messages import TimePassed


def future(*, state: CaseState, until: datetime, most: int = 200) -> Iterator[Outcome]:
    """Yield an outcome per deadline that fires up to ``until`` (UTC), at most ``most`` of them.

    The last state of an outcome is the case as it will then be.
    """
    for _ in range(most):
        at = state.next_due
        if at is None or at > until or state.status in ENDED:
            return
        outcome = decide(state, TimePassed(), at)
        state = outcome.state
        yield outcome
