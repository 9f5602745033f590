"""Instructions given by people signed in: whom they may tell, issuing, ending, answering, and one with its receipts."""

from dataclasses import dataclass

from domain.account import Permission, Principal
from domain.actor import Actor
from domain.instruction import COMMAND, COMMANDING_ROLES, InstructionRefused, ReceiverState
from domain.org import Area
from domain.place import Level
from domain.reach import reaches
from domain.unit import Unit
from domain.views import CaseView
from store.rows import InstructionAct, ReceiverPage
from usecases import instruct
from usecases.addressees import Addressees, expand
from usecases.city import City
from usecases.instruct import Issue, Overview, ReceiverFilter
from usecases.instruct_staff import answerer, may_read
from usecases.permits import may_see, permit
from usecases.problems import BadRequest, ProblemCode
from usecases.queries import case_view
from usecases.staff import actor_with

RECEIVERS_SHOWN = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Tracked:
    """An instruction as its page shows it. ``told``: the reader's own unit is among the receivers."""

    overview: Overview
    receivers: ReceiverPage
    acts: tuple[InstructionAct, ...]
    told: bool
    mine: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Reach:
    """Whom somebody commands: the unit they speak for, units written one by one in the pack, and areas to choose."""

    commander: Unit
    units: tuple[Unit, ...]
    areas: tuple[Area, ...]


def issue_as(*, city: City, who: Principal, ask: Issue, request_id: str) -> Overview:
    """Issue an instruction as the commanding unit of whoever is signed in. Raises BadRequest, CommandRefused."""
    actor = commander_of(city=city, who=who)
    if ask.case_no is not None:
        about(city=city, who=who, case_no=ask.case_no)
    return instruct.issue(city=city, ask=ask, actor=actor, request_id=_request_id(who, request_id))


def end_as(
    *, city: City, who: Principal, number: str, withdraw: bool, reason: str, request_id: str
) -> Overview:
    """Close an instruction or take it back, as the unit that gave it. Raises BadRequest, CommandRefused."""
    permit(who, Permission.INSTRUCT)
    may_read(city=city, who=who, number=number)
    issuer = instruct.overview(
        city=city, number=number, actor=commander_of(city=city, who=who)
    ).instruction.issuer
    actor = actor_with(who=who, permission=Permission.INSTRUCT, roles=COMMANDING_ROLES, units=(issuer,))
    work = instruct.withdraw if withdraw else instruct.close
    return work(city=city, number=number, reason=reason, actor=actor, request_id=_request_id(who, request_id))


def answer_as(*, city: City, who: Principal, number: str, text: str, request_id: str) -> Overview:
    """Say that one's unit has read it, and reply where there is a text. Raises BadRequest, CommandRefused."""
    actor = answerer(city=city, who=who, number=number)
    request_id = _request_id(who, request_id)
    if not text.strip():
        return instruct.read(city=city, number=number, actor=actor, request_id=request_id)
    return instruct.reply(city=city, number=number, text=text, actor=actor, request_id=request_id)


def tracked(
    *, city: City, who: Principal, number: str, missing: bool | None, state: ReceiverState | None = None
) -> Tracked:
    """Return an instruction with its receipts. Raises BadRequest (not_permitted, instruction_not_found, outside_scope)."""
    actor = answerer(city=city, who=who, number=number)
    overview = instruct.overview(city=city, number=number, actor=actor)
    where = ReceiverFilter(state=state, missing=missing)
    receivers = instruct.receivers(city=city, number=number, where=where, limit=RECEIVERS_SHOWN, cursor=None)
    issuers = {grant.unit for grant in who.grants_for(Permission.INSTRUCT)}
    return Tracked(
        overview=overview,
        receivers=receivers,
        acts=tuple(instruct.acts(city=city, number=number)),
        told=overview.receiver is not None,
        mine=overview.instruction.issuer in issuers,
    )


def reach_of(*, city: City, who: Principal) -> Reach:
    """Return whom somebody may tell. Raises BadRequest (not_permitted, not_a_commander)."""
    unit = _commanding(city, who)
    tree = city.pack.tree
    level = Level.DISTRICT if unit.level is Level.CITY else Level.STREET
    within = tuple(
        area
        for area in tree.areas.at(level)
        if unit.level is Level.CITY or tree.owner_of(area) == unit.area_code
    )
    told = (one for one in tree.explicit if reaches(tree=tree, commander=unit, unit=one))
    return Reach(
        commander=unit, units=tuple(sorted(told, key=lambda one: (one.level, one.name_zh))), areas=within
    )


def about(*, city: City, who: Principal, case_no: str) -> CaseView:
    """Return the case an instruction is to be about. Raises BadRequest (case_not_found, outside_scope)."""
    view = case_view(city=city, case_no=case_no)
    may_see(city=city, who=who, view=view)
    return view


def count_of(*, city: City, who: Principal, to: Addressees) -> int:
    """Return how many units are meant. Raises BadRequest."""
    try:
        return len(expand(tree=city.pack.tree, commander=_commanding(city, who), to=to))
    except InstructionRefused as refused:
        raise BadRequest(ProblemCode(refused.code.value), **refused.params) from refused


def commander_of(*, city: City, who: Principal) -> Actor:
    """Return as whom somebody commands: the first of their posts at a command centre, else the first that may."""
    permit(who, Permission.INSTRUCT)
    units = [grant.unit for grant in who.grants_for(Permission.INSTRUCT)]
    centres = [
        code for code in units if (unit := city.pack.tree.find(code)) is not None and unit.kind == COMMAND
    ]
    return actor_with(who=who, permission=Permission.INSTRUCT, roles=COMMANDING_ROLES, units=centres)


def _commanding(city: City, who: Principal) -> Unit:
    actor = commander_of(city=city, who=who)
    unit = city.pack.tree.find(actor.unit or "")
    if unit is None or unit.kind != COMMAND:
        raise BadRequest(ProblemCode.NOT_A_COMMANDER, role=actor.role.value, unit=actor.unit or "-")
    return unit


def _request_id(who: Principal, request_id: str) -> str:
    return f"by:{who.account}:{request_id}"
