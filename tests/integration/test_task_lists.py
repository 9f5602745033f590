"""What a unit has to do and what waits to be looked at, on a real store; and what it costs in statements."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event

from domain.account import Grant, Post, Principal
from domain.aspects import Supervision, Task, TaskKind, TaskStatus, Verification
from domain.place import AreaRef, Level
from domain.report import Reporter
from domain.views import Aspects
from store.engine import Store
from tests.integration.people_city import NOW, PASSWORD, city_of, opened
from tests.integration.store_samples import PLACE, case_no, record, report
from usecases.city import City, Grounds
from usecases.problems import BadRequest
from usecases.sign_in import principal_of, sign_in
from usecases.signing import SignedIn
from usecases.task_list import Band, NextStep, task_list
from usecases.task_sheet import task_sheet
from usecases.verify_list import verify_list

UNIT, BUREAU = "420102-DRAINAGE", "4201-DRAINAGE"
WHO = Principal(account="chen", name="陈", grants=(Grant(post=Post.STAFF, unit=UNIT),))
GRID = "420102"
LOOKER = Principal(
    account="wei", name="卫", grants=(Grant(post=Post.GRID_WORKER, unit="420102-COMMAND", areas=(GRID,)),)
)
CITY = AreaRef(level=Level.CITY, code="4201", name="武汉市")
HERE = replace(PLACE, chain=(CITY, AreaRef(level=Level.DISTRICT, code=GRID, name="江岸区")))


@pytest.fixture
def city(store: Store, wuhan: Grounds) -> City:
    return city_of(wuhan, store)


def keep(city: City, n: int, **changes: Any) -> str:
    base: dict[str, Any] = {"owner": UNIT, "co_handlers": (), "handling_due": NOW + timedelta(days=2)}
    city.store.record(record=record(n, **{**base, **changes}))
    return case_no(n)


@contextmanager
def counted(store: Store) -> Iterator[list[str]]:
    said: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        said.append(statement)

    event.listen(store._engine, "before_cursor_execute", note)
    try:
        yield said
    finally:
        event.remove(store._engine, "before_cursor_execute", note)


def test_overdue_first_then_due_soonest_each_with_its_next_step(city: City) -> None:
    keep(city, 1)
    keep(city, 2, status="handling", handling_due=NOW + timedelta(hours=1))
    keep(city, 3, handling_due=NOW - timedelta(hours=1))
    keep(city, 4, status="accepted", handling_due=NOW - timedelta(hours=2))
    keep(city, 5, status="feedback", handling_due=NOW - timedelta(days=3))
    keep(city, 6, status="closed", handling_due=NOW - timedelta(days=3))
    keep(city, 7, owner="420103-LIGHTING")
    found = task_list(city=city, who=WHO)
    assert [(one.view.case_no, one.step, one.band) for one in found.entries] == [
        (case_no(4), NextStep.START, Band.OVERDUE),
        (case_no(3), NextStep.SIGN_IN, Band.OVERDUE),
        (case_no(2), NextStep.SUBMIT, Band.TODAY),
        (case_no(1), NextStep.SIGN_IN, Band.LATER),
        (case_no(5), NextStep.WAIT, Band.WAITING),
    ]
    assert (found.count(Band.OVERDUE), found.more) == (2, False)


def test_tasks_and_orders_of_others_cases_stand_beside_ones_own(city: City) -> None:
    task = Task(id="T1", kind=TaskKind.CO_HANDLING, unit=UNIT, by="x", text="抽水", asked_at=NOW, due=NOW)
    taken = replace(task, id="T2", status=TaskStatus.SIGNED_IN, due=NOW + timedelta(days=3))
    over = replace(task, id="T3", status=TaskStatus.REPORTED)
    soon = NOW + timedelta(hours=2)
    order = Supervision(
        id="S1", by="4201-COMMAND", unit=UNIT, cause="leader", text="速办", opened_at=NOW, due=soon
    )
    other = "420103-LIGHTING"
    keep(city, 1, owner=other, task_units=(UNIT,), aspects=Aspects(tasks=(task, taken, over)))
    keep(city, 2, status="handling", task_units=(UNIT,), aspects=Aspects(supervisions=(order,)))
    found = task_list(city=city, who=WHO)
    assert [(one.view.case_no, one.step, one.item, one.asked) for one in found.entries] == [
        (case_no(1), NextStep.SIGN_IN_TASK, "T1", "抽水"),
        (case_no(2), NextStep.REPLY, "S1", "速办"),
        (case_no(2), NextStep.SUBMIT, "", ""),
        (case_no(1), NextStep.REPORT_TASK, "T2", "抽水"),
    ]


def test_whoever_leads_a_bureau_sees_its_stations_work_a_station_only_its_own(city: City) -> None:
    keep(city, 1)
    leader = Principal(account="boss", name="陈", grants=(Grant(post=Post.LEADER, unit=BUREAU),))
    below = task_list(city=city, who=leader)
    has_station = any(unit == UNIT for unit in below.units)
    assert bool(below.entries) is has_station
    keep(city, 2, owner=BUREAU)
    assert case_no(2) in {one.view.case_no for one in task_list(city=city, who=leader).entries}
    assert case_no(2) not in {one.view.case_no for one in task_list(city=city, who=WHO).entries}


def test_a_post_without_tasks_gets_none(city: City) -> None:
    with pytest.raises(BadRequest) as refused:
        task_list(city=city, who=LOOKER)
    assert refused.value.finding.code.value == "not_permitted"
    with pytest.raises(BadRequest):
        verify_list(city=city, who=WHO)


def test_with_the_sign_in_a_list_takes_three_statements_at_most_however_much_there_is(
    store: Store, wuhan: Grounds
) -> None:
    city = city_of(wuhan, store)
    account = opened(city, unit=UNIT)
    step = sign_in(city=city, account=account, password=PASSWORD, at=NOW)
    assert isinstance(step, SignedIn)
    for n in range(1, 25):
        keep(city, n)
    with counted(store) as said:
        found = principal_of(city=city, token=step.token, at=NOW + timedelta(minutes=5))
        assert found is not None
        assert len(task_list(city=city, who=found.who).entries) == 24
    asked = [one for one in said if one.lstrip().upper().startswith(("SELECT", "WITH"))]
    assert len(asked) <= 2
    assert len([one for one in said if not one.startswith(("BEGIN", "COMMIT", "PRAGMA", "SET"))]) <= 3


def test_the_nearest_is_looked_at_first_and_nobody_checks_what_their_unit_handled(city: City) -> None:
    looker = LOOKER.grants[0].unit
    asked = Verification(unit=looker, asked_at=NOW)
    at = {"district": GRID, "place": HERE, "owner": "420103-LIGHTING"}
    keep(city, 1, status="checking", checker=looker, lon=114.30, lat=30.60, next_due=NOW, **at)
    keep(
        city,
        2,
        status="checking",
        checker=looker,
        lon=114.28,
        lat=30.60,
        next_due=NOW + timedelta(hours=9),
        **at,
    )
    keep(city, 3, status="verifying_pre", aspects=Aspects(verification=asked), lon=None, lat=None, **at)
    keep(city, 4, status="checking", checker="4201-COMMAND", **at)
    keep(city, 5, status="checking", checker=looker, **{**at, "owner": looker})
    keep(city, 6, status="handling", **at)
    due = verify_list(city=city, who=LOOKER)
    assert due.entries[0].view.case_no == case_no(1)
    assert {one.view.case_no for one in due.entries} == {case_no(1), case_no(2), case_no(3)}
    near = verify_list(city=city, who=LOOKER, near=(114.27, 30.60))
    assert [(one.view.case_no, one.kind) for one in near.entries] == [
        (case_no(2), "record_check"),
        (case_no(1), "record_check"),
        (case_no(3), "record_verification"),
    ]
    assert near.entries[0].metres == pytest.approx(957, abs=5)
    with counted(city.store) as said:
        verify_list(city=city, who=LOOKER)
    assert len([one for one in said if one.lstrip().upper().startswith(("SELECT", "WITH"))]) == 1


def test_whoever_may_not_know_reporters_reads_nothing_of_those_who_stay_unnamed(city: City) -> None:
    unnamed = report(1, description="我住三号楼", reporter=Reporter(name="李", confidential=True))
    city.store.accept_many(reports=[unnamed, report(2)])
    for n in (1, 2):
        keep(city, n, district=GRID, place=HERE)

    def read(who: Principal) -> list[str]:
        sheets = [task_sheet(city=city, who=who, case_no=case_no(n)) for n in (1, 2)]
        return [one.text for sheet in sheets for one in sheet.reports]

    assert read(WHO) == ["我住三号楼", "路灯不亮 2"]
    assert read(LOOKER) == ["路灯不亮 2"]
