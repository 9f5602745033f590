"""Who did it, when it was due and why: the facts of rows that other tests see by their effects alone."""

from datetime import datetime, timedelta

import pytest

from tests.functional.leap import Leap
from tests.functional.lives import UNCHECKED, closed, signed_in, submitted, supervised, visited
from tests.functional.test_rows_triage_late import doubtful
from tests.functional.town import (
    COMMAND,
    DISPATCHER,
    OPERATOR,
    Json,
    Town,
    checker,
    handler,
    leader,
    supervisor,
)

pytestmark = [pytest.mark.e2e, pytest.mark.temporal]

FIRE = "PEER-119"


def when(text: str) -> datetime:
    return datetime.fromisoformat(text)


def of_kind(facts: list[Json], kind: str) -> list[Json]:
    return [fact for fact in facts if fact["kind"] == kind]


def moved(facts: list[Json], row: int) -> list[Json]:
    return [fact for fact in facts if fact["row"] == row and fact["source"] != fact["target"]]


@pytest.mark.rows(5, 6)
async def test_rows_5_and_6_who_transferred_it_and_which_peer_returned_it(town: Town) -> None:
    number = (await town.wait((await town.file())["case_no"], "triaging"))["case_no"]
    await town.act(number, "transfer_out", OPERATOR, to=FIRE, reason="冒烟")
    peer = f"id=desk-119; role=peer; unit={FIRE}"
    await town.act(number, "hand_back", peer, reason="不属消防")
    facts = await town.facts(number)
    (out,), (back,) = moved(facts, 5), moved(facts, 6)
    assert (out["actor"]["id"], out["data"]) == ("operator-1", {"peer": FIRE, "reason": "冒烟"})
    assert when(out["due"]) - when(out["at"]) == timedelta(minutes=30), "a receipt is owed by then"
    assert (back["actor"], back["data"]) == (
        {"id": "desk-119", "role": "peer", "unit": FIRE},
        {"peer": FIRE, "reason": "不属消防"},
    )


@pytest.mark.rows(10, 11, 12, 13)
async def test_rows_10_and_11_who_sent_somebody_to_look_and_who_looked(town: Town) -> None:
    spot, _, number = await doubtful(town)
    await town.wait(number, "triaging")
    case = await town.act(number, "verify_first", OPERATOR)
    unit = case["aspects"]["verification"]["unit"]
    seen = {"finding": "not_found", "note": "未见垃圾", "photos": ["photo://v-1"], **spot.place}
    case = await town.act(number, "record_verification", checker(unit), **seen)
    assert (case["status"], case["aspects"]["verification"]["finding"]) == ("triaging", "not_found")
    await town.act(number, "file_case", OPERATOR, reason="诉求人坚持")
    facts = await town.facts(number)
    (asked,), (found,) = moved(facts, 10), moved(facts, 11)
    assert (asked["actor"]["role"], asked["data"]) == ("operator", {"verifier": unit})
    assert when(asked["due"]) == when(found["due"]) > when(asked["at"])
    assert (found["actor"]["role"], found["actor"]["unit"]) == ("checker", unit)
    assert found["data"] == seen


@pytest.mark.rows(20, 23)
async def test_row_23_both_steps_of_an_extension_and_both_limits_are_on_record(town: Town) -> None:
    case = await signed_in(town, UNCHECKED)
    number, unit = case["case_no"], case["owner"]
    await town.act(number, "request_extension", handler(unit), reason="等待鉴定")
    await town.act(number, "decide_extension", leader(unit), granted=True)
    after = await town.act(number, "decide_extension", DISPATCHER, granted=True, reason="属实")
    await town.act(number, "request_extension", handler(unit), reason="仍未出结果")
    await town.act(number, "decide_extension", leader(unit), granted=False, reason="时间充足")
    facts = await town.facts(number)
    first = of_kind(facts, "extension_requested")[0]
    (approved,), (extended,) = of_kind(facts, "extension_approved"), of_kind(facts, "extended")
    (refused,) = of_kind(facts, "extension_refused")
    assert {fact["row"] for fact in (first, approved, extended, refused)} == {23}
    roles = [fact["actor"]["role"] for fact in (first, approved, extended, refused)]
    assert roles == ["handler", "leader", "dispatcher", "leader"]
    assert when(first["due"]) > when(first["at"])
    assert (extended["data"]["limit"], extended["data"]["added"]) == ("14WD", "7WD")
    assert (extended["data"]["reason"], extended["data"]["asked_for"]) == ("属实", "等待鉴定")
    assert when(extended["due"]) == when(after["handling_due"]) > when(case["handling_due"])
    assert refused["data"]["stage"] == "department"


@pytest.mark.rows(24, 25)
async def test_rows_24_25_who_suspended_it_and_who_resumed_it_earlier(town: Town) -> None:
    case = await signed_in(town, UNCHECKED)
    number, unit = case["case_no"], case["owner"]
    until = when(case["received_at"]) + timedelta(days=10)
    held = {"reason": "诉讼中", "plan": "判决后办理", "interim_measure": "现场值守"}
    await town.act(number, "suspend", DISPATCHER, until=until.isoformat(), **held)
    await town.act(number, "resume", handler(unit), reason="已撤诉")
    facts = await town.facts(number)
    (stopped,), (resumed,) = moved(facts, 24), moved(facts, 25)
    assert (stopped["actor"]["role"], when(stopped["due"])) == ("dispatcher", until)
    assert {key: stopped["data"][key] for key in held} == held
    assert (resumed["actor"]["unit"], resumed["data"]["reason"]) == (unit, "已撤诉")


@pytest.mark.rows("31a", "31b", 32)
async def test_row_31_a_reporter_who_joins_after_the_visits_opens_them_again(leap_sqlite: Leap) -> None:
    leap = leap_sqlite
    _, master, number = await doubtful(leap)
    await leap.wait(number, "triaging")
    first = await leap.case(master)
    await leap.act(master, "sign_in", handler(first["owner"]), assignee="crew-7")
    await leap.act(master, "submit_result", handler(first["owner"]), result="已清理")
    await leap.act(master, "close_case", OPERATOR, close_kind="explained", reason="已说明")
    await visited(leap, first, master)
    await leap.act(number, "merge_into", OPERATOR, master=master)

    case = await leap.wait(master, "visiting")
    assert case["reports"] == [master, number]
    begun = moved(await leap.facts(master), 31)
    assert [(fact["source"], fact["actor"]["role"]) for fact in begun] == [
        ("closed", "engine"),
        ("evaluated", "engine"),
    ]
    due = await leap.leap_to_due(master, "visit.start")
    (unvisited,) = of_kind(await leap.facts(master), "visit_not_started")
    assert (unvisited["row"], when(unvisited["due"])) == (31, due)
    assert await leap.leap_to_due(master, "stage.visit") == when(begun[1]["due"])
    ends = moved(await leap.facts(master), 32)
    assert [fact["data"] for fact in ends] == [
        {"reached": 1, "no_answer": 0},
        {"reached": 1, "no_answer": 1},
    ]
    assert ends[1]["actor"]["role"] == "engine"


@pytest.mark.rows(27, 37)
async def test_row_37_both_reviews_of_an_appeal_are_on_record_with_their_people(town: Town) -> None:
    case = await submitted(town, UNCHECKED)
    number, of = case["case_no"], leader(case["owner"])
    await town.act(number, "send_back", DISPATCHER, reason="未附照片")
    await town.act(number, "submit_result", handler(case["owner"]), result="已补照片")
    await town.act(number, "close_case", OPERATOR)
    await town.act(number, "file_appeal", of, about="rework", reason="照片已上传", evidence=["photo://9"])
    await town.act(number, "review_appeal", DISPATCHER, granted=True, reason="属实")
    case = await town.act(number, "review_appeal", supervisor(), granted=True, reason="同意")
    assert (case["exempt"], case["reworks"]) == (["rework"], 1)
    facts = await town.facts(number)
    (back,) = moved(facts, 27)
    assert (back["actor"]["role"], back["data"]) == ("dispatcher", {"reason": "未附照片", "reworks": 1})
    appeal = [fact for fact in facts if fact["row"] == 37]
    assert [(fact["kind"], fact["actor"]["role"], fact["due"] is not None) for fact in appeal] == [
        ("appeal_filed", "leader", True),
        ("appeal_reviewed", "dispatcher", True),
        ("appeal_reviewed", "supervisor", True),
        ("appeal_decided", "supervisor", False),
    ]
    assert [fact["data"].get("verdict") for fact in appeal] == [None, "granted", "granted", None]
    assert (appeal[0]["data"]["evidence"], appeal[3]["data"]) == (
        ["photo://9"],
        {"status": "approved", "about": "rework"},
    )


@pytest.mark.rows(38)
async def test_row_38_order_reply_and_review_are_on_record_with_their_deadlines(town: Town) -> None:
    case = await signed_in(town, UNCHECKED)
    number = case["case_no"]
    case = await town.act(number, "open_supervision", supervisor(), text="限期办结")
    order = case["aspects"]["supervisions"][0]
    await supervised(town, number)
    facts = [fact for fact in await town.facts(number) if fact["row"] == 38]
    assert [(fact["kind"], fact["actor"]["unit"]) for fact in facts] == [
        ("supervision_opened", COMMAND),
        ("supervision_replied", case["owner"]),
        ("supervision_closed", COMMAND),
    ]
    assert when(facts[0]["due"]) == when(facts[1]["due"]) == when(order["due"])
    assert facts[2]["due"] is not None


@pytest.mark.rows(39)
async def test_row_39_a_third_time_at_the_same_place_counts_on(town: Town) -> None:
    case = await closed(town)
    place = {"lon": case["lon"], "lat": case["lat"]}
    for count in (1, 2):
        receipt = await town.file(category=case["category"], place=place)
        again = await town.wait(receipt["case_no"], "dispatched")
        (linked,) = [fact for fact in await town.facts(again["case_no"]) if fact["row"] == 39]
        assert (linked["actor"]["role"], linked["data"]["repeats"]) == ("engine", count)
        assert linked["data"]["repeat_of"] == case["case_no"]
        if count == 1:
            await town.act(again["case_no"], "sign_in", handler(again["owner"]), assignee="crew-7")
            done = await town.act(again["case_no"], "submit_result", handler(again["owner"]), result="已清理")
            await town.act(
                done["case_no"], "close_case", supervisor(), close_kind="forced", reason="现场确认"
            )
            case = done
