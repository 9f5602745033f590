"""Instructions as people signed in read and answer them: as the post that was told, within one's reach.

Whoever instructs for the whole city sees all of them; others those their units were told or gave,
and those of units below theirs.
"""

from domain.account import Permission, Principal, Reach
from domain.actor import Actor, Role
from domain.instruction import InstructionState
from store.rows import InstructionPage
from usecases import instruct
from usecases.city import City
from usecases.permits import own_units, permit
from usecases.problems import BadRequest, ProblemCode
from usecases.staff import actor_with

__all__ = ["InstructionPage", "answerer", "listed", "may_read"]


def answerer(*, city: City, who: Principal, number: str) -> Actor:
    """Return as whom somebody reads and answers an instruction: the post whose unit was told, else their first.

    Raises BadRequest (not_permitted, instruction_not_found, outside_scope).
    """
    permit(who, Permission.ACT)
    told = [grant.unit for grant in who.grants_for(Permission.ACT) if _receipt(city, number, grant.unit)]
    actor = actor_with(who=who, permission=Permission.ACT, units=told)
    may_read(city=city, who=who, number=number)
    return actor


def may_read(*, city: City, who: Principal, number: str) -> None:
    """Let somebody read an instruction. Raises BadRequest (not_permitted, instruction_not_found, outside_scope)."""
    permit(who, Permission.ACT)
    found = instruct.overview(city=city, number=number, actor=_nobody(who)).instruction
    if _sees_all(who):
        return
    units = own_units(city=city, who=who)
    mine = _within(city, who, found.issuer) or any(_receipt(city, number, unit) for unit in units)
    if not mine:
        raise BadRequest(ProblemCode.OUTSIDE_SCOPE, number=number[:40])


def listed(
    *,
    city: City,
    who: Principal,
    unit: str | None,
    missing: bool | None,
    issuer: str | None,
    case_no: str | None,
    state: InstructionState | None,
    limit: int,
    cursor: str | None,
) -> InstructionPage:
    """Return a page of instructions, newest first: what a unit was told, or what one gave.

    Without either it is all of them for whoever instructs for the city, what one's own unit gave
    for others who instruct, and what it was told for the rest. Raises BadRequest.
    """
    permit(who, Permission.ACT)
    if not _sees_all(who):
        own = next(grant.unit for grant in who.grants_for(Permission.ACT))
        if unit is None and issuer is None:
            unit, issuer = (None, own) if who.may(Permission.INSTRUCT) else (own, None)
        asked = unit or issuer or own
        if not _within(city, who, asked):
            raise BadRequest(ProblemCode.OUTSIDE_SCOPE, number=asked[:60])
    if unit is not None:
        return instruct.received(
            city=city, unit=unit, state=state, missing=missing, limit=limit, cursor=cursor
        )
    return instruct.issued(city=city, issuer=issuer, case_no=case_no, state=state, limit=limit, cursor=cursor)


def _sees_all(who: Principal) -> bool:
    grants = who.grants_for(Permission.INSTRUCT)
    return any(grant.facts.reach is Reach.CITY and not grant.areas for grant in grants)


def _within(city: City, who: Principal, unit: str) -> bool:
    """Tell whether a unit is one's own or below it."""
    if unit in own_units(city=city, who=who):
        return True
    commanding = {grant.unit for grant in who.grants_for(Permission.INSTRUCT)}
    known = city.pack.tree.find(unit) is not None
    return known and any(above.code in commanding for above in city.pack.tree.parents(unit))


def _receipt(city: City, number: str, unit: str) -> bool:
    return city.store.instruction_receiver(number=number, unit=unit) is not None


def _nobody(who: Principal) -> Actor:
    return Actor(id=who.account, role=Role.SUPERVISOR)
