"""Lists of cases: what somebody may see, in every order, page by page, is what the rule says of each case."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.aspects import Supervision, SupervisionStatus, Verification
from domain.case import ENDED, Status
from domain.case_tabs import STATES, Tab, by_tab, states_of
from domain.scope import EVERYTHING, CaseScope
from domain.views import Aspects, CaseFilter, CaseSort, CaseView, Record
from store.engine import Store
from store.filters import UnableToReadCursor
from tests.integration.store_samples import NOW, PLACE, case_no, record, report, view
from usecases.permits import sees

UNITS = ("u1", "u2", "u3")
DISTRICTS = ("d1", "d2", None)
STATUSES = ("dispatched", "handling", "suspended", "evaluated", "archived", "merged")


def _scopes() -> st.SearchStrategy[CaseScope]:
    some = st.lists(st.sampled_from(UNITS), max_size=2).map(tuple)
    return st.one_of(
        st.just(EVERYTHING),
        st.builds(
            CaseScope,
            units=some,
            districts=st.lists(st.sampled_from(("d1", "d2")), max_size=2).map(tuple),
            streets=st.lists(st.sampled_from(("s1", "s2")), max_size=1).map(tuple),
            communities=st.lists(st.just("c1"), max_size=1).map(tuple),
            grids=st.lists(st.just("g1"), max_size=1).map(tuple),
            zones=st.lists(st.sampled_from(("z1", "z2")), max_size=1).map(tuple),
        ),
    )


@st.composite
def _views(draw: st.DrawFn) -> list[CaseView]:
    unit = st.sampled_from(UNITS)
    maybe = st.one_of(st.none(), unit)
    some = st.lists(unit, max_size=2, unique=True).map(tuple)
    found = []
    for n in range(draw(st.integers(0, 12))):
        asked = draw(maybe)
        looked = draw(st.booleans())
        due = draw(st.one_of(st.none(), st.integers(0, 3)))
        status = draw(st.sampled_from(STATUSES))
        aspects = Aspects(
            supervisions=draw(
                st.sampled_from(((), (_order(SupervisionStatus.OPEN),), (_order(SupervisionStatus.CLOSED),)))
            ),
            verification=None
            if asked is None
            else Verification(unit=asked, asked_at=NOW, found_at=NOW if looked else None),
        )
        found.append(
            view(
                n, status=status, owner=draw(st.sampled_from((*UNITS, ""))), checker=draw(maybe), arbiter=draw(maybe),
                co_handlers=draw(some), supervisors=draw(some), task_units=draw(some), severity=draw(st.integers(1, 4)),
                district=draw(st.sampled_from(DISTRICTS)), street=draw(st.sampled_from(("s1", "s2", None))),
                community=draw(st.sampled_from(("c1", None))), grid=draw(st.sampled_from(("g1", None))),
                zones=draw(st.sampled_from(((), ("z1",), ("z1", "z2")))), aspects=aspects,
                received_at=_received(n),
                handling_due=None if due is None else NOW + timedelta(hours=due),
                tags=draw(st.sampled_from(((), ("summer",), ("summer", "school")))),
                place=replace(PLACE, address=draw(st.sampled_from((None, "解放大道 1 号", "中山路 50% 处")))),
                lon=114.0 + draw(st.integers(0, 3)) / 10,
            )
        )  # fmt: skip
    return found


def _received(n: int) -> datetime:
    """A case is received once: later steps do not change it. Several at one instant."""
    return NOW + timedelta(seconds=n % 4)


def _order(status: SupervisionStatus) -> Supervision:
    return Supervision(id="S1", by="city", unit="u1", cause="leader", opened_at=NOW, status=status)


def _filters() -> st.SearchStrategy[CaseFilter]:
    return st.builds(
        CaseFilter,
        status=st.one_of(st.just(()), st.lists(st.sampled_from(STATUSES), min_size=1, max_size=3, unique=True).map(tuple)),
        owners=st.one_of(st.just(()), st.just(("u1", "u2"))),
        part=st.one_of(st.none(), st.sampled_from(UNITS)),
        severities=st.one_of(st.just(()), st.just((1, 2))),
        due_before=st.one_of(st.none(), st.just(NOW + timedelta(hours=2))),
        tags=st.one_of(st.just(()), st.just(("summer",)), st.just(("summer", "school"))),
        under_order=st.one_of(st.none(), st.booleans()),
        box=st.one_of(st.none(), st.just((113.95, 30.0, 114.15, 31.0))),
        text=st.one_of(st.none(), st.sampled_from(("大道", "50%", "没有", case_no(3), case_no(3)[-4:].lower()))),
        scope=_scopes(),
        sort=st.sampled_from(list(CaseSort)),
    )  # fmt: skip


def _fits(one: CaseView, where: CaseFilter) -> bool:
    """Say of one case what the filter says, without any SQL."""
    text = (where.text or "").upper()
    settled = one.status in {"evaluated", "archived", "merged"}
    assert where.scope is not None
    parts = {one.owner, one.checker, one.arbiter, *one.co_handlers, *one.supervisors, *one.task_units}
    looks = one.aspects.verification
    if looks is not None and looks.found_at is None:
        parts.add(looks.unit)
    ordered = any(order.status is not SupervisionStatus.CLOSED for order in one.aspects.supervisions)
    return all(
        (
            sees(scope=where.scope, view=one),
            not where.status or one.status in where.status,
            not where.owners or one.owner in where.owners,
            where.part is None or where.part in parts,
            not where.severities or one.severity in where.severities,
            where.due_before is None
            or (one.handling_due is not None and one.handling_due < where.due_before and not settled),
            set(where.tags) <= set(one.tags),
            where.under_order is None or where.under_order == ordered,
            where.box is None or (one.lon is not None and where.box[0] <= one.lon <= where.box[2]),
            not text or text in one.case_no or text in (one.place.address or "").upper(),
        )
    )


def _key(one: CaseView, sort: CaseSort) -> Any:
    if sort is CaseSort.DUE:
        return (one.handling_due is None, one.handling_due or NOW, one.case_no)
    newest = (-one.received_at.timestamp(), [-ord(char) for char in one.case_no])
    return newest if sort is CaseSort.NEWEST else (one.severity, *newest)


def _all(store: Store, where: CaseFilter, limit: int) -> list[str]:
    found: list[str] = []
    cursor = None
    for _ in range(30):
        page = store.list_cases(where=where, limit=limit, cursor=cursor)
        found += [one.case_no for one in page.cases]
        cursor = page.next_cursor
        if cursor is None:
            return found
    pytest.fail("the pages do not end")


def _agree(store: Store, known: list[CaseView], where: CaseFilter, limit: int) -> None:
    expected = sorted((one for one in known if _fits(one, where)), key=lambda one: _key(one, where.sort))
    assert _all(store, where, limit) == [one.case_no for one in expected]
    states = {one.value for one in ENDED}
    fits = [one for one in known if _fits(one, replace(where, status=()))]
    counts = store.case_counts(where=where, most=5)
    assert counts.get("", 0) == min(5, sum(one.status in states for one in fits))
    for status in {one.status for one in known} - states:
        assert counts.get(status, 0) == sum(one.status == status for one in fits), status
    columns = store.case_columns(where=where, columns=[("dispatched", "handling"), ("evaluated",)], each=2)
    for states_, column in zip((("dispatched", "handling"), ("evaluated",)), columns, strict=True):
        own = [
            one.case_no
            for one in sorted(fits, key=lambda one: _key(one, where.sort))
            if one.status in states_
        ]
        assert [one.case_no for one in column] == own[:3]


def test_a_list_holds_what_the_rule_says_in_its_order_and_counts_it(store: Store) -> None:
    """Cases are written anew over those before: links follow what changed."""
    steps = iter(range(1, 10_000))

    @settings(max_examples=15, database=None)
    @given(views=_views(), where=_filters(), limit=st.integers(1, 5))
    def check(views: list[CaseView], where: CaseFilter, limit: int) -> None:
        seq = next(steps)
        gone = [
            view(
                n,
                seq=seq,
                status="cancelled",
                owner="",
                co_handlers=(),
                zones=(),
                district=None,
                received_at=_received(n),
            )
            for n in range(12)
        ]
        present = [replace(one, seq=seq) for one in views]
        known = {one.case_no: one for one in (*gone, *present)}
        store.record_many(records=[(Record(view=one, facts=(), notices=()), None) for one in known.values()])
        _agree(store, list(known.values()), where, limit)

    check()


def test_nothing_set_means_nothing_is_seen(store: Store) -> None:
    store.record(record=record(1))
    assert store.list_cases(where=CaseFilter(scope=CaseScope()), limit=5, cursor=None).cases == ()
    assert store.case_counts(where=CaseFilter(scope=CaseScope()), most=5) == {}


def test_a_cursor_is_of_one_order_only(store: Store) -> None:
    store.record_many(records=[(record(n), None) for n in range(4)])
    cursors = {
        sort: store.list_cases(where=CaseFilter(sort=sort), limit=2, cursor=None).next_cursor
        for sort in CaseSort
    }
    for sort in CaseSort:
        for other in set(CaseSort) - {sort}:
            with pytest.raises(UnableToReadCursor):
                store.list_cases(where=CaseFilter(sort=sort), limit=2, cursor=cursors[other])
        with pytest.raises(UnableToReadCursor):
            store.list_cases(where=CaseFilter(sort=sort), limit=2, cursor="WzEsMl0")


def test_a_report_is_found_by_its_own_number(store: Store) -> None:
    store.accept_many(reports=[report(1), report(2)])
    store.record(record=record(1, status="merged", master=case_no(2)))
    number = store.reports_of(case_no=case_no(2))[0].report_no
    found = store.list_cases(where=CaseFilter(text=f" {number.lower()} "), limit=5, cursor=None)
    assert [one.case_no for one in found.cases] == [case_no(2)]


def test_every_state_has_one_tab() -> None:
    held = [status for states in STATES.values() for status in states]
    assert sorted(held) == sorted(Status)
    counts = by_tab({"handling": 3, "closed": 2, "": 7})
    assert (counts["working"], counts["done"], counts["ended"], counts["open"], counts["all"]) == (
        3,
        2,
        7,
        5,
        12,
    )
    assert states_of(Tab.ALL) == ()
    assert set(states_of(Tab.OPEN)) | {one.value for one in ENDED} == {one.value for one in Status}
