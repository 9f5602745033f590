"""Sources are clients: keys from the command line, signatures of the published library, quotas, rotation."""

import asyncio
import json
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from standardwebhooks.webhooks import Webhook

from boot.stack import Stack
from tests.functional.outside import cityops, new_source
from tests.functional.town import Json, Town, is_problem

pytestmark = [pytest.mark.e2e, pytest.mark.temporal]


def report(spot: Any = None, **given: Any) -> Json:
    place = {} if spot is None else {"place": spot.place}
    return {"channel": "console", "category": "E0110", "description": "垃圾", **place, **given}


def signed(secret: str, body: bytes, *, message_id: str) -> dict[str, str]:
    """Return the headers the published library makes."""
    now = datetime.now(UTC)
    return {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign(message_id, now, body.decode()),
    }


async def test_a_key_lets_its_source_in_and_says_why_it_does_not(
    town: Town, stack: Stack, strict: httpx.AsyncClient
) -> None:
    key = await new_source(stack, "desk-a", channel="console", scope="reports:write")
    shown = {"authorization": f"Bearer {key}", "idempotency-key": "k-1"}
    first = await strict.post("/api/v1/reports", json=report(await town.spot()), headers=shown)
    assert first.status_code == 201, first.text
    wrong = await strict.post("/api/v1/reports", json=report(), headers={"x-api-key": key[:-1]})
    assert (wrong.status_code, is_problem(wrong)["code"]) == (401, "key_invalid")
    assert wrong.headers["www-authenticate"].startswith("Bearer")
    for body, headers, code in (
        (report(channel="hotline"), {"x-api-key": key}, "key_channel"),
        ({}, {}, "key_required"),
    ):
        refused = await strict.post("/api/v1/reports", json=body, headers=headers)
        assert is_problem(refused)["code"] == code
    alert = await strict.post("/api/v1/alerts/gas-utility", json={}, headers={"x-api-key": key})
    assert (alert.status_code, is_problem(alert)["code"]) == (403, "key_source")
    alert = await strict.post("/api/v1/alerts/desk-a", json={}, headers={"x-api-key": key})
    assert (alert.status_code, is_problem(alert)["code"]) == (403, "key_scope")
    # A key that is wrong is refused where none is needed, too.
    demo = await town.http.post("/api/v1/reports", json=report(), headers={"x-api-key": "ck_nobody"})
    assert is_problem(demo)["code"] == "key_invalid"
    assert "desk-a" in await cityops(stack, "source", "list")
    assert key not in await cityops(stack, "source", "show", "desk-a")


async def test_the_same_idempotency_key_of_another_source_is_another_report(
    town: Town, stack: Stack, strict: httpx.AsyncClient
) -> None:
    spot = await town.spot()
    keys = [
        await new_source(stack, name, channel="console", scope="reports:write") for name in ("x-a", "x-b")
    ]
    receipts = [
        await strict.post(
            "/api/v1/reports", json=report(spot), headers={"x-api-key": key, "idempotency-key": "same"}
        )
        for key in (*keys, *keys)
    ]
    assert [one.status_code for one in receipts] == [201, 201, 200, 200]
    numbers = [one.json()["report_no"] for one in receipts]
    assert numbers[:2] == numbers[2:]
    assert numbers[0] != numbers[1]
    open_to_all = await town.http.post(
        "/api/v1/reports", json=report(spot), headers={"idempotency-key": "same"}
    )
    assert open_to_all.status_code == 201


async def test_a_signed_message_is_taken_once_however_often_it_is_sent(
    town: Town, stack: Stack, strict: httpx.AsyncClient
) -> None:
    options = ("--scope", "reports:write")
    await new_source(stack, "signer", *options, channel="sensor", scope="alerts:write")
    secret = await cityops(stack, "source", "key", "signer", "--webhook")
    body = json.dumps({"event_id": "e1", "kind": "heartbeat", "subject": "D-1"}).encode()
    headers = signed(secret, body, message_id="msg_1")

    async def send() -> httpx.Response:
        return await strict.post("/api/v1/alerts/signer", content=body, headers=headers)

    codes = Counter(one.status_code for one in await asyncio.gather(*(send() for _ in range(6))))
    assert codes == {202: 1, 409: 5}
    assert is_problem(await send())["code"] == "message_replayed"
    changed = await strict.post("/api/v1/alerts/signer", content=body + b" ", headers=headers)
    assert (changed.status_code, is_problem(changed)["code"]) == (401, "signature_invalid")
    # A report that is signed gets its first receipt again, whatever key an unsigned header names.
    filed = json.dumps(report(await town.spot(), channel="sensor")).encode()
    headers = signed(secret, filed, message_id="msg_2")
    address = "/api/v1/reports?source=signer"
    first = await strict.post(address, content=filed, headers=headers)
    again = await strict.post(address, content=filed, headers={**headers, "idempotency-key": "other"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["report_no"] == again.json()["report_no"]


async def test_a_quota_is_told_with_when_to_come_back_and_no_citizen_has_one(
    stack: Stack, strict: httpx.AsyncClient
) -> None:
    key = await new_source(stack, "chatty", "--per-day", "3", channel="sensor", scope="alerts:write")
    answers = [
        await strict.post("/api/v1/alerts/chatty", json={"event_id": str(n)}, headers={"x-api-key": key})
        for n in range(4)
    ]
    assert [one.status_code for one in answers] == [202, 202, 202, 429]
    assert is_problem(answers[-1])["code"] == "too_many_requests"
    assert int(answers[-1].headers["retry-after"]) > 0
    assert answers[-1].headers["ratelimit-limit"] == "3"
    people = await cityops(stack, "source", "key", "weilinli")
    for _ in range(8):
        answer = await strict.post(
            "/api/v1/reports", json=report(channel="weilinli"), headers={"x-api-key": people}
        )
        assert answer.status_code == 201, answer.text


async def test_keys_are_changed_without_a_gap_and_a_revoked_one_ends(
    town: Town, stack: Stack, strict: httpx.AsyncClient
) -> None:
    old = await new_source(stack, "rotating", channel="console", scope="reports:write")
    new = await cityops(
        stack, "source", "key", "rotating", "--expires-days", "30", "--network", "127.0.0.0/8"
    )
    await cityops(stack, "source", "key", "rotating", code=1)  # two at most

    async def answer(key: str) -> str:
        sent = await strict.post(
            "/api/v1/reports", json=report(channel="hotline"), headers={"x-api-key": key}
        )
        return str(is_problem(sent)["code"])

    # Let in, and then refused for the channel's sake.
    assert [await answer(old), await answer(new)] == ["key_channel", "key_channel"]
    await cityops(stack, "source", "revoke", old.split("_")[1])
    await town.until(lambda: answer(old), lambda code: code == "key_invalid")
    assert await answer(new) == "key_channel"
    far = await cityops(stack, "source", "key", "rotating", "--network", "192.0.2.0/24")
    refused = await strict.post("/api/v1/reports", json=report(), headers={"x-api-key": far})
    assert is_problem(refused)["code"] == "key_network"
    forged = await strict.post(
        "/api/v1/reports", json=report(), headers={"x-api-key": far, "x-forwarded-for": "192.0.2.7"}
    )
    assert is_problem(forged)["code"] == "key_network"  # no proxy is trusted unless it is named
    await cityops(stack, "source", "disable", "rotating")
    await town.until(lambda: answer(new), lambda code: code == "source_disabled")
