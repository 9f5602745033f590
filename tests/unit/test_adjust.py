"""Seasons and classes of areas change limits where they hold, and nothing anywhere else."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import assume, given
from hypothesis import strategies as st

from domain.clock import due
from domain.decision import RouteRequest, RoutingDecision
from domain.limit import Limit, LimitUnit
from domain.overlay import GridClass, RuleOverlay
from domain.pack import CityPack, RoutingRule, Selector
from domain.place import Level, LocateMethod, Place
from domain.worktime import MINUTE, day_length
from routing import Event, adjust, build_book, decide
from routing.adjust import class_of, stretched
from routing.words import LIMITS_ZH
from store.pack.overlays import STAGES
from tests.unit.routing_city import CATEGORIES, TAGS, areas, category, pack_of

STARTS, ENDS = datetime(2026, 6, 15, tzinfo=UTC), datetime(2026, 9, 15, tzinfo=UTC)
INSIDE = datetime(2026, 7, 1, 3, tzinfo=UTC)
GRID = areas().at(Level.GRID)[0].code
SECOND = timedelta(seconds=1)

PACK = pack_of(
    (RoutingRule(id="all", lead=Selector(kind="ROADS", level=Level.DISTRICT)),),
    {
        code: category(code, kind="ROADS", level=Level.DISTRICT, severity=severity)
        for code, severity in zip(CATEGORIES, (1, 2, 3, 4), strict=True)
    },
)
SEVERE, MILD = "E1", "P2"


def overlay(**changes: object) -> RuleOverlay:
    given_: dict[str, object] = {
        "id": "summer", "name_zh": "度夏", "name_en": "Summer", "starts": STARTS, "ends": ENDS, "tags": ("rain",),
        "limit": Limit.parse("1UH"), "stages": (("contact", Limit.parse("2UH")),),
    }  # fmt: skip
    return RuleOverlay(**(given_ | changes))  # type: ignore[arg-type]


def grade(factor: float, *patterns: str, name: str = "A") -> GridClass:
    return GridClass(name=name, name_zh=name, name_en=name, factor=factor, areas=patterns or ("*",))


def place(code: str = GRID) -> Place:
    return Place(chain=areas().chain(code), method=LocateMethod.MANUAL)


def decided(pack: CityPack, code: str = MILD) -> RoutingDecision:
    return decide(request=RouteRequest(place=place(), category=code), book=build_book(pack))


def event(code: str = MILD, *, tags: tuple[str, ...] = ("rain",), at: datetime = INSIDE) -> Event:
    return Event(category=code, tags=tags, place=place(), received_at=at)


def said(decision: RoutingDecision) -> list[str]:
    return [reason.rule for reason in decision.reasons if reason.aspect == "limit"][1:]


categories = st.sampled_from(CATEGORIES)
tags = st.lists(st.sampled_from(TAGS), unique=True).map(tuple)
instants = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 30)).map(lambda at: at.replace(tzinfo=UTC))  # noqa: DTZ001
limits = st.builds(Limit, amount=st.integers(1, 90).map(float), unit=st.sampled_from(LimitUnit))
overlays = st.builds(
    overlay,
    id=st.sampled_from(("a", "b", "c")),
    tags=st.sampled_from(((), ("rain",), ("rain", "leader"))),
    categories=st.sampled_from(((), ("E*",), ("P2",))),
    limit=st.none() | limits,
    stages=st.lists(st.tuples(st.sampled_from(("contact", "sign_in", "check")), limits), max_size=2).map(
        lambda pairs: tuple(dict(pairs).items())
    ),
    priority=st.integers(0, 2),
    may_lengthen=st.booleans(),
)


@given(found=st.lists(overlays, max_size=3).map(tuple), code=categories, labels=tags, at=instants)
def test_outside_their_dates_overlays_change_nothing(
    found: tuple[RuleOverlay, ...], code: str, labels: tuple[str, ...], at: datetime
) -> None:
    assume(not STARTS <= at < ENDS)
    pack = replace(PACK, overlays=found)
    before = decided(pack, code)
    after = adjust(pack=pack, decision=before, event=event(code, tags=labels, at=at))
    assert after.decision == before
    assert after.policy == pack.severities[before.severity]


@given(found=overlays, code=categories, labels=tags)
def test_an_overlay_that_does_not_select_the_event_changes_nothing(
    found: RuleOverlay, code: str, labels: tuple[str, ...]
) -> None:
    assume(not found.holds(category=code, tags=labels, at=INSIDE))
    pack = replace(PACK, overlays=(found,))
    before = decided(pack, code)
    assert adjust(pack=pack, decision=before, event=event(code, tags=labels)).decision == before


@given(found=st.lists(overlays, max_size=3).map(tuple), code=categories, labels=tags, at=instants)
def test_without_leave_no_limit_gets_longer_and_every_change_has_its_reason(
    found: tuple[RuleOverlay, ...], code: str, labels: tuple[str, ...], at: datetime
) -> None:
    pack = replace(PACK, overlays=tuple(replace(one, may_lengthen=False) for one in found))
    before = decided(pack, code)
    policy = pack.severities[before.severity]
    after = adjust(pack=pack, decision=before, event=event(code, tags=labels, at=at))
    pairs = [(before.limit, after.decision.limit)]
    pairs += [
        (getattr(policy.stages, name), getattr(after.policy.stages, name))
        for name in ("contact", "sign_in", "check")
    ]
    for old, new in pairs:
        assert old is not None
        assert new is not None
        assert ends(new, at) <= ends(old, at)
    changed = any(old != new for old, new in pairs)
    assert changed == bool(said(after.decision))
    assert len(after.decision.reasons) == len(before.reasons) + len(said(after.decision))


def ends(limit: Limit, at: datetime) -> datetime:
    return due(start=at, limit=limit, calendar=PACK.calendar).at


def test_the_first_instant_is_included_and_the_last_is_not() -> None:
    pack = replace(PACK, overlays=(overlay(),))
    before = decided(pack)
    for at, holds in ((STARTS - SECOND, False), (STARTS, True), (ENDS - SECOND, True), (ENDS, False)):
        after = adjust(pack=pack, decision=before, event=event(at=at))
        assert (said(after.decision) == ["overlay:summer"]) is holds
        assert (str(after.policy.stages.contact) == "2UH") is holds


def test_the_higher_priority_sets_a_limit_and_the_lower_the_others() -> None:
    low = overlay(id="a-low", limit=Limit.parse("30MIN"), stages=(("check", Limit.parse("1UH")),))
    high = overlay(id="z-high", priority=5)
    pack = replace(PACK, overlays=(low, high))
    after = adjust(pack=pack, decision=decided(pack), event=event())
    assert str(after.decision.limit) == "1UH"
    assert str(after.policy.stages.check) == "1UH"
    assert str(after.policy.stages.contact) == "2UH"
    assert said(after.decision) == ["overlay:z-high", "overlay:a-low"]


def test_more_time_needs_leave() -> None:
    longer = overlay(limit=Limit.parse("300ND"), stages=())
    before = decided(PACK)
    strict = adjust(pack=replace(PACK, overlays=(longer,)), decision=before, event=event())
    assert strict.decision == before
    free = replace(PACK, overlays=(replace(longer, may_lengthen=True),))
    assert str(adjust(pack=free, decision=before, event=event()).decision.limit) == "300ND"


def test_a_limit_of_the_rulebook_is_left_alone_where_there_is_no_rulebook() -> None:
    pack = replace(PACK, overlays=(overlay(limit=None, stages=(("verify", Limit.parse("10MIN")),)),))
    before = decided(pack)
    assert adjust(pack=pack, decision=before, event=event()).decision == before


@given(code=categories, factor=st.floats(0.001, 20))
def test_a_class_multiplies_and_the_severe_never_get_more_time(code: str, factor: float) -> None:
    pack = replace(PACK, grid_classes=(grade(factor),))
    before = decided(pack, code)
    assert before.limit is not None
    after = adjust(pack=pack, decision=before, event=event(code)).decision
    assert after.limit is not None
    assert after.limit.unit is before.limit.unit
    if before.severity <= 2:
        assert after.limit.amount <= before.limit.amount
    assert said(after) == ([] if after.limit == before.limit else ["grid-class:A"])


@given(limit=limits, factor=st.floats(1e-9, 100, exclude_min=True))
def test_a_stretched_limit_keeps_its_unit_and_is_never_below_a_minute(limit: Limit, factor: float) -> None:
    found = stretched(limit=limit, factor=factor, calendar=PACK.calendar)
    minutes = {"MIN": 1.0, "UH": 60.0, "WH": 60.0, "UD": 1440.0, "ND": 1440.0}
    minutes["WD"] = day_length(PACK.calendar) / MINUTE
    assert found.unit is limit.unit
    assert found.amount * minutes[limit.unit.value] >= 1.0 - 1e-9
    assert found.amount <= max(limit.amount * factor + 1e-4, 1.0)
    assert Limit.parse(f"{found.amount:.6f}{found.unit.value}").unit is limit.unit


def test_the_finest_area_decides_the_class() -> None:
    chain = [ref.code for ref in place().chain]
    classes = (grade(1.0, chain[1], name="district"), grade(2.0, chain[2], name="street"), grade(3.0, "2*"))
    found = class_of(classes=classes, place=place())
    assert found is not None
    assert found.name == "street"
    assert class_of(classes=(grade(3.0, "9*"),), place=place()) is None
    assert class_of(classes=classes, place=Place()) is None


def test_an_overlay_sets_its_limit_over_that_of_the_class() -> None:
    pack = replace(PACK, grid_classes=(grade(0.5),), overlays=(overlay(),))
    after = adjust(pack=pack, decision=decided(pack), event=event()).decision
    assert said(after) == ["grid-class:A", "overlay:summer"]
    assert str(after.limit) == "1UH"


def test_a_case_without_an_owner_keeps_the_seasons_limit_for_later() -> None:
    pack = replace(PACK, overlays=(overlay(),))
    short = decide(request=RouteRequest(place=Place(), category=MILD), book=build_book(pack))
    assert short.limit is None
    after = adjust(pack=pack, decision=short, event=event())
    assert after.decision.limit is None
    assert str(after.policy.default_limit) == "1UH"


def test_every_limit_an_overlay_may_set_has_a_chinese_name() -> None:
    assert {"limit", *STAGES} == set(LIMITS_ZH)
