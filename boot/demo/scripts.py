"""The lives a case of the generated day can have, how often, of what, and what must come of each."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from boot.demo.day import Event
from domain.catalogue import CategoryKind
from domain.place import Level

EVALUATED = "evaluated"
CLOSED = "closed"
MERGED = "merged"
CANCELLED = "cancelled"


class Life(StrEnum):
    """What happens to a case. The value is what the closing figures call it."""

    PROMPT = "prompt"
    LATE_SIGN_IN = "signed in late"
    CLIMB = "never signed in, climbs to the city"
    OVERDUE = "overdue, then done"
    OVERDUE_TWICE = "overdue twice its limit"
    REPORTED_UP = "reported up, re-assigned"
    RETURN_GRANTED = "returned, granted"
    RETURN_REFUSED = "returned, refused"
    RETURN_TWICE = "returned twice, ruled"
    RETURN_UNDECIDED = "return left undecided, ruled"
    REWORK = "check failed, reworked"
    REWORK_TWICE = "check failed twice"
    REOPENED = "reporter unsatisfied, reopened"
    UNREACHED = "reporter never reached"
    WITHDRAWN = "withdrawn"
    EXPLAINED = "explained"
    FORCED = "closed by order"
    CROWD = "reported by several"
    NEIGHBOUR = "something alike nearby"
    COPY = "merged at once"
    ALIKE_SAME = "merged by an operator"
    ALIKE_OTHER = "alike, filed on its own"
    NO_PLACE = "no place given"
    WRONG_POINT = "point outside the city, corrected"
    NOT_OURS = "outside the city, declined"
    PLACEHOLDER = "placeholder point"
    UNCLASSIFIED = "unclassified"
    DRILL = "drill"


@dataclass(frozen=True, kw_only=True, slots=True)
class Script:
    """How often a life occurs (per mille of the day's reports) and what it needs.

    ``person``: somebody who can be called back reports it. ``window``: wall times between
    which it is reported, so that what it waits for comes within the day. ``ends``: the
    states it may end in; None is evaluated where a person reported it, else closed.
    ``facts``: what its history must hold, as kinds of fact, or kind and trigger.
    """

    life: Life
    share: float
    fits: Callable[[Event], bool]
    person: bool = False
    window: tuple[str, str] | None = None
    ends: tuple[str, ...] | None = None
    facts: tuple[str, ...] = ()
    on_time: bool | None = None


def _anything(_event: Event) -> bool:
    return True


def _unhurried(event: Event) -> bool:
    return not event.urgent


def _can_climb(event: Event) -> bool:
    """Sign-in limits of minutes, and somebody above who is not the owner's own centre."""
    return event.urgent and event.has_seniors


def _overdue(event: Event) -> bool:
    return event.minutes is not None and event.minutes <= 120


def _overdue_twice(event: Event) -> bool:
    return event.minutes is not None and event.minutes <= 60 and event.has_seniors


def _can_change_hands(event: Event) -> bool:
    """Unhurried, with a department as owner that has others beside it."""
    departments = event.category.departments
    return (
        not event.urgent
        and event.category.level in (Level.STREET, Level.DISTRICT)
        and departments[0] not in ("COMMAND", "STREET")
    )


def _demand(event: Event) -> bool:
    return event.category.kind is CategoryKind.DEMAND and not event.urgent


def _crowd(event: Event) -> bool:
    """What several people see at once, and no alarm of a sensor."""
    return event.category.kind is not CategoryKind.SENSOR and event.category.level is not Level.CITY


def _near(event: Event) -> bool:
    return _crowd(event) and not event.urgent


def _alarm(event: Event) -> bool:
    return event.urgent and event.channels == ("sensor",)


MORNING = ("08:30", "11:15")
EVENING = ("17:40", "21:00")
"""Outside working hours the limit of triage stands still: nobody is hurried out of it."""
UNTIL_NINE = ("05:00", "21:00")

SCRIPTS: tuple[Script, ...] = (
    Script(life=Life.LATE_SIGN_IN, share=24, fits=_can_climb, window=UNTIL_NINE, facts=("escalated E3",)),
    Script(
        life=Life.CLIMB, share=24, fits=_can_climb, window=UNTIL_NINE,
        facts=("escalated E3", "reassigned"),
    ),
    Script(
        life=Life.OVERDUE, share=34, fits=_overdue, window=("05:00", "20:00"),
        facts=("overdue", "supervision_opened", "supervision_closed"), on_time=False,
    ),
    Script(
        life=Life.OVERDUE_TWICE, share=12, fits=_overdue_twice, window=("05:00", "20:00"),
        facts=("overdue", "* E4", "supervision_closed"), on_time=False,
    ),
    Script(
        life=Life.REPORTED_UP, share=14, fits=_can_change_hands, window=UNTIL_NINE,
        facts=("escalated E2", "reported_up", "reassigned"),
    ),
    Script(life=Life.RETURN_GRANTED, share=24, fits=_can_change_hands, facts=("return_requested",)),
    Script(life=Life.RETURN_REFUSED, share=14, fits=_can_change_hands, facts=("return_requested",)),
    Script(
        life=Life.RETURN_TWICE, share=12, fits=_can_change_hands, window=UNTIL_NINE, facts=("arbitration E5",)
    ),
    Script(
        life=Life.RETURN_UNDECIDED, share=7, fits=_can_change_hands, window=MORNING, facts=("arbitration E5",)
    ),
    Script(life=Life.REWORK, share=28, fits=_anything, window=UNTIL_NINE),
    Script(life=Life.REWORK_TWICE, share=9, fits=_unhurried, window=UNTIL_NINE, facts=("* E6",)),
    Script(
        life=Life.REOPENED, share=24, fits=_anything, person=True, window=UNTIL_NINE,
        ends=(EVALUATED,), facts=("reopened",),
    ),
    Script(life=Life.UNREACHED, share=19, fits=_anything, person=True, ends=(EVALUATED,)),
    Script(life=Life.WITHDRAWN, share=19, fits=_unhurried, person=True, ends=(CANCELLED,)),
    Script(life=Life.EXPLAINED, share=24, fits=_demand, person=True, ends=(EVALUATED,)),
    Script(life=Life.FORCED, share=9, fits=_unhurried),
    Script(
        life=Life.CROWD, share=24, fits=_crowd, person=True, window=UNTIL_NINE,
        ends=(EVALUATED,), facts=("report_joined",),
    ),
    Script(life=Life.NEIGHBOUR, share=12, fits=_near, person=True, window=EVENING, ends=(EVALUATED,)),
    Script(life=Life.NO_PLACE, share=12, fits=_unhurried, person=True, ends=(EVALUATED,), facts=("triaged",)),
    Script(life=Life.WRONG_POINT, share=7, fits=_unhurried, person=True, ends=(EVALUATED,), facts=("triaged",)),
    Script(life=Life.NOT_OURS, share=7, fits=_unhurried, person=True, ends=(CANCELLED,)),
    Script(life=Life.PLACEHOLDER, share=9, fits=_unhurried, person=True, ends=(EVALUATED,), facts=("triaged",)),
    Script(life=Life.UNCLASSIFIED, share=19, fits=_anything, person=True, ends=(EVALUATED,), facts=("triaged",)),
    Script(life=Life.DRILL, share=5, fits=_alarm, ends=(CANCELLED,)),
    Script(life=Life.PROMPT, share=0, fits=_anything),
)  # fmt: skip
"""Prompt lives fill what the others leave."""

BY_LIFE: dict[Life, Script] = {script.life: script for script in SCRIPTS}
FOLLOWERS: dict[Life, tuple[str, ...] | None] = {
    Life.COPY: (MERGED,),
    Life.ALIKE_SAME: (MERGED,),
    Life.ALIKE_OTHER: None,
}
"""Lives of reports that come because of another one, and how they end."""


def quotas(reports: int) -> list[tuple[Script, int]]:
    """Return how many cases of each life a day of so many reports has; each at least one.

    The reports that follow a crowd's or a neighbour's first one are not counted here.
    """
    return [(script, max(1, round(script.share * reports / 1000))) for script in SCRIPTS if script.share]
