"""A unit whose own system speaks Open311: its cases arrive there once, and its people's updates come back."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
import pytest_asyncio
from temporalio.testing import WorkflowEnvironment

import boot.docks
from boot.docks import carry
from domain.dock import Dock, UnableToAsk
from domain.unit import Contact
from notifications.egress import public_and
from notifications.open311 import EndpointSettings, Open311Dock
from store.docks import DockTask
from store.engine import Store, open_store
from store.rows import OutboxRow
from tests.functional.foreign_open311 import Foreign, serving
from tests.functional.leap import Leap, leaping
from tests.functional.town import OPERATOR, checker
from usecases.city import Grounds
from usecases.dock_updates import poll
from usecases.docks import HandedOver, hand_over

pytestmark = pytest.mark.temporal


class Docked:
    """A town whose rubbish cases go to a system of somebody else's."""

    def __init__(self, *, town: Leap, foreign: Foreign, dock: Dock) -> None:
        self.town, self.foreign, self.dock = town, foreign, dock

    async def case(self) -> tuple[str, str]:
        """File a report whose owner has a system of its own; return case and owner."""
        spot = await self.town.spot()
        owner = spot.preview["decision"]["lead"]
        units = [
            replace(unit, contacts=(Contact(channel="open311", address=self.dock.url),))
            if unit.code == owner
            else unit
            for unit in self.town.city.pack.tree.units()
        ]
        self.town.city.store.publish_units(units=units, version=f"docked:{owner}")
        receipt = await self.town.file(spot)
        await self.town.wait(receipt["case_no"], "dispatched")
        return receipt["case_no"], owner

    async def task(self, case_no: str, state: str = "open") -> DockTask:
        """Return the request about a case once it is in this state there."""
        found: DockTask = await self.town.until(
            lambda: self._last(case_no), lambda task: task is not None and task.state == state
        )
        return found

    async def _last(self, case_no: str) -> DockTask | None:
        found = self.town.city.store.docks_of(case_no=case_no)
        return found[-1] if found else None

    async def hand_over(self, row: OutboxRow) -> HandedOver:
        """Carry a notice there."""
        return await hand_over(city=self.town.city, row=row, dock=self.dock)

    async def poll(self) -> int:
        """Ask the other system what is new."""
        return await poll(city=self.town.city, dock=self.dock)


@asynccontextmanager
async def docking(env: WorkflowEnvironment, store: Store, wuhan: Grounds) -> AsyncIterator[Docked]:
    async with serving(Foreign()) as foreign:
        settings = EndpointSettings(
            url=foreign.url, api_key="k", https_only=False, services={"E0110": "waste"}
        )
        dock = Open311Dock(settings=settings, allow=public_and("127.0.0.0/8"))
        async with leaping(env=env, store=store, grounds=wuhan, docks={dock.url: dock}) as town:
            yield Docked(town=town, foreign=foreign, dock=dock)


@pytest_asyncio.fixture(loop_scope="session")
async def docked(temporal_env: WorkflowEnvironment, store: Store, wuhan: Grounds) -> AsyncIterator[Docked]:
    async with docking(temporal_env, store, wuhan) as town:
        yield town


@pytest_asyncio.fixture(loop_scope="session")
async def docked_sqlite(
    temporal_env: WorkflowEnvironment, sqlite_url: str, wuhan: Grounds
) -> AsyncIterator[Docked]:
    """Return one on SQLite only, for what the kind of database cannot change."""
    store = open_store(sqlite_url)
    async with docking(temporal_env, store, wuhan) as town:
        yield town
    store.close()


async def test_a_case_goes_there_and_its_result_comes_back(docked: Docked) -> None:
    case_no, owner = await docked.case()
    task = await docked.task(case_no)
    (sent,) = docked.foreign.requests
    assert (sent["service_code"], sent["account_id"], task.foreign_id) == ("waste", case_no, "1")
    assert case_no in sent["description"]
    assert "垃圾" in sent["description"]
    assert "13800000000" not in str(docked.foreign.requests)

    docked.foreign.write("1", "IN_PROGRESS", "crew is on its way")
    assert await docked.poll() == 1
    assert (await docked.town.case(case_no))["status"] == "handling"
    docked.foreign.write("1", "FIXED", "已清理 cleaned")
    docked.foreign.write("2", "FIXED", "somebody else's request")
    assert await docked.poll() == 1
    case = await docked.town.case(case_no)
    assert case["status"] == "checking"
    at = {"lon": case["lon"], "lat": case["lat"]}
    facts = await docked.town.facts(case_no)
    result = next(fact for fact in facts if fact["row"] == 26)
    assert result["actor"] == {"id": f"open311:{owner}", "role": "handler", "unit": owner}
    assert await docked.poll() == 0  # what was carried is not carried again

    await docked.town.act(
        case_no, "record_check", checker(case["checker"]), passed=False, note="照片不清", photos=["p1"], **at
    )
    await docked.town.until(lambda: _posted(docked), bool)
    assert (docked.foreign.posted[0]["status"], docked.foreign.posted[0]["service_request_id"]) == (
        "REOPEN",
        "1",
    )


async def _posted(docked: Docked) -> list[dict[str, str]]:
    return docked.foreign.posted


async def test_an_answer_that_got_lost_makes_no_second_request(docked_sqlite: Docked) -> None:
    docked_sqlite.foreign.lose, docked_sqlite.foreign.tokens = 1, True
    case_no, _ = await docked_sqlite.case()
    task = await docked_sqlite.task(case_no)
    assert (len(docked_sqlite.foreign.requests), task.foreign_id, task.attempts) == (1, "1", 2)
    # The next one gets a token first, and its number when it is asked for.
    docked_sqlite.foreign.broken = 1
    other, _ = await docked_sqlite.case()
    await docked_sqlite.task(other, "token")
    # A token they know nothing of keeps no other request waiting.
    docked_sqlite.foreign.forgets_tokens = True
    docked_sqlite.foreign.write("1", "IN_PROGRESS", "crew is on its way")
    assert await docked_sqlite.poll() == 1
    docked_sqlite.foreign.forgets_tokens = False
    await docked_sqlite.poll()
    assert (await docked_sqlite.task(other)).foreign_id == "2"


async def test_a_system_without_updates_is_asked_for_its_requests(docked_sqlite: Docked) -> None:
    docked_sqlite.foreign.has_updates = False
    case_no, _ = await docked_sqlite.case()
    await docked_sqlite.task(case_no)
    docked_sqlite.foreign.write("1", "CLOSED", "done")
    assert await docked_sqlite.poll() == 1
    assert (await docked_sqlite.town.case(case_no))["signed_in_at"] is not None
    assert (await docked_sqlite.task(case_no, "closed")).last_status == "CLOSED"
    second, _ = await docked_sqlite.case()
    await docked_sqlite.task(second)
    docked_sqlite.foreign.broken = 1
    with pytest.raises(UnableToAsk):
        await docked_sqlite.poll()


async def test_a_refusal_of_theirs_is_a_return_and_what_came_too_late_is_on_record(
    docked_sqlite: Docked,
) -> None:
    case_no, _ = await docked_sqlite.case()
    await docked_sqlite.task(case_no)
    docked_sqlite.foreign.write("1", "NOT_COUNCILS_RESPONSIBILITY", "not ours")
    await docked_sqlite.poll()
    assert (await docked_sqlite.town.case(case_no))["status"] == "return_requested"
    other, _ = await docked_sqlite.case()
    await docked_sqlite.task(other)
    await docked_sqlite.town.act(other, "cancel_case", OPERATOR, reason="误报")
    docked_sqlite.foreign.write("2", "FIXED", "cleaned all the same")
    await docked_sqlite.poll()
    assert (await docked_sqlite.town.case(other))["status"] == "cancelled"
    shown = await docked_sqlite.town.json("GET", f"/api/v1/cases/{other}/docks", actor=OPERATOR)
    (there,) = shown["docks"]
    assert [(one["status"], one["fate"]) for one in there["updates"]] == [("FIXED", "refused:case_ended")]


async def test_a_case_that_cannot_be_reached_holds_up_no_other(docked_sqlite: Docked) -> None:
    lost, _ = await docked_sqlite.case()
    await docked_sqlite.task(lost)
    other, _ = await docked_sqlite.case()
    await docked_sqlite.task(other)
    await docked_sqlite.town.env.client.get_workflow_handle(lost).terminate()
    docked_sqlite.foreign.write("1", "FIXED", "cleaned")
    docked_sqlite.foreign.write("1", "REOPEN", "not quite")
    docked_sqlite.foreign.write("2", "IN_PROGRESS", "crew is on its way")
    assert await docked_sqlite.poll() == 1
    assert (await docked_sqlite.town.case(other))["status"] == "handling"
    assert (await docked_sqlite.task(lost)).last_status == ""  # both wait, in their order


async def test_what_is_searched_for_is_no_earlier_request_about_the_same_case(
    docked_sqlite: Docked, monkeypatch: pytest.MonkeyPatch
) -> None:
    case_no, owner = await docked_sqlite.case()
    assert (await docked_sqlite.task(case_no)).foreign_id == "1"
    # The case comes to the same unit again, and the answer to its second request is lost.
    now = docked_sqlite.town.city.now()
    row = OutboxRow(
        id=10**9, kind="notify", key="again", case_no=case_no, priority=3, recipient=docked_sqlite.dock.url,
        payload={"template": "assignment", "unit": owner, "epoch": 2, "context": {}}, state="pending",
        attempts=1, lost=0, created_at=now, not_before=now, lease_until=None, last_error="",
    )  # fmt: skip
    docked_sqlite.foreign.hang = True
    monkeypatch.setattr(boot.docks, "CARRY_S", 3.0)
    docks = {docked_sqlite.dock.url: docked_sqlite.dock}
    handed, wait = await carry(city=docked_sqlite.town.city, row=row, docks=docks)
    assert (handed.fate, handed.code, wait is not None) == ("later", "unknown:no_end", True)
    docked_sqlite.foreign.hang, docked_sqlite.foreign.lose = False, 1
    assert (await docked_sqlite.hand_over(row)).fate == "later"
    assert (await docked_sqlite.hand_over(row)).fate == "settled"
    assert (len(docked_sqlite.foreign.requests), (await docked_sqlite.task(case_no)).foreign_id) == (2, "2")
