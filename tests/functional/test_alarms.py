"""An alarm's life through the public API: in parallel, unanswered, false, and released only when it is safe."""

import asyncio
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
import pytest_asyncio

from api.alarm_schemas import AlarmHistoryOut, AlarmPageOut, DeviceAlarmsOut
from domain.device import Device
from domain.envelope import Envelope, EnvelopeKind
from store.rows_intake import NewInbound
from tests.functional.leap import Leap
from tests.functional.lives import checked
from tests.functional.town import COMMAND, OPERATOR, Json, handler, headers, is_problem, supervisor
from usecases import signals
from usecases.alarm_timers import deadlines

pytestmark = [pytest.mark.e2e, pytest.mark.temporal]

ALARMS = "/api/v1/alarms"
MINUTE = timedelta(minutes=1)
CHAIN = (("city", "4201"), ("district", "420102"))
EVENTS = count(1)


@pytest_asyncio.fixture(loop_scope="session")
async def gas(leap: Leap) -> Leap:
    """Return a town with two gas detectors of one model."""
    return await with_detectors(leap)


@pytest_asyncio.fixture(loop_scope="session")
async def gas_sqlite(leap_sqlite: Leap) -> Leap:
    """Return such a town on SQLite, for what the kind of database cannot change."""
    return await with_detectors(leap_sqlite)


async def with_detectors(town: Leap) -> Leap:
    spot = await town.spot()
    devices = [
        Device(source="gas", code=f"G-{n}", profile="gas-underground", asset=f"well-{n}", unit="420102-COMMAND",
               lon=spot.lon + n / 100, lat=spot.lat, chain=CHAIN, model="GT-50")
        for n in range(2)
    ]  # fmt: skip
    profiles = town.city.pack.profiles
    town.city.store.put_devices(devices=devices, profiles=profiles, at=town.time.now())
    return town


async def read(town: Leap, value: float, device: str = "G-0") -> None:
    """Let a detector send a reading, in %LEL, and take it."""
    city, now = town.city, town.time.now()

    def work() -> None:
        message = NewInbound(source="gas", channel="sensor", format="json", body=b"{}", received_at=now)
        city.store.keep_many(messages=[message])
        (row,) = city.store.claim_inbound(limit=1, now=now, worker="w", lease_s=60)
        envelope = Envelope(
            source="gas", event_id=f"e{next(EVENTS)}", kind=EnvelopeKind.OBSERVATION, subject=device, value=value,
            metric="combustible_gas", unit="%LEL", occurred_at=now, received_at=now,
        )  # fmt: skip
        signals.take(city=city, message=row, found=[envelope])

    await asyncio.to_thread(work)


async def leap_by(town: Leap, duration: timedelta) -> None:
    """Let time go by for cases and alarms."""
    await town.leap(duration)
    await asyncio.to_thread(deadlines, city=town.city)


async def raised(town: Leap, value: float, device: str = "G-0") -> Json:
    """Return the alarm of two readings, the second of which makes sure of it, once it waits for nobody."""
    await read(town, value, device)
    await read(town, value, device)
    alarm = await found_of(town, device)
    if alarm["case_no"] is None:
        await leap_by(town, MINUTE)
        return await found_of(town, device)
    await town.wait(alarm["case_no"], "dispatched")
    return alarm


async def found_of(town: Leap, device: str) -> Json:
    page = await town.json("GET", f"{ALARMS}?device={device}&open=true&hazard=gas", actor=OPERATOR)
    AlarmPageOut.model_validate(page)
    (alarm,) = page["alarms"]
    found: Json = alarm
    return found


async def shown(town: Leap, number: str) -> Json:
    found: Json = await town.json("GET", f"{ALARMS}/{number}", actor=OPERATOR)
    AlarmHistoryOut.model_validate(found)
    return found


async def in_phase(town: Leap, number: str, phase: str) -> Json:
    """Return an alarm once it has a phase."""
    found: Json = await town.until(lambda: shown(town, number), lambda one: one["alarm"]["phase"] == phase)
    return found


async def act(town: Leap, number: str, key: str = "", *, actor: str = OPERATOR, **deed: Any) -> Json:
    done: Json = await town.json("POST", f"{ALARMS}/{number}/acts", deed, actor=actor, key=key)
    return done


async def refused(
    town: Leap, number: str, key: str = "", *, actor: str = OPERATOR, **deed: Any
) -> tuple[int, str]:
    given = headers(actor=actor, key=key)
    response = await town.http.post(f"{ALARMS}/{number}/acts", json=deed, headers=given)
    return response.status_code, is_problem(response)["code"]


async def inbox(town: Leap, unit: str, number: str) -> list[str]:
    page = await town.json("GET", f"/api/v1/units/{unit}/messages?limit=200", actor=handler(unit))
    return [one["template"] for one in reversed(page["messages"]) if one["case_no"] == number]


async def test_severity_1_is_dispatched_while_it_is_assessed_and_nobodys_answer_means_true(
    gas_sqlite: Leap,
) -> None:
    town = gas_sqlite
    alarm = await raised(town, 60.0)
    number, case_no = alarm["alarm_no"], alarm["case_no"]
    assert (alarm["phase"], alarm["severity"], alarm["hazard_zh"] != "") == ("assessing", 1, True)
    assert [one["kind"] for one in alarm["acts"]] == ["assess", "confirm", "regrade"]
    case = await town.wait(case_no, "dispatched")
    assert (case["severity"], case["aspects"]["alarm"], case["aspects"]["linked"][0]["out"]) == (
        1,
        number,
        True,
    )
    assert (await shown(town, number))["alarm"]["phase"] == "assessing"
    await leap_by(town, 10 * MINUTE)
    found = await in_phase(town, number, "responding")
    kinds = [fact["kind"] for fact in found["facts"]]
    assert [kind for kind in kinds if kind != "case_told"] == ["raised", "assessing", "warning", "responding"]
    assert next(fact for fact in found["facts"] if fact["kind"] == "warning")["data"]["why"] == "unanswered"
    assert await inbox(town, "420102-COMMAND", number) == ["alarm_assess", "alarm_unanswered"]
    assert await refused(town, number, kind="assess", verdict="true") == (409, "alarm_phase")


async def test_a_false_alarm_has_a_reason_once_and_leaves_the_case_to_those_on_site(gas_sqlite: Leap) -> None:
    town = gas_sqlite
    alarm = await raised(town, 60.0, "G-1")
    number = alarm["alarm_no"]
    case = await town.wait(alarm["case_no"], "dispatched")
    false = {"kind": "assess", "verdict": "false", "reason": "methane", "text": "下水道沼气，复测为零"}
    assert await refused(town, number, **{**false, "reason": "because"}) == (422, "unknown_reason")
    assert await refused(town, number, **{**false, "text": ""}) == (422, "reason_required")
    assert await refused(town, number, **{**false, "verdict": "maybe"}) == (422, "invalid_body")
    assert await refused(town, number, actor=handler(COMMAND), **false) == (403, "role_not_allowed")
    assert await refused(town, "ALM-nobody", **false) == (404, "alarm_not_found")
    done = await act(town, number, "k1", **false)
    assert (done["phase"], done["phase_zh"], done["acts"]) == ("false_alarm", "误报", [])
    assert await act(town, number, "k1", **false) == done
    assert await refused(town, number, "k1", **{**false, "text": "something else"}) == (
        422,
        "request_id_reused",
    )
    assert await refused(town, number, kind="confirm") == (409, "alarm_phase")
    told = await town.until(
        lambda: inbox(town, case["owner"], case["case_no"]), lambda said: "alarm_changed" in said
    )
    assert told[-1] == "alarm_changed"
    assert (await town.case(case["case_no"]))["status"] == "dispatched"
    counted = await town.json("GET", "/api/v1/devices/gas/G-1/alarms", actor=OPERATOR)
    DeviceAlarmsOut.model_validate(counted)
    assert (counted["of_device"]["false"], counted["of_model"]["reasons"]) == (1, {"methane": 1})


async def test_it_is_solved_and_released_only_when_its_readings_and_somebody_on_site_say_so(
    gas: Leap,
) -> None:
    alarm = await raised(gas, 30.0)
    number = alarm["alarm_no"]
    assert (alarm["phase"], alarm["severity"], alarm["case_no"]) == ("assessing", 2, None)
    case_no = (await act(gas, number, kind="assess", verdict="true"))["case_no"]
    case = await gas.wait(case_no, "dispatched")
    await in_phase(gas, number, "responding")
    unit = handler(case["owner"])
    await gas.act(case_no, "sign_in", unit, assignee="crew-7")
    await gas.act(case_no, "submit_result", unit, result="阀门已关闭", contacted=True)
    case = await checked(gas, await gas.wait(case_no, "checking"))
    assert (case["status"], case["aspects"]["check_passed"]) == ("checking", True)
    assert await gas.refused(case_no, "close_case", supervisor()) == (409, "alarm_out_of_band")

    await read(gas, 5.0)
    await in_phase(gas, number, "recovering")
    await gas.until(
        lambda: gas.case(case_no), lambda one: not any(each["out"] for each in one["aspects"]["linked"])
    )
    closed = await gas.act(case_no, "close_case", supervisor())
    assert closed["close_kind"] == "solved"
    found = await gas.until(lambda: shown(gas, number), lambda one: one["alarm"]["confirmed_by"] == "case")
    assert found["alarm"]["phase"] == "recovering"
    await leap_by(gas, timedelta(hours=2))
    released = (await shown(gas, number))["alarm"]
    assert (released["phase"], released["next_due"], released["released_at"] is not None) == (
        "released",
        None,
        True,
    )
