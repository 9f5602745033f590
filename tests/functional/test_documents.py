"""The API's description of itself: complete, true, and the same as its pages. Needs no server but the last."""

import json
import re
import string
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from pydantic import BaseModel

from api.answers import (
    ActedOut,
    CasePageOut,
    CaseWithActionsOut,
    HistoryOut,
    MessagesOut,
    PreviewOut,
    Problem,
    ReportStatusOut,
)
from api.app import create_app
from api.schemas import COMMAND_EXAMPLES, PREVIEW_EXAMPLE, REPORT_EXAMPLE, PreviewIn, ReportIn
from boot.error_page import DOCUMENT, page
from domain.errors import REFUSALS, RefusalCode
from tests.functional.lives import closed
from tests.functional.town import OPERATOR, Json, Town, handler, headers
from usecases.command import kinds
from usecases.problems import PROBLEMS, ProblemCode

GUIDE = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
JSON_TYPE, PROBLEM_TYPE = "application/json", "application/problem+json"


@asynccontextmanager
async def _no_services(app: FastAPI) -> AsyncIterator[None]:
    yield


DOCUMENTED: Json = create_app(life=_no_services).openapi()


def operations() -> Iterator[tuple[str, Json]]:
    """Yield every endpoint with its description."""
    for path, methods in DOCUMENTED["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


OPERATIONS = list(operations())


def examples(content: Json) -> list[Any]:
    """Return the examples of a media type, its own or its schema's."""
    if "example" in content:
        return [content["example"]]
    name = content["schema"].get("$ref", "").rpartition("/")[2]
    schema: Json = DOCUMENTED["components"]["schemas"].get(name, content["schema"])
    found: list[Any] = schema.get("examples", [])
    return found


@pytest.mark.parametrize(("name", "operation"), OPERATIONS, ids=[name for name, _ in OPERATIONS])
def test_every_refusal_is_described_as_a_problem(name: str, operation: Json) -> None:
    for status, answer in operation["responses"].items():
        if int(status) >= 400 and name != "GET /healthz":
            content = answer["content"][PROBLEM_TYPE]
            assert content["schema"] == {"$ref": "#/components/schemas/Problem"}, status
            assert examples(content), status
    assert operation["description"]


@pytest.mark.parametrize(("name", "operation"), OPERATIONS, ids=[name for name, _ in OPERATIONS])
def test_every_body_has_an_example(name: str, operation: Json) -> None:
    if "requestBody" in operation:
        assert any(examples(content) for content in operation["requestBody"]["content"].values())


def test_the_description_names_nothing_it_does_not_have() -> None:
    named = set(re.findall(r"#/components/schemas/(\w+)", json.dumps(DOCUMENTED)))
    assert named <= set(DOCUMENTED["components"]["schemas"])
    assert "HTTPValidationError" not in named


def test_the_examples_are_bodies_that_fit() -> None:
    ReportIn.model_validate_json(json.dumps(REPORT_EXAMPLE))
    PreviewIn.model_validate_json(json.dumps(PREVIEW_EXAMPLE))
    assert {example["kind"] for example in COMMAND_EXAMPLES} <= set(kinds())
    (example,) = examples({"schema": {"$ref": "#/components/schemas/Problem"}})
    Problem.model_validate(example)


def test_the_page_of_error_codes_is_what_the_code_makes() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == page(), "run: python -m boot.error_page"


def fields(text: str) -> set[str]:
    """Return the names a text is filled with."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_code_has_a_text_in_both_languages_with_the_same_fields() -> None:
    texts = [(code.value, *PROBLEMS[code][1:]) for code in ProblemCode] + [
        (code.value, *REFUSALS[code]) for code in RefusalCode
    ]
    assert len({code for code, _, _ in texts}) == len(texts)
    for code, zh, en in texts:
        assert fields(zh) == fields(en), code
        assert re.search("[\u4e00-\u9fff]", zh), code
        assert not re.search("[\u4e00-\u9fff]", en), code


def test_the_guide_names_every_endpoint_and_command_and_no_other() -> None:
    shown = set(re.findall(r"`((?:GET|POST|PUT|DELETE) /[^`?]*)`", GUIDE))
    assert shown == {name for name, _ in OPERATIONS}
    table = GUIDE.partition("## Commands")[2].partition("\n## ")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == set(kinds())


@pytest.mark.e2e
@pytest.mark.temporal
async def test_answers_are_as_described(town: Town) -> None:
    case = await closed(town)
    number, unit = case["case_no"], case["owner"]
    questions: list[tuple[str, type[BaseModel]]] = [
        (f"/api/v1/cases/{number}", CaseWithActionsOut),
        (f"/api/v1/cases/{number}/history", HistoryOut),
        ("/api/v1/cases?limit=3", CasePageOut),
        (f"/api/v1/reports/{number}", ReportStatusOut),
        (f"/api/v1/units/{unit}/messages", MessagesOut),
    ]
    for path, model in questions:
        model.model_validate(await town.json("GET", path, actor=handler(unit)))
    PreviewOut.model_validate(await town.json("POST", "/api/v1/preview", PREVIEW_EXAMPLE))
    acted = await town.send(number, "record_visit", OPERATOR, report_no=number, reached=False)
    ActedOut.model_validate(acted.json())
    refused = await town.http.post("/api/v1/reports", json={}, headers=headers(actor=OPERATOR))
    Problem.model_validate(refused.json())


@pytest.mark.e2e
@pytest.mark.temporal
async def test_the_running_api_serves_this_description(town: Town) -> None:
    assert await town.json("GET", "/openapi.json") == DOCUMENTED
    assert (await town.http.get("/docs")).is_success
