"""Commands of those who command: what only the city's grounds know of a new grade, a new policy, an emergency call."""

from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from domain.actor import Actor
from domain.messages import Command
from domain.messages_command import ApplyPolicy, CallEmergency, Regrade
from domain.pack import PEER
from domain.place import Level, ReportedPlace
from domain.views import CaseView
from usecases.city import City, Grounds
from usecases.place_and_owner import Answer, Question, answer
from usecases.problems import BadRequest, ProblemCode
from usecases.queries import case_view

LEVEL_FIELDS = ("level", "to_level")
"""Fields that name a level, as cases show it."""
Kept = TypeVar("Kept", bound=Command)


@dataclass(frozen=True, kw_only=True, slots=True)
class RegradeByHand:
    """What a person says to grade a case anew; the rules of the new severity are the pack's."""

    severity: int
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ApplyByHand:
    """What a person says to put the city's present rules in force for a case."""

    reason: str = ""


class Maker(Protocol):
    """Completes what a person said to a command. Raises BadRequest."""

    def __call__(self, *, city: City, case_no: str, asked: object, actor: Actor, request_id: str) -> Command:
        """Return the command."""


def regrade(*, city: City, case_no: str, asked: object, actor: Actor, request_id: str) -> Command:
    """Fill in the rules of the new severity for the case's own place and category."""
    assert isinstance(asked, RegradeByHand)  # noqa: S101 - the table below pairs them
    kept = _kept(city, request_id, Regrade)
    if kept is not None and (kept.severity, kept.reason) == (asked.severity, asked.reason):
        return kept
    view = case_view(city=city, case_no=case_no)
    found = asked_again(grounds=city.grounds, view=view, severity=asked.severity)
    return Regrade(
        request_id=request_id, actor=actor, severity=asked.severity, reason=asked.reason, rules=found.rules
    )


def apply_policy(*, city: City, case_no: str, asked: object, actor: Actor, request_id: str) -> Command:
    """Fill in the rules and routing's limit as the city's pack has them now."""
    assert isinstance(asked, ApplyByHand)  # noqa: S101 - the table below pairs them
    kept = _kept(city, request_id, ApplyPolicy)
    if kept is not None and kept.reason == asked.reason:
        return kept
    view = case_view(city=city, case_no=case_no)
    found = asked_again(grounds=city.grounds, view=view, severity=view.severity)
    decision = found.decision if view.decision is not None else None
    return ApplyPolicy(
        request_id=request_id, actor=actor, rules=found.rules, decision=decision, reason=asked.reason
    )


def asked_again(*, grounds: Grounds, view: CaseView, severity: int) -> Answer:
    """Ask routing about a case under way: its place, category and condition stay as they are."""
    category = grounds.pack.catalogue.get(view.category)
    filed = view.decision.condition if view.decision is not None else ""
    kept = category is not None and any(condition.code == filed for condition in category.conditions)
    place = view.place
    area = place.finest.code if place.finest is not None and place.lon is None else None
    question = Question(
        reported=ReportedPlace(lon=place.lon, lat=place.lat, address=place.address, area_code=area),
        channel=view.channel,
        category=view.category,
        condition=filed if kept else None,
        severity=severity if severity in range(1, 5) else None,
        tags=view.tags,
        at=view.received_at,
        by_hand=True,
    )
    return answer(grounds=grounds, question=question)


def with_levels(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the fields with levels as the engine counts them: people write "city", 1 is the city."""
    named = {name: fields[name] for name in LEVEL_FIELDS if isinstance(fields.get(name), str)}
    known = {level.name.lower(): int(level) for level in Level}
    return fields | {name: known.get(text, text) for name, text in named.items()}


def check_service(city: City, command: Command) -> None:
    """Only a platform outside is called to an emergency. Raises BadRequest."""
    if isinstance(command, CallEmergency):
        unit = city.pack.tree.find(command.service)
        if unit is None or unit.kind != PEER:
            raise BadRequest(ProblemCode.NOT_A_PEER, unit=command.service[:60])


def _kept(city: City, request_id: str, kind: type[Kept]) -> Kept | None:
    """Return the command of this request as it was first understood: rules may have changed since."""
    row = city.store.command(request_id=request_id)
    return row.command if row is not None and isinstance(row.command, kind) else None


BY_HAND: dict[str, tuple[type, Maker]] = {
    "regrade": (RegradeByHand, regrade),
    "apply_policy": (ApplyByHand, apply_policy),
}
"""What people say for a command, and how it is completed."""
