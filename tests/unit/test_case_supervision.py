"""Row 38: supervision orders (督办): by whom, to whom, replied, reviewed, late; and what they keep open."""

from datetime import timedelta
from typing import Any

import pytest

from domain.actor import Role
from domain.aspects import Supervision, SupervisionStatus
from domain.case import Status
from domain.clock import due
from domain.errors import RefusalCode
from domain.messages import Reassign
from domain.messages_command import OpenSupervision, ReplySupervision, ReviewSupervision
from domain.place import Level
from domain.policy import CaseRules
from tests.unit.builders import (
    CALENDAR,
    CITY,
    COMMUNITY,
    DISTRICT,
    POWER,
    ROADS,
    STREET,
    TRIAGE,
    WATER,
    ZONE,
    ZONE_LADDER,
    Played,
    a_case,
    a_full_case,
    actor,
    at,
    decision,
    full_rules,
    handler,
    limit,
    refused,
    rulebook,
    supervisor,
    without,
)
from tests.unit.scenes_supervision import ordered, replied

S1 = {"supervision": "S1"}


def order_of(case: Played, number: str = "S1") -> Supervision:
    return next(one for one in case.state.supervisions if one.id == number)


def overdue(case: Played) -> Played:
    """Let the case become overdue, an instant later."""
    assert case.state.handling_due is not None
    return case.until(case.state.handling_due)


# --- opened -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("severity", "now", "due_at"),
    [(3, "2026-09-14 09:00", "2026-09-16 09:00"), (2, "2026-09-14 22:00", "2026-09-15 02:00")],
)
def test_an_order_goes_to_the_owner_with_a_reply_clock(severity: int, now: str, due_at: str) -> None:
    case = a_full_case(severity, start=at(now))
    case.do(OpenSupervision, by=supervisor(DISTRICT), text="act at once")

    order = order_of(case)
    assert (order.by, order.unit, order.cause, order.text) == (DISTRICT, WATER, "leader", "act at once")
    assert (order.status, order.opened_at, order.due) == (SupervisionStatus.OPEN, case.now, at(due_at))
    assert case.armed("supervision.reply", "S1") == at(due_at)
    assert case.told("supervision") == [WATER]
    fact = case.facts[-1]
    assert (fact.row, fact.kind, fact.due, fact.actor.unit) == (
        38,
        "supervision_opened",
        at(due_at),
        DISTRICT,
    )
    assert case.state.status is Status.DISPATCHED, "it runs beside the case"


def test_orders_are_numbered_and_run_side_by_side_even_to_other_units() -> None:
    case = ordered()
    case.wait(timedelta(hours=1)).do(OpenSupervision, by=supervisor(CITY), text="close the road", unit=ROADS)
    assert [(one.id, one.unit) for one in case.state.supervisions] == [("S1", WATER), ("S2", ROADS)]
    first, second = case.armed("supervision.reply", "S1"), case.armed("supervision.reply", "S2")
    assert first is not None
    assert second is not None
    assert second - first == timedelta(hours=1)


@pytest.mark.parametrize("unit", [CITY, DISTRICT, STREET, COMMUNITY])
@pytest.mark.parametrize("role", [Role.LEADER, Role.SUPERVISOR])
def test_every_level_of_the_ladder_may_order(unit: str, role: Role) -> None:
    case = a_full_case()
    case.do(OpenSupervision, by=actor(role, unit), text="act at once")
    assert order_of(case).by == unit


def test_in_a_zone_the_levels_of_the_zone_order_and_no_others() -> None:
    case = a_full_case(rules=full_rules(ladder=ZONE_LADDER))
    with refused(case, RefusalCode.NOT_A_SUPERVISOR):
        case.do(OpenSupervision, by=supervisor(DISTRICT), text="act at once")
    case.do(OpenSupervision, by=supervisor(ZONE), text="act at once")


@pytest.mark.parametrize("unit", [POWER, WATER, None])
def test_nobody_else_orders_and_least_of_all_the_owner(unit: str | None) -> None:
    case = a_full_case()
    with refused(case, RefusalCode.NOT_A_SUPERVISOR):
        case.do(OpenSupervision, by=actor(Role.LEADER, unit), text="act at once")


def test_who_stands_above_the_owner_in_the_tree_orders_too_but_never_the_owner_itself() -> None:
    case = a_full_case()
    case.do(OpenSupervision, by=actor(Role.LEADER, "water-bureau"), text="act at once", above_owner=True)
    case.do(ReplySupervision, by=handler(WATER), **S1, reply="a crew is there")
    with refused(case, RefusalCode.NOT_YOUR_ITEM):
        case.do(ReviewSupervision, by=supervisor(STREET), **S1, accepted=True)
    case.do(ReviewSupervision, by=actor(Role.LEADER, "water-bureau"), **S1, accepted=True)
    with refused(case, RefusalCode.NOT_A_SUPERVISOR):
        case.do(OpenSupervision, by=actor(Role.LEADER, WATER), text="act at once", above_owner=True)


def test_a_level_that_owns_the_case_or_is_itself_named_does_not_order() -> None:
    own = a_full_case(decision=decision(STREET))
    with refused(own, RefusalCode.NOT_A_SUPERVISOR):
        own.do(OpenSupervision, by=supervisor(STREET), text="act at once")
    case = a_full_case()
    with refused(case, RefusalCode.NOT_A_SUPERVISOR):
        case.do(OpenSupervision, by=supervisor(STREET), unit=STREET, text="act at once")


def test_an_order_says_what_is_wanted_and_needs_the_rulebook_and_the_right_role() -> None:
    case = a_full_case()
    with refused(case, RefusalCode.REASON_REQUIRED):
        case.do(OpenSupervision, by=supervisor(CITY), text="  ")
    with refused(case, RefusalCode.ROLE_NOT_ALLOWED):
        case.do(OpenSupervision, by=handler(STREET), text="act at once")
    old = a_case()
    with refused(old, RefusalCode.RULEBOOK_REQUIRED):
        old.do(OpenSupervision, by=supervisor(CITY), text="act at once")


# --- replied, reviewed ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("severity", "now", "due_at"),
    [(3, "2026-09-18 15:00", "2026-09-20 15:00"), (1, "2026-09-18 15:00", "2026-09-18 19:00")],
)
def test_the_unit_replies_and_the_review_clock_starts(severity: int, now: str, due_at: str) -> None:
    case = ordered(a_full_case(severity, start=at(now)))
    was_due = order_of(case).due
    case.do(ReplySupervision, by=actor(Role.LEADER, WATER), **S1, reply="a crew is there")

    order = order_of(case)
    assert (order.status, order.replies, order.reply) == (SupervisionStatus.REPLIED, 1, "a crew is there")
    assert (order.replied_at, order.due, order.late) == (case.now, at(due_at), False)
    assert case.armed("supervision.reply") is None
    assert case.armed("supervision.review", "S1") == at(due_at), "the twentieth is worked on: 调休"
    assert case.told("supervision_reply") == [DISTRICT]
    assert (case.facts[-1].row, case.facts[-1].due) == (38, was_due)


def test_only_the_unit_named_replies_once_with_words_to_an_order_there_is() -> None:
    case = ordered()
    with refused(case, RefusalCode.NOT_YOUR_ITEM):
        case.do(ReplySupervision, by=handler(POWER), **S1, reply="done")
    with refused(case, RefusalCode.REASON_REQUIRED):
        case.do(ReplySupervision, by=handler(WATER), **S1, reply=" ")
    with refused(case, RefusalCode.UNKNOWN_ITEM):
        case.do(ReplySupervision, by=handler(WATER), supervision="S2", reply="done")
    case.do(ReplySupervision, by=handler(WATER), **S1, reply="done")
    with refused(case, RefusalCode.ITEM_SETTLED):
        case.do(ReplySupervision, by=handler(WATER), **S1, reply="done")


@pytest.mark.parametrize("unit", [DISTRICT, CITY])
def test_who_ordered_or_a_level_above_seals_it(unit: str) -> None:
    case = replied()
    case.do(ReviewSupervision, by=supervisor(unit), **S1, accepted=True, reason="seen")

    order = order_of(case)
    assert (order.status, order.reviewed_at, order.review) == (SupervisionStatus.CLOSED, case.now, "seen")
    assert case.armed("supervision.review") is None
    assert case.told("supervision_closed") == [WATER]
    with refused(case, RefusalCode.ITEM_SETTLED):
        case.do(ReviewSupervision, by=supervisor(unit), **S1, accepted=True)


@pytest.mark.parametrize("unit", [STREET, POWER, WATER])
def test_nobody_below_nor_the_unit_itself_reviews(unit: str) -> None:
    case = replied()
    with refused(case, RefusalCode.NOT_YOUR_ITEM):
        case.do(ReviewSupervision, by=supervisor(unit), **S1, accepted=True)


def test_a_unit_above_who_ordered_does_not_review_the_order_to_itself() -> None:
    case = a_full_case()
    case.do(OpenSupervision, by=supervisor(STREET), unit=DISTRICT, text="send your crane")
    case.do(ReplySupervision, by=handler(DISTRICT), **S1, reply="it is on its way")
    with refused(case, RefusalCode.NOT_YOUR_ITEM):
        case.do(ReviewSupervision, by=supervisor(DISTRICT), **S1, accepted=True)
    case.do(ReviewSupervision, by=supervisor(CITY), **S1, accepted=True)


def test_nothing_is_reviewed_before_it_was_replied_to() -> None:
    case = ordered()
    with refused(case, RefusalCode.NOT_REPLIED):
        case.do(ReviewSupervision, by=supervisor(DISTRICT), **S1, accepted=True)


def test_a_reply_that_is_not_enough_opens_it_again_with_a_fresh_limit_and_a_reason() -> None:
    case = replied().wait(timedelta(hours=1))
    with refused(case, RefusalCode.REASON_REQUIRED):
        case.do(ReviewSupervision, by=supervisor(DISTRICT), **S1, accepted=False)
    case.do(ReviewSupervision, by=supervisor(DISTRICT), **S1, accepted=False, reason="no photo")

    order = order_of(case)
    assert (order.status, order.review) == (SupervisionStatus.OPEN, "no photo")
    assert order.due == case.armed("supervision.reply", "S1") == at("2026-09-16 10:00")
    assert case.armed("supervision.review") is None
    assert case.told("supervision") == [WATER, WATER]
    case.do(ReplySupervision, by=handler(WATER), **S1, reply="with a photo")
    assert order_of(case).replies == 2


# --- late -------------------------------------------------------------------------------------------


def test_no_reply_is_late_for_good_and_told_above_again_and_again() -> None:
    case = ordered(a_full_case(4, decision=decision(limit=limit("15WD"))))
    case.notices.clear()
    for day in (16, 18, 21):
        case.until(at(f"2026-09-{day} 09:00"))
        last = case.of_kind("supervision_late")[-1]
        assert (last.due, last.data["unit"]) == (case.now, WATER)
    assert len(case.of_kind("supervision_late")) == 3
    told = [one for one in case.notices if one.context.get("about") == "supervision"]
    assert [(one.unit, bool(one.context.get("copy"))) for one in told[:3]] == [
        (WATER, False), (DISTRICT, True), (CITY, True),
    ]  # fmt: skip
    case.supervised()
    assert order_of(case).late is True, "the raw fact stays"
    assert order_of(case).status is SupervisionStatus.CLOSED


def test_no_review_is_reminded_again_and_again() -> None:
    case = replied()
    first = case.armed("supervision.review", "S1")
    assert first is not None
    case.until(first)
    assert case.of_kind("supervision_review_late")[0].data["unit"] == DISTRICT
    told = [one.unit for one in case.notices if one.context.get("about") == "supervision_review"]
    assert told == [DISTRICT, CITY]
    again = due(start=first, limit=limit("1WD"), calendar=CALENDAR).at
    assert case.armed("supervision.review", "S1") == again
    assert order_of(case).late is False, "the unit was not late"


# --- E4 ---------------------------------------------------------------------------------------------


def test_e4_orders_the_owner_when_it_is_overdue() -> None:
    case = overdue(a_full_case().handling())
    order = order_of(case)
    above = case.state.level
    assert (order.cause, order.unit, order.opened_at) == ("E4", WATER, case.now)
    assert order.by == {3: DISTRICT, 4: STREET, 2: CITY}[int(above)], "the next level above commands it"
    assert case.facts[-1].kind == "supervision_opened"
    assert case.facts[-2].kind == "overdue"
    notice = next(one for one in case.notices if one.template == "supervision")
    assert (notice.unit, notice.context["trigger"]) == (WATER, "E4")
    assert case.told("overdue") == [order.by], (
        "the unit is told once, by the order; the level above has a copy"
    )


def test_e4_orders_once_a_round_and_not_while_one_stands() -> None:
    case = overdue(a_full_case(4).handling())
    case.do(Reassign, by=supervisor(CITY), lead=POWER, reason="they have a crane")
    case.handling()
    overdue(case)
    assert [one.unit for one in case.state.supervisions] == [WATER], "it stays with the unit it names"
    assert case.told("overdue")[-2:] == [POWER, order_of(case).by], "and the new owner hears of it"

    case.supervised()
    case.do(Reassign, by=supervisor(CITY), lead=ROADS, reason="they know the place")
    case.handling()
    overdue(case)
    assert [(one.id, one.unit) for one in case.state.supervisions] == [("S1", WATER), ("S2", ROADS)]


def test_e4_only_where_the_city_wants_it() -> None:
    def with_book(**changes: Any) -> CaseRules:
        return full_rules(book=rulebook(3, **changes))

    quiet = overdue(a_full_case(rules=with_book(supervise_overdue=False)).handling())
    assert quiet.state.supervisions == ()
    assert quiet.told("overdue")[0] == WATER
    old = overdue(a_case().handling())
    assert (old.state.supervisions, old.told("overdue")[0]) == ((), WATER)


def test_e4_at_the_top_is_ordered_by_the_top_and_by_triage_where_nobody_else_is_left() -> None:
    top = a_full_case(rules=full_rules(ladder=without()), decision=decision(WATER, level=Level.CITY))
    assert order_of(overdue(top.handling())).by == CITY
    alone = a_full_case(decision=decision(CITY, level=Level.CITY), rules=full_rules(ladder=ZONE_LADDER[:1]))
    assert order_of(overdue(alone.handling())).by == TRIAGE
    nobody = a_full_case(
        decision=decision(CITY, level=Level.CITY), rules=full_rules(ladder=ZONE_LADDER[:1]), triage_unit=CITY
    )
    assert overdue(nobody.handling()).state.supervisions == (), "nobody supervises itself"
