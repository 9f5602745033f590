"""From what a commander writes to the units meant: codes and selectors, checked and bounded."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, islice

from domain.instruction import InstructionProblem, InstructionRefused
from domain.org import OrgTree
from domain.reach import Selector, reaches, select
from domain.unit import Unit
from usecases.problems import BadRequest, ProblemCode

MOST_AT_ONCE = 5_000
"""Units one command tells: each is a row, an inbox line and a message per contact, in one transaction."""
MOST_TRACKED = 25_000
"""Receivers of one instruction, those it was passed on to included: every unit of a large city."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Addressees:
    """Units by code, and selectors of many at once."""

    units: tuple[str, ...] = field(default=())
    selectors: tuple[Selector, ...] = field(default=())


def expand(*, tree: OrgTree, commander: Unit, to: Addressees, below: bool = False) -> tuple[Unit, ...]:
    """Return the units meant, each once, in the order they were named.

    A unit named by code must be in reach; a selector means those in reach only. Raises
    BadRequest for a unit or area nobody knows, for none and for too many units, and
    InstructionRefused (outside_command).
    """
    named = [_named(tree, commander, code, below=below) for code in to.units]
    for selector in to.selectors:
        _check_area(tree, selector)
    meant = _each_once(
        chain(
            named,
            *(select(tree=tree, commander=commander, selector=one, below=below) for one in to.selectors),
        )
    )
    found = tuple(islice(meant, MOST_AT_ONCE + 1))
    if not found:
        raise BadRequest(ProblemCode.NO_RECEIVERS)
    if len(found) > MOST_AT_ONCE:
        raise BadRequest(ProblemCode.TOO_MANY_RECEIVERS, most=str(MOST_AT_ONCE))
    return found


def _named(tree: OrgTree, commander: Unit, code: str, *, below: bool) -> Unit:
    unit = tree.find(code)
    if unit is None:
        raise BadRequest(ProblemCode.UNKNOWN_UNIT, unit=code[:60])
    if not reaches(tree=tree, commander=commander, unit=unit, below=below):
        raise InstructionRefused(InstructionProblem.OUTSIDE_COMMAND, unit=unit.code, commander=commander.code)
    return unit


def _check_area(tree: OrgTree, selector: Selector) -> None:
    area = selector.area
    if area is not None and tree.areas.get(area) is None and tree.areas.zone(area) is None:
        raise BadRequest(ProblemCode.UNKNOWN_AREA, area=area[:50])


def _each_once(units: Iterator[Unit]) -> Iterator[Unit]:
    seen: set[str] = set()
    for unit in units:
        if unit.code not in seen:
            seen.add(unit.code)
            yield unit
