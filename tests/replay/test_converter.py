"""The worker's converter reads and writes what the SDK's own pydantic converter does, without its cost."""

from temporalio.contrib.pydantic import PydanticPayloadConverter

from domain.begin import begin
from domain.case import CaseState
from domain.messages import SignIn
from domain.views import Record, record_of
from tests.unit.builders import WATER, beginning, handler
from workflows.contract import Act
from workflows.converter import CasePayloadConverter, warm_up


def test_both_write_and_read_the_same() -> None:
    outcome = begin(beginning())
    act = Act(command=SignIn(request_id="r", actor=handler(WATER)))
    values = [outcome.state, record_of(outcome), act, None, b"bytes"]
    ours, theirs = CasePayloadConverter(), PydanticPayloadConverter()
    payloads = ours.to_payloads(values)
    assert payloads == theirs.to_payloads(values)
    hints: list[type] = [CaseState, Record, Act, type(None), bytes]
    assert ours.from_payloads(payloads, hints) == theirs.from_payloads(payloads, hints) == values


def test_every_workflow_shares_the_adapters() -> None:
    warm_up()
    first, second = CasePayloadConverter(), CasePayloadConverter()
    json = {
        id(one)
        for made in (first, second)
        for one in made.converters.values()
        if one.encoding == "json/plain"
    }
    assert len(json) == 1
