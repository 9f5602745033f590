"""A small made-up city with made-up rules, categories and requests: what routing's properties hold over."""

from dataclasses import replace
from functools import cache
from typing import Any

from hypothesis import strategies as st

from domain.calendar import WorkCalendar
from domain.catalogue import Category, CategoryKind, FilingCondition
from domain.decision import RouteRequest
from domain.limit import Limit
from domain.org import Area, AreaTable, OrgTree, UnitTemplate, Zone
from domain.pack import (
    CityFacts,
    CityPack,
    LocateSettings,
    MergeSettings,
    RoutingRule,
    Selector,
    ZoneLayer,
)
from domain.place import Level, LocateMethod, Place
from domain.policy import CheckRule, EscalationRules, SeverityPolicy, StageLimits
from domain.unit import DutyHours, Unit

DAY = Limit.parse("1WD")
FLOORS = {1: Level.DISTRICT, 2: Level.STREET, 3: Level.GRID, 4: Level.GRID}
KINDS = ("ROADS", "PARKS")
CATEGORIES = ("E1", "E2", "P1", "P2")
TAKEN = ("E*",)
DUTY_LIST = ("E1",)
HOURS = ((1320, 360), (480, 1020))
TAGS = ("rain", "leader")


@cache
def areas() -> AreaTable:
    """Two districts with two streets, each with two communities with two grids; a zone runs street 22."""
    rows = [Area(level=Level.CITY, code="0", name="市")]
    for level, above in ((Level.DISTRICT, "0"), (Level.STREET, ""), (Level.COMMUNITY, ""), (Level.GRID, "")):
        parents = ["0"] if above else [row.code for row in rows if row.level == level - 1]
        for parent in parents:
            for digit in "12":
                code = digit if parent == "0" else parent + digit
                rows.append(
                    Area(
                        level=level,
                        code=code,
                        name=code,
                        parent=parent,
                        zone="Z" if code.startswith("22") else None,
                    )
                )
    return AreaTable(areas=rows, zones=[Zone(code="Z", name="园区")])


def unit(kind: str, level: Level, area: str, *, zone: bool = False) -> Unit:
    duty = DutyHours.ALWAYS
    code = f"{area}-{kind}"
    return Unit(
        code=code, name_zh=code, name_en=code, kind=kind, level=level, area_code=area, zone=zone, duty=duty
    )


UNITS = [
    *(unit(kind, Level.CITY, "0") for kind in ("COMMAND", "ROADS")),
    *(unit(kind, Level.DISTRICT, area) for kind in ("COMMAND", *KINDS) for area in "12"),
    *(unit(kind, Level.DISTRICT, "Z", zone=True) for kind in ("COMMAND", "ROADS")),
    unit("ROADS", Level.STREET, "11"),
]
TEMPLATES = [
    UnitTemplate(
        level=level, kind=kind, code="{code}-" + kind, name_zh="{name}", name_en="{name}", duty_list=duty
    )
    for level, kind, duty in (
        (Level.STREET, "COMMAND", ()),
        (Level.COMMUNITY, "COMMUNITY", DUTY_LIST),
        (Level.GRID, "GRID", ()),
    )
]


@cache
def severities() -> dict[int, SeverityPolicy]:
    stages = StageLimits(
        triage=DAY,
        sign_in=DAY,
        return_request=DAY,
        return_decision=DAY,
        arbitration=DAY,
        contact=DAY,
        check=DAY,
        rework=DAY,
        visit_start=DAY,
        visit=DAY,
        retention=DAY,
    )
    return {
        severity: SeverityPolicy(
            severity=severity,
            stages=stages,
            escalation=EscalationRules(floor=floor, repeat=DAY),
            default_limit=DAY,
        )
        for severity, floor in FLOORS.items()
    }


def category(code: str, *, kind: str, level: Level, severity: int) -> Category:
    conditions = tuple(
        FilingCondition(code=name, name_zh=name, name_en=name, limit=Limit.parse(limit))
        for name, limit in (("bad", "2UH"), ("mild", "5WD"))
    )
    return Category(
        code=code,
        scheme="own",
        kind=CategoryKind.EVENT,
        name_zh=code,
        name_en=code,
        departments=(kind, "COMMUNITY"),
        level=level,
        severity=severity,
        conditions=conditions,
    )


def pack_of(rules: tuple[RoutingRule, ...], catalogue: dict[str, Category]) -> CityPack:
    return CityPack(
        city=CityFacts(
            code="small",
            name_zh="小城",
            name_en="Small",
            languages=("zh",),
            timezone="Asia/Shanghai",
            release="1",
            bbox=(0.0, 0.0, 1.0, 1.0),
            metric_epsg=3857,
        ),
        channels={},
        locate=LocateSettings(),
        merge=MergeSettings(),
        areas=areas(),
        zones={"zone": ZoneLayer(kind="zone", precedence=1, categories=TAKEN, narrowed={})},
        catalogue=catalogue,
        condition_departments={("E2", "mild"): ("PARKS",)},
        tree=OrgTree(areas=areas(), units=UNITS, templates=TEMPLATES),
        rules=rules,
        severities=severities(),
        check=CheckRule.SEVERE,
        calendar=WorkCalendar(timezone="Asia/Shanghai", periods=((510, 720),)),
        version="1",
    )


maybe = st.none
selectors = st.one_of(
    st.builds(
        Selector,
        kind=st.sampled_from((*KINDS, "COMMAND", "COMMUNITY", "GRID", "NOBODY")),
        level=maybe() | st.sampled_from(Level),
    ),
    st.builds(Selector, unit=st.sampled_from([u.code for u in UNITS] + ["111-COMMUNITY", "nobody"])),
)
codes = {level: [area.code for area in areas().at(level)] for level in Level}
demands: dict[str, st.SearchStrategy[object]] = {
    "categories": st.sampled_from([("E1",), ("E*",), ("*",), ("P1", "E2"), ("P?",)]),
    "condition": st.sampled_from(("bad", "mild")),
    "department": st.sampled_from(KINDS),
    "severity_at_most": st.integers(1, 3),
    "district": st.sampled_from(codes[Level.DISTRICT]),
    "street": st.sampled_from(codes[Level.STREET]),
    "community": st.sampled_from(codes[Level.COMMUNITY][:2]),
    "grid": st.sampled_from(codes[Level.GRID][:2]),
    "zone": st.just("Z"),
    "channel": st.just("hotline"),
    "tag": st.sampled_from(TAGS),
    "hours": st.sampled_from(HOURS),
}


@st.composite
def rule_bodies(draw: st.DrawFn) -> RoutingRule:
    """A rule with few demands: one with many would hardly ever match."""
    names = draw(st.lists(st.sampled_from(sorted(demands)), unique=True, max_size=2))
    asked: dict[str, Any] = {name: draw(demands[name]) for name in names}
    return RoutingRule(
        id="",
        lead=draw(selectors),
        co=draw(maybe() | st.lists(selectors, max_size=2).map(tuple)),
        copy_to=draw(st.lists(selectors, max_size=1).map(tuple)),
        level=draw(maybe() | st.sampled_from(Level)),
        limit=draw(maybe() | st.just(Limit.parse("3ND"))),
        **asked,
    )


rule_lists = st.lists(rule_bodies(), min_size=1, max_size=8).map(
    lambda bodies: tuple(replace(body, id=f"r{index}") for index, body in enumerate(bodies))
)
catalogues = st.fixed_dictionaries(
    {
        code: st.builds(
            category,
            st.just(code),
            kind=st.sampled_from(KINDS),
            level=st.sampled_from(Level),
            severity=st.integers(1, 4),
        )
        for code in CATEGORIES
    }
)
packs = st.builds(pack_of, rule_lists, catalogues)
places = st.sampled_from([area.code for level in Level for area in areas().at(level)]).map(
    lambda code: Place(chain=areas().chain(code), method=LocateMethod.EXACT)
)
requests = st.builds(
    RouteRequest,
    place=places,
    category=st.sampled_from(CATEGORIES),
    condition=maybe() | st.sampled_from(("bad", "mild", "unheard-of")),
    severity=maybe() | st.integers(1, 4),
    channel=st.sampled_from(("", "hotline")),
    tags=st.lists(st.sampled_from(TAGS), unique=True).map(tuple),
    asset_owner=maybe() | st.sampled_from(("PARKS", "2-ROADS", "HEATING")),
    minute_of_day=maybe() | st.integers(0, 1439),
)
