"""As whom people act: the post a case takes its word from, the units they may speak for, and what is offered."""

from dataclasses import replace
from typing import Any, cast

import pytest

from domain.account import Grant, Permission, Post, Principal
from domain.actor import Actor, Role
from domain.aspects import Verification
from domain.errors import CommandRefused
from domain.place import AreaRef, Level, Place, ZoneRef
from domain.views import CaseView
from store.engine import Store
from tests.integration.people_city import city_of
from tests.integration.store_samples import NOW, view
from usecases import permits, staff
from usecases.city import City, Grounds
from usecases.problems import BadRequest, ProblemCode

DISTRICT, STREET = "420106", "420106001000"
COMMAND, BUREAU = f"{DISTRICT}-COMMAND", f"{DISTRICT}-URBAN_MGMT"
SCENIC = "ZONE-EASTLAKE-SCENIC"


@pytest.fixture
def city(wuhan: Grounds) -> City:
    """Return the flagship; nothing here asks the store."""
    return city_of(wuhan, cast("Store", None))


@pytest.fixture
def grid(city: City) -> str:
    """Return the unit of a grid in the street."""
    inside = (one for one in city.pack.areas.at(Level.GRID) if one.code.startswith(STREET[:9]))
    unit = city.pack.tree.responsible(kind="GRID", level=Level.GRID, area_code=next(inside).code)
    assert unit is not None
    return unit.code


def somebody(*held: tuple[Post, str] | Grant) -> Principal:
    grants = tuple(one if isinstance(one, Grant) else Grant(post=one[0], unit=one[1]) for one in held)
    return Principal(account="wang", name="王", grants=grants)


def a_case(**changes: Any) -> CaseView:
    chain = (
        AreaRef(level=Level.CITY, code="4201", name=""), AreaRef(level=Level.DISTRICT, code=DISTRICT, name=""),
        AreaRef(level=Level.STREET, code=STREET, name=""),
    )  # fmt: skip
    here = {
        "category": "E0110", "city": "4201", "district": DISTRICT, "street": STREET, "zones": (), "co_handlers": (),
        "place": Place(chain=chain), "owner": BUREAU,
    }  # fmt: skip
    return view(1, **{**here, **changes})


def speaks(city: City, who: Principal, case: CaseView, kind: str) -> tuple[Role, str | None]:
    actor = staff.speaker(city=city, who=who, view=case, kind=kind)
    return actor.role, actor.unit


def offered(city: City, who: Principal, case: CaseView) -> set[str]:
    return {one.kind for one in staff.allowed(city=city, who=who, view=case)}


def test_of_several_posts_the_one_speaks_that_the_case_listens_to(city: City) -> None:
    both = somebody((Post.STAFF, BUREAU), (Post.TRIAGE, COMMAND))
    assert speaks(city, both, a_case(), "sign_in") == (Role.HANDLER, BUREAU)
    asked = a_case(status="return_requested")
    assert speaks(city, both, asked, "grant_return") == (Role.DISPATCHER, COMMAND)
    assert {"grant_return", "refuse_return"} <= offered(city, both, asked)
    assert "sign_in" in offered(city, both, a_case())
    only_staff = somebody((Post.STAFF, BUREAU))
    # Nothing fits: it is sent as what they are, and the case refuses in its own words.
    assert speaks(city, only_staff, asked, "grant_return") == (Role.HANDLER, BUREAU)
    assert "grant_return" not in offered(city, only_staff, asked)


def test_a_ruling_is_the_arbiters_and_those_above(city: City) -> None:
    case = a_case(status="arbitration", arbiter=COMMAND, supervisors=(COMMAND,))
    district, above = (
        somebody((Post.DISTRICT_SUPERVISOR, COMMAND)),
        somebody((Post.CITY_SUPERVISOR, "4201-COMMAND")),
    )
    beside = somebody(Grant(post=Post.DISTRICT_SUPERVISOR, unit="420102-COMMAND", areas=(DISTRICT,)))
    assert "rule" in offered(city, district, case)
    assert "rule" in offered(city, above, case)
    assert "rule" not in offered(city, beside, case)


def test_whoever_looks_on_site_looks_for_a_unit_below_but_never_for_who_handled_it(
    city: City, grid: str
) -> None:
    checker = somebody((Post.CHECKER, f"{STREET}-COMMAND"))
    case = a_case(status="checking", checker=grid)
    assert speaks(city, checker, case, "record_check") == (Role.CHECKER, grid)
    assert "record_check" in offered(city, checker, case)
    handled = replace(case, owner=f"{STREET}-COMMAND")
    assert "record_check" not in offered(city, checker, handled)
    assert all(one.unit != grid for one in permits.actors_for(city=city, who=checker, view=handled))
    looked = replace(case.aspects, verification=Verification(unit=grid, asked_at=NOW))
    asked = a_case(status="verifying_pre", checker=None, owner="4201-COMMAND", aspects=looked)
    worker = somebody((Post.GRID_WORKER, grid))
    assert speaks(city, worker, asked, "record_verification") == (Role.CHECKER, grid)
    assert "record_verification" in offered(city, worker, asked)


def test_a_command_centres_leader_does_not_do_the_bureaus_work(city: City) -> None:
    centre = somebody((Post.LEADER, COMMAND))
    assert permits.sees(scope=permits.scope_of(city=city, who=centre), view=a_case())
    assert {one.unit for one in permits.actors_for(city=city, who=centre, view=a_case())} == {COMMAND}
    assert "submit_result" not in offered(city, centre, a_case(status="handling"))
    bureau = somebody((Post.LEADER, BUREAU))
    assert "submit_result" in offered(city, bureau, a_case(status="handling"))
    assert Actor(id="wang", role=Role.LEADER, unit=BUREAU) in permits.actors_for(
        city=city, who=bureau, view=a_case()
    )


def test_the_district_a_zone_was_taken_from_sees_its_cases_and_commands_its_own(city: City) -> None:
    place = replace(a_case().place, zones=(ZoneRef(kind="functional_zone", code=SCENIC, name=""),))
    case = a_case(zones=(SCENIC,), place=place, owner=f"{SCENIC}-URBAN_MGMT")
    district = somebody((Post.DISTRICT_SUPERVISOR, COMMAND))
    zone = somebody((Post.DISTRICT_SUPERVISOR, f"{SCENIC}-COMMAND"))
    permits.may_see(city=city, who=district, view=case)
    assert refusal(city, district, case) is ProblemCode.OUTSIDE_SCOPE
    assert "reassign" in offered(city, zone, case)
    with_part = replace(case, supervisors=(COMMAND,))
    assert "reassign" in offered(city, district, with_part)


def test_a_post_without_a_role_does_nothing_and_is_offered_nothing(city: City) -> None:
    for post in (Post.AUDITOR, Post.SYSTEM_ADMIN, Post.SECURITY_ADMIN, Post.AUDIT_ADMIN):
        who = somebody((post, "4201-COMMAND"))
        assert offered(city, who, a_case()) == set()
        assert refusal(city, who, a_case()) is ProblemCode.NOT_PERMITTED


def test_where_no_case_decides_the_post_that_allows_it_acts(city: City) -> None:
    both = somebody((Post.STAFF, BUREAU), (Post.OPERATOR, "4201-COMMAND"))
    actor = staff.actor_with(who=both, permission=Permission.ALARMS)
    assert (actor.role, actor.unit) == (Role.OPERATOR, "4201-COMMAND")
    with pytest.raises(CommandRefused):
        staff.actor_with(who=both, permission=Permission.ALARMS, roles=(Role.SUPERVISOR,))
    chosen = staff.actor_with(who=both, permission=Permission.ACT, units=("4201-COMMAND",))
    assert chosen.unit == "4201-COMMAND"


def refusal(city: City, who: Principal, case: CaseView) -> ProblemCode:
    with pytest.raises(BadRequest) as refused:
        staff.speaker(city=city, who=who, view=case, kind="reassign")
    return refused.value.finding.code
