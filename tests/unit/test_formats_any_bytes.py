"""Whatever the bytes: parts come back, each an envelope or a reason, and never a fault of ours."""

import json
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from domain.envelope import DeadCode, Envelope, Unreadable
from domain.source import WireFormat
from tests.unit.format_reading import parts
from tests.unit.test_formats_cap import FLOOD
from tests.unit.test_formats_json import SAID, VENDOR
from tests.unit.test_formats_standards import EVENT, alert
from usecases.formats.mapping import mapping_faults

OBSERVED = {"result": 3.9, "phenomenonTime": "2026-11-22T00:15:00Z", "Datastream": {"@iot.id": 42}}
SAMPLES = [
    json.dumps(each, ensure_ascii=False).encode()
    for each in (SAID, EVENT, OBSERVED, alert(), [EVENT, EVENT], {"type": "Notification", "data": [alert()]})
] + [FLOOD.encode()]
forms = st.sampled_from(WireFormat)
leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
json_values = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4), max_leaves=12
)  # fmt: skip


def check(found: list[Envelope | Unreadable]) -> None:
    """Look at what every reading promises; an empty array has no parts."""
    for each in found:
        if isinstance(each, Unreadable):
            assert each.code is not DeadCode.FAULT, each
            assert all(len(text) <= 500 and text.isprintable() for text in each.params.values()), each
            json.dumps(each.params).encode()
            each.event_id.encode()
        else:
            assert each.event_id
            assert each.occurred_at.utcoffset() == each.received_at.utcoffset()
            assert each.severity in {None, 1, 2, 3, 4}
            # Any database keeps it.
            assert "\\u0000" not in json.dumps(
                [each.subject, each.title, each.text, each.event_id, each.data]
            )
            f"{each.subject}{each.title}{each.text}{each.event_id}{each.data}".encode()


@settings(max_examples=150)
@given(
    body=st.binary(max_size=200), form=forms, content_type=st.text(max_size=40), topic=st.text(max_size=20)
)
@example(
    body=b'{"specversion":"1.0"}', form=WireFormat.CLOUDEVENTS, content_type="a/b; charset=\udc80", topic="\0"
)
def test_any_bytes(body: bytes, form: WireFormat, content_type: str, topic: str) -> None:
    headers = {"mqtt-topic": topic, "CE-id": topic, "ce-specversion": "1.0"}
    check(parts(body, form=form, content_type=content_type, headers=headers))
    check(parts(body, form=form, mapping={"body": "text", "kind": "=heartbeat", "subject": "."}))


@settings(max_examples=150)
@given(value=json_values, form=forms)
def test_any_json(value: Any, form: WireFormat) -> None:
    body = json.dumps(value).encode()
    check(parts(body, form=form))
    check(parts(body, form=form, mapping=VENDOR, severities={"1": 1}))


@settings(max_examples=200)
@given(
    sample=st.sampled_from(SAMPLES),
    form=forms,
    cuts=st.lists(
        st.tuples(st.floats(0, 1), st.binary(max_size=6), st.integers(0, 8)), min_size=1, max_size=4
    ),
)
def test_documents_that_were_once_valid(
    sample: bytes, form: WireFormat, cuts: list[tuple[float, bytes, int]]
) -> None:
    for where, put, length in cuts:
        at = int(where * len(sample))
        sample = sample[:at] + put + sample[at + length :]
    check(parts(sample, form=form, mapping=VENDOR if form is WireFormat.JSON else None))


@settings(max_examples=100)
@given(
    sample=st.sampled_from([SAID, EVENT, OBSERVED, alert()]), form=forms, value=json_values, data=st.data()
)
def test_documents_with_one_value_exchanged(
    sample: Any, form: WireFormat, value: Any, data: st.DataObject
) -> None:
    changed = json.loads(json.dumps(sample))
    spot = changed
    while True:
        key = data.draw(st.sampled_from(sorted(spot) if isinstance(spot, dict) else range(len(spot))))
        if not (isinstance(spot[key], dict | list) and spot[key]) or data.draw(st.booleans()):
            spot[key] = value
            break
        spot = spot[key]
    body = json.dumps(changed).encode()
    check(parts(body, form=form, mapping=VENDOR if form is WireFormat.JSON else None))


mappings = st.dictionaries(
    st.sampled_from([*VENDOR, "kind:x", "items", "body", "q"]) | st.text(max_size=5),
    st.text(max_size=12),
    max_size=3,
)


@settings(max_examples=150)
@given(mapping=mappings)
def test_any_mapping_is_sound_or_told_why(mapping: dict[str, str]) -> None:
    faults = mapping_faults(mapping)
    found = parts(SAID, mapping=mapping)
    if faults:
        assert [each.code for each in found if isinstance(each, Unreadable)] == [DeadCode.NO_MAPPING]
    else:
        check(found)
