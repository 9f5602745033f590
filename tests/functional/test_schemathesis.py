"""The API keeps to its own description: requests made from it, right and wrong ones, find no fault and no surprise.

Every answer has a documented status, content type and shape; none is 5xx but a documented
503. Requests are drawn by schemathesis, the same ones every time; what stands in their paths
is often something that exists, and they go to a stack in demo mode and to one that is not.
``CITYOPS_FUZZ=50`` asks more of each operation: minutes instead of seconds.
"""

import asyncio
import os
import warnings
from base64 import b64decode
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from boot.stack import Stack
from tests.functional.outside import new_source
from tests.functional.town import DISPATCHER, OPERATOR, Json, Town, handler, supervisor

pytestmark = [pytest.mark.e2e, pytest.mark.temporal]

EXAMPLES = int(os.environ.get("CITYOPS_FUZZ", "6"))
"""Requests of each kind (right, wrong) to each operation."""
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
SENSED = "S-GAS-01"
PICTURE = b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@dataclass(kw_only=True)
class Fuzz:
    """What a run knows: where to ask, things that exist, what requests show; and what was found wrong."""

    urls: list[str]
    known: dict[str, list[str]]
    shown: list[dict[str, str]]
    session: requests.Session = field(default_factory=requests.Session)
    found: dict[str, str] = field(default_factory=dict)
    asked: int = 0

    def every(self, document: Json) -> None:
        """Ask every operation of a description."""
        for found in schemathesis.openapi.from_dict(document).get_all_operations():
            operation = found.ok()  # type: ignore[union-attr]
            for mode in MODES:
                # There is nothing to get wrong about an operation that takes nothing.
                with suppress(Unsatisfiable):
                    self._some(operation, mode)

    def _some(self, operation: Any, mode: GenerationMode) -> None:
        @settings(
            max_examples=EXAMPLES, derandomize=True, database=None, phases=[Phase.generate], deadline=None,
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(case=operation.as_strategy(generation_mode=mode), data=st.data())
        def ask(case: Any, data: st.DataObject) -> None:
            for name in case.path_parameters or {}:
                if self.known.get(name) and data.draw(st.integers(0, 3)):
                    case.path_parameters[name] = data.draw(st.sampled_from(self.known[name]))
            self._one(case, data.draw(st.sampled_from(self.urls)), data.draw(st.sampled_from(self.shown)))

        ask()

    def _one(self, case: Any, url: str, headers: dict[str, str]) -> None:
        if any("\n" in unquote(str(text)) for text in (case.path_parameters or {}).values()):
            return  # the framework's routes end at a line break: nothing of ours is asked
        self.asked += 1
        response = case.call(base_url=url, session=self.session, headers=headers)
        try:
            case.validate_response(response, checks=CHECKS)
        except FailureGroup as group:
            for failure in group.exceptions:
                where = f"{case.method} {case.operation.path}: {response.status_code} {failure}"
                self.found.setdefault(where[:500], case.as_curl_command()[:2000])


async def things(town: Town) -> dict[str, list[str]]:
    """Make something of every kind, and return their names by the name a path gives them."""
    cases = [await town.dispatched() for _ in range(2)]
    numbers = [case["case_no"] for case in cases]
    body = {"text": "检查", "title": "检查", "limit": "4UH", "to": {"units": [cases[0]["owner"]]}}
    made: Json = await town.json("POST", "/api/v1/instructions", body, actor=supervisor())
    picture = {"file": ("a.png", PICTURE, "image/png")}
    sent = await town.http.post(f"/api/v1/reports/{numbers[0]}/attachments", files=picture)
    assert sent.status_code == 201, sent.text
    alarm = {
        "event_id": numbers[0],
        "kind": "alarm",
        "subject": numbers[0],
        "severity": "一级",
        "category": SENSED,
    }
    place = (await town.spot()).place
    states = {}
    for said in ({**alarm, **place}, {"kind": "nonsense"}):
        kept = await town.json("POST", "/api/v1/alerts/gas-utility", said)
        url = kept["status_url"]
        fate = await town.until(lambda url=url: town.json("GET", url), lambda found: found["state"] != "new")  # type: ignore[misc]
        states[str(kept["message_id"])] = fate["state"]
    assert list(states.values()) == ["done", "dead"]
    alarms = (await town.json("GET", "/api/v1/alarms", actor=OPERATOR))["alarms"]
    return {
        "case_no": numbers,
        "report_no": numbers,
        "number": [made["number"], *states],
        "code": [cases[0]["owner"], "4201-COMMAND", numbers[0]],
        "source": ["gas-utility", "weather-warnings"],
        "name": ["gas-utility"],
        "alarm_no": [one["alarm_no"] for one in alarms],
        "attachment_id": [sent.json()["id"]],
        "service_request_id": numbers,
        "token": numbers,
        "service_code": ["E0110"],
        "form": ["json", "xml"],
    }


@pytest.mark.parametrize("stack", ["sqlite"], indirect=True)
async def test_every_answer_is_documented_and_none_is_a_fault(
    town: Town, stack: Stack, strict: httpx.AsyncClient
) -> None:
    known = await things(town)
    key = await new_source(stack, "fuzz", "--scope", "alerts:write", channel="console", scope="reports:write")
    actors = (OPERATOR, DISPATCHER, supervisor(), handler(known["code"][0]), "nobody")
    shown = [{}, {"x-api-key": key}, {"authorization": "Bearer ck_wrong"}]
    shown += [{"x-cityops-actor": actor} for actor in actors]
    found: dict[str, str] = {}
    for mount in ("", "/open311/v2"):
        document = (await town.http.get(f"{mount}/openapi.json")).json()
        urls = [f"{url}{mount}" for url in (stack.api_url, stack.api_url, str(strict.base_url).rstrip("/"))]
        fuzz = Fuzz(urls=urls, known=known, shown=shown)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            await asyncio.to_thread(fuzz.every, document)
        assert fuzz.asked > EXAMPLES * len(document["paths"])
        found |= fuzz.found
    assert not found, "\n".join(f"{where}\n  {curl}" for where, curl in found.items())
