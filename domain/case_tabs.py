"""The tabs above a list of cases: which states stand together, as people who work them speak of them."""

from collections.abc import Mapping
from enum import StrEnum

from domain.case import ENDED, Status


class Tab(StrEnum):
    """One tab. Every state is in exactly one of those between ``OPEN`` and ``ALL``."""

    OPEN = "open"
    """All that are not ended."""
    INTAKE = "intake"
    """待派遣: received, looked into, filed, not yet with a unit."""
    WAITING = "waiting"
    """待签收: with a unit that has not taken it yet."""
    WORKING = "working"
    """处置中."""
    STUCK = "stuck"
    """待裁定: returned, disputed or suspended."""
    CHECKING = "checking"
    """待核查: the unit says it is done."""
    DONE = "done"
    """已办结: nobody works on it any more; visited, evaluated, kept a while."""
    ENDED = "ended"
    """已归档: archived, merged, cancelled."""
    ALL = "all"


_S = Status
STATES: Mapping[Tab, tuple[Status, ...]] = {
    Tab.INTAKE: (_S.RECEIVED, _S.TRIAGING, _S.NEED_INFO, _S.VERIFYING_PRE, _S.FILED),
    Tab.WAITING: (_S.DISPATCHED,),
    Tab.WORKING: (_S.ACCEPTED, _S.HANDLING, _S.REOPENED),
    Tab.STUCK: (_S.RETURN_REQUESTED, _S.ARBITRATION, _S.SUSPENDED),
    Tab.CHECKING: (_S.FEEDBACK, _S.CHECKING),
    Tab.DONE: (_S.CLOSED, _S.VISITING, _S.EVALUATED, _S.ANSWERED, _S.REFUSED, _S.TRANSFERRED_OUT),
    Tab.ENDED: tuple(sorted(ENDED)),
}
"""The states of each tab that has states of its own."""
COLUMNS = (Tab.INTAKE, Tab.WAITING, Tab.WORKING, Tab.STUCK, Tab.CHECKING, Tab.DONE)
"""The columns of the board."""
ENDED_KEY = ""
"""Under which all ended cases are counted together."""


def states_of(tab: Tab) -> tuple[str, ...]:
    """Return the states a tab shows; none stands for all there are."""
    if tab is Tab.ALL:
        return ()
    if tab is Tab.OPEN:
        return tuple(status.value for status in Status if status not in ENDED)
    return tuple(status.value for status in STATES[tab])


def by_tab(counts: Mapping[str, int]) -> dict[str, int]:
    """Return how many cases each tab has, from counts by state with the ended ones under ``ENDED_KEY``."""
    found = {tab: sum(counts.get(state.value, 0) for state in states) for tab, states in STATES.items()}
    found[Tab.ENDED] = counts.get(ENDED_KEY, 0)
    found[Tab.OPEN] = sum(count for key, count in counts.items() if key != ENDED_KEY)
    found[Tab.ALL] = found[Tab.OPEN] + found[Tab.ENDED]
    return {tab.value: found[tab] for tab in Tab}
