"""One command down to the base through the public API, tracked to the last receiver."""

import signal
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from api.instruction_schemas import ActsOut, InstructionPageOut, TrackedOut
from boot.stack import Stack
from tests.functional.conftest import KINDS, database
from tests.functional.town import COMMAND, Json, Town, handler, headers, is_problem, leader
from tests.servers import answering, faults, free_ports, place_of, start_parts

pytestmark = [pytest.mark.e2e, pytest.mark.temporal]

INSTRUCTIONS = "/api/v1/instructions"
DISTRICT = "420102"
CITY = leader(COMMAND)
SOON = "0.1MIN"
"""Six seconds: a reminder after three, the report after six. The stack's clock is the real one."""


def body(**changes: object) -> Json:
    return {"title": "汛期井盖排查", "text": "请排查辖区内所有井盖。", "limit": "4UH", **changes}


async def issue(town: Town, *, actor: str = CITY, key: str = "", **changes: object) -> Json:
    made: Json = await town.json("POST", INSTRUCTIONS, body(**changes), actor=actor, key=key)
    return made


async def act(
    town: Town, number: str, what: str, actor: str, given: Json | None = None, *, key: str = ""
) -> Json:
    done: Json = await town.json("POST", f"{INSTRUCTIONS}/{number}/{what}", given, actor=actor, key=key)
    return done


async def refused(town: Town, path: str, actor: str, given: Json | None = None) -> tuple[int, str]:
    response = await town.http.post(f"{INSTRUCTIONS}{path}", json=given, headers=headers(actor=actor))
    return response.status_code, is_problem(response)["code"]


async def inbox(town: Town, unit: str, number: str) -> list[str]:
    """Return what a unit's inbox says of an instruction, oldest first."""
    page = await town.json("GET", f"/api/v1/units/{unit}/messages?limit=200", actor=handler(unit))
    own = [one for one in page["messages"] if one["case_no"] == number]
    return [f"{one['template']}/{one['context']['about']}" for one in reversed(own)]


async def shown(town: Town, number: str, query: str = "", *, actor: str = CITY) -> Json:
    found: Json = await town.json("GET", f"{INSTRUCTIONS}/{number}{query}", actor=actor)
    return found


async def test_one_command_reaches_every_street_and_is_passed_on_to_the_last_grid(town: Town) -> None:
    streets = {"selectors": [{"level": "street", "kind": "COMMAND", "area": DISTRICT}]}
    made = await issue(town, to=streets, reply_required=True, exercise=True)
    number, total = made["number"], made["counts"]["total"]
    assert (made["state"], made["issuer_name"], made["limit"]) == ("open", "武汉市城市运行管理中心", "4UH")
    assert made["counts"] == {"total": total, "told": total, "read": 0, "replied": 0, "missing": total}
    first = (await shown(town, number))["receivers"][0]
    street, area = first["unit"], first["unit"].removesuffix("-COMMAND")
    page = await town.json("GET", f"{INSTRUCTIONS}?unit={street}&limit=1", actor=leader(street))
    InstructionPageOut.model_validate(page)
    (mine,) = page["instructions"]
    assert (mine["number"], mine["text"], mine["receiver"]["state"]) == (number, made["text"], "told")
    assert (await act(town, number, "read", handler(street)))["receiver"]["state"] == "read"

    communities = {"to": {"selectors": [{"level": "community", "kind": "COMMUNITY", "area": area}]}}
    below = await act(town, number, "pass_on", leader(street), communities)
    assert below["told"] == below["by_level"]["community"]["total"] > 0
    page = await shown(town, number, f"?parent={street}&limit=1")
    community = page["receivers"][0]["unit"]
    grids = await act(
        town, number, "pass_on", leader(community), {"to": {"selectors": [{"level": "grid", "kind": "GRID"}]}}
    )
    grid = (await shown(town, number, f"?parent={community}&limit=1"))["receivers"][0]
    assert (grid["level"], grid["parent"], grid["unit_name"][-1]) == ("grid", community, "员")
    assert await inbox(town, grid["unit"], number) == ["instruction/told"]

    last = await act(town, number, "reply", handler(grid["unit"]), {"reply": "无缺失"})
    assert last["receiver"]["reply"] == "无缺失"
    assert last["counts"]["replied"] == last["by_level"]["grid"]["replied"] == 1
    assert last["counts"]["total"] == total + below["told"] + grids["told"]
    assert last["counts"]["missing"] == last["counts"]["total"] - 1
    (replied,) = (await shown(town, number, "?state=replied&level=grid"))["receivers"]
    assert replied["unit"] == grid["unit"]
    history = await town.json("GET", f"{INSTRUCTIONS}/{number}/history", actor=CITY)
    ActsOut.model_validate(history)
    TrackedOut.model_validate(await shown(town, number))
    assert [one["kind"] for one in history["acts"]] == ["reply", "pass_on", "pass_on", "read", "issue"]


async def test_who_is_missing_is_reminded_twice_and_the_issuer_hears_of_it(town: Town) -> None:
    late, early = f"{DISTRICT}-SANITATION", f"{DISTRICT}-URBAN_MGMT"
    made = await issue(town, actor=leader(f"{DISTRICT}-COMMAND"), to={"units": [late, early]}, limit=SOON)
    number = made["number"]
    await act(town, number, "read", handler(early))
    told = await town.until(lambda: inbox(town, f"{DISTRICT}-COMMAND", number), lambda found: len(found) == 1)
    assert told == ["instruction_report/due"]
    reminders = ["instruction_reminder/half", "instruction_reminder/due"]
    assert await inbox(town, late, number) == ["instruction/told", *reminders]
    assert await inbox(town, early, number) == ["instruction/told"]
    page = await shown(town, number, "?missing=true")
    assert [(one["unit"], one["reminded"]) for one in page["receivers"]] == [(late, 2)]
    assert page["reported_at"] is not None
    done = await act(town, number, "read", handler(late))
    assert (done["state"], done["receiver"]["late"]) == ("complete", True)
    assert await inbox(town, f"{DISTRICT}-COMMAND", number) == [
        "instruction_report/due",
        "instruction_report/complete",
    ]


async def test_a_repetition_gets_the_first_answer(town: Town) -> None:
    to = {"units": [f"{DISTRICT}-SANITATION"]}
    by = headers(actor=CITY, key="order-1")
    first, again = [await town.http.post(INSTRUCTIONS, json=body(to=to), headers=by) for _ in range(2)]
    assert (first.status_code, again.status_code) == (201, 200)
    assert (again.json()["number"], again.json()["repeated"]) == (first.json()["number"], True)
    other = await town.http.post(INSTRUCTIONS, json=body(to=to, title="另一件"), headers=by)
    assert (other.status_code, is_problem(other)["code"]) == (422, "request_id_reused")
    number = first.json()["number"]
    answers = [
        await act(town, number, "reply", handler(f"{DISTRICT}-SANITATION"), {"reply": "好"}, key="r")
        for _ in range(2)
    ]
    assert [one["repeated"] for one in answers] == [False, True]
    assert answers[0]["receiver"] == answers[1]["receiver"]


async def test_a_correction_and_a_withdrawal(town: Town) -> None:
    one, two = f"{DISTRICT}-SANITATION", f"{DISTRICT}-POLICE"
    old = (await issue(town, to={"units": [one, two]}))["number"]
    assert await refused(town, f"/{old}/withdraw", CITY, {"reason": " "}) == (422, "reason_required")
    by_district = leader(f"{DISTRICT}-COMMAND")
    assert await refused(town, f"/{old}/withdraw", by_district, {"reason": "x"}) == (403, "not_the_issuer")
    new = await issue(town, to={"units": [one]}, corrects=old, text="更正：只排查主干道。")
    was = await shown(town, old)
    assert (was["state"], was["state_zh"], was["corrected_by"]) == ("corrected", "已更正", new["number"])
    assert await inbox(town, two, old) == ["instruction/told", "instruction/corrected"]
    assert await inbox(town, one, old) == ["instruction/told"]
    assert await refused(town, f"/{old}/reply", handler(one), {"reply": "好"}) == (409, "instruction_ended")
    ended = await act(town, new["number"], "withdraw", CITY, {"reason": "误发"})
    assert (ended["state"], ended["reason"]) == ("withdrawn", "误发")
    assert await inbox(town, one, new["number"]) == ["instruction/told", "instruction/withdrawn"]
    third = await issue(town, to={"units": [one, two]})
    closed = await act(town, third["number"], "close", CITY, {"reason": "天气好转"})
    assert (closed["state"], closed["counts"]["missing"]) == ("closed", 2)


async def test_nobody_instructs_beyond_its_area_or_rank(town: Town) -> None:
    own, other = f"{DISTRICT}-COMMAND", "420103-SANITATION"
    assert await refused(town, "", leader(own), body(to={"units": [other]})) == (403, "outside_command")
    assert await refused(town, "", leader(own), body(to={"units": [COMMAND]})) == (403, "outside_command")
    elsewhere = {"selectors": [{"level": "street", "area": "420103"}]}
    assert await refused(town, "", leader(own), body(to=elsewhere)) == (422, "no_receivers")
    mine = {"units": [f"{DISTRICT}-SANITATION"]}
    assert await refused(town, "", handler(own), body(to=mine)) == (403, "not_a_commander")
    assert await refused(town, "", leader(f"{DISTRICT}-POLICE"), body(to=mine)) == (403, "not_a_commander")
    assert await refused(town, "", "", body(to=mine)) == (401, "actor_required")
    every = {"selectors": [{"level": "grid"}]}
    assert await refused(town, "", CITY, body(to=every)) == (422, "too_many_receivers")
    assert await refused(town, "", CITY, body(to={"units": ["nobody"]})) == (422, "unknown_unit")
    number = (await issue(town, to=mine))["number"]
    assert await refused(town, f"/{number}/read", handler(other)) == (403, "not_a_receiver")
    passing = {"to": {"units": [f"{DISTRICT}-POLICE"]}}
    sanitation = leader(f"{DISTRICT}-SANITATION")
    assert await refused(town, f"/{number}/pass_on", sanitation, passing) == (403, "may_not_pass_on")
    assert await refused(town, "/INS-20260101-0000-0000/read", CITY) == (404, "instruction_not_found")


@pytest.mark.parametrize(
    "wrong",
    [
        {"limit": "soon"},
        {"limit": 4},
        {"title": " "},
        {"text": ""},
        {"urgency": 0},
        {"urgency": True},
        {"reply_required": "no"},
        {"to": {"unit": ["x"]}},
        {"to": {"selectors": [{"level": "village"}]}},
        {"to": {"units": ["x" * 101]}},
        {"somebody": "else"},
        {"case_no": "\u0000"},
    ],
)
async def test_what_is_wrong_in_itself_is_refused_by_field(town: Town, wrong: Json) -> None:
    given = {**body(to={"units": [f"{DISTRICT}-SANITATION"]}), **wrong}
    response = await town.http.post(INSTRUCTIONS, json=given, headers=headers(actor=CITY))
    problem = is_problem(response)
    assert (response.status_code, problem["code"]) == (422, "invalid_body")
    assert problem["errors"]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"limit": "0MIN"}, "limit_out_of_range"),
        ({"limit": "400ND"}, "limit_out_of_range"),
        ({"title": "长" * 61}, "too_long"),
        ({"text": "坏\u0007"}, "control_characters"),
        ({"case_no": "20260101-0000-0000"}, "case_not_found"),
        ({"corrects": "INS-1"}, "instruction_not_found"),
    ],
)
async def test_what_the_city_does_not_take_is_refused_with_its_reason(
    town: Town, wrong: Json, code: str
) -> None:
    given = {**body(to={"units": [f"{DISTRICT}-SANITATION"]}), **wrong}
    response = await town.http.post(INSTRUCTIONS, json=given, headers=headers(actor=CITY))
    assert is_problem(response)["code"] == code


@pytest_asyncio.fixture(params=KINDS)
async def alone(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, atlas_folder: Path
) -> AsyncIterator[tuple[Stack, Town]]:
    """Return a stack of which API and relay run: an instruction needs no Temporal."""
    data = tmp_path_factory.mktemp(f"instructions-{request.param}")
    with database(request) as url:
        place = place_of(data=data, atlas=atlas_folder, database_url=url)
        stack = Stack(data=data, ports=free_ports(), env=place.env)
        try:
            await start_parts(stack, "api", "relay")
            async with httpx.AsyncClient(base_url=stack.api_url, timeout=60.0) as http:
                await answering(http)
                yield stack, Town(http=http, data=data)
        finally:
            await stack.stop()
    assert faults(data) == []


async def test_a_relay_killed_between_order_and_reminder_is_followed_by_one_that_reminds_once(
    alone: tuple[Stack, Town],
) -> None:
    stack, town = alone
    late, issuer = f"{DISTRICT}-SANITATION", f"{DISTRICT}-COMMAND"
    number = (await issue(town, actor=leader(issuer), to={"units": [late]}, limit=SOON))["number"]
    relay = stack.part("relay").process
    assert relay is not None
    relay.send_signal(signal.SIGKILL)
    await relay.wait()
    due = (await shown(town, number))["due_at"]
    # Both moments pass while nobody is there to see them.
    await town.until(
        lambda: town.json("GET", "/api/v1/city"), lambda city: city["now"] > due.replace("Z", "+00:00")
    )
    assert await inbox(town, late, number) == ["instruction/told"]
    await start_parts(stack, "relay")
    await town.until(lambda: inbox(town, issuer, number), lambda found: found != [])
    assert await inbox(town, late, number) == ["instruction/told", "instruction_reminder/due"]
    assert await inbox(town, issuer, number) == ["instruction_report/due"]
