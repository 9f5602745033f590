"""The duty officer's desk: alarms by list and by number, and what people do with one (研判, 确认, 定级).

A person's request is kept with what it did, in one transaction: the same key again does nothing.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from pydantic import TypeAdapter

from domain.actor import Actor, Role
from domain.alarm import ALARM_ENDED, Alarm, AlarmFact, AlarmPhase
from domain.alarm_life import (
    AlarmProblem,
    AlarmRefused,
    AlarmWord,
    Assessed,
    CaseTold,
    Confirmed,
    Regraded,
    Verdict,
)
from domain.errors import CommandRefused, RefusalCode
from domain.order import TellAlarm
from store.filters import UnableToReadCursor
from store.rows_alarms import AlarmFilter, AlarmPage, FalseAlarms
from store.signals import AlarmRequest, UnableToFindAlarm, UnableToRepeat
from usecases import signals
from usecases.city import City
from usecases.problems import BadRequest, ProblemCode
from usecases.texts import check_values

__all__ = ["AlarmFilter", "FalseAlarms"]
T = TypeVar("T")
_TOLD = TypeAdapter(TellAlarm)
MOST = {"reason": 100, "text": 2_000, "into": 100}
MOST_OTHERWISE = 100
MOST_CHILDREN = 200
EPOCHS = 10_000_000
"""How many steps one life of a case has at the most, so that a later life counts as later."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Assess:
    """A verdict. ``severity`` goes with TRUE, ``into`` (an alarm's number) with MERGED.

    A false alarm gives one of the city's reasons and, in ``text``, what was found.
    """

    verdict: Verdict
    severity: int | None = None
    reason: str = ""
    text: str = ""
    into: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Confirm:
    """Somebody on site says that it is safe."""

    text: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Regrade:
    """Another severity, with the reason."""

    severity: int
    reason: str


Deed = Assess | Confirm | Regrade
ASSESSORS = (Role.OPERATOR, Role.DISPATCHER, Role.SUPERVISOR)
MAY: dict[type[Deed], tuple[Role, ...]] = {
    Assess: ASSESSORS,
    Confirm: (*ASSESSORS, Role.HANDLER, Role.LEADER, Role.CHECKER),
    Regrade: ASSESSORS,
}
KINDS: dict[type[Deed], str] = {Assess: "assess", Confirm: "confirm", Regrade: "regrade"}
"""What each is called on the wire."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """An alarm with what happened to it and, of a storm, the alarms in it (the latest 200)."""

    alarm: Alarm
    facts: tuple[AlarmFact, ...]
    children: tuple[Alarm, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class DeviceAlarms:
    """False alarms of a device and, where it has a model, of all devices of that."""

    model: str
    of_device: FalseAlarms
    of_model: FalseAlarms | None


def listed(*, city: City, where: AlarmFilter, limit: int, cursor: str | None) -> AlarmPage:
    """Return a page of alarms, the latest raised first. Raises BadRequest."""
    try:
        return city.store.alarms(where=where, limit=limit, cursor=cursor)
    except UnableToReadCursor as error:
        raise BadRequest(ProblemCode.BAD_CURSOR) from error


def shown(*, city: City, alarm_no: str) -> Shown:
    """Return an alarm with its facts and children. Raises BadRequest when there is none."""
    alarm = _existing(city, alarm_no)
    children: tuple[Alarm, ...] = ()
    if alarm.children:
        where = AlarmFilter(parent=alarm.alarm_no)
        children = city.store.alarms(where=where, limit=MOST_CHILDREN).alarms
    return Shown(alarm=alarm, facts=city.store.alarm_facts(alarm_no=alarm.alarm_no), children=children)


def act(*, city: City, alarm_no: str, deed: Deed, actor: Actor, request_id: str) -> Alarm:
    """Say a person's word to an alarm and return it as it is then. Raises BadRequest and CommandRefused."""
    may, kind = MAY[type(deed)], KINDS[type(deed)]
    if actor.role not in may:
        allowed = ", ".join(role.value for role in may)
        raise CommandRefused(
            RefusalCode.ROLE_NOT_ALLOWED, role=actor.role.value, command=kind, allowed=allowed
        )
    check_values(values=asdict(deed), most=MOST, otherwise=MOST_OTHERWISE)
    alarm = _existing(city, alarm_no)
    _check_part(city, alarm, actor)
    word = _word(city, alarm, deed, actor, request_id)
    request = AlarmRequest(id=request_id, digest=_digest(alarm_no, deed, actor))
    return _ruled(lambda: signals.word(city=city, alarm_no=alarm_no, word=word, request=request))


def told_of(payload: dict[str, Any]) -> TellAlarm:
    """Return what an outbox row holds."""
    return _TOLD.validate_python(payload)


def tell_alarms(*, city: City, case_no: str, told: TellAlarm) -> int:
    """Tell every open alarm about a case how it stands; return how many there are. Said again it changes nothing."""
    word = CaseTold(
        at=city.now(),
        case_no=case_no,
        status=told.status,
        close_kind=told.close_kind,
        master=told.master,
        seq=told.epoch * EPOCHS + told.seq,
    )
    return signals.tell_alarms(city=city, case_no=case_no, word=word)


def device_alarms(*, city: City, source: str, device: str) -> DeviceAlarms:
    """Count what became of a device's alarms and of its model's. Raises BadRequest when it is not registered."""
    found = city.store.device(source=source, code=device) if (source + device).isprintable() else None
    if found is None:
        raise BadRequest(ProblemCode.DEVICE_NOT_FOUND, device=f"{source}/{device}"[:80])
    since, model = city.now() - city.pack.alarms.fault_within, found.device.model
    of_device = city.store.false_alarms(since=since, source=source, device=device)
    of_model = city.store.false_alarms(since=since, model=model) if model else None
    return DeviceAlarms(model=model, of_device=of_device, of_model=of_model)


def open_to(alarm: Alarm) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield what may be done with an alarm as it stands, and who may; a guard may still refuse."""
    if alarm.phase in ALARM_ENDED or alarm.phase is AlarmPhase.MERGED:
        return
    for deed, roles in MAY.items():
        if deed is not Confirm or alarm.phase is not AlarmPhase.RAISED:
            yield KINDS[deed], tuple(role.value for role in roles)


def _word(city: City, alarm: Alarm, deed: Deed, actor: Actor, request_id: str) -> AlarmWord:
    now = city.now()
    if isinstance(deed, Confirm):
        return Confirmed(at=now, actor=actor, text=deed.text, request_id=request_id)
    if isinstance(deed, Regrade):
        return Regraded(
            at=now, actor=actor, severity=deed.severity, reason=deed.reason, request_id=request_id
        )
    if deed.verdict is Verdict.FALSE:
        _check_reason(city, deed)
    into = _target(city, alarm, deed) if deed.verdict is Verdict.MERGED else None
    return Assessed(
        at=now,
        actor=actor,
        verdict=deed.verdict,
        severity=deed.severity if deed.verdict is Verdict.TRUE else None,
        reason=deed.reason,
        text=deed.text,
        into=into.alarm_no if into is not None else None,
        case_no=into.case_no if into is not None else None,
        request_id=request_id,
    )


def _check_part(city: City, alarm: Alarm, actor: Actor) -> None:
    """Staff of a unit speak for the unit that owns the device, or that has part in the case about it."""
    if actor.role in ASSESSORS:
        return
    view = city.store.case(case_no=alarm.case_no) if alarm.case_no is not None else None
    having: set[str | None] = {alarm.unit}
    if view is not None:
        having |= {view.owner, view.checker, *view.co_handlers, *view.supervisors, *view.task_units}
    if actor.unit is None or actor.unit not in having:
        owner = view.owner if view is not None else alarm.unit
        raise CommandRefused(RefusalCode.NOT_YOUR_ITEM, unit=owner or "-")


def _check_reason(city: City, deed: Assess) -> None:
    """A false alarm names one of the city's reasons: it feeds the device's record."""
    known = city.pack.alarms.false_reasons
    if deed.reason not in known:
        raise BadRequest(ProblemCode.UNKNOWN_REASON, known=", ".join(sorted(known)) or "-")


def _target(city: City, alarm: Alarm, deed: Assess) -> Alarm:
    """Return the open alarm another one is merged into: not itself, and not one that is a part itself."""
    into = _existing(city, deed.into or "")
    unfit = into.parent is not None or into.exercise != alarm.exercise or into.phase in ALARM_ENDED
    if unfit or into.alarm_no == alarm.alarm_no:
        raise BadRequest(ProblemCode.ALARM_MERGE_TARGET, into=into.alarm_no)
    return into


def _existing(city: City, alarm_no: str) -> Alarm:
    found = city.store.alarm(alarm_no=alarm_no) if alarm_no.isprintable() else None
    if found is None:
        raise BadRequest(ProblemCode.ALARM_NOT_FOUND, alarm_no=alarm_no[:40])
    return found


def _ruled(work: Callable[[], T]) -> T:
    """Do something the rules of alarms may refuse; a refusal becomes the problem of its code."""
    try:
        return work()
    except AlarmRefused as refused:
        if refused.code is AlarmProblem.REASON:
            raise CommandRefused(RefusalCode.REASON_REQUIRED) from refused
        if refused.code is AlarmProblem.SEVERITY:
            raise CommandRefused(RefusalCode.OUT_OF_SCALE) from refused
        raise BadRequest(ProblemCode.ALARM_PHASE, **refused.params) from refused
    except UnableToFindAlarm as error:
        raise BadRequest(ProblemCode.ALARM_NOT_FOUND, alarm_no=str(error)[:40]) from error
    except UnableToRepeat as error:
        raise BadRequest(ProblemCode.REQUEST_ID_REUSED) from error


def _digest(alarm_no: str, deed: Deed, actor: Actor) -> str:
    """Return what tells two requests apart under one request id."""
    return hashlib.sha256(repr((alarm_no, deed, actor.unit)).encode()).hexdigest()
