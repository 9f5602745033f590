"""``cityops check``, the rules played: no case can fall asleep or out of sight under them.

Proved by walking the transition table, and by playing cases of every severity forward with
the ``decide`` of the real ones: nobody acts, for ninety days.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.actor import Actor, Role
from domain.begin import begin
from domain.beginning import Begin
from domain.case import ENDED, STATUS_ZH, CaseState, Status
from domain.decide import decide as decide_case
from domain.decision import RouteRequest
from domain.errors import CommandRefused
from domain.messages import Command, RequestReturn, SignIn, StartHandling, SubmitResult
from domain.pack import CityPack
from domain.place import Level, Place
from domain.simulate import Close, whole_future
from domain.transitions import TRANSITIONS
from routing import Event, RouteBook, adjust, build_book, case_rules, decide
from store.pack import ProblemBook
from usecases.place_and_owner import full_ladder, site_check, top_unit

DAYS = 90
"""How far ahead a pack must be sound."""
ESCALATION = "escalation.toml"
PEOPLE = (Role.HANDLER, Role.LEADER)
NUMBER = "00000000-0000-0000"


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """A case to play: its severity, category and place."""

    severity: int
    category: str
    place: Place


def check_rules(*, pack: CityPack, places: Iterable[Place], start: datetime, book: ProblemBook) -> None:
    """Report states without a way out, and cases that fall asleep or never come to the city.

    ``places`` are where cases are played, ``start`` (UTC-aware) when they begin. The pack must
    be free of worse problems: what is broken cannot be played.
    """
    for code, zh, en in states_without_way(ways()):
        book.add(where=(ESCALATION, 0), code=code, zh=zh, en=en)
    if pack.areas.at(Level.CITY):
        _check_played(pack=pack, places=tuple(places), start=start, book=book)


# --- states -------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class Ways:
    """How a state can be left: by anybody at all, by the engine alone, or upwards (E1–E9)."""

    status: Status
    out: bool
    by_engine: bool
    up: bool


def ways() -> tuple[Ways, ...]:
    """Return the ways out of every state, as the transition table has them."""
    return tuple(
        Ways(
            status=status,
            out=any(status in t.sources and t.target not in (None, status) for t in TRANSITIONS),
            by_engine=any(
                status in t.sources and t.target not in (None, status) and Role.ENGINE in t.roles
                for t in TRANSITIONS
            ),
            up=any(status in t.sources and t.target is None and Role.ENGINE in t.roles for t in TRANSITIONS),
        )
        for status in Status
    )


def states_without_way(found: Iterable[Ways]) -> Iterator[tuple[str, str, str]]:
    """Yield a problem (code, zh, en) for every state that is no end and cannot be left, or is left to itself."""
    for one in found:
        if one.status in ENDED:
            continue
        name = f"{STATUS_ZH[one.status]} {one.status.value}"
        if not one.out:
            yield "state_without_exit", f"状态“{name}”没有出路", f"there is no way out of state {name!r}"
        elif not one.up and not one.by_engine:
            zh, en = f"状态“{name}”无人处理时不会提级", f"nothing happens in state {name!r} if nobody acts"
            yield "state_without_escalation", zh, en


# --- cases played forward -----------------------------------------------------------------------


def _check_played(*, pack: CityPack, places: tuple[Place, ...], start: datetime, book: ProblemBook) -> None:
    routes = build_book(pack)
    for severity in sorted(pack.severities):
        reported: set[str] = set()
        for number, sample in enumerate(samples(pack=pack, places=places, severity=severity)):
            state = first_state(pack=pack, routes=routes, sample=sample, start=start)
            # What its owner may do does not hang on the place: the first case tells.
            rest = left_behind(state) if number == 0 else ()
            for one in (state, *rest):
                for code, zh, en in played(one, until=start + timedelta(days=DAYS), first=one is state):
                    if code not in reported:
                        reported.add(code)
                        at = f"{sample.category}, {sample.place.chain[-1].code}, {one.status.value}"
                        book.add(
                            where=book.where("severity", str(severity)),
                            code=code,
                            zh=f"严重程度 {severity}:{zh}({at})",
                            en=f"severity {severity}: {en} ({at})",
                        )


def samples(*, pack: CityPack, places: tuple[Place, ...], severity: int) -> Iterator[Sample]:
    """Yield the first and the last category of a severity, or any, in the first, middle and last place."""
    own = [code for code, category in pack.catalogue.items() if category.severity == severity]
    codes = own or list(pack.catalogue)
    for code in dict.fromkeys((*codes[:1], *codes[-1:])):
        for number in sorted({0, len(places) // 2, len(places) - 1} if places else ()):
            yield Sample(severity=severity, category=code, place=places[number])


def first_state(*, pack: CityPack, routes: RouteBook, sample: Sample, start: datetime) -> CaseState:
    """Begin a case as the engine would and return it as it then is."""
    place, code = sample.place, sample.category
    request = RouteRequest(place=place, category=code, severity=sample.severity)
    event = Event(category=code, tags=(), place=place, received_at=start)
    found = adjust(pack=pack, decision=decide(request=request, book=routes), event=event)
    rungs = full_ladder(pack=pack, book=routes, place=place, category=code)
    return begin(
        Begin(
            case_no=NUMBER,
            report_no=NUMBER,
            at=start,
            received_at=start,
            category=code,
            category_name=pack.catalogue[code].name_zh,
            channel=next(iter(pack.channels), ""),
            severity=found.decision.severity,
            place=place,
            decision=found.decision,
            rules=case_rules(pack=pack, decision=found.decision, ladder=rungs, policy=found.policy),
            triage_unit=top_unit(pack),
            site_check=site_check(pack.catalogue[code]),
            confirm_below=0.0,
        )
    ).state


def left_behind(state: CaseState) -> Iterator[CaseState]:
    """Yield the case as it is after each step its owner may take, to be left there."""
    who = Actor(id="check", role=Role.LEADER, unit=state.owner)
    begun: tuple[Command, ...] = (
        SignIn(request_id="1", actor=who),
        StartHandling(request_id="2", actor=who, assignee="check", contacted=True),
        SubmitResult(request_id="3", actor=who, result="check", contacted=True),
    )
    for line in (begun, (RequestReturn(request_id="1", actor=who, reason="check"),)):
        now = state
        for command in line:
            try:
                now = decide_case(now, command, state.received_at).state
            except CommandRefused:
                break
            yield now


def played(state: CaseState, *, until: datetime, first: bool) -> Iterator[tuple[str, str, str]]:
    """Play a case forward that nobody acts on. It must stay awake; undispatched it must reach the city."""
    future = whole_future(state=state, until=until)
    if future.close is Close.ASLEEP:
        yield (
            "case_falls_asleep",
            "无人处理的案件不再有任何时限",
            "a case nobody acts on has no deadline any more",
        )
    told = {fact.kind for line in future.lines for fact in line.outcome.facts}
    if first and future.state.level is not Level.CITY and "top_reminded" not in told:
        zh = f"无人签收的案件 {DAYS} 天内到不了市级"
        yield "city_not_reached", zh, f"a case nobody signs for does not reach the city within {DAYS} days"
