"""How states and messages become JSON: pydantic's own way, with its type adapters made once a process.

The SDK makes a payload converter for every workflow it holds. A fresh one builds the
adapters of the case's types again, some 30 ms of CPU: more than all the rest of a case's
life, and enough to trip the deadlock detector when a restart replays everything at once.
"""

from contextlib import suppress

from pydantic import ValidationError
from temporalio.api.common.v1 import Payload
from temporalio.contrib.pydantic import PydanticJSONPlainPayloadConverter
from temporalio.converter import (
    CompositePayloadConverter,
    DataConverter,
    DefaultPayloadConverter,
    JSONPlainPayloadConverter,
)

from domain.case import CaseState
from domain.views import Record
from workflows.contract import Act

_JSON = PydanticJSONPlainPayloadConverter()


class CasePayloadConverter(CompositePayloadConverter):
    """The SDK's converters, the one for JSON shared by all workflows of the process."""

    def __init__(self) -> None:
        """Take the shared converter in; the SDK calls this for every workflow."""
        converters = DefaultPayloadConverter.default_encoding_payload_converters
        super().__init__(
            *(_JSON if isinstance(one, JSONPlainPayloadConverter) else one for one in converters)
        )


DATA_CONVERTER = DataConverter(payload_converter_class=CasePayloadConverter)


def warm_up() -> None:
    """Build the adapters before the first workflow needs them: it may take no more than two seconds."""
    for kind in (CaseState, Act, Record):
        with suppress(ValidationError):  # nothing is a case; trying builds the adapter all the same
            _JSON.from_payload(Payload(data=b"null"), kind)
