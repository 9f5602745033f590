"""What holds for every pack and every request, however odd: made-up rules over a small city."""

from dataclasses import replace

from hypothesis import assume, given
from hypothesis import strategies as st

from domain.decision import RouteRequest, Shortfall
from domain.org import OrgTree
from domain.pack import (
    CityPack,
    RoutingRule,
    Selector,
)
from domain.place import Level, LocateMethod, Place, ZoneRef
from domain.unit import DutyHours
from routing import build_book, decide, ladder
from routing.facts import within
from routing.shadow import shadowed_by
from tests.unit.routing_city import (
    DUTY_LIST,
    FLOORS,
    KINDS,
    TEMPLATES,
    UNITS,
    areas,
    category,
    pack_of,
    packs,
    requests,
)


@given(pack=packs, request=requests)
def test_a_decision_has_a_lead_or_a_shortfall_and_always_reasons(
    pack: CityPack, request: RouteRequest
) -> None:
    decision = decide(request=request, book=build_book(pack))
    assert (decision.lead is None) == (decision.shortfall is not None)
    assert decision.reasons
    assert all(reason.zh and reason.en and reason.rule and reason.aspect for reason in decision.reasons)
    assert 0.0 <= decision.confidence <= 1.0
    if decision.lead is not None:
        assert pack.tree.get(decision.lead).level == decision.level
        assert {"rule", "lead", "level", "condition", "limit"} <= {r.aspect for r in decision.reasons}


@given(pack=packs, request=requests, data=st.data())
def test_the_order_of_rules_in_the_file_does_not_matter(
    pack: CityPack, request: RouteRequest, data: st.DataObject
) -> None:
    shuffled = replace(pack, rules=tuple(data.draw(st.permutations(pack.rules))))
    assert decide(request=request, book=build_book(shuffled)) == decide(
        request=request, book=build_book(pack)
    )


@given(pack=packs, request=requests)
def test_nobody_below_the_severitys_floor_leads(pack: CityPack, request: RouteRequest) -> None:
    decision = decide(request=request, book=build_book(pack))
    assume(decision.lead is not None)
    severity = request.severity or pack.catalogue[request.category].severity
    assert decision.severity == severity
    assert decision.level <= FLOORS[severity]


@given(pack=packs, request=requests)
def test_a_community_gets_nothing_outside_its_duty_list(pack: CityPack, request: RouteRequest) -> None:
    book = build_book(pack)
    decision = decide(request=request, book=book)
    assume(request.category not in DUTY_LIST)
    given_to = [code for code in (decision.lead, *decision.co_handlers) if code is not None]
    assert not [code for code in given_to if pack.tree.get(code).kind == "COMMUNITY"]
    rungs = ladder(place=request.place, category=request.category, book=book)
    assert next(rung for rung in rungs if rung.level == Level.COMMUNITY).unit is None


@given(pack=packs, request=requests, kind=st.sampled_from((*KINDS, "COMMAND")))
def test_a_zone_comes_before_the_civil_district_for_its_categories_only(
    pack: CityPack, request: RouteRequest, kind: str
) -> None:
    rule = RoutingRule(id="only", lead=Selector(kind=kind, level=Level.DISTRICT))
    plain = replace(request, asset_owner=None)
    decision = decide(request=plain, book=build_book(replace(pack, rules=(rule,))))
    assume(decision.lead is not None and plain.place.area(Level.DISTRICT) is not None)
    street = plain.place.area(Level.STREET)
    in_zone = street is not None and street.code == "22"
    taken = in_zone and request.category.startswith("E") and kind != "PARKS"
    district = plain.place.area(Level.DISTRICT)
    assert district is not None
    assert decision.lead == (f"Z-{kind}" if taken else f"{district.code}-{kind}")


@given(pack=packs, request=requests)
def test_the_winner_is_the_most_specific_and_every_loser_is_named(
    pack: CityPack, request: RouteRequest
) -> None:
    book = build_book(pack)
    plain = replace(request, asset_owner=None)
    decision = decide(request=plain, book=book)
    assume(decision.lead is not None)
    winner = next(reason.rule for reason in decision.reasons if reason.aspect == "rule")
    order = [ranked.rule.id for ranked in book.rules[request.category]]
    losers = [loser.rule for loser in decision.runners_up]
    assert losers == sorted(losers, key=order.index)
    assert len(set(losers)) == len(losers)
    if winner in order:
        assert winner not in losers
        assert all(order.index(winner) < order.index(loser) for loser in losers)


@given(pack=packs, request=requests, data=st.data())
def test_a_rule_reported_as_shadowed_never_wins(
    pack: CityPack, request: RouteRequest, data: st.DataObject
) -> None:
    """A twin with a later id is always reported; whatever else is reported does not win either."""
    twin = replace(data.draw(st.sampled_from(pack.rules)), id="twin")
    crowded = replace(pack, rules=(*pack.rules, twin))
    shadowed = {rule.id for rule in crowded.rules if shadowed_by(rule=rule, pack=crowded) is not None}
    assert "twin" in shadowed
    decision = decide(request=request, book=build_book(crowded))
    winner = next(reason.rule for reason in decision.reasons)
    assert winner not in shadowed


ORDER = [
    # Best first: every rule matches the request below, and each loses to the one before it.
    RoutingRule(id="1", lead=Selector(kind="ROADS"), tag="rain", channel="hotline"),
    RoutingRule(id="2", lead=Selector(kind="ROADS"), tag="rain", district="1"),
    RoutingRule(id="3", lead=Selector(kind="ROADS"), hours=(480, 1020), categories=("E1",)),
    RoutingRule(id="4", lead=Selector(kind="ROADS"), grid="1111"),
    RoutingRule(id="5", lead=Selector(kind="ROADS"), community="111", categories=("E1",)),
    RoutingRule(id="6", lead=Selector(kind="ROADS"), street="11", district="1"),
    RoutingRule(id="7", lead=Selector(kind="ROADS"), zone="Z"),
    RoutingRule(id="8", lead=Selector(kind="ROADS"), district="1", categories=("E1",), condition="bad"),
    RoutingRule(id="9", lead=Selector(kind="ROADS"), categories=("E1",), condition="bad"),
    RoutingRule(id="a", lead=Selector(kind="ROADS"), categories=("E1",)),
    RoutingRule(id="b", lead=Selector(kind="ROADS"), categories=("E?",), condition="bad"),
    RoutingRule(id="c", lead=Selector(kind="ROADS"), categories=("*",)),
    RoutingRule(id="d", lead=Selector(kind="ROADS"), department="ROADS"),
    RoutingRule(id="e", lead=Selector(kind="ROADS")),
    RoutingRule(id="f", lead=Selector(kind="ROADS")),
]


@given(rules=st.permutations(ORDER))
def test_specificity_is_circumstances_then_place_then_category_then_id(rules: list[RoutingRule]) -> None:
    pack = pack_of(tuple(rules), {"E1": category("E1", kind="ROADS", level=Level.STREET, severity=4)})
    zone = ZoneRef(kind="zone", code="Z", name="园区", precedence=1)
    place = Place(chain=areas().chain("1111"), zones=(zone,), method=LocateMethod.EXACT)
    request = RouteRequest(place=place, category="E1", channel="hotline", tags=("rain",), minute_of_day=600)
    decision = decide(request=request, book=build_book(pack))
    assert decision.reasons[0].rule == "1"
    assert [loser.rule for loser in decision.runners_up] == [rule.id for rule in ORDER[1:]]


@given(pack=packs, request=requests)
def test_without_the_winner_the_first_runner_up_wins(pack: CityPack, request: RouteRequest) -> None:
    plain = replace(request, asset_owner=None)
    decision = decide(request=plain, book=build_book(pack))
    winner = next((reason.rule for reason in decision.reasons if reason.aspect == "rule"), None)
    assume(decision.runners_up and winner in {rule.id for rule in pack.rules})
    second = decision.runners_up[0]
    without = replace(pack, rules=tuple(rule for rule in pack.rules if rule.id != winner))
    again = decide(request=plain, book=build_book(without))
    won = next(reason.rule for reason in again.reasons if reason.aspect == "rule")
    assert won == second.rule or second.lead is None


@given(pack=packs, request=requests)
def test_the_limit_is_the_rules_or_the_conditions(pack: CityPack, request: RouteRequest) -> None:
    decision = decide(request=request, book=build_book(pack))
    assume(decision.lead is not None)
    winner = next(reason.rule for reason in decision.reasons if reason.aspect == "rule")
    own = next((rule.limit for rule in pack.rules if rule.id == winner), None)
    condition = pack.catalogue[request.category].condition(decision.condition)
    assert decision.limit == (own or condition.limit)
    assert decision.condition == ("mild" if request.condition == "mild" else "bad")


@given(pack=packs, request=requests)
def test_companions_exist_once_and_never_repeat_the_lead(pack: CityPack, request: RouteRequest) -> None:
    decision = decide(request=request, book=build_book(pack))
    told = [decision.lead, *decision.co_handlers, *decision.copy_to]
    assert len(set(told)) == len(told)
    assert all(pack.tree.find(code) is not None for code in told if code is not None)
    if decision.lead is not None and decision.level == Level.STREET:
        assert any(
            pack.tree.get(code).kind == "COMMAND" for code in (*decision.copy_to, *decision.co_handlers)
        )


@given(pack=packs, request=requests)
def test_the_ladder_has_every_level_once_from_grid_to_city(pack: CityPack, request: RouteRequest) -> None:
    rungs = ladder(place=request.place, category=request.category, book=build_book(pack))
    assert [rung.level for rung in rungs] == sorted(Level, reverse=True)
    assert all((rung.unit is None) == bool(rung.why_empty) for rung in rungs)
    assert rungs[-1].unit == "0-COMMAND"


def test_without_rule_and_locality_the_shortfall_is_no_rule() -> None:
    pack = pack_of((), {"E1": category("E1", kind="ROADS", level=Level.STREET, severity=4)})
    nobody = replace(pack, tree=OrgTree(areas=areas(), units=(), templates=()))
    place = Place(chain=areas().chain("111"), method=LocateMethod.EXACT)
    decision = decide(request=RouteRequest(place=place, category="E1"), book=build_book(nobody))
    assert decision.shortfall is Shortfall.NO_RULE


def test_without_a_rule_the_locality_takes_it_until_a_dispatcher_confirms() -> None:
    pack = pack_of((), {"E1": category("E1", kind="ROADS", level=Level.STREET, severity=4)})
    place = Place(chain=areas().chain("1111"), method=LocateMethod.EXACT)
    decision = decide(request=RouteRequest(place=place, category="E1"), book=build_book(pack))
    assert (decision.lead, decision.shortfall) == ("11-COMMAND", None)
    assert decision.confidence < pack.city.confirm_below


def test_a_unit_without_duty_is_passed_over() -> None:
    rule = RoutingRule(id="only", lead=Selector(kind="ROADS", level=Level.STREET))
    pack = pack_of((rule,), {"P1": category("P1", kind="ROADS", level=Level.STREET, severity=4)})
    off = [replace(u, duty=DutyHours.NONE) if u.area_code == "11" else u for u in UNITS]
    sleepy = replace(pack, tree=OrgTree(areas=areas(), units=off, templates=TEMPLATES))
    place = Place(chain=areas().chain("1111"), method=LocateMethod.EXACT)
    request = RouteRequest(place=place, category="P1")
    assert decide(request=request, book=build_book(pack)).lead == "11-ROADS"
    assert decide(request=request, book=build_book(sleepy)).lead == "1-ROADS"


@given(minute=st.integers(0, 1439), start=st.integers(0, 1439), end=st.integers(0, 1439))
def test_a_span_over_midnight_holds_what_the_day_does_not(minute: int, start: int, end: int) -> None:
    assume(start != end)
    assert within((start, end), minute) != within((end, start), minute)
    assert not within((start, end), None)
