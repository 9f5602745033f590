"""The guards of a case that can be told from the outside: whether it would take a command from this actor.

What ``domain.decide`` refuses by unit, part and stage, asked of the case's row before anything is
sent, so that a page offers what will be taken. Nothing is decided here: the case's own guards
stay the rule, and refuse in their own words.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from domain.actor import Actor, Role
from domain.aspects import UNFINISHED, SupervisionStatus, Task, TaskStatus
from domain.decide import OWNER_ONLY, UNIT_ROLES
from domain.duty import SUSPENDED
from domain.place import Level
from domain.policy import Rung
from domain.rows_appeal import REVIEWERS
from domain.rows_triage_doubt import ON_SITE
from domain.views import CaseView
from usecases.city import City
from usecases.permits import handled
from usecases.place_and_owner import full_ladder, triage_unit

SEVERE = 2
FIRST_STAGE = "department"
PENDING = "pending"


@dataclass(frozen=True, kw_only=True, slots=True)
class Commanders:
    """Who commands at each level where a case is, as routing knows it now; who stands over its owner; triage."""

    ladder: tuple[Rung, ...] = ()
    over_owner: frozenset[str] = frozenset()
    triage: str = ""


def commanders_of(*, city: City, view: CaseView) -> Commanders:
    """Return who commands where a case is."""
    grounds, tree = city.grounds, city.pack.tree
    known = tree.find(view.owner) is not None
    return Commanders(
        ladder=full_ladder(pack=grounds.pack, book=grounds.book, place=view.place, category=view.category),
        over_owner=frozenset(above.code for above in tree.parents(view.owner)) if known else frozenset(),
        triage=triage_unit(grounds=grounds),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """Who would say what to which case. ``item`` is the task or order meant, empty for any."""

    view: CaseView
    actor: Actor
    commanders: Commanders
    item: str = ""

    @property
    def unit(self) -> str | None:
        """Return the actor's unit."""
        return self.actor.unit

    @property
    def commanding(self) -> frozenset[str | None]:
        """Return the units that command here at some level, or supervise the case."""
        return frozenset({*self.view.supervisors, *(rung.unit for rung in self.commanders.ladder)})

    @property
    def tasks(self) -> tuple[Task, ...]:
        """Return the tasks meant that somebody still owes."""
        open_ones = (one for one in self.view.aspects.tasks if one.status in UNFINISHED)
        return tuple(one for one in open_ones if self.item in ("", one.id))

    def above(self, called: str) -> bool:
        """Tell whether the actor's unit is the one called, or commands above it (domain.escalation)."""
        ladder = self.commanders.ladder
        level = next((rung.level for rung in ladder if rung.unit == called), Level(self.view.level))
        over = any(rung.unit == self.unit and rung.level < level for rung in ladder)
        return self.unit is not None and (self.unit == called or over)


def takes_from(*, view: CaseView, kind: str, actor: Actor, commanders: Commanders, item: str = "") -> bool:
    """Tell whether a case would take this kind of command from this actor, as far as its row says."""
    if kind in OWNER_ONLY and actor.role in UNIT_ROLES and actor.unit != view.owner:
        return False
    guard = GUARDS.get(kind)
    return guard is None or guard(Asked(view=view, actor=actor, commanders=commanders, item=item))


def _orders(asked: Asked, status: SupervisionStatus, unit_of: Callable[[str, str], bool]) -> bool:
    orders = asked.view.aspects.supervisions
    meant = (one for one in orders if asked.item in ("", one.id) and one.status is status)
    return any(unit_of(one.by, one.unit) for one in meant)


def _outsider(asked: Asked) -> bool:
    """Nobody who handled the case checks or closes it."""
    return asked.unit is not None and asked.unit not in handled(asked.view)


def _checks(asked: Asked) -> bool:
    named = asked.actor.role is Role.SUPERVISOR or asked.unit == asked.view.checker
    return named and _outsider(asked)


def _verifies(asked: Asked) -> bool:
    wanted = asked.view.aspects.verification
    return wanted is None or asked.actor.role not in ON_SITE or asked.unit == wanted.unit


def _rules(asked: Asked) -> bool:
    """The arbiter's level or above; the owner is a party to the dispute."""
    above = {rung.unit for rung in asked.commanders.ladder if rung.level < Level.DISTRICT}
    return asked.unit is not None and (
        asked.unit == asked.view.arbiter or (asked.unit in above and asked.unit != asked.view.owner)
    )


def _other_desk(asked: Asked) -> bool:
    return asked.unit not in (None, asked.view.owner)


def _decides_extension(asked: Asked) -> bool:
    wanted = asked.view.aspects.extension
    if wanted is None or asked.actor.id == wanted.by:
        return False
    if wanted.stage == FIRST_STAGE:
        return asked.actor.role is Role.LEADER and asked.unit == asked.view.owner
    return asked.actor.role is not Role.LEADER and _other_desk(asked)


def _assigns(asked: Asked) -> bool:
    return asked.actor.role is not Role.SUPERVISOR or asked.unit in asked.commanding


def _waives(asked: Asked) -> bool:
    return bool(asked.tasks) and _assigns(asked)


def _opens_order(asked: Asked) -> bool:
    if asked.unit in (None, asked.view.owner):
        return False
    return asked.unit in asked.commanders.over_owner or asked.unit in asked.commanding


def _replies(asked: Asked) -> bool:
    return _orders(asked, SupervisionStatus.OPEN, lambda _by, unit: unit == asked.unit)


def _reviews_order(asked: Asked) -> bool:
    return _orders(asked, SupervisionStatus.REPLIED, lambda by, unit: unit != asked.unit and asked.above(by))


def _appeals(asked: Asked) -> bool:
    view = asked.view
    marked = view.on_time is False or view.reworks > 0 or view.returns > 0 or view.reopened > 0
    return view.aspects.appeal is None and (marked or view.status in ("visiting", "evaluated"))


def _reviews_appeal(asked: Asked) -> bool:
    appeal = asked.view.aspects.appeal
    if appeal is None or appeal.status != PENDING or asked.actor.role not in REVIEWERS[appeal.stage]:
        return False
    return _outsider(asked) and asked.actor.id != appeal.first_reviewer


def _acknowledges(asked: Asked) -> bool:
    awaited = asked.view.aspects.awaiting
    return awaited is not None and asked.above(awaited)


def _decides_above(asked: Asked) -> bool:
    wanted = asked.view.aspects.report_up
    return wanted is not None and asked.unit != asked.view.owner and asked.above(wanted.to)


def _jumps(asked: Asked) -> bool:
    owner = asked.actor.role is Role.LEADER and asked.unit == asked.view.owner
    commands = asked.unit is not None and asked.unit in {rung.unit for rung in asked.commanders.ladder}
    triage = asked.unit == asked.commanders.triage
    return asked.view.level > Level.CITY and (owner or commands or triage)


def _reports_event(asked: Asked) -> bool:
    track = asked.view.aspects.emergency
    return track is not None and track.final_at is None and _has_part(asked)


def _has_part(asked: Asked) -> bool:
    if asked.actor.role not in UNIT_ROLES:
        return True
    tasked: Iterable[str] = (one.unit for one in asked.view.aspects.tasks)
    return asked.unit in {asked.view.owner, *asked.view.co_handlers, *tasked, *asked.commanding}


def _mild(asked: Asked) -> bool:
    return asked.view.severity > SEVERE or asked.view.exercise


GUARDS: Mapping[str, Callable[[Asked], bool]] = {
    "answer_at_once": lambda asked: asked.view.severity > SEVERE,
    "refuse_report": lambda asked: asked.view.severity > SEVERE,
    "cancel_case": _mild,
    "confirm_transfer": lambda asked: (
        asked.view.aspects.transfer is not None and asked.view.aspects.transfer.confirmed_at is None
    ),
    "record_verification": _verifies,
    "record_check": _checks,
    "close_case": _outsider,
    "rule": _rules,
    "grant_return": _other_desk,
    "refuse_return": _other_desk,
    "suspend": lambda asked: (
        _other_desk(asked) and all(pause.why != SUSPENDED for pause in asked.view.aspects.pauses)
    ),
    "request_extension": lambda asked: asked.view.aspects.extension is None,
    "decide_extension": _decides_extension,
    "assign_task": _assigns,
    "waive_task": _waives,
    "sign_in_task": lambda asked: any(
        one.unit == asked.unit and one.status is TaskStatus.OPEN for one in asked.tasks
    ),
    "report_task": lambda asked: any(one.unit == asked.unit for one in asked.tasks),
    "reach_milestone": lambda asked: (
        asked.unit == asked.view.owner
        and any(one.reached_at is None for one in asked.view.aspects.milestones)
    ),
    "open_supervision": _opens_order,
    "reply_supervision": _replies,
    "review_supervision": _reviews_order,
    "file_appeal": _appeals,
    "review_appeal": _reviews_appeal,
    "acknowledge": _acknowledges,
    "report_up": lambda asked: asked.view.aspects.report_up is None and asked.view.level > Level.CITY,
    "decide_report_up": _decides_above,
    "jump_level": _jumps,
    "report_event": _reports_event,
    "call_emergency": _has_part,
    "split_report": lambda asked: len(asked.view.reports) > 1,
    "join_parent": lambda asked: asked.view.parent is None,
    "see_children": lambda asked: any(child.changed for child in asked.view.aspects.children),
    "waive_child": lambda asked: any(not child.waived for child in asked.view.aspects.children),
}
"""What is asked of a case beside its state, the role and the owner rule."""
