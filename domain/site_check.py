"""Who checks a result on site, and with what evidence (row 28)."""

from domain.actor import Role
from domain.errors import CommandRefused, RefusalCode
from domain.messages import RecordCheck
from domain.place import LocateMethod, Place, metres_between
from domain.step import Step

BY_POINT = frozenset({LocateMethod.EXACT, LocateMethod.BORDER, LocateMethod.NEAREST})
"""Ways a place was found in which its point is where it is; by address or by hand it need not be."""


def took_part(step: Step) -> frozenset[str]:
    """Return every unit that handled the case, co-handlers included: none of them checks or closes it.

    A unit with a task of the case is one of them, unless it was let off before it took it.
    """
    tasked = (one.unit for one in step.state.tasks if not one.waived or one.signed_in_at is not None)
    return frozenset((*step.state.handlers, *step.state.co_handlers, *tasked))


def nearest_checker(step: Step) -> str:
    """Return the nearest level without a part in the case, else triage.

    Where everybody has one, whoever only had a task is asked before a unit that handled it: it
    cannot record the check, but it can say so, and somebody else is named by hand.
    """
    state = step.state
    rungs = sorted(state.rules.ladder, key=lambda rung: rung.level, reverse=True)
    asked = [*(rung.unit for rung in rungs if rung.unit is not None), state.triage_unit]
    taken, handled = took_part(step), {*state.handlers, *state.co_handlers}
    free = (unit for unit in asked if unit not in taken)
    tasked = (unit for unit in asked if unit not in handled)
    return next(free, next(tasked, state.triage_unit))


def refuse_without_evidence(step: Step, command: RecordCheck) -> None:
    """Refuse a check that is not the named checker's, has no photo, or was not made at the place.

    A supervisor may look instead of the checker. Only a case under the rulebook asks for it.
    """
    book, state = step.book, step.state
    if book is None:
        return
    if step.actor.role is not Role.SUPERVISOR and step.actor.unit != state.checker:
        raise CommandRefused(RefusalCode.NOT_THE_CHECKER, checker=state.checker or state.triage_unit)
    if not command.photos:
        raise CommandRefused(RefusalCode.CHECK_PHOTO_REQUIRED)
    metres = _metres_from(state.place, command)
    if metres is not None and not metres <= book.check_within_m:
        raise CommandRefused(
            RefusalCode.CHECK_TOO_FAR, metres=f"{metres:.0f}", most=f"{book.check_within_m:g}"
        )


def _metres_from(place: Place, command: RecordCheck) -> float | None:
    """Return how far from the place the check was made; None where the place has no point of its own."""
    if place.lon is None or place.lat is None or place.method not in BY_POINT:
        return None
    if command.lon is None or command.lat is None:
        raise CommandRefused(RefusalCode.CHECK_POSITION_REQUIRED)
    return metres_between(lon=place.lon, lat=place.lat, other_lon=command.lon, other_lat=command.lat)
