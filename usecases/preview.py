"""What would happen to a report: shown to the operator while the citizen is still talking."""

from dataclasses import dataclass, replace
from datetime import datetime

from domain.begin import begin
from domain.case import Alarm, CaseState
from domain.decision import RoutingDecision
from domain.place import Place, ReportedPlace
from usecases.city import City
from usecases.file_report import NOWHERE, FileReport, check, new_report, place_warnings
from usecases.place_and_owner import answer
from usecases.start_case import begin_with, question_of


@dataclass(frozen=True, kw_only=True, slots=True)
class PreviewReport:
    """What is known so far."""

    channel: str
    category: str | None = None
    condition: str | None = None
    place: ReportedPlace = NOWHERE
    severity: int | None = None
    tags: tuple[str, ...] = ()
    at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Preview:
    """Place, proposed owner, deadlines and reasons. ``ladder`` is who would be called, base first.

    ``status`` is what the case would be at first: dispatched, or triaging.
    """

    place: Place
    decision: RoutingDecision | None
    status: str
    lead_name: str
    lead_name_en: str
    handling_due: datetime | None
    sign_in_due: datetime | None
    unknown_year: bool
    ladder: tuple[str, ...]
    warnings: tuple[str, ...]


def preview(*, city: City, ask: PreviewReport) -> Preview:
    """Begin the case without keeping it: the same code as the real one. Raises BadRequest for a bad question."""
    now = ask.at or city.now()
    as_report = FileReport(
        channel=ask.channel,
        description="",
        category=ask.category,
        condition=ask.condition,
        place=ask.place,
        severity=ask.severity,
        tags=ask.tags,
    )
    check(city=city, ask=as_report, now=city.now())
    report = replace(new_report(city=city, ask=as_report, now=now), occurred_at=now)
    found = answer(grounds=city.grounds, question=question_of(report))
    state = begin(begin_with(grounds=city.grounds, report=report, found=found, at=now)).state
    warnings = tuple(finding.code.value for finding in place_warnings(city=city, place=ask.place))
    return _shown(city=city, state=state, warnings=warnings)


def _shown(*, city: City, state: CaseState, warnings: tuple[str, ...]) -> Preview:
    decision = state.decision
    lead = city.pack.tree.find(decision.lead) if decision is not None and decision.lead is not None else None
    rungs = sorted(state.rules.ladder, key=lambda rung: rung.level, reverse=True)
    return Preview(
        place=state.place,
        decision=decision,
        status=state.status.value,
        lead_name=lead.name_zh if lead is not None else "",
        lead_name_en=lead.name_en if lead is not None else "",
        handling_due=state.handling_due,
        sign_in_due=next((one.at for one in state.deadlines if one.name is Alarm.SIGN_IN_CALL), None),
        unknown_year=state.unknown_year,
        ladder=tuple(rung.unit for rung in rungs if rung.unit is not None),
        warnings=warnings,
    )
