"""Machines' messages on the running stack: every one kept, read once, and mended where it could not be read."""

import asyncio
from typing import Any

import pytest

from tests.functional.town import OPERATOR, Json, Town

pytestmark = [pytest.mark.e2e, pytest.mark.temporal]

CONNECTIONS, EACH, BATCH = 4, 1250, 100
POINT = {"lon": 114.2862, "lat": 30.5965}


def alert(name: str, **more: Any) -> Json:
    """Return an alert that says itself where it is and what about; a test's, so that it opens nothing."""
    return {"event_id": name, "kind": "alarm", "category": "E0110", **POINT, "exercise": "test", **more}


async def post(town: Town, batch: list[Json], source: str = "iot-gateway") -> int:
    """Send a batch and return the number it was kept under."""
    answer = await town.http.post(f"/api/v1/alerts/{source}", json=batch)
    assert answer.status_code == 202, answer.text
    number: int = answer.json()["message_id"]
    return number


async def fate(town: Town, number: int) -> Json:
    """Return what became of a message, once it was read."""
    found: Json = await town.until(
        lambda: town.json("GET", f"/api/v1/messages/{number}"), lambda said: said["state"] != "new"
    )
    return found


async def test_five_thousand_alerts_over_four_connections_are_each_kept_and_taken_once(town: Town) -> None:
    async def connection(who: int) -> list[int]:
        names = [f"storm-{who}-{n}" for n in range(EACH)]
        batches = [names[first : first + BATCH] for first in range(0, EACH, BATCH)]
        return [await post(town, [alert(name) for name in batch]) for batch in batches]

    sent = await asyncio.gather(*(connection(who) for who in range(CONNECTIONS)))
    assert all(numbers == sorted(numbers) for numbers in sent)
    fates = [await fate(town, number) for numbers in sent for number in numbers]
    assert {(one["state"], one["refused"]) for one in fates} == {("done", 0)}
    assert sum(one["taken"] for one in fates) == CONNECTIONS * EACH
    ends = [one["finished_at"] for one in sorted(fates, key=lambda one: one["message_id"])]
    assert ends == sorted(ends)
    again = await fate(town, await post(town, [alert("storm-0-0"), alert("storm-0-1", text="other")]))
    assert (again["taken"], again["codes"]) == (1, {"replayed_id": 1})


async def test_what_nobody_could_read_is_mended_by_hand_and_taken_once(town: Town) -> None:
    good, bad = alert("mend-1"), alert("mend-2", severity="红", category=None, cat="E0110")
    told = await fate(town, await post(town, [good, bad]))
    assert (told["state"], told["taken"], told["codes"]) == ("done", 1, {"unknown_device": 1})
    page = await town.json("GET", "/api/v1/dead-letters?source=iot-gateway", actor=OPERATOR)
    letter = next(one for one in page["letters"] if one["parent"] == told["message_id"])
    before = await town.json("GET", "/api/v1/sources/iot-gateway/mapping", actor=OPERATOR)
    proposal = {"mapping": {**before["mapping"], "category": "category|cat"}, "severities": {"红": 1}}
    trial = {"ids": [letter["id"]], **proposal}
    shown = await town.json("POST", "/api/v1/dead-letters/preview", trial, actor=OPERATOR)
    (part,) = shown["letters"][0]["parts"]
    assert (part["envelope"]["severity"], part["envelope"]["category"]) == (1, "E0110")
    path = "/api/v1/sources/iot-gateway/mapping"
    await town.json("PUT", path, proposal, actor=OPERATOR)
    replayed = await town.json("POST", f"/api/v1/dead-letters/{letter['id']}/replay", actor=OPERATOR)
    after = await fate(town, replayed["replayed"][0]["message"])
    assert (after["state"], after["taken"], after["received_at"]) == ("done", 1, told["received_at"])
    old = {"mapping": before["mapping"], "severities": before["severities"]}
    await town.json("PUT", path, old, actor=OPERATOR)
    health = (await town.http.get("/healthz")).json()
    assert set(health["inbound"]) == {"waiting", "oldest_s", "dead_letters"}
