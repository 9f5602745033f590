"""What somebody sees: lists, single cases and what hangs on them, alarms, devices, all by the same words.

The property of one case (``permits.sees``) and the store's conditions are two programs; here they
are asked the same questions about the same cases, for posts drawn at every level of the city.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, insert

from domain.account import POSTS, Grant, Permission, Post, Principal, Reach
from domain.alarm import Alarm, AlarmOrigin
from domain.aspects import Verification
from domain.device import Device
from domain.place import Level, Place, ZoneRef
from domain.views import CaseFilter, CaseView, Record
from store.alarm_writes import _values
from store.engine import Store
from store.rows_alarms import AlarmFilter
from store.rows_desk import AttachmentRow
from store.rows_devices import DeviceFilter
from store.tables_alarms import alarms as alarm_table
from tests.integration.people_city import city_of
from tests.integration.store_samples import NOW, case_no, report, view
from usecases import case_lists, permits, reading
from usecases.city import City, Grounds
from usecases.problems import BadRequest, ProblemCode
from usecases.staff import act_as

JIANGAN, WUCHANG, ETDZ = "420102", "420106", "ZONE-ETDZ"
STREETS = (("420102", "420102002000", None), ("420102", "420102003000", None), ("420106", "420106001000", None),
           ("420106", "420106490000", "ZONE-EASTLAKE-SCENIC"), ("420113", None, "ZONE-ETDZ"))  # fmt: skip
UNITS = ("4201-COMMAND", "420102-COMMAND", "420106-COMMAND", "ZONE-ETDZ-COMMAND", "420102002000-COMMAND",
         "420102-URBAN_MGMT", "420106-SANITATION", "4201-LIGHTING")  # fmt: skip
AREAS = ((), (), (), ("420102002000",), ("420106", "420102003000"), ("ZONE-EASTLAKE-SCENIC",), ("4201",))
SEEING = tuple(post for post, facts in POSTS.items() if facts.reach is not Reach.NONE)
MANY = 60

posts = st.builds(
    Grant, post=st.sampled_from(SEEING), unit=st.sampled_from(UNITS), areas=st.sampled_from(AREAS)
)
people = st.lists(posts, min_size=1, max_size=2).map(
    lambda held: Principal(account="p", name="p", grants=tuple(held))
)
often = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


def drawn_case(city: City, n: int, dice: random.Random) -> CaseView:
    district, street, zone = dice.choice(STREETS)
    inside = (
        [one.code for one in city.pack.areas.at(Level.COMMUNITY) if one.parent == street] if street else []
    )
    community = dice.choice([None, *inside[:2]])
    zones = (zone,) if zone else ()
    place = Place(zones=tuple(ZoneRef(kind="functional_zone", code=one, name=one) for one in zones))

    def some() -> str | None:
        return dice.choice((None, None, *UNITS))

    aspects = view(n).aspects
    looker = some()
    if looker is not None:
        aspects = replace(aspects, verification=Verification(unit=looker, asked_at=NOW))
    return view(
        n, district=district, street=street, community=community, grid=None, zones=zones, place=place,
        owner=dice.choice(UNITS), co_handlers=tuple(filter(None, (some(),))),
        supervisors=tuple(filter(None, (some(),))), task_units=tuple(filter(None, (some(),))), checker=some(),
        arbiter=some(), aspects=aspects,
    )  # fmt: skip


def device_of(n: int, dice: random.Random) -> Device:
    district, street, _ = dice.choice(STREETS)
    chain = (("city", "4201"), ("district", district), *((("street", street),) if street else ()))
    unit = dice.choice(("", *UNITS))
    return Device(source="iot", code=f"d{n}", profile="level", lon=114.3, lat=30.5, chain=chain, unit=unit)


def alarm_of(device: Device, n: int) -> Alarm:
    return Alarm(
        alarm_no=f"ALM-{n}", key=f"k{n}", origin=next(iter(AlarmOrigin)), source="iot", device=device.code,
        hazard="flood", category="E0110", severity=3, chain=device.chain, unit=device.unit, raised_at=NOW,
        last_at=NOW,
    )  # fmt: skip


@pytest.fixture
def city(store: Store, wuhan: Grounds) -> City:
    """Return a city with cases, devices and alarms all over it."""
    made, dice = city_of(wuhan, store), random.Random(5)
    store.accept_many(reports=[report(n) for n in range(MANY)])
    for n in range(MANY):
        store.record(record=Record(view=drawn_case(made, n, dice), facts=(), notices=()))
    standing = [device_of(n, dice) for n in range(MANY)]
    store.put_devices(devices=standing, profiles={}, at=NOW)

    def raise_all(connection: Connection) -> None:
        for n, device in enumerate(standing):
            raised = alarm_of(device, n)
            connection.execute(insert(alarm_table).values(alarm_no=raised.alarm_no, **_values(raised, NOW)))

    store._write(raise_all)
    return made


def all_pages(page: Callable[..., Any], of: str) -> Iterator[Any]:
    cursor: str | None = None
    while True:
        found = page(limit=17, cursor=cursor)
        yield from getattr(found, of)
        cursor = found.next_cursor
        if cursor is None:
            return


def test_lists_hold_exactly_the_cases_somebody_sees(city: City) -> None:
    every = [city.store.case(case_no=case_no(n)) for n in range(MANY)]
    views = [one for one in every if one is not None]
    sizes = set()

    @often
    @given(who=people)
    def same(who: Principal) -> None:
        scope = permits.scope_of(city=city, who=who)
        seen = {one.case_no for one in views if permits.sees(scope=scope, view=one)}

        def page(limit: int, cursor: str | None) -> Any:
            return case_lists.page_of(city=city, who=who, where=CaseFilter(), limit=limit, cursor=cursor)

        assert {one.case_no for one in all_pages(page, "cases")} == seen
        assert case_lists.counts_of(city=city, who=who, where=CaseFilter())["all"] == len(seen)
        sizes.add(len(seen))

    same()
    assert len(sizes) > 5, "the posts drawn must see differently much"


def test_a_single_case_and_what_hangs_on_it_opens_to_whoever_sees_it(city: City) -> None:
    readers: tuple[Callable[..., Any], ...] = (
        reading.case, reading.history, reading.reports, reading.attachments, reading.docked,
    )  # fmt: skip

    @often
    @given(who=people, n=st.integers(min_value=0, max_value=MANY - 1))
    def same(who: Principal, n: int) -> None:
        one = city.store.case(case_no=case_no(n))
        assert one is not None
        sees = permits.sees(scope=permits.scope_of(city=city, who=who), view=one)
        for reader in readers:
            read = partial(reader, city=city, who=who, case_no=one.case_no)
            assert opens(read) is sees, reader

    same()


def test_an_original_opens_with_its_case_and_a_reporters_only_to_who_may_know_reporters(city: City) -> None:
    staff = Principal(account="s", name="s", grants=(Grant(post=Post.STAFF, unit="4201-LIGHTING"),))
    checker = Principal(account="c", name="c", grants=(Grant(post=Post.CHECKER, unit="4201-COMMAND"),))
    mine = replace(view(1), owner="4201-LIGHTING", epoch=2)
    city.store.record(record=Record(view=mine, facts=(), notices=()))
    row = AttachmentRow(
        id="a" * 32, report_no=report(1).report_no, source="s", kind="near", media_type="image/png", size=1,
        digest="0" * 64, received_at=NOW,
    )  # fmt: skip
    city.store.add_attachment(row=row)
    city.store.add_attachment(
        row=replace(row, id="b" * 32, report_no=None, case_no=mine.case_no, digest="1" * 64)
    )
    # The bytes are not there: who is let in is told that nothing is, after the door.
    gone = ProblemCode.ATTACHMENT_NOT_FOUND
    assert refusal(lambda: reading.original(city=city, who=staff, attachment_id="a" * 32)) is gone
    assert refusal(lambda: reading.original(city=city, who=checker, attachment_id="b" * 32)) is gone
    as_checker = refusal(lambda: reading.original(city=city, who=checker, attachment_id="a" * 32))
    assert as_checker is ProblemCode.NOT_PERMITTED
    elsewhere = Principal(account="e", name="e", grants=(Grant(post=Post.STAFF, unit="420106-SANITATION"),))
    outside = refusal(lambda: reading.original(city=city, who=elsewhere, attachment_id="b" * 32))
    assert outside is ProblemCode.OUTSIDE_SCOPE


def test_alarms_and_devices_are_listed_to_whoever_sees_their_ground(city: City) -> None:
    devices = [row.device for row in city.store.devices(where=DeviceFilter(), limit=500).devices]
    keepers = people.filter(lambda who: who.may(Permission.ALARMS))

    @often
    @given(who=keepers)
    def same(who: Principal) -> None:
        scope = permits.ground_scope_of(city=city, who=who, permission=Permission.ALARMS)
        seen = {
            one.code
            for one in devices
            if permits.on_ground(scope=scope, unit=one.unit, chain=dict(one.chain))
        }

        def page(limit: int, cursor: str | None) -> Any:
            return reading.device_list(city=city, who=who, where=DeviceFilter(), limit=limit, cursor=cursor)

        def raised(limit: int, cursor: str | None) -> Any:
            return reading.alarms(city=city, who=who, where=AlarmFilter(), limit=limit, cursor=cursor)

        assert {row.device.code for row in all_pages(page, "devices")} == seen
        assert {one.device for one in all_pages(raised, "alarms")} == seen
        for one in devices[:8]:
            opened = opens(partial(reading.device, city=city, who=who, source="iot", code=one.code))
            assert opened is (one.code in seen)

    same()


def opens(read: Callable[[], object]) -> bool:
    found = refusal(read)
    assert found in (None, ProblemCode.OUTSIDE_SCOPE), found
    return found is None


def refusal(read: Callable[[], object]) -> ProblemCode | None:
    try:
        read()
    except BadRequest as refused:
        return refused.finding.code
    return None


async def test_nobody_puts_reports_into_a_case_they_cannot_see(store: Store, wuhan: Grounds) -> None:
    city = city_of(wuhan, store)
    for n, district in enumerate((JIANGAN, WUCHANG)):
        one = replace(view(n), epoch=1, seq=1, district=district, street=None, status="triaging", zones=())
        store.record(record=Record(view=one, facts=(), notices=()))
    local = Principal(
        account="p", name="p", grants=(Grant(post=Post.TRIAGE, unit="420102-COMMAND", areas=(JIANGAN,)),)
    )
    with pytest.raises(BadRequest) as refused:
        await act_as(
            city=city, who=local, case_no=case_no(0), kind="merge_into", fields={"master": case_no(1)},
            request_id="merge-0001",
        )  # fmt: skip
    assert refused.value.finding.code is ProblemCode.OUTSIDE_SCOPE
    assert refused.value.finding.params["number"] == case_no(1)
