"""The public HTTP API as the players use it. Every answer counts; a fault of the service is remembered."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

TRIES = 4
PAUSE_S = 0.5
Body = dict[str, Any]


class Refused(Exception):
    """The service refused a request; ``code`` is the problem's stable code."""

    def __init__(self, *, status: int, code: str, detail: str) -> None:
        """Keep what the service said."""
        super().__init__(f"{status} {code}: {detail}")
        self.status = status
        self.code = code


class Unanswered(Exception):
    """The service gave no usable answer, however often it was asked."""


@dataclass(slots=True)
class Tally:
    """What was counted of the conversation."""

    requests: int = 0
    later: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)


class Client:
    """Sends requests, repeats those that got no answer under the same key, and keeps the tally."""

    def __init__(self, *, base_url: str, tally: Tally) -> None:
        """Prepare; connections are opened when needed."""
        limits = httpx.Limits(max_connections=24, max_keepalive_connections=24)
        self._http = httpx.AsyncClient(base_url=base_url, timeout=30.0, limits=limits, trust_env=False)
        self.tally = tally

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def file(self, body: Body, *, key: str | None) -> Body:
        """File a report and return its receipt. Raises Refused or Unanswered."""
        headers = {"Idempotency-Key": key} if key else {}
        return await self._ask("POST", "/api/v1/reports", json=body, headers=headers)

    async def act(self, *, case_no: str, actor: str, key: str, command: Body) -> Body:
        """Send a command until it is carried out and return the case. Raises Refused or Unanswered.

        "Accepted, will be carried out" (202) is asked again under the same key, which is
        what a careful client does.
        """
        headers = {"X-Cityops-Actor": actor, "Idempotency-Key": key}
        while True:
            answer = await self._ask(
                "POST", f"/api/v1/cases/{case_no}/commands", json=command, headers=headers
            )
            if not answer["pending"]:
                case: Body = answer["case"]
                return case
            self.tally.later += 1
            await asyncio.sleep(2 * PAUSE_S)

    async def case(self, case_no: str) -> Body:
        """Return a case. Raises Refused or Unanswered."""
        return await self._ask("GET", f"/api/v1/cases/{case_no}")

    async def history(self, case_no: str) -> Body:
        """Return a case with its facts. Raises Refused or Unanswered."""
        return await self._ask("GET", f"/api/v1/cases/{case_no}/history")

    async def cases(self, **where: Any) -> list[Body]:
        """Return every case a filter finds, page after page. Raises Refused or Unanswered."""
        found: list[Body] = []
        cursor: str | None = None
        while True:
            params = {**where, "limit": 200, **({"cursor": cursor} if cursor else {})}
            page = await self._ask("GET", "/api/v1/cases", params=params)
            found += page["cases"]
            cursor = page["next_cursor"]
            if cursor is None:
                return found

    async def health(self) -> Body:
        """Return the auditor's finding; an unhealthy one (503) is an answer, no answer a fault."""
        try:
            body: Body = (await self._http.get("/healthz")).json()
        except (httpx.HTTPError, ValueError) as error:
            self.tally.faults.append(f"GET /healthz: {type(error).__name__}")
            return {"healthy": False, "late": [], "pending": {}}
        return body

    async def _ask(self, method: str, path: str, **request: Any) -> Body:
        for _ in range(TRIES):
            self.tally.requests += 1
            try:
                response = await self._http.request(method, path, **request)
            except httpx.HTTPError as error:
                self.tally.faults.append(f"{method} {path}: {type(error).__name__}")
                await asyncio.sleep(PAUSE_S)
                continue
            if response.status_code < 500:
                return self._answer(response)
            self.tally.faults.append(f"{method} {path}: {response.status_code} {response.text[:200]}")
            await asyncio.sleep(PAUSE_S)
        raise Unanswered(f"{method} {path}")

    def _answer(self, response: httpx.Response) -> Body:
        body: Body = response.json()
        if response.is_error:
            self.tally.refused[body.get("code", "")] += 1
            raise Refused(
                status=response.status_code, code=body.get("code", ""), detail=body.get("detail_en", "")
            )
        return body


def actor(*, name: str, role: str, unit: str | None) -> str:
    """Return the demonstration's actor header."""
    parts: Mapping[str, str | None] = {"id": name, "role": role, "unit": unit}
    return "; ".join(f"{key}={value}" for key, value in parts.items() if value is not None)
