"""A message as it came, with what it is read with."""

from collections.abc import Mapping
from dataclasses import dataclass

from usecases.formats.envelopes import Reading

TOPIC_HEADER = "mqtt-topic"
"""Under this header a message's MQTT topic is kept with it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Frame:
    """One message: its bytes and what came with them. Header names are in lower case."""

    body: bytes
    content_type: str
    headers: Mapping[str, str]
    reading: Reading

    @property
    def topic(self) -> str:
        """Return the MQTT topic it came on, empty for other ways."""
        return self.headers.get(TOPIC_HEADER, "")

    def own(self, body: bytes) -> bytes:
        """Return a part's bytes, empty where they are all of the message."""
        return b"" if body == self.body else body
