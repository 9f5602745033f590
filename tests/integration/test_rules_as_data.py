"""What a city writes in its pack reaches the case: tags by the report's words, its season, its class, its stages."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.testing import WorkflowEnvironment

from domain.begin import begin
from domain.beginning import Begin
from domain.case import Status
from domain.place import Level, ReportedPlace
from store.engine import Store
from store.group_commit import GroupCommit
from usecases.city import City, Grounds
from usecases.file_report import FileReport, file_report
from usecases.gateway import CaseGateway
from usecases.start_case import prepare

SUMMER = datetime(2026, 7, 1, 2, tzinfo=UTC)
"""Ten in the morning of a Wednesday in the season."""
DAZHI = ReportedPlace(area_code="420102002000")
MULAN = ReportedPlace(area_code="420116201000")

pytestmark = pytest.mark.temporal


def city_at(now: datetime, *, store: Store, grounds: Grounds, env: WorkflowEnvironment) -> City:
    return City(
        grounds=grounds,
        store=store,
        intake=GroupCommit(store=store),
        cases=CaseGateway(client=env.client),
        now=lambda: now,
        random_bits=lambda bits: int(now.timestamp()) % (1 << bits),
    )


async def begun(city: City, ask: FileReport) -> Begin:
    """File a report, take it from the store as the relay does, and gather what its case begins with."""
    accepted = (await file_report(city=city, ask=ask)).accepted
    kept = city.store.report(report_no=accepted.report_no)
    assert kept is not None
    return prepare(city=city, report=kept)


def limits_of(start: Begin) -> list[str]:
    """Return which rules set the handling limit, the filing condition's first."""
    return [reason.rule for reason in start.decision.reasons if reason.aspect == "limit"]


async def test_words_of_a_report_bring_the_tag_and_with_it_the_seasons_limits(
    store: Store, wuhan: Grounds, temporal_env: WorkflowEnvironment
) -> None:
    city = city_at(SUMMER, store=store, grounds=wuhan, env=temporal_env)
    said = "小区旁渣土堆了很久,请按清爽度夏尽快清运"
    start = await begun(city, FileReport(channel="hotline", description=said, category="E0111", place=DAZHI))
    assert start.tags == ("summer",)
    assert limits_of(start) == ["E0111/accumulated", "overlay:summer-2026"]
    assert (str(start.decision.limit), str(start.rules.severity.stages.contact)) == ("3WD", "2UH")
    plain = replace(city, now=lambda: SUMMER + timedelta(hours=1), random_bits=lambda bits: 7)
    other = await begun(
        plain, FileReport(channel="hotline", description="小区旁有渣土", category="E0111", place=DAZHI)
    )
    assert (other.tags, str(other.decision.limit)) == ((), "5WD")


async def test_the_season_is_that_of_the_receipt_and_not_of_the_event(
    store: Store, wuhan: Grounds, temporal_env: WorkflowEnvironment
) -> None:
    late = datetime(2026, 9, 20, 2, tzinfo=UTC)
    city = city_at(late, store=store, grounds=wuhan, env=temporal_env)
    ask = FileReport(
        channel="hotline",
        description="渣土",
        category="E0111",
        place=DAZHI,
        tags=("清爽度夏",),
        occurred_at=SUMMER,
    )
    start = await begun(city, ask)
    assert start.tags == ("清爽度夏", "summer")
    assert limits_of(start) == ["E0111/accumulated"]


async def test_a_leaders_instruction_in_the_text_takes_the_case_to_the_district_supervised(
    store: Store, wuhan: Grounds, temporal_env: WorkflowEnvironment
) -> None:
    city = city_at(SUMMER, store=store, grounds=wuhan, env=temporal_env)
    ask = FileReport(channel="hotline", description="市长批示件:店外经营", category="E0405", place=DAZHI)
    start = await begun(city, ask)
    assert start.tags == ("leader_instruction",)
    assert [rule.tag for rule in start.rules.tags if rule.supervise and rule.tag in start.tags]
    outcome = begin(start)
    assert outcome.state.status is Status.DISPATCHED
    assert outcome.state.level <= Level.DISTRICT
    assert "tagged" in {fact.kind for fact in outcome.facts}


async def test_a_township_has_more_time_and_stages_come_along(
    store: Store, wuhan: Grounds, temporal_env: WorkflowEnvironment
) -> None:
    city = city_at(SUMMER, store=store, grounds=wuhan, env=temporal_env)
    ask = FileReport(
        channel="hotline", description="村口违建", category="E0101", condition="staged", place=MULAN
    )
    start = await begun(city, ask)
    assert limits_of(start) == ["E0101/staged", "grid-class:C"]
    assert str(start.decision.limit) == "30WD"
    assert [one.code for one in start.decision.milestones] == ["stop", "penalty", "demolition"]
    assert start.rules.severity.book is not None
