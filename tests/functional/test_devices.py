"""The device registry through the API: who may register, what is refused, service state, windows, lists."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from api.device_schemas import DEVICE_EXAMPLE, WINDOW_EXAMPLE
from tests.functional.town import DISPATCHER, OPERATOR, Json, Town, headers, is_problem, supervisor

pytestmark = pytest.mark.temporal
BASE = "/api/v1/devices/drainage"
SUPERVISOR = supervisor()


async def refused(
    town: Town, method: str, path: str, body: Json | None = None, actor: str = SUPERVISOR
) -> Any:
    """Ask what must be refused; return status and code."""
    response = await town.http.request(method, path, json=body, headers=headers(actor=actor))
    return response.status_code, is_problem(response)["code"]


async def device(town: Town, **changes: Any) -> Json:
    """Return a body at a fresh point that is safely inside the city."""
    spot = await town.spot()
    return {"profile": "road-water", "lon": spot.lon, "lat": spot.lat, "crs": "CGCS2000", **changes}


async def test_a_device_is_registered_located_and_changed(town: Town) -> None:
    body = await device(town, name_zh="积水计", unit="420111-DRAINAGE", gateway="gw-1")
    path = f"{BASE}/{quote('wl/7 号', safe='')}"
    made = await town.json("PUT", path, body, actor=DISPATCHER)
    assert (made["source"], made["code"], made["category"], made["hazard"]) == (
        "drainage", "wl/7 号", "S-FLD-01", "water"
    )  # fmt: skip
    assert set(made["areas"]) == {"city", "district", "street", "community", "grid"}
    assert [limit["value"] for limit in made["limits"]] == [15, 27]
    assert (made["own_limits"], made["service"], made["windows"]) == (False, "in_service", [])
    assert made["watch"]["severity"] is None
    assert made["silent_at"] > made["changed_at"]
    limit = {"severity": 1, "trip": "above", "value": 25, "reset": 20}
    await town.json("PUT", path, {**body, "limits": [limit]}, actor=SUPERVISOR)
    changed = await town.json("GET", path, actor=OPERATOR)
    assert (changed["own_limits"], [one["value"] for one in changed["limits"]]) == (True, [25])
    assert changed["silent_at"] == made["silent_at"]

    listed = await town.json(
        "GET",
        f"/api/v1/devices?street={made['areas']['street']}&gateway=gw-1&source=drainage",
        actor=OPERATOR,
    )
    assert [one["code"] for one in listed["devices"]] == ["wl/7 号"]
    assert listed["next_cursor"] is None


async def test_what_cannot_be_registered(town: Town) -> None:
    body = await device(town)
    path = f"{BASE}/refused"
    limit = {"severity": 1, "trip": "above", "value": 25, "reset": 20}
    for change, wanted in (
        ({"profile": "no-such"}, (422, "unknown_profile")),
        ({"unit": "NOBODY"}, (422, "unknown_unit")),
        ({"lon": body["lat"], "lat": body["lon"]}, (422, "device_place")),
        ({"lon": 116.4, "lat": 39.9}, (422, "device_place")),
        ({"crs": "Beijing54"}, (422, "invalid_body")),
        ({"crs": None}, (422, "invalid_body")),
        ({"limits": [{**limit, "reset": 30}]}, (422, "bad_limit")),
        ({"limits": [{**limit, "condition": "x"}]}, (422, "unknown_condition")),
        ({"limits": [{**limit, "samples": 3, "of": 2}]}, (422, "invalid_body")),
        ({"name_zh": "坏\u0007"}, (422, "control_characters")),
        ({"colour": "red"}, (422, "invalid_body")),
    ):
        assert await refused(town, "PUT", path, {**body, **change}) == wanted, change
    assert await refused(town, "PUT", path, body, actor=OPERATOR) == (403, "role_not_allowed")
    assert await refused(town, "PUT", path, body, actor="") == (401, "actor_required")
    nobodys = path.replace("drainage", "nobody")
    assert await refused(town, "PUT", nobodys, body) == (404, "source_not_found")
    assert await refused(town, "GET", path) == (404, "device_not_found")
    assert await refused(town, "GET", "/api/v1/devices?cursor=bm9uZQ") == (422, "bad_cursor")
    assert await refused(town, "GET", "/api/v1/devices?colour=red") == (422, "invalid_parameter")


async def test_service_state(town: Town) -> None:
    path = f"{BASE}/worked-on"
    made = await town.json("PUT", path, await device(town), actor=SUPERVISOR)
    out = {"service": "out_of_service"}
    assert await refused(town, "PUT", f"{path}/service", out) == (422, "reason_required")
    reasoned = {**out, "reason": "探头损坏"}
    assert await refused(town, "PUT", f"{path}/service", reasoned, actor=OPERATOR) == (
        403,
        "role_not_allowed",
    )
    told = await town.json("PUT", f"{path}/service", reasoned, actor=DISPATCHER)
    assert (told["service"], told["service_by"], told["service_reason"], told["silent_at"]) == (
        "out_of_service", "dispatcher-1", "探头损坏", None
    )  # fmt: skip
    back = await town.json("PUT", f"{path}/service", {"service": "in_service"}, actor=SUPERVISOR)
    assert back["silent_at"] >= made["silent_at"]


async def test_maintenance_windows(town: Town) -> None:
    path = f"{BASE}/in-maintenance"
    made = await town.json("PUT", path, await device(town), actor=SUPERVISOR)
    now = datetime.fromisoformat(made["changed_at"])

    def window(begins_h: float, ends_h: float, **more: Any) -> Json:
        begins, ends = (now + timedelta(hours=hours) for hours in (begins_h, ends_h))
        return {"begins_at": begins.isoformat(), "ends_at": ends.isoformat(), "reason": "标定", **more}

    made = await town.json("POST", f"{path}/windows", window(-1, 200, gateway=True), actor=SUPERVISOR)
    planned = await town.json("POST", f"{path}/windows", window(300, 400), actor=SUPERVISOR)
    for wrong in (
        window(2, 1),
        window(-20, -10),
        window(-30, 2),
        window(0, 24 * 100),
        window(24 * 400, 24 * 401),
    ):
        assert await refused(town, "POST", f"{path}/windows", wrong) == (422, "bad_window")
    assert await refused(town, "POST", f"{path}/windows", window(1, 2, reason=" ")) == (422, "invalid_body")
    naive = {**window(1, 2), "begins_at": "2026-07-08T08:00:00"}
    assert await refused(town, "POST", f"{path}/windows", naive) == (422, "invalid_body")
    assert await refused(town, "POST", f"{BASE}/nobody/windows", window(1, 2)) == (404, "device_not_found")
    shown = await town.json("GET", path, actor=OPERATOR)
    assert [one["id"] for one in shown["windows"]] == [planned["id"], made["id"]]
    assert shown["windows"][1] == made
    ended = await town.json("DELETE", f"{path}/windows/{made['id']}", actor=DISPATCHER)
    assert ended["ends_at"] < made["ends_at"]
    again = f"{path}/windows/{made['id']}"
    assert await refused(town, "DELETE", again) == (404, "window_not_found")


def test_the_examples_are_bodies() -> None:
    from api.device_schemas import DeviceIn, WindowIn

    assert DeviceIn.model_validate(DEVICE_EXAMPLE).ask(source="s", code="c").limits
    assert WindowIn.model_validate(WINDOW_EXAMPLE).begins_at.utcoffset() == timedelta(hours=8)
