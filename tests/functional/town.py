"""A town to play with: its people send reports and commands through the public API, as anybody would."""

import asyncio
import random
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

PATIENCE_S = 60.0
"""How long a test waits for what the engine does by itself. Not a measure: a slow machine needs it."""
COMMAND = "4201-COMMAND"
STEP = 0.004
"""Degrees between two candidate points, some 400 m: reports of different tests are never duplicates."""

Json = dict[str, Any]

READ: list[Json] = []
"""The facts the running test has read so far: its marks must be among them (see conftest)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Spot:
    """A point in the middle of a grid, in WGS-84 degrees, with what the city says about it."""

    lon: float
    lat: float
    preview: Json

    @property
    def place(self) -> Json:
        """Return the place of a report at this point."""
        return {"lon": self.lon, "lat": self.lat}

    def area(self, level: int) -> str:
        """Return the code of the area of a level, 1 city … 5 grid."""
        return str(next(area["code"] for area in self.preview["place"]["chain"] if area["level"] == level))


def candidates() -> Iterator[tuple[float, float]]:
    """Yield points of a lattice over the inner city, in an order that is the same every time."""
    points = [(round(114.16 + STEP * x, 6), round(30.46 + STEP * y, 6)) for x in range(75) for y in range(60)]
    random.Random(2026).shuffle(points)
    yield from points


@dataclass(kw_only=True)
class Town:
    """A running stack from outside. ``file``, ``act`` and ``wait`` insist on success; ``http`` does not."""

    http: httpx.AsyncClient
    data: Path
    _points: Iterator[tuple[float, float]] = field(default_factory=candidates)
    _callers: int = 0

    async def spot(self, category: str = "E0110", *, zone: bool = False) -> Spot:
        """Return a fresh point that is safely inside its grid, in a functional zone or in none."""
        for lon, lat in self._points:
            body = {"channel": "console", "category": category, "place": {"lon": lon, "lat": lat}}
            shown = await self.json("POST", "/api/v1/preview", body)
            found = shown["place"]
            deep = len(found["chain"]) == 5 and "near_border" not in found["flags"]
            # A township's longer limits are shown by tests of their own.
            ordinary = not any(
                reason["rule"].startswith("grid-class:") for reason in shown["decision"]["reasons"]
            )
            if ordinary and deep and shown["decision"]["confidence"] >= 0.9 and bool(found["zones"]) is zone:
                return Spot(lon=lon, lat=lat, preview=shown)
        raise AssertionError("the lattice is used up")

    async def json(
        self, method: str, path: str, body: Json | None = None, *, actor: str = "", key: str = ""
    ) -> Any:
        """Return the answer's body; the answer must be a success."""
        response = await self.http.request(method, path, json=body, headers=headers(actor=actor, key=key))
        assert response.is_success, f"{method} {path}: {response.status_code} {response.text}"
        return response.json()

    async def file(self, spot: Spot | None = None, *, key: str = "", **given: Any) -> Json:
        """File a report and return its receipt. ``category`` and ``channel`` have defaults."""
        body = {
            "channel": "console",
            "category": "E0110",
            "description": "小区门口垃圾堆放无人清理",
            "reporter": {"phone": self._phone(key)},
            **given,
        }
        if spot is not None:
            body.setdefault("place", spot.place)
        receipt: Json = await self.json("POST", "/api/v1/reports", body, key=key)
        return receipt

    def _phone(self, key: str) -> str:
        """Return somebody's own number, the same under the same key: one caller's demands are joined."""
        self._callers += 1
        digits = zlib.crc32(key.encode()) if key else self._callers
        return f"+86138{digits % 10**8:08d}"

    async def dispatched(self, category: str = "E0110", **given: Any) -> Json:
        """File a report at a fresh point and return its case once a unit has it."""
        spot = await self.spot(category)
        receipt = await self.file(spot, category=category, **given)
        return await self.wait(receipt["case_no"], "dispatched")

    async def case(self, case_no: str) -> Json:
        """Return a case."""
        found: Json = await self.json("GET", f"/api/v1/cases/{case_no}")
        return found

    async def facts(self, case_no: str) -> list[Json]:
        """Return the recorded facts of a case."""
        history = await self.json("GET", f"/api/v1/cases/{case_no}/history")
        found: list[Json] = history["facts"]
        READ.extend(found)
        return found

    async def wait(self, case_no: str, status: str) -> Json:
        """Return the case once it has this state."""
        case: Json = await self.until(lambda: self.case(case_no), lambda case: case["status"] == status)
        return case

    async def until(self, ask: Callable[[], Any], holds: Callable[[Any], bool]) -> Any:
        """Ask until the answer is as it should be, and return it."""
        end = time.monotonic() + PATIENCE_S
        while not holds(answer := await ask()):
            assert time.monotonic() < end, f"not within {PATIENCE_S:g} s; last answer: {answer}"
            await asyncio.sleep(0.05)
        return answer

    async def send(
        self, case_no: str, kind: str, actor: str, *, key: str = "", **fields: Any
    ) -> httpx.Response:
        """Send a command and return the answer, whatever it is."""
        return await self.http.post(
            f"/api/v1/cases/{case_no}/commands",
            json={"kind": kind, **fields},
            headers=headers(actor=actor, key=key),
        )

    async def act(self, case_no: str, kind: str, actor: str, **fields: Any) -> Json:
        """Carry out a command and return the case after it."""
        response = await self.send(case_no, kind, actor, **fields)
        assert response.status_code in (200, 202), f"{kind}: {response.status_code} {response.text}"
        answer: Json = response.json()
        if answer["pending"]:
            # A slow machine: accepted and durable, carried out a little later.
            key = answer["idempotency_key"]
            answer = await self.until(
                lambda: self._again(case_no, kind, actor, key, fields), lambda said: not said["pending"]
            )
        case: Json = answer["case"]
        return case

    async def _again(self, case_no: str, kind: str, actor: str, key: str, fields: Json) -> Json:
        response = await self.send(case_no, kind, actor, key=key, **fields)
        assert response.status_code in (200, 202), response.text
        answer: Json = response.json()
        return answer

    async def refused(self, case_no: str, kind: str, actor: str, **fields: Any) -> tuple[int, str]:
        """Send a command that must not be carried out; return status and code of the problem."""
        response = await self.send(case_no, kind, actor, **fields)
        body = is_problem(response)
        return response.status_code, body["code"]


def headers(*, actor: str = "", key: str = "") -> dict[str, str]:
    """Return the headers of a request: who acts, and the key that makes it repeatable."""
    given = {"x-cityops-actor": actor, "idempotency-key": key}
    return {name: text for name, text in given.items() if text}


def is_problem(response: httpx.Response) -> Json:
    """Return the body of a refusal after checking that it is a problem as documented."""
    assert 400 <= response.status_code < 500, f"{response.status_code} {response.text}"
    assert response.headers["content-type"] == "application/problem+json"
    body: Json = response.json()
    assert body["status"] == response.status_code
    assert body["type"] == f"/problems/{body['code']}"
    assert any("\u4e00" <= char <= "\u9fff" for char in body["detail"]), body
    assert body["detail_en"].isascii() or body["detail_en"] != body["detail"], body
    assert body["title"]
    return body


def handler(unit: str) -> str:
    """Return an actor who handles cases for a unit."""
    return f"id=handler-of-{unit}; role=handler; unit={unit}"


def leader(unit: str) -> str:
    """Return an actor who leads a unit."""
    return f"id=leader-of-{unit}; role=leader; unit={unit}"


def checker(unit: str) -> str:
    """Return an actor who checks for a unit."""
    return f"id=checker-of-{unit}; role=checker; unit={unit}"


def supervisor(unit: str = COMMAND) -> str:
    """Return an actor who supervises for a unit."""
    return f"id=supervisor-of-{unit}; role=supervisor; unit={unit}"


OPERATOR = f"id=operator-1; role=operator; unit={COMMAND}"
DISPATCHER = f"id=dispatcher-1; role=dispatcher; unit={COMMAND}"
