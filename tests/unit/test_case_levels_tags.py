"""Row 22, E9: a tagged case is commanded from above and supervised from its first minute."""

from domain.place import Level
from domain.policy import TagRule
from tests.unit.builders import (
    CITY,
    DISTRICT,
    STREET,
    WATER,
    a_case,
    a_full_case,
    decision,
    full_rules,
    rules,
)


def test_e9_a_tagged_case_is_the_districts_and_supervised_from_its_first_minute() -> None:
    case = a_full_case(3, tags=("leader_instruction", "unknown"))

    kinds = [fact.kind for fact in case.facts]
    assert kinds.index("dispatched") < kinds.index("tagged") < kinds.index("escalated")
    tagged = case.of_kind("tagged")[0]
    assert (tagged.data["tags"], tagged.data["level"]) == (["leader_instruction"], "DISTRICT")
    assert case.of_kind("escalated")[0].data["trigger"] == "E9"
    assert (case.state.level, case.state.supervisors, case.state.owner) == (
        Level.DISTRICT,
        (DISTRICT,),
        WATER,
    )
    order = case.state.supervisions[0]
    assert (order.by, order.unit, order.cause, order.text) == (DISTRICT, WATER, "E9", "leader_instruction")


def test_e9_of_several_tags_the_highest_level_and_one_order() -> None:
    tags = (
        TagRule(tag="media", floor=Level.DISTRICT, supervise=True),
        TagRule(tag="mass", floor=Level.CITY, supervise=True),
        TagRule(tag="illegal_act", illegal=True),
    )
    case = a_full_case(3, tags=("media", "mass", "illegal_act"), rules=full_rules(3, tags=tags))

    assert case.state.level is Level.CITY
    assert len(case.state.supervisions) == 1
    assert case.state.supervisions[0].by == CITY
    assert case.of_kind("tagged")[0].data["tags"] == ["media", "mass"]


def test_e9_a_floor_without_supervision_opens_no_order_and_the_other_way_round() -> None:
    only_floor = (TagRule(tag="media", floor=Level.DISTRICT),)
    lifted = a_full_case(3, tags=("media",), rules=full_rules(3, tags=only_floor))
    assert (lifted.state.level, lifted.state.supervisions) == (Level.DISTRICT, ())
    only_order = (TagRule(tag="media", supervise=True),)
    watched = a_full_case(3, tags=("media",), rules=full_rules(3, tags=only_order))
    assert (watched.state.level, len(watched.state.supervisions)) == (Level.STREET, 1)
    assert watched.state.supervisions[0].by == STREET


def test_e9_comes_on_top_of_e1() -> None:
    rules_of = full_rules(1, floor=Level.DISTRICT, tags=(TagRule(tag="mass", floor=Level.CITY),))
    case = a_full_case(1, tags=("mass",), rules=rules_of)

    assert [fact.data["trigger"] for fact in case.of_kind("escalated")] == ["E1", "E9"]
    assert case.state.level is Level.CITY


def test_e9_waits_for_an_owner() -> None:
    case = a_full_case(3, tags=("media",), decision=decision(None))
    assert case.of_kind("tagged") == []
    case.filed()
    assert case.state.level is Level.DISTRICT
    assert len(case.state.supervisions) == 1


def test_e9_is_not_for_cases_begun_before_the_rulebook() -> None:
    tags = (TagRule(tag="media", floor=Level.DISTRICT, supervise=True),)
    case = a_case(3, tags=("media",), rules=rules(3, tags=tags))

    assert (case.state.level, case.state.supervisions) == (Level.STREET, ())
