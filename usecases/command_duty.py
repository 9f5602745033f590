"""Commands while a case is handled: whether the tree and the duty lists allow what they ask (rows 21, 24).

Tasks go down the chain, a street whistles for departments, and a community gets only what is
on its duty list (reference: domain.md §3.2 art. 16, 17; §4.3).
"""

from dataclasses import replace
from datetime import UTC, datetime

from domain.aspects import TaskKind
from domain.messages_duty import AssignTask, Suspend
from domain.org import OrgTree
from domain.pack import COMMAND, COMMUNITY, GRID, PEER
from domain.place import Level
from domain.unit import Unit
from routing.resolve import may_have
from usecases.city import City
from usecases.problems import BadRequest, ProblemCode
from usecases.queries import case_view

NO_DEPARTMENT = frozenset({COMMAND, COMMUNITY, GRID, PEER})
"""Kinds of units a street does not whistle for: it commands them, or they are not the city's."""


def task_of(*, city: City, case_no: str, command: AssignTask) -> AssignTask:
    """Return the command with its deadline in UTC. Raises BadRequest for a unit that cannot be asked so."""
    tree = city.pack.tree
    unit = tree.find(command.unit)
    if unit is None:
        raise BadRequest(ProblemCode.UNKNOWN_UNIT, unit=command.unit[:60])
    sender = tree.find(command.actor.unit) if command.actor.unit is not None else None
    if unit.kind == PEER:
        raise BadRequest(ProblemCode.NOT_A_DEPARTMENT, unit=unit.code)
    if command.task_kind is TaskKind.WHISTLE:
        _check_whistle(sender, unit)
    if command.task_kind is TaskKind.SUBTASK and (sender is None or not is_below(tree, unit, sender)):
        raise BadRequest(ProblemCode.NOT_BELOW, unit=unit.code, sender=command.actor.unit or "—")
    category = case_view(city=city, case_no=case_no).category
    if not may_have(unit, category):
        raise BadRequest(ProblemCode.NOT_ON_DUTY_LIST, unit=unit.code, category=category[:50])
    return command if command.due is None else replace(command, due=in_utc("due", command.due))


def suspension_of(*, command: Suspend, **_of: object) -> Suspend:
    """Return the command with its date in UTC. Raises BadRequest for a date without a zone."""
    return replace(command, until=in_utc("until", command.until))


def _check_whistle(sender: Unit | None, unit: Unit) -> None:
    if sender is None or sender.level is not Level.STREET:
        raise BadRequest(ProblemCode.NOT_A_STREET, sender=sender.code if sender is not None else "—")
    if unit.kind in NO_DEPARTMENT:
        raise BadRequest(ProblemCode.NOT_A_DEPARTMENT, unit=unit.code)


def is_below(tree: OrgTree, unit: Unit, above: Unit) -> bool:
    """Tell whether a unit stands below another: in the tree, or finer and inside its area or zone."""
    if any(one.code == above.code for one in tree.parents(unit.code)):
        return True
    if unit.level <= above.level:
        return False
    lineage = tree.areas.lineage(unit.area_code)
    return any(above.area_code in (area.code, area.zone) for area in lineage)


def in_utc(field: str, at: datetime) -> datetime:
    """Return a moment in UTC. Raises BadRequest where nobody can say which moment it is."""
    if at.tzinfo is None:
        raise BadRequest(ProblemCode.TIME_WITHOUT_ZONE, field=field)
    try:
        return at.astimezone(UTC)
    except OverflowError as error:
        raise BadRequest(ProblemCode.TIME_WITHOUT_ZONE, field=field) from error
