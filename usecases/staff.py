"""What somebody signed in does with a case: as the post it takes the word from, and what it would take now.

A person may hold several posts. Which of them speaks is found here: the first whose role the
case's table allows and whose unit the case's own guards let through. Where none fits the case
itself refuses, in its own words.
"""

import asyncio
from collections.abc import Iterable
from typing import Any

from domain.account import Grant, Permission, Principal
from domain.actor import Actor, Role
from domain.case import Status
from domain.errors import CommandRefused, RefusalCode
from domain.transitions import commands, roles_for
from domain.views import CaseView
from usecases.act import Acted, act
from usecases.city import City
from usecases.command import build, kinds
from usecases.permits import actors_for, may_see, permit
from usecases.problems import BadRequest, ProblemCode
from usecases.queries import AllowedAction, case_view
from usecases.staff_guards import commanders_of, takes_from

__all__ = ["Acted", "AllowedAction", "act_as", "actor_with", "allowed"]
MERGE = "merge_into"


async def act_as(
    *, city: City, who: Principal, case_no: str, kind: str, fields: dict[str, Any], request_id: str
) -> Acted:
    """Send a case a command as the fitting post of whoever is signed in; durable when this returns.

    ``fields`` are the command's own, as on the wire. The same ``request_id`` of the same person
    again gets the same answer. Raises BadRequest (not_permitted, outside_scope, case_not_found,
    and what is wrong with the fields) and CommandRefused, in the case's own words.
    """
    permit(who, Permission.ACT)
    request_id = f"by:{who.account}:{request_id}"
    command = await asyncio.to_thread(
        lambda: build(
            city=city,
            case_no=case_no,
            kind=kind,
            fields=fields,
            actor=_sender(
                city=city, who=who, case_no=case_no, kind=kind, fields=fields, request_id=request_id
            ),
            request_id=request_id,
        )
    )
    return await act(city=city, case_no=case_no, command=command)


def _sender(
    *, city: City, who: Principal, case_no: str, kind: str, fields: dict[str, Any], request_id: str
) -> Actor:
    """Return as whom this is sent. What was sent before is sent again as the same, or it would be another command."""
    view = case_view(city=city, case_no=case_no)
    kept = city.store.command(request_id=request_id)
    if kept is not None and kept.command.actor.id == who.account:
        return kept.command.actor
    if kind == MERGE:
        _see_master(city, who, fields.get("master"))
    return speaker(city=city, who=who, view=view, kind=kind, item=_item(fields))


def _see_master(city: City, who: Principal, named: object) -> None:
    """Let nobody put reports into a case they cannot see. Raises BadRequest (outside_scope)."""
    master = city.store.case(case_no=named) if isinstance(named, str) else None
    if master is not None:
        may_see(city=city, who=who, view=master)


def allowed(*, city: City, who: Principal, view: CaseView) -> tuple[AllowedAction, ...]:
    """Return what somebody may do with a case now, each with those of their roles that may.

    Empty for whoever never acts or does not reach it. What is offered here the case takes, but
    for what it asks of the words themselves: a reason, a photo, another owner.
    """
    if not who.may(Permission.ACT):
        return ()
    try:
        actors = actors_for(city=city, who=who, view=view)
    except BadRequest:
        return ()
    found = []
    people, commanders = set(kinds()), commanders_of(city=city, view=view)
    for kind, roles in commands(Status(view.status)):
        fitting = [
            one.role.value
            for one in actors
            if one.role in roles and takes_from(view=view, kind=kind, actor=one, commanders=commanders)
        ]
        if kind in people and fitting:
            found.append(AllowedAction(kind=kind, roles=tuple(dict.fromkeys(fitting))))
    return tuple(found)


def speaker(*, city: City, who: Principal, view: CaseView, kind: str, item: str = "") -> Actor:
    """Return as whom somebody sends this command: who is let through, else whose role would do, else the first.

    ``item`` is the task or supervision order that is meant, where there is one.
    Raises BadRequest (not_permitted, outside_scope).
    """
    actors = actors_for(city=city, who=who, view=view)
    roles = roles_for(kind, Status(view.status)) or ()
    able = [one for one in actors if one.role in roles]
    commanders = commanders_of(city=city, view=view)
    fitting = (
        one for one in able if takes_from(view=view, kind=kind, actor=one, commanders=commanders, item=item)
    )
    return next(fitting, able[0] if able else actors[0])


def actor_with(
    *, who: Principal, permission: Permission, roles: Iterable[Role] = (), units: Iterable[str] = ()
) -> Actor:
    """Return as whom somebody acts where no case decides: on alarms, devices, instructions, dead letters.

    The first of their posts that allows it, in one of ``roles`` and of ``units`` where such are
    named and held. Raises BadRequest (not_permitted) and CommandRefused (role_not_allowed).
    """
    permit(who, permission)
    held, wanted = who.grants_for(permission), set(roles)
    able = [one for one in held if one.facts.role is not None and (not wanted or one.facts.role in wanted)]
    if not able:
        raise _refused(held, permission, wanted)
    chosen = set(units)
    grant = next((one for one in able if one.unit in chosen), able[0])
    return Actor(id=who.account, role=grant.facts.role or Role.ENGINE, unit=grant.unit)


def _refused(held: tuple[Grant, ...], permission: Permission, wanted: set[Role]) -> Exception:
    role = next((one.facts.role for one in held if one.facts.role is not None), None)
    if role is None:
        return BadRequest(ProblemCode.NOT_PERMITTED, permission=permission.value)
    return CommandRefused(
        RefusalCode.ROLE_NOT_ALLOWED,
        role=role.value,
        command=permission.value,
        allowed=", ".join(sorted(one.value for one in wanted)),
    )


def _item(fields: dict[str, Any]) -> str:
    named = fields.get("task") or fields.get("supervision")
    return named if isinstance(named, str) else ""
