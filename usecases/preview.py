"""What would happen to a report: shown to the operator while the citizen is still talking."""

from dataclasses import dataclass, replace
from datetime import datetime

from domain.clock import due
from domain.decision import RoutingDecision
from domain.place import Place, ReportedPlace
from usecases.city import City
from usecases.file_report import NOWHERE, UNCLASSIFIED, FileReport, check, place_warnings
from usecases.place_and_owner import Question, answer


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
    """Place, proposed owner, deadlines and reasons. ``ladder`` is who would be called, base first."""

    place: Place
    decision: RoutingDecision
    lead_name: str
    lead_name_en: str
    handling_due: datetime | None
    sign_in_due: datetime | None
    unknown_year: bool
    ladder: tuple[str, ...]
    warnings: tuple[str, ...]


def preview(*, city: City, ask: PreviewReport) -> Preview:
    """Locate and route without storing anything. Raises BadRequest for a bad question."""
    now = ask.at or city.now()
    as_report = FileReport(
        channel=ask.channel,
        description="",
        category=ask.category,
        condition=ask.condition,
        place=ask.place,
        tags=ask.tags,
    )
    check(city=city, ask=as_report, now=city.now())
    channel = city.pack.channels[ask.channel]
    question = Question(
        reported=replace(ask.place, crs=channel.crs),
        channel=ask.channel,
        category=ask.category or UNCLASSIFIED,
        condition=ask.condition,
        severity=ask.severity,
        tags=ask.tags,
        at=now,
    )
    found = answer(grounds=city.grounds, question=question)
    decision, rules = found.decision, found.rules
    lead = city.pack.tree.find(decision.lead) if decision.lead is not None else None
    handling = (
        due(start=now, limit=decision.limit, calendar=rules.calendar) if decision.limit is not None else None
    )
    sign_in = due(start=now, limit=rules.severity.stages.sign_in, calendar=rules.calendar)
    return Preview(
        place=found.place,
        decision=decision,
        lead_name=lead.name_zh if lead is not None else "",
        lead_name_en=lead.name_en if lead is not None else "",
        handling_due=handling.at if handling is not None else None,
        sign_in_due=sign_in.at if lead is not None else None,
        unknown_year=handling.crosses_unknown_year if handling is not None else False,
        ladder=tuple(
            rung.unit for rung in sorted(rules.ladder, key=lambda rung: -rung.level) if rung.unit is not None
        ),
        warnings=tuple(finding.code.value for finding in place_warnings(city=city, place=ask.place)),
    )
