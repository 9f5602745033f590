"""Whatever is sent: never a fault, always a problem with a stable code that says what to do."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from tests.functional.town import DISPATCHER, OPERATOR, Json, Town, checker, handler, headers, is_problem

pytestmark = [pytest.mark.e2e, pytest.mark.temporal]

GOOD: Json = {
    "channel": "console",
    "category": "E0110",
    "description": "垃圾堆放",
    "place": {"lon": 114.3, "lat": 30.6},
}
NOBODY = "20261118-0000-0000"
"""A number that was never drawn: all zeros, with another check digit than these have."""
JSON = {"content-type": "application/json"}
WHY: Json = {"reason": "x", "plan": "x", "interim_measure": "x"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Bad:
    """A request that is wrong and the answer it gets. A text body is sent as it is."""

    name: str
    status: int
    code: str
    method: str = "POST"
    path: str = "/api/v1/reports"
    body: Json | str | bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)


def report(name: str, status: int, code: str, **wrong: Any) -> Bad:
    """Return a report that is good but for these fields."""
    return Bad(name=name, status=status, code=code, body={**GOOD, **wrong})


def literal(name: str, status: int, code: str, field_name: str, text: str) -> Bad:
    """Return a report one field of which is written as no encoder would write it."""
    whole = json.dumps({**GOOD, field_name: "HERE"}).replace('"HERE"', text)
    return Bad(name=name, status=status, code=code, body=whole)


def command(
    name: str, status: int, code: str, sender: str = OPERATOR, case_no: str = "{case}", **body: Any
) -> Bad:
    """Return a command on a dispatched case, or on another number."""
    path = f"/api/v1/cases/{case_no}/commands"
    return Bad(name=name, status=status, code=code, path=path, body=body, headers=headers(actor=sender))


def raw_command(name: str, status: int, code: str, text: str) -> Bad:
    """Return a command with a body written by hand."""
    path = "/api/v1/cases/{case}/commands"
    return Bad(name=name, status=status, code=code, path=path, body=text, headers=headers(actor=OPERATOR))


def get(name: str, status: int, code: str, path: str, method: str = "GET") -> Bad:
    """Return a request without a body."""
    return Bad(name=name, status=status, code=code, path=path, method=method)


TEXT_FIELDS = ("channel", "category", "condition", "description", "source", "source_no")
PARTS = [
    ("place", "address"),
    ("place", "area_code"),
    ("reporter", "name"),
    ("reporter", "phone"),
    ("reporter", "email"),
]

REPORTS = [
    report("unknown category", 422, "unknown_category", category="X9999"),
    report("empty category", 422, "unknown_category", category=""),
    report("unknown condition", 422, "unknown_condition", condition="on_fire"),
    report("unknown channel", 422, "unknown_channel", channel="fax"),
    report("unknown area", 422, "unknown_area", place={"area_code": "999999"}),
    report("future date", 422, "occurred_in_future", occurred_at="2999-01-01T00:00:00+08:00"),
    report("future by a zone", 422, "occurred_in_future", occurred_at="2026-11-18T23:00:00-12:00"),
    report("naive date", 422, "invalid_body", occurred_at="2026-11-18T10:00:00"),
    report("seconds for a date", 422, "invalid_body", occurred_at=1_795_355_926),
    report("seconds in a text", 422, "invalid_body", occurred_at="1795355926"),
    report("a day for a time", 422, "invalid_body", occurred_at="2026-11-18"),
    report("a date that is none", 422, "invalid_body", occurred_at="2026-02-30T10:00:00Z"),
    report("before all calendars", 422, "invalid_body", occurred_at="0001-01-01T00:00:00+14:00"),
    report("after all calendars", 422, "invalid_body", occurred_at="9999-12-31T23:59:59-14:00"),
    report("long description", 413, "too_long", description="长" * 20_001),
    report("1 MB description", 413, "body_too_large", description="x" * 1_000_000),
    report("long address", 413, "too_long", place={"address": "路" * 501}),
    report("long phone", 413, "too_long", reporter={"phone": "1" * 41}),
    report("long tag", 413, "too_long", tags=["t" * 101]),
    report("many tags", 422, "invalid_body", tags=["t"] * 21),
    report("extra field", 422, "invalid_body", categroy="E0110"),
    report("extra field within", 422, "invalid_body", place={"lng": 114.3}),
    report("extra field of no text", 422, "invalid_body", **{"\ud800": 1}),
    report("number for a text", 422, "invalid_body", description=7),
    report("text for a number", 422, "invalid_body", place={"lon": "114.3", "lat": 30.6}),
    report("text for a truth", 422, "invalid_body", exercise="yes"),
    report("truth for a number", 422, "invalid_body", place={"lon": True, "lat": 30.6}),
    report("list for an object", 422, "invalid_body", place=[114.3, 30.6]),
    report("null for a text", 422, "invalid_body", description=None),
    report("severity 0", 422, "invalid_body", severity=0),
    report("severity 5", 422, "invalid_body", severity=5),
    report("severity 1.5", 422, "invalid_body", severity=1.5),
    report("huge severity", 422, "invalid_body", severity=10**30),
    report("accuracy below nothing", 422, "invalid_body", place={"accuracy_m": -1}),
    report("control character in a tag", 422, "control_characters", tags=["a\x07b"]),
    literal("NaN", 422, "invalid_body", "place", '{"lon": NaN, "lat": 30.6}'),
    literal("Infinity", 422, "invalid_body", "place", '{"lon": 114.3, "lat": -Infinity}'),
    literal("too large for a number", 422, "invalid_body", "place", '{"lon": 1e400, "lat": 30.6}'),
    literal("accuracy without end", 422, "invalid_body", "place", '{"accuracy_m": Infinity}'),
    literal("a number of 5,000 digits", 400, "malformed_json", "severity", "9" * 5_000),
    literal("deep nesting", 400, "malformed_json", "place", '{"a":' * 20_000 + "1" + "}" * 20_000),
    literal("some nesting", 422, "invalid_body", "place", '{"a":' * 50 + "1" + "}" * 50),
    *(report(f"NUL in {name}", 422, "control_characters", **{name: "a\x00b"}) for name in TEXT_FIELDS),
    *(report(f"escape in {name}", 422, "control_characters", **{name: "a\x1b[2Jb"}) for name in TEXT_FIELDS),
    *(
        literal(f"half a pair in {name}", 422, "control_characters", name, '"a\\ud800b"')
        for name in TEXT_FIELDS
    ),
    *(
        report(f"NUL in {part}.{name}", 422, "control_characters", **{part: {name: "a\x00b"}})
        for part, name in PARTS
    ),
    *(
        literal(f"half a pair in {part}.{name}", 422, "control_characters", part, f'{{"{name}": "\\udfff"}}')
        for part, name in PARTS
    ),
]
BODIES = [
    Bad(name="no body", status=422, code="invalid_body", headers=JSON),
    Bad(name="no JSON", status=400, code="malformed_json", body='{"channel": "console",'),
    Bad(name="two documents", status=400, code="malformed_json", body="{} {}"),
    Bad(name="a list", status=422, code="invalid_body", body="[]"),
    Bad(name="a word", status=422, code="invalid_body", body='"report"'),
    Bad(name="null", status=422, code="invalid_body", body="null"),
    Bad(name="no UTF-8", status=400, code="malformed_json", body=b'{"channel": "\xff\xfe"}'),
    Bad(name="only brackets", status=400, code="malformed_json", body="[" * 100_000),
    Bad(name="a form", status=415, code="unsupported_media_type", body="channel=console",
        headers={"content-type": "application/x-www-form-urlencoded"}),
    Bad(name="text", status=415, code="unsupported_media_type", body=json.dumps(GOOD), headers={"content-type": "text/plain"}),
    Bad(name="a long key", status=422, code="invalid_parameter", body=GOOD, headers=headers(key="k" * 201)),
    Bad(name="preview of no channel", status=422, code="unknown_channel", path="/api/v1/preview", body={"channel": "fax"}),
    Bad(name="preview of NUL", status=422, code="control_characters", path="/api/v1/preview",
        body={"channel": "console", "tags": ["\x00"]}),
    Bad(name="preview before all calendars", status=422, code="invalid_body", path="/api/v1/preview",
        body={"channel": "console", "at": "0001-01-01T00:00:00+14:00"}),
]  # fmt: skip
COMMANDS = [
    command("no actor", 401, "actor_required", sender="", kind="sign_in"),
    command("unknown role", 401, "unknown_actor", sender="id=x; role=mayor", kind="sign_in"),
    command("no role", 401, "unknown_actor", sender="id=x", kind="sign_in"),
    command("no name", 401, "unknown_actor", sender="role=operator", kind="sign_in"),
    command("the engine's role", 401, "unknown_actor", sender="id=x; role=engine", kind="sign_in"),
    command("unknown unit", 401, "unknown_actor", sender="id=x; role=handler; unit=NOWHERE", kind="sign_in"),
    command("nonsense for an actor", 401, "unknown_actor", sender="=;;=", kind="sign_in"),
    command("long name", 401, "unknown_actor", sender=f"id={'x' * 101}; role=operator", kind="sign_in"),
    command("unknown command", 422, "unknown_command", kind="explode"),
    command("the engine's command", 422, "unknown_command", kind="join_report", report_no="x", merged_case="y"),
    command("no command", 422, "invalid_body", reason="x"),
    command("command of another type", 422, "invalid_body", kind=7),
    command("not in this state", 409, "command_not_allowed_in_state", kind="close_case"),
    command("not this role", 403, "role_not_allowed", kind="sign_in"),
    command("extra field", 422, "invalid_body", kind="cancel_case", reason="x", reasn="y"),
    command("the engine's fields", 422, "invalid_body", kind="cancel_case", reason="x", request_id="1"),
    command("another actor inside", 422, "invalid_body", kind="cancel_case", reason="x", actor={"id": "y"}),
    command("a district's say", 422, "invalid_body", kind="request_return", reason="x", crosses_district=True),
    command("missing field", 422, "invalid_body", kind="cancel_case"),
    command("number for a text", 422, "invalid_body", kind="cancel_case", reason=7),
    command("text for a truth", 422, "invalid_body", kind="record_check", passed="no"),
    command("null for a truth", 422, "invalid_body", kind="record_check", passed=None),
    command("unknown way to close", 422, "invalid_body", kind="close_case", close_kind="vanished"),
    command("sixth grade", 422, "invalid_body", kind="record_visit", report_no="x", reached=True, grade=6),
    command("huge grade", 422, "invalid_body", kind="record_visit", report_no="x", reached=True, grade=10**40),
    command("many photos", 422, "invalid_body", kind="submit_result", result="x", photos=["p"] * 51),
    command("long reason", 413, "too_long", kind="cancel_case", reason="x" * 5_001),
    command("long photo", 413, "too_long", kind="submit_result", result="x", photos=["p" * 5_001]),
    command("photo for a reference", 413, "too_long", kind="submit_result", result="x", photos=["p" * 501]),
    command("many areas", 422, "invalid_body", sender=DISPATCHER, kind="mark_span", areas=["420106"] * 301),
    command("area nobody knows", 422, "unknown_area", sender=DISPATCHER, kind="mark_span", areas=["999999"]),
    command("parent nobody has", 404, "case_not_found", sender=DISPATCHER, kind="join_parent", parent=NOBODY),
    command("task for nobody", 422, "unknown_unit", kind="assign_task", unit="NOWHERE", text="x"),
    command("task for a platform outside", 422, "not_a_department", kind="assign_task", unit="PEER-110", text="x"),
    command("out to one of ours", 422, "not_a_peer", kind="transfer_out", to="4201-COMMAND"),
    command("day without a zone", 422, "time_without_zone", kind="suspend", until="2026-12-01T08:00:00", **WHY),
    command("day beyond all calendars", 422, "time_without_zone", kind="suspend", until="9999-12-31T23:59:59-12:00", **WHY),
    command("level of nowhere", 422, "invalid_body", kind="jump_level", level="planet", reason="x"),
    command("more dead than people", 422, "invalid_body", kind="report_event", report="phone", to_level="city", text="x", dead=10**9),
    command("what was asked", 422, "invalid_body", kind="open_child", text="x", levels=1),
    command("the engine's word", 422, "unknown_command", kind="child_changed", child="x"),
    command("NUL in a reason", 422, "control_characters", kind="cancel_case", reason="a\x00b"),
    command("NUL in a photo", 422, "control_characters", kind="submit_result", result="x", photos=["a\x00"]),
    command("NUL in a kind", 422, "control_characters", kind="sign\x00in"),
    command("half a pair in a reason", 422, "control_characters", kind="cancel_case", reason="\ud800"),
    command("half a pair in a name", 422, "invalid_body", kind="cancel_case", reason="x", **{"\ud800": "y"}),
    command("unknown unit as lead", 422, "unknown_unit", sender=DISPATCHER, kind="reassign", lead="NOWHERE", reason="x"),
    command("list as lead", 422, "invalid_body", sender=DISPATCHER, kind="reassign", lead=["4201-COMMAND"], reason="x"),
    command("list as category", 422, "invalid_body", kind="file_case", category=["E0110"]),
    command("object as address", 422, "invalid_body", kind="file_case", address={"street": "x"}),
    command("text as longitude", 422, "invalid_body", kind="file_case", lon="114.3", lat=30.6),
    command("severity 9", 422, "invalid_body", kind="file_case", severity=9),
    command("unknown category", 422, "unknown_category", kind="file_case", category="X9999"),
    command("unknown condition", 422, "unknown_condition", kind="file_case", condition="on_fire"),
    command("unknown area", 422, "unknown_area", kind="file_case", area_code="999999"),
    command("unknown field", 422, "invalid_body", kind="file_case", decision={"lead": "4201-COMMAND"}),
    command("merge into nothing", 404, "case_not_found", kind="merge_into", master=NOBODY),
    command("merge into garbage", 404, "case_not_found", kind="merge_into", master="'; DROP TABLE cases"),
    command("case that is not there", 404, "case_not_found", case_no=NOBODY, kind="cancel_case", reason="x"),
    command("garbage for a number", 404, "case_not_found", case_no="%00%ff", kind="cancel_case", reason="x"),
    raw_command("NaN", 422, "not_a_number", '{"kind": "file_case", "lon": NaN, "lat": 30.6}'),
    raw_command("Infinity", 422, "not_a_number", '{"kind": "record_check", "passed": true, "lon": Infinity}'),
    raw_command("deep within", 422, "too_deep", '{"kind": "submit_result", "result": "x", "photos": ' + "[" * 400 + "]" * 400 + "}"),
    raw_command("deep nesting", 400, "malformed_json", '{"kind": ' + "[" * 50_000 + "]" * 50_000 + "}"),
    raw_command("no JSON", 400, "malformed_json", "sign_in"),
]  # fmt: skip
QUESTIONS = [
    get("case that is not there", 404, "case_not_found", f"/api/v1/cases/{NOBODY}"),
    get("NUL for a case", 404, "case_not_found", "/api/v1/cases/%00"),
    get("long number", 404, "case_not_found", "/api/v1/cases/" + "9" * 5_000),
    get("Arabic digits", 404, "case_not_found", "/api/v1/cases/٢٠٢٦١١١٨-0000-0000"),
    get("history of nothing", 404, "case_not_found", f"/api/v1/cases/{NOBODY}/history"),
    get("history of NUL", 404, "case_not_found", "/api/v1/cases/%00/history"),
    get("report that is not there", 404, "report_not_found", f"/api/v1/reports/{NOBODY}"),
    get("NUL for a report", 404, "report_not_found", "/api/v1/reports/%00"),
    get("unit that is not there", 404, "unit_not_found", "/api/v1/units/NOWHERE"),
    get("inbox without an actor", 401, "actor_required", "/api/v1/units/4201-COMMAND/messages"),
    get("unknown path", 404, "not_found", "/api/v1/cares"),
    get("neither a page nor the API", 404, "not_found", "/nowhere"),
    get("wrong method", 405, "method_not_allowed", "/api/v1/cases", method="DELETE"),
    get("wrong method on a report", 405, "method_not_allowed", "/api/v1/reports", method="PUT"),
    get("unknown filter", 422, "invalid_parameter", "/api/v1/cases?ownr=x"),
    get("unknown status", 422, "invalid_parameter", "/api/v1/cases?status=sleeping"),
    get("no page", 422, "invalid_parameter", "/api/v1/cases?limit=0"),
    get("huge page", 422, "invalid_parameter", "/api/v1/cases?limit=100000000000000000000"),
    get("NUL in a filter", 422, "invalid_parameter", "/api/v1/cases?owner=a%00b"),
    get("NUL for a parent", 422, "invalid_parameter", "/api/v1/cases?parent=a%00b"),
    get("children of nothing", 404, "case_not_found", f"/api/v1/cases/{NOBODY}/children"),
    get("instructions without an actor", 401, "actor_required", "/api/v1/instructions"),
    get("seconds for a time", 422, "invalid_parameter", "/api/v1/cases?received_to=0.5"),
    get("naive time", 422, "invalid_parameter", "/api/v1/cases?received_from=2026-11-18T00:00:00"),
    get("time before all calendars", 422, "invalid_parameter", "/api/v1/cases?received_from=0001-01-01T00:00:00%2B14:00"),
    get("broken cursor", 422, "bad_cursor", "/api/v1/cases?cursor=nonsense"),
    get("cursor of NUL", 422, "bad_cursor", "/api/v1/cases?cursor=MTc5NTM1NTkyNjk2MjM4MToA"),
    get("cursor of an age", 422, "bad_cursor", "/api/v1/cases?cursor=OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk6eA"),
]  # fmt: skip
TABLE = [*REPORTS, *BODIES, *COMMANDS, *QUESTIONS]


@pytest.fixture(scope="session")
async def open_case(town: Town) -> Json:
    """Return a dispatched case that bad commands are sent to; none of them changes it."""
    return await town.dispatched()


async def sent(town: Town, bad: Bad, case_no: str) -> httpx.Response:
    """Send a bad request."""
    given = dict(bad.headers)
    content: str | bytes | None = None
    if isinstance(bad.body, dict):
        content = json.dumps(bad.body)
    elif bad.body is not None:
        content = bad.body
    if content is not None:
        given.setdefault("content-type", "application/json")
    path = bad.path.replace("{case}", case_no)
    return await town.http.request(bad.method, path, content=content, headers=given)


@pytest.mark.parametrize("bad", TABLE, ids=lambda bad: f"{bad.method} {bad.name}")
async def test_a_bad_request_gets_a_problem_that_says_what_to_do(
    town: Town, open_case: Json, bad: Bad
) -> None:
    response = await sent(town, bad, open_case["case_no"])
    body = is_problem(response)
    assert (response.status_code, body["code"]) == (bad.status, bad.code), body
    for error in body.get("errors", []):
        assert error["pointer"].startswith("/")
        assert error["detail"]


async def test_after_all_of_it_nothing_acknowledged_is_missing(town: Town, open_case: Json) -> None:
    before = [await town.file(await town.spot()) for _ in range(5)]
    for bad in TABLE:
        await sent(town, bad, open_case["case_no"])
    after = [await town.file(await town.spot()) for _ in range(5)]
    for receipt in (*before, *after):
        await town.wait(receipt["case_no"], "dispatched")
    assert await town.case(open_case["case_no"]) == {
        **open_case,
        "actions": (await town.case(open_case["case_no"]))["actions"],
    }


async def chunks(size: int) -> AsyncIterator[bytes]:
    """Yield a body of undeclared length."""
    yield b'{"description": "'
    for _ in range(size // 1_000):
        yield b"x" * 1_000
    yield b'"}'


@pytest.mark.parametrize("size", [300_000, 3_000_000])
async def test_a_large_body_of_undeclared_length_is_refused(town: Town, size: int) -> None:
    response = await town.http.post("/api/v1/reports", content=chunks(size), headers=JSON)
    assert (response.status_code, is_problem(response)["code"]) == (413, "body_too_large")


async def test_a_good_body_of_undeclared_length_is_taken(town: Town) -> None:
    spot = await town.spot()
    whole = json.dumps({**GOOD, "place": spot.place}).encode()

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(whole), 10):
            yield whole[start : start + 10]

    response = await town.http.post("/api/v1/reports", content=pieces(), headers=JSON)
    assert response.status_code == 201, response.text


async def test_a_problem_speaks_the_readers_language(town: Town) -> None:
    said = {}
    for wanted in ("zh-CN", "en-GB,en;q=0.9", "en;q=0.2, zh;q=0.9", "fr", ""):
        response = await town.http.get(f"/api/v1/cases/{NOBODY}", headers={"accept-language": wanted})
        body = response.json()
        said[wanted] = "en" if body["detail"] == body["detail_en"] else "zh"
    assert said == {"zh-CN": "zh", "en-GB,en;q=0.9": "en", "en;q=0.2, zh;q=0.9": "zh", "fr": "zh", "": "zh"}


async def test_a_wrong_method_is_told_the_right_one(town: Town) -> None:
    response = await town.http.delete("/api/v1/cases")
    assert response.headers["allow"] == "GET"


async def test_line_breaks_and_every_script_are_welcome(town: Town) -> None:
    text = "第一行\n第二行\t缩进 😀 ᠮᠣᠩᠭᠣᠯ ئۇيغۇر bo\u0301"
    receipt = await town.file(await town.spot(), description=text, source="留言板😀")
    await town.wait(receipt["case_no"], "dispatched")


async def test_an_actor_may_have_a_name_in_any_script(town: Town) -> None:
    case = await town.dispatched()
    name = f"id=王工; role=handler; unit={case['owner']}".encode()
    response = await town.http.post(
        f"/api/v1/cases/{case['case_no']}/commands",
        json={"kind": "sign_in"},
        headers=[(b"x-cityops-actor", name)],
    )
    assert response.status_code == 200, response.text
    assert (await town.facts(case["case_no"]))[-1]["actor"]["id"] == "王工"


async def test_a_command_the_state_does_not_take_names_the_state_and_changes_nothing(town: Town) -> None:
    case = await town.dispatched()
    response = await town.send(case["case_no"], "record_check", checker("4201-COMMAND"), passed=True)
    body = is_problem(response)
    assert (response.status_code, body["code"]) == (409, "command_not_allowed_in_state")
    assert "已派遣" in body["detail"]
    assert "dispatched" in body["detail_en"]
    assert (await town.case(case["case_no"]))["seq"] == case["seq"]
    await town.act(case["case_no"], "sign_in", handler(case["owner"]))
