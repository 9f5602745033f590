"""What another system answers is theirs to get wrong: no answer may stop the watch over the others."""

import json

import pytest

from domain.dock import UnableToAsk
from notifications.open311 import _instant, _json_records, _update, _xml_records


@pytest.mark.parametrize(
    "body",
    [b"[" * 100_000, b'[{"n": ' + b"9" * 5000 + b"}]", b"{", b"\xff", b'"x"'],
    ids=lambda b: str(b[:9]),
)
def test_json_that_cannot_be_read_is_no_answer(body: bytes) -> None:
    with pytest.raises(UnableToAsk):
        _json_records(body)


def test_xml_of_an_unknown_character_set_is_no_answer() -> None:
    with pytest.raises(UnableToAsk):
        _xml_records(b'<?xml version="1.0" encoding="x-none"?><requests/>', "request")


def test_a_time_nobody_counts_in_is_none() -> None:
    assert _instant("0001-01-01T00:00:00+08:00") is None
    assert _instant("9999-12-31T23:59:59-08:00") is None


def test_texts_are_such_as_every_database_keeps() -> None:
    said = {
        "update_id": "u\x001",
        "service_request_id": 1,
        "description": "half \ud83d a pair",
        "updated_datetime": "2026-11-22T08:00:00Z",
    }
    (record,) = _json_records(json.dumps([said]).encode())
    update = _update(record)
    assert update is not None
    assert (update.update_id, update.service_request_id, update.description) == (
        "u1",
        "1",
        "half \ufffd a pair",
    )
