"""What the pages for vendors show is what is read."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from domain.envelope import Envelope, EnvelopeKind
from domain.source import WireFormat
from tests.unit.format_reading import one, parts
from usecases.formats.mapping import FIELDS, OPTIONS, USUAL, WORDS, mapping_faults

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "howto" / "sensors.md").read_text(encoding="utf-8")
API: Any = yaml.safe_load((DOCS / "asyncapi.yaml").read_text(encoding="utf-8"))
FORMS = {
    "plain": "json",
    "batch": "json",
    "cloudEvent": "cloudevents",
    "observation": "sensorthings",
    "state": "json",
}
STATUS = {"body": "text", "subject": "$topic[1]", "kind": "."}


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    return found.group(1)


def test_the_page_s_mapping_reads_the_page_s_message() -> None:
    settings = tomllib.loads(block("toml"))
    assert mapping_faults(settings["mapping"]) == ()
    found = one(parts(json.loads(block("json")), **settings, headers={"mqtt-topic": "wl/RW-001/up"}))
    assert (found.kind, found.subject, found.hazard, found.severity) == (
        EnvelopeKind.ALARM,
        "RW-001",
        "water",
        1,
    )
    assert (found.event_id, found.value, found.unit) == ("7001", 27.5, "cm")
    assert found.occurred_at.isoformat() == "2026-11-22T00:15:30+00:00"
    assert {"form", *WireFormat} == set(re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE))


@pytest.mark.parametrize("name", FORMS)
def test_examples_of_the_asyncapi_document_are_valid_and_read(name: str) -> None:
    message = API["components"]["messages"][name]
    schema = {**message["payload"], "components": API["components"]}
    for example in message["examples"]:
        payload = example["payload"]
        Draft202012Validator(schema).validate(payload)
        body = payload.encode() if isinstance(payload, str) else payload
        found = parts(
            body,
            form=WireFormat(FORMS[name]),
            content_type=message["contentType"],
            mapping=STATUS if name == "state" else None,
            severities={"1": 1},
            headers={"mqtt-topic": "gw/7/status"},
        )
        assert found
        assert all(isinstance(each, Envelope) and each.subject for each in found)


def test_the_document_holds_together() -> None:
    assert API["asyncapi"] == "3.0.0"
    references = re.findall(r"\$ref: '#/([^']+)'", (DOCS / "asyncapi.yaml").read_text(encoding="utf-8"))
    for reference in references:
        spot = API
        for key in reference.split("/"):
            spot = spot[key]
        assert spot
    heard = {each["channel"]["$ref"].rpartition("/")[2] for each in API["operations"].values()}
    assert heard == set(API["channels"])
    assert all(each["bindings"]["mqtt"]["qos"] == 1 for each in API["operations"].values())


def test_the_tables_of_the_mapping_hang_together() -> None:
    assert set(USUAL) <= set(FIELDS)
    assert set(WORDS) <= set(FIELDS)
    assert not set(OPTIONS) & set(FIELDS)
