"""What the rules of another pack would change for a case, decided on the case itself."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from boot.settings import Settings
from boot.wiring import grounds_of
from domain.begin import begin
from domain.case import CaseState
from domain.catalogue import Category
from domain.decide import decide
from domain.limit import Limit
from domain.messages import SignIn
from domain.org import OrgTree
from domain.pack import CityPack
from domain.place import ReportedPlace
from domain.report import NewReport
from routing import build_book
from tests.unit.builders import MONDAY, handler
from usecases.city import Grounds
from usecases.place_and_owner import answer
from usecases.plan import (
    CATEGORY_GONE,
    OWNER_GONE,
    applier,
    plan_case,
    policy_command,
    request_id,
)
from usecases.start_case import begin_with, question_of

CATEGORY = "E0110"
NUMBER = "20260914-0000-0000"
NOW = MONDAY + timedelta(minutes=30)


@pytest.fixture(scope="module")
def wuhan(tmp_path_factory: pytest.TempPathFactory) -> Grounds:
    """Return the flagship's grounds."""
    return grounds_of(Settings(data_dir=tmp_path_factory.mktemp("wuhan")))


@pytest.fixture
def state(wuhan: Grounds) -> CaseState:
    """Return a case that was dispatched on Monday at nine."""
    report = NewReport(
        case_no=NUMBER, report_no=NUMBER, source="hotline", channel="hotline", category=CATEGORY, description="",
        reported=ReportedPlace(lon=114.2925, lat=30.5871), occurred_at=MONDAY, received_at=MONDAY,
    )  # fmt: skip
    found = answer(grounds=wuhan, question=question_of(report))
    return begin(begin_with(grounds=wuhan, report=report, found=found, at=MONDAY)).state


def drafted(base: Grounds, **changes: object) -> Grounds:
    """Return grounds whose pack differs in these fields."""
    pack: CityPack = replace(base.pack, version="draft+1", **changes)  # type: ignore[arg-type]
    return replace(base, pack=pack, book=build_book(pack))


def with_limit(base: Grounds, limit: str) -> Grounds:
    category: Category = base.pack.catalogue[CATEGORY]
    conditions = tuple(replace(one, limit=Limit.parse(limit)) for one in category.conditions)
    catalogue = {**base.pack.catalogue, CATEGORY: replace(category, conditions=conditions)}
    return drafted(base, catalogue=catalogue)


def without(base: Grounds, unit: str) -> Grounds:
    """Return grounds in which a unit, and every template, is gone."""
    tree = base.pack.tree
    units = [one for one in tree.explicit if one.code != unit]
    kept = [template for template in tree.templates if template.area_of(unit) is None]
    return drafted(base, tree=OrgTree(areas=base.pack.areas, units=units, templates=kept, run_by=tree.run_by))


def due_of(grounds: Grounds, state: CaseState, now: datetime = NOW) -> datetime:
    command = policy_command(
        grounds=grounds, state=state, actor=applier(grounds=grounds, who="zhao"), reason="better"
    )
    found = decide(state, command, now).state.handling_due
    assert found is not None
    return found


def test_the_same_rules_change_nothing(wuhan: Grounds, state: CaseState) -> None:
    actor = applier(grounds=wuhan, who="zhao")
    found = plan_case(grounds=wuhan, state=state, actor=actor, now=NOW)

    assert not found.differs
    assert found.problems == ()
    assert found.before == found.after


def test_what_the_plan_shows_is_what_the_command_does(wuhan: Grounds, state: CaseState) -> None:
    draft = with_limit(wuhan, "10WD")
    found = plan_case(grounds=draft, state=state, actor=applier(grounds=draft, who="zhao"), now=NOW)

    assert found.differs
    assert found.before is not None
    assert found.after is not None
    assert found.before.handling_due == state.handling_due
    assert found.after.handling_due == due_of(draft, state)
    assert found.after.limit == "10WD"
    assert found.after.version == "draft+1"
    assert found.before.handling_due is not None
    assert found.after.handling_due > found.before.handling_due


def test_a_shorter_limit_never_takes_back_what_was_promised(wuhan: Grounds, state: CaseState) -> None:
    assert due_of(with_limit(wuhan, "30MIN"), state) == state.handling_due


def test_an_owner_the_new_pack_has_not_is_said_aloud(wuhan: Grounds, state: CaseState) -> None:
    draft = without(wuhan, state.owner)
    found = plan_case(grounds=draft, state=state, actor=applier(grounds=draft, who="zhao"), now=NOW)

    assert OWNER_GONE in found.problems


def test_a_category_the_new_pack_has_not_is_said_aloud(wuhan: Grounds, state: CaseState) -> None:
    catalogue = {code: one for code, one in wuhan.pack.catalogue.items() if code != CATEGORY}
    draft = drafted(wuhan, catalogue=catalogue)
    found = plan_case(grounds=draft, state=state, actor=applier(grounds=draft, who="zhao"), now=NOW)

    assert CATEGORY_GONE in found.problems


def test_the_same_version_is_one_command_whatever_became_of_the_case(
    wuhan: Grounds, state: CaseState
) -> None:
    draft = with_limit(wuhan, "10WD")
    actor = applier(grounds=draft, who="zhao")
    first = policy_command(grounds=draft, state=state, actor=actor, reason="better")
    signed = decide(state, SignIn(request_id="q", actor=handler(state.owner)), NOW).state
    later = policy_command(grounds=draft, state=signed, actor=actor, reason="better")

    assert first == later
    assert first.request_id == request_id(version="draft+1", case_no=NUMBER)
    once = decide(signed, first, NOW).state
    assert decide(once, first, NOW + timedelta(days=1)).state == once


def test_a_case_that_waits_in_triage_gets_its_rules_too(wuhan: Grounds) -> None:
    report = NewReport(
        case_no=NUMBER, report_no=NUMBER, source="hotline", channel="hotline", category="unclassified",
        description="", reported=ReportedPlace(), occurred_at=MONDAY, received_at=MONDAY,
    )  # fmt: skip
    found = answer(grounds=wuhan, question=question_of(report))
    waiting = begin(begin_with(grounds=wuhan, report=report, found=found, at=MONDAY)).state
    draft = with_limit(wuhan, "10WD")
    planned = plan_case(grounds=draft, state=waiting, actor=applier(grounds=draft, who="zhao"), now=MONDAY)

    assert planned.problems == ()
    assert planned.after is not None
    assert planned.after.version == "draft+1"
