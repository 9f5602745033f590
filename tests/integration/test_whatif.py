"""Lives played on a real server and a real store, then looked back at under a changed pack."""

import csv
from dataclasses import replace
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from boot.cli_whatif import look
from boot.settings import Settings
from boot.whatif_text import print_all
from domain.actor import Actor, Role
from domain.catalogue import Category
from domain.clock import due
from domain.limit import Limit
from domain.messages import CloseCase, SignIn, SubmitResult
from domain.pack import CityPack
from domain.place import ReportedPlace
from domain.report import Reporter
from domain.whatif import Fidelity
from routing import build_book
from store.engine import Store
from tests.integration.temporal_env import Desk
from tests.unit.builders import MONDAY, OPERATOR, handler
from usecases.city import Grounds
from usecases.command import build
from usecases.file_report import FileReport
from usecases.plan import applier, policy_command
from usecases.whatif import Look, Period, UnableToReplay, look_back

pytestmark = pytest.mark.asyncio(loop_scope="session")

LON, LAT = 114.2925, 30.5871
CATEGORY = "E0110"
DESK = Actor(id="operator-1", role=Role.OPERATOR, unit="4201-COMMAND")


def halved(pack: CityPack) -> CityPack:
    """Return the pack with half the time to sign in."""
    severities = {
        number: replace(policy, stages=replace(policy.stages, sign_in=policy.stages.sign_in.times(0.5)))
        for number, policy in pack.severities.items()
    }
    return replace(pack, severities=severities, version="draft+1")


def limited(pack: CityPack, limit: str) -> CityPack:
    """Return the pack with another limit for every condition of the category of these tests."""
    category: Category = pack.catalogue[CATEGORY]
    conditions = tuple(replace(one, limit=Limit.parse(limit)) for one in category.conditions)
    catalogue = {**pack.catalogue, CATEGORY: replace(category, conditions=conditions)}
    return replace(pack, catalogue=catalogue, version="draft+2")


def grounds(base: Grounds, pack: CityPack) -> Grounds:
    """Return grounds of a draft pack."""
    return replace(base, pack=pack, book=build_book(pack))


def looked(store: Store, base: Grounds, draft: Grounds) -> list[Look | UnableToReplay]:
    """Look back at everything the store has."""
    last = store.last_recorded()
    assert last is not None
    week = timedelta(days=7)
    # The last minute of a look does not count: it ends later here, but before anything else is due.
    horizon = last + timedelta(minutes=2)
    period = Period(since=MONDAY - week, until=MONDAY + week, horizon=horizon)
    return list(look_back(store=store, base=base, draft=draft, period=period))


async def filed(desk: Desk, *, located: bool = True, **given: Any) -> str:
    """File a report as the API does and start its case as the relay does."""
    place = ReportedPlace(lon=LON, lat=LAT) if located else ReportedPlace()
    ask = FileReport(
        channel="hotline", description="垃圾堆放", category=CATEGORY, place=place,
        reporter=Reporter(phone="+8613800000000"), **given,
    )  # fmt: skip
    case_no = await desk.filed(ask)
    await desk.relay()
    return case_no


async def test_half_the_time_to_sign_in_shows_the_escalation_that_did_not_happen(
    desk: Desk, store: Store, wuhan: Grounds
) -> None:
    case_no = await filed(desk)
    first = await desk.state(case_no)
    calendar, dispatched = first.rules.calendar, first.dispatched_at
    assert dispatched is not None
    half = first.rules.severity.stages.sign_in.times(0.5)
    would = due(
        start=dispatched, limit=half.times(first.rules.severity.escalation.raise_at), calendar=calendar
    )
    await desk.until(case_no, would.at + timedelta(minutes=10))
    await desk.send(case_no, SignIn, by=handler(first.owner))
    assert not any(fact.kind == "escalated" for fact in desk.told(case_no).facts)

    (found,) = looked(store, wuhan, grounds(wuhan, halved(wuhan.pack)))

    assert isinstance(found, Look)
    assert (found.fidelity, found.same_rules) == (Fidelity.EXACT, True)
    assert set(found.compared.changes) == {"raised"}
    before, after = found.compared.changes["raised"]
    assert before == ()
    assert isinstance(after, tuple)
    assert [(one.trigger, one.at) for one in after] == [("E3", would.at)]
    assert found.compared.draft.refused == ()


async def test_a_shorter_limit_makes_overdue_what_was_in_time(
    desk: Desk, store: Store, wuhan: Grounds
) -> None:
    case_no = await filed(desk)
    state = await desk.state(case_no)
    owner = handler(state.owner)
    await desk.send(case_no, SignIn, by=owner, assignee="zhang")
    await desk.until(case_no, MONDAY + timedelta(hours=1))
    await desk.send(case_no, SubmitResult, by=owner, result="cleared")

    (same,) = looked(store, wuhan, wuhan)
    (found,) = looked(store, wuhan, grounds(wuhan, limited(wuhan.pack, "30MIN")))

    assert isinstance(same, Look)
    assert same.fidelity is Fidelity.EXACT
    assert same.compared.changes == {}
    assert isinstance(found, Look)
    assert found.compared.changes["overdue"] == (False, True)
    _, shorter = found.compared.changes["handling_due"]
    assert state.dispatched_at is not None
    assert shorter == state.dispatched_at + timedelta(minutes=30)


async def test_what_an_operator_filed_is_filed_again_under_the_draft(
    desk: Desk, store: Store, wuhan: Grounds
) -> None:
    case_no = await filed(desk, located=False)
    command = build(
        city=desk.city,
        case_no=case_no,
        kind="file_case",
        fields={"lon": LON, "lat": LAT, "reason": "looked up"},
        actor=DESK,
        request_id="file-1",
    )
    await desk.carry(case_no, command)
    filed_at = (await desk.state(case_no)).dispatched_at
    assert filed_at is not None

    (same,) = looked(store, wuhan, wuhan)
    (found,) = looked(store, wuhan, grounds(wuhan, limited(wuhan.pack, "90MIN")))

    assert isinstance(same, Look)
    assert same.fidelity is Fidelity.EXACT
    assert isinstance(found, Look)
    assert found.compared.draft.state.handling_due == filed_at + timedelta(minutes=90)
    assert found.compared.draft.state.rules.version == "draft+2"


async def test_reports_of_one_event_are_merged_as_they_were(desk: Desk, store: Store, wuhan: Grounds) -> None:
    master = await filed(desk)
    joined = await filed(desk)
    assert desk.told(joined).case.master == master
    owner = handler(desk.told(master).case.owner)
    await desk.send(master, SignIn, by=owner, assignee="zhang")

    found = looked(store, wuhan, grounds(wuhan, halved(wuhan.pack)))

    looks = [one for one in found if isinstance(one, Look)]
    assert [one.fidelity for one in looks] == [Fidelity.EXACT, Fidelity.EXACT]
    lives = {one.compared.case_no: one.compared.draft.state for one in looks}
    assert lives[joined].master == master
    assert [report.report_no for report in lives[master].reports] == [master, joined]


async def test_a_refused_command_is_refused_again_and_counted_only_where_worlds_part(
    desk: Desk, store: Store, wuhan: Grounds
) -> None:
    case_no = await filed(desk)
    with pytest.raises(Exception, match="command_not_allowed_in_state"):
        await desk.send(case_no, CloseCase, by=OPERATOR)

    (found,) = looked(store, wuhan, grounds(wuhan, halved(wuhan.pack)))

    assert isinstance(found, Look)
    assert [one.code for one in found.compared.base.refused] == ["command_not_allowed_in_state"]
    assert "refused" not in found.compared.changes


async def test_a_case_the_draft_cannot_begin_is_named_and_the_others_go_on(
    desk: Desk, store: Store, wuhan: Grounds, wuhan_settings: Settings
) -> None:
    case_no = await filed(desk)
    channels = {name: one for name, one in wuhan.pack.channels.items() if name != "hotline"}
    draft = grounds(wuhan, replace(wuhan.pack, channels=channels, version="draft+3"))

    (found,) = looked(store, wuhan, draft)

    assert isinstance(found, UnableToReplay)
    assert (found.case_no, found.code) == (case_no, "unknown_channel")


async def test_pages_of_any_size_give_every_case_once(desk: Desk, store: Store) -> None:
    numbers = {await filed(desk, exercise=True) for _ in range(5)}
    week = timedelta(days=7)
    for page in (1, 2, 5, 200):
        found = [
            case.case_no for case in store.recorded_cases(since=MONDAY - week, until=MONDAY + week, page=page)
        ]
        assert len(found) == 5
        assert set(found) == numbers
    assert list(store.recorded_cases(since=MONDAY + week, until=MONDAY + 2 * week)) == []


async def test_the_command_tells_the_figures_and_writes_each_difference(
    desk: Desk, wuhan: Grounds, wuhan_settings: Settings, database_url: str, tmp_path: Path
) -> None:
    case_no = await filed(desk)
    settings = wuhan_settings.model_copy(update={"database_url": database_url})
    draft = grounds(wuhan, limited(wuhan.pack, "30MIN"))
    path = tmp_path / "differences.csv"

    period, seen = look(
        settings=settings, worlds=(wuhan, draft), span=("2026-09-14", "2026-09-15"), csv=path, top=5
    )
    said = StringIO()
    print_all(
        console=Console(file=said, width=200), packs=(wuhan.pack, draft.pack), period=period, seen=seen, top=5
    )

    assert seen.tally.cases == 1
    assert seen.tally.fidelity == {Fidelity.EXACT: 1}
    assert case_no in said.getvalue()
    assert "100.0% 一致 the same" in said.getvalue()
    rows = list(csv.DictReader(StringIO(path.read_text(encoding="utf-8-sig"))))
    assert {row["case_no"] for row in rows} == {case_no}
    assert {row["what"] for row in rows} == {"handling_due", "total_due"}
    with pytest.raises(ValueError, match="ends"):
        look(settings=settings, worlds=(wuhan, draft), span=("2026-09-15", "2026-09-14"), csv=None, top=5)


async def test_a_case_that_got_new_rules_on_its_way_is_told_from_those_that_began_with_them(
    desk: Desk, store: Store, wuhan: Grounds
) -> None:
    case_no = await filed(desk)
    applied = grounds(wuhan, limited(wuhan.pack, "10WD"))
    command = policy_command(
        grounds=applied,
        state=await desk.state(case_no),
        actor=applier(grounds=applied, who="zhao"),
        reason="test",
    )
    await desk.carry(case_no, command)
    await desk.send(case_no, SignIn, by=handler(desk.told(case_no).case.owner))
    assert desk.told(case_no).case.rules_version == "draft+2"

    (found,) = looked(store, applied, applied)

    assert isinstance(found, Look)
    assert (found.fidelity, found.same_rules) == (Fidelity.OTHER, False)
    assert found.compared.base.refused == ()
    assert not any(fact.kind == "policy_applied" for fact in found.compared.base.facts)
