"""Golden decisions for well-known places of Wuhan, and an owner for everything everywhere."""

from functools import cache
from pathlib import Path

import pytest

from domain.decision import RouteRequest, RoutingDecision, Shortfall
from domain.limit import Limit
from domain.org import Area
from domain.pack import CityPack
from domain.place import AreaRef, Level, LocateMethod, Place, PlaceFlag, ZoneRef
from domain.policy import CheckRule
from routing import RouteBook, build_book, case_rules, decide, ladder
from store.pack import load
from usecases.check_pack import place_in

WUHAN = Path(__file__).parents[2] / "cities" / "wuhan"

DAZHI = "420102002000"  # 江岸区大智街道
SHUIGUOHU = "420106012000"  # 武昌区水果湖街道
GUANDONG = "420111080000"  # 洪山区关东街道,东湖高新区
FOZULING = "420115086000"  # 江夏区佛祖岭街道,东湖高新区
LUONAN = "420111001000"  # 洪山区珞南街道
SHAMAO = "420113001000"  # 汉南区纱帽街道,武汉经开区
ZHUANKOU = "420114070000"  # 蔡甸区沌口街道,武汉经开区
SCENIC = "420106490000"  # 武昌区东湖风景区街道,东湖风景区
CBD = "420103401000"  # 江汉区中央商务区
QIANCHUAN = "420116001000"  # 黄陂区前川街道


@cache
def wuhan() -> CityPack:
    return load(folder=WUHAN)


@cache
def book() -> RouteBook:
    return build_book(wuhan())


def street(code: str) -> Area:
    area = wuhan().areas.get(code)
    assert area is not None
    return area


@cache
def place_of(code: str) -> Place:
    return place_in(area=street(code), pack=wuhan())


def community(code: str) -> str:
    ref = place_of(code).area(Level.COMMUNITY)
    assert ref is not None
    return f"{ref.code}-COMMUNITY"


def grid(code: str) -> str:
    ref = place_of(code).area(Level.GRID)
    assert ref is not None
    return f"{ref.code}-GRID"


def route(where: str, category: str, **circumstances: object) -> RoutingDecision:
    request = RouteRequest(place=place_of(where), category=category, **circumstances)  # type: ignore[arg-type]
    return decide(request=request, book=book())


GOLDEN = [
    # where, category, circumstances, lead, limit, rule
    (DAZHI, "P0101", {}, "420102-WATER_UTILITY", "2UH", "dept-WATER_UTILITY"),
    (DAZHI, "P0101", {"condition": "rattling"}, "420102-WATER_UTILITY", "2WD", "dept-WATER_UTILITY"),
    (DAZHI, "P0123", {}, f"{DAZHI}-STREET", "2UH", "dept-STREET"),
    (DAZHI, "E0401", {"minute_of_day": 600}, f"{DAZHI}-URBAN_MGMT", "2UH", "dept-URBAN_MGMT"),
    (DAZHI, "E0401", {"minute_of_day": 1380}, "420102-URBAN_MGMT", "2UH", "night-enforcement"),
    (DAZHI, "E0301", {"minute_of_day": 120}, "420102-URBAN_MGMT", "2UH", "night-works"),
    (DAZHI, "E0301", {"condition": "over_limit"}, "420102-ECOLOGY", "2UH", "dept-ECOLOGY"),
    (DAZHI, "H-NOI-01", {"condition": "night"}, f"{DAZHI}-POLICE", "2UH", "noise-at-night"),
    (DAZHI, "H-WAT-01", {"tags": ("summer",)}, "420102-WATER_UTILITY", "3WD", "summer-water"),
    (DAZHI, "E0505", {"tags": ("metro_works",)}, "4201-CONSTRUCTION", "2UH", "metro-collapse"),
    (DAZHI, "E0405", {"tags": ("leader_instruction",)}, "420102-COMMAND", "2UH", "e9-leader"),
    (DAZHI, "H-ENQ-01", {"channel": "hotline"}, "4201-COMMAND", "1WD", "hotline-enquiry"),
    (DAZHI, "E0508", {"condition": "telecom"}, "420102-TELECOM", "2WH", "dept-TELECOM"),
    (SHUIGUOHU, "P0209", {}, "4201-BRIDGE", "3WD", "bridge-city"),
    (SHUIGUOHU, "E0502", {}, "4201-GAS_UTILITY", "1UH", "gas-city"),
    (SHUIGUOHU, "P0206", {}, "420106-BRIDGE", "5WD", "dept-BRIDGE"),
    (GUANDONG, "P0137", {}, "ZONE-EASTLAKE-HT-LIGHTING", "1WD", "dept-LIGHTING"),
    (GUANDONG, "E0304", {}, "ZONE-EASTLAKE-HT-CONSTRUCTION", "2WH", "hightech-sites"),
    (FOZULING, "E0113", {}, "ZONE-EASTLAKE-HT-MUNICIPAL", "5WD", "dept-MUNICIPAL"),
    (LUONAN, "P0137", {}, "420111-LIGHTING", "1WD", "dept-LIGHTING"),
    (LUONAN, "E0304", {}, "420111-CONSTRUCTION", "2WH", "dept-CONSTRUCTION"),
    (SHAMAO, "H-WAG-01", {}, "ZONE-ETDZ-HRSS", "5WD", "dept-HRSS"),
    (ZHUANKOU, "E0503", {}, "ZONE-ETDZ-DRAINAGE", "4WH", "dept-DRAINAGE"),
    (SCENIC, "E0125", {}, "ZONE-EASTLAKE-SCENIC-WATER_AUTHORITY", "2WD", "scenic-lake"),
    (SCENIC, "H-MKT-01", {}, "420106-MARKET_REG", "7WD", "dept-MARKET_REG"),
    (CBD, "E0406", {}, "420103-URBAN_MGMT", "2UH", "cbd-order"),
    (QIANCHUAN, "E0503", {}, f"{QIANCHUAN}-STREET", "4WH", "huangpi-sewers"),
    (QIANCHUAN, "E0503", {"condition": "broken"}, "420116-DRAINAGE", "1UH", "dept-DRAINAGE"),
    (DAZHI, "S-FIR-01", {}, "420102-FIRE", "10MIN", "home-alarm"),
    (DAZHI, "S-MHC-01", {"asset_owner": "LIGHTING"}, "420102-LIGHTING", "2UH", "dept-LIGHTING"),
    (
        DAZHI,
        "P0154",
        {"asset_owner": "420102-POWER_UTILITY"},
        "420102-POWER_UTILITY",
        "2WD",
        "builtin:asset-owner",
    ),
]


@pytest.mark.parametrize(("where", "category", "circumstances", "want"), [(*g[:3], g[3:]) for g in GOLDEN])
def test_golden_decisions(
    where: str, category: str, circumstances: dict[str, object], want: tuple[str, str, str]
) -> None:
    decision = route(where, category, **circumstances)
    rule = next(reason.rule for reason in decision.reasons if reason.aspect == "rule")
    assert (decision.lead, str(decision.limit), rule) == want
    assert decision.confidence == 1.0
    assert decision.version == wuhan().version
    assert decision.category == category


def test_a_street_that_owns_is_supervised_by_its_district() -> None:
    assert route(DAZHI, "E0111").copy_to == ("420102-COMMAND",)
    assert route(GUANDONG, "E0111").copy_to == ("ZONE-EASTLAKE-HT-COMMAND",)
    assert route(DAZHI, "P0137").copy_to == ()


def test_co_handlers_are_those_the_catalogue_joins() -> None:
    assert route(DAZHI, "E0496x").co_handlers == (f"{DAZHI}-STREET",)
    assert route(DAZHI, "S-GAS-01").co_handlers == ("4201-URBAN_MGMT",)
    assert route(DAZHI, "S-GAS-01", condition="near_bridge").co_handlers == ("4201-BRIDGE",)
    assert route(DAZHI, "S-FIR-01").co_handlers == (community(DAZHI), grid(DAZHI))


def test_a_grid_worker_tidies_and_the_losers_are_named() -> None:
    decision = route(DAZHI, "E0110")
    assert (decision.lead, decision.level) == (grid(DAZHI), Level.GRID)
    assert [(loser.rule, loser.lead) for loser in decision.runners_up] == [
        ("dept-SANITATION", f"{DAZHI}-SANITATION")
    ]
    assert "类别较宽" in decision.runners_up[0].why_zh


def test_graver_than_usual_takes_it_up_and_keeps_the_grid_worker_on_the_spot() -> None:
    decision = route(DAZHI, "E0110", severity=1)
    assert (decision.lead, decision.level) == ("420102-SANITATION", Level.DISTRICT)
    assert grid(DAZHI) in decision.co_handlers


def test_the_community_gets_what_its_duty_list_names() -> None:
    assert route(DAZHI, "H-PRO-01").lead == community(DAZHI)
    assert route(DAZHI, "H-AID-01").lead == community(DAZHI)


def test_an_event_nobody_signs_for_climbs_five_levels() -> None:
    rungs = ladder(place=place_of(DAZHI), category="E0110", book=book())
    assert [(rung.level, rung.unit) for rung in rungs] == [
        (Level.GRID, grid(DAZHI)),
        (Level.COMMUNITY, community(DAZHI)),
        (Level.STREET, f"{DAZHI}-COMMAND"),
        (Level.DISTRICT, "420102-COMMAND"),
        (Level.CITY, "4201-COMMAND"),
    ]


def test_the_ladder_passes_by_a_community_whose_list_does_not_name_the_category() -> None:
    rungs = ladder(place=place_of(DAZHI), category="E0401", book=book())
    assert [rung.unit is None for rung in rungs] == [False, True, False, False, False]
    assert "职责清单" in rungs[1].why_empty


def test_in_a_zone_the_ladder_goes_through_the_zone_for_its_categories_only() -> None:
    def district(category: str) -> str | None:
        return ladder(place=place_of(SCENIC), category=category, book=book())[3].unit

    assert district("E0125") == "ZONE-EASTLAKE-SCENIC-COMMAND"
    assert district("H-WAG-01") == "420106-COMMAND"


def test_a_place_known_only_to_its_street_has_empty_rungs_below() -> None:
    place = Place(chain=wuhan().areas.chain(DAZHI), method=LocateMethod.ADDRESS)
    rungs = ladder(place=place, category="E0110", book=book())
    assert [rung.unit for rung in rungs[:3]] == [None, None, f"{DAZHI}-COMMAND"]
    decision = decide(request=RouteRequest(place=place, category="E0110"), book=book())
    assert decision.lead == f"{DAZHI}-COMMAND"
    assert decision.confidence < wuhan().city.confirm_below


def test_a_border_between_districts_asks_a_dispatcher_and_one_inside_a_district_does_not() -> None:
    here = place_of(LUONAN)
    for other, sure in ((place_of(GUANDONG), False), (place_of("420111004000"), True)):
        assert other.finest is not None
        near = Place(chain=here.chain, method=LocateMethod.BORDER, alternates=(other.finest,))
        decision = decide(request=RouteRequest(place=near, category="P0137"), book=book())
        assert decision.lead == "420111-LIGHTING"
        assert (decision.confidence == 1.0) is sure


def test_the_zone_of_the_located_place_counts_even_where_the_area_table_names_none() -> None:
    zone = ZoneRef(kind="functional_zone", code="ZONE-ETDZ", name="武汉经开区", precedence=10)
    place = Place(chain=place_of(DAZHI).chain, zones=(zone,), method=LocateMethod.EXACT)
    decision = decide(request=RouteRequest(place=place, category="P0137"), book=book())
    assert decision.lead == "ZONE-ETDZ-LIGHTING"


@pytest.mark.parametrize(
    ("place", "category", "shortfall"),
    [
        (Place(), "P0101", Shortfall.NO_LOCATION),
        (Place(flags=(PlaceFlag.OUTSIDE_CITY,)), "P0101", Shortfall.OUTSIDE_CITY),
        (None, "X-NO-SUCH", Shortfall.UNKNOWN_CATEGORY),
        (
            Place(chain=(AreaRef(level=Level.DISTRICT, code="nowhere", name="?"),)),
            "P0137",
            Shortfall.NO_UNIT,
        ),
    ],
)
def test_shortfalls_go_to_triage_with_a_reason(
    place: Place | None, category: str, shortfall: Shortfall
) -> None:
    request = RouteRequest(place=place or place_of(DAZHI), category=category)
    decision = decide(request=request, book=book())
    assert (decision.lead, decision.shortfall, decision.confidence) == (None, shortfall, 0.0)
    assert decision.reasons[0].aspect == "shortfall"


def test_an_unknown_filing_condition_falls_back_to_the_default_and_says_so() -> None:
    decision = route(DAZHI, "P0101", condition="exploded")
    assert (decision.condition, str(decision.limit)) == ("missing", "2UH")
    assert decision.confidence < 1.0


def test_the_rules_pinned_to_a_case_are_the_packs() -> None:
    decision = route(DAZHI, "P0101")
    rungs = ladder(place=place_of(DAZHI), category="P0101", book=book())
    rules = case_rules(pack=wuhan(), decision=decision, ladder=rungs)
    assert rules.version == wuhan().version
    assert rules.severity is wuhan().severities[2]
    assert rules.severity.default_limit == Limit.parse("24UH")
    assert (rules.ladder, rules.check) == (rungs, CheckRule.ALWAYS)
    demand = route(DAZHI, "H-WAG-01")
    assert case_rules(pack=wuhan(), decision=demand, ladder=rungs).check is CheckRule.SEVERE


def test_every_category_has_an_owner_by_rule_in_every_street_of_wuhan() -> None:
    for area in wuhan().areas.at(Level.STREET):
        place = place_of(area.code)
        for category in wuhan().catalogue:
            decision = decide(request=RouteRequest(place=place, category=category), book=book())
            assert decision.lead is not None, (area.code, category)
            assert decision.confidence == 1.0, (area.code, category)
            assert wuhan().tree.get(decision.lead).level == decision.level
            floor = wuhan().severities[decision.severity].escalation.floor
            assert decision.level <= floor, (area.code, category)


def test_every_grid_of_wuhan_has_its_own_worker() -> None:
    for area in wuhan().areas.at(Level.GRID)[::7]:
        place = Place(chain=wuhan().areas.chain(area.code), method=LocateMethod.EXACT)
        decision = decide(request=RouteRequest(place=place, category="E0110"), book=book())
        assert decision.lead == f"{area.code}-GRID"
