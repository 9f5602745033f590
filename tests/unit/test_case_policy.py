"""A new policy on an open case: nothing ends earlier than it did, new clocks begin now."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from domain.messages_command import ApplyPolicy
from domain.messages_duty import Resume, Suspend
from domain.policy import CaseRules, CityClock
from tests.unit.builders import (
    CALENDAR,
    CITY,
    DISPATCHER,
    DISTRICT,
    MONDAY,
    WATER,
    ZONE_LADDER,
    Played,
    a_case,
    a_full_case,
    at,
    decision,
    full_rules,
    handler,
    limit,
    rules,
    supervisor,
)

MINUTE = timedelta(minutes=1)
NO_LIMIT = decision(limit=None)


def renewed(severity: int = 3, *, version: str = "test-2", **changes: Any) -> CaseRules:
    """Return rules of another version."""
    return replace(full_rules(severity, **changes), version=version)


def applied(case: Played, new: CaseRules, **fields: Any) -> None:
    given: dict[str, Any] = {"by": supervisor(CITY), "rules": new, "reason": "new year"}
    case.do(ApplyPolicy, **(given | fields))


def test_a_longer_limit_counts_a_shorter_one_does_not() -> None:
    case = a_full_case(3).handling()
    was = case.state.handling_due
    applied(case, renewed(), decision=decision(limit=limit("1WD")))
    assert (case.state.handling_limit, case.state.handling_due) == (limit("2WD"), was)
    applied(case, renewed(version="test-3"), decision=decision(limit=limit("4WD")))

    assert (case.state.handling_limit, case.state.handling_due) == (limit("4WD"), at("2026-09-18 09:00"))
    assert case.armed("handling.overdue") == at("2026-09-18 09:00")
    assert case.state.total_due == at("2026-09-20 09:00"), (
        "the make-up Sunday is the working day after Friday"
    )


def test_routing_gives_a_limit_never_an_owner() -> None:
    case = a_full_case(3)
    applied(case, renewed(), decision=decision("power-1", limit=limit("4WD"), condition="other"))

    kept = case.state.decision
    assert kept is not None
    assert (case.state.owner, kept.lead, kept.condition, kept.limit) == (WATER, WATER, "leak", limit("4WD"))


def test_the_fact_names_both_versions() -> None:
    case = a_full_case(3)
    applied(case, renewed())

    fact = case.of_kind("policy_applied")[0]
    assert (fact.data["former"], fact.data["rules"], fact.data["changed"]) == ("test-1", "test-2", True)
    assert (fact.data["reason"], fact.actor) == ("new year", supervisor(CITY))
    assert case.told("rules_changed") == [WATER]


def test_the_same_version_again_changes_nothing_and_says_so() -> None:
    case = a_full_case(3)
    applied(case, renewed())
    before = case.state
    applied(case, renewed(), decision=decision(limit=limit("9WD")))

    assert case.of_kind("policy_applied")[1].data["changed"] is False
    assert replace(case.state, seq=before.seq, recent=before.recent) == before


def test_the_clock_of_the_city_stays_and_the_ladder_and_calendar_are_new() -> None:
    clock = CityClock(speed=60.0)
    case = a_full_case(3, rules=replace(full_rules(3), clock=clock))
    calendar = replace(
        CALENDAR, holidays=CALENDAR.holidays | {at("2026-09-15 12:00").date()}, version="2026b"
    )
    applied(case, replace(renewed(ladder=ZONE_LADDER), calendar=calendar))

    assert case.state.rules.clock == clock
    assert case.state.rules.ladder == ZONE_LADDER
    assert case.state.handling_due == at("2026-09-17 09:00"), "the new holiday lengthens the old limit"


def test_a_policy_of_another_severity_does_not_grade_the_case() -> None:
    case = a_full_case(3)
    applied(case, renewed(1))
    assert (case.state.severity, case.state.rules.severity.severity) == (3, 3)


def test_the_rulebook_a_case_has_is_never_taken_away() -> None:
    case = a_full_case(3)
    applied(case, replace(rules(3), version="test-2"))
    assert case.state.rules.severity.book is not None


def test_the_rulebook_appears_and_its_clocks_begin_now() -> None:
    case = a_case(1)
    case.wait(timedelta(minutes=8)).fire()
    applied(case, renewed(1))

    assert case.armed("contact.due") == case.now + timedelta(hours=2)
    assert case.armed("emergency.phone") == case.now + timedelta(minutes=30)
    assert case.armed("sign_in.remind", "second") == MONDAY + timedelta(minutes=12)
    assert case.armed("sign_in.raise") == MONDAY + timedelta(minutes=22, seconds=30)
    assert case.of_kind("policy_applied")[0].data["rulebook"] is True
    case.until(MONDAY + timedelta(minutes=23))
    assert case.state.awaiting == DISTRICT


def test_marks_that_have_fired_do_not_fire_again() -> None:
    case = a_full_case(3, decision=NO_LIMIT).handling()
    case.until(at("2026-09-24 09:00"))
    warned = len(case.of_kind("handling_warned"))
    applied(case, renewed())
    case.until(at("2026-09-25 09:00"))
    assert len(case.of_kind("handling_warned")) == warned


def test_a_suspended_case_goes_on_with_what_the_new_limit_leaves() -> None:
    case = a_full_case(2, decision=decision(limit=limit("24UH"))).handling()
    case.wait(timedelta(hours=4))
    case.do(
        Suspend, by=DISPATCHER, until=MONDAY + timedelta(days=10), reason="frost", plan="wait",
        interim_measure="fenced",
    )  # fmt: skip
    applied(case, renewed(2), decision=decision(limit=limit("48UH")))

    assert case.state.suspension is not None
    assert case.state.suspension.left == limit("44UH")
    case.wait(timedelta(days=3))
    case.do(Resume, by=handler(WATER))
    assert case.state.handling_due == case.now + timedelta(hours=44)
