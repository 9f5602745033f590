"""A message as it came, with what it is read with."""

from collections.abc import Mapping
from dataclasses import dataclass

from usecases.formats.envelopes import Reading

TOPIC_HEADER = "mqtt-topic"
"""Under this header a message's MQTT topic is kept with it."""
Box = tuple[float, float, float, float]
"""West, south, east, north in WGS-84 degrees."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Frame:
    """One message: its bytes and what came with them. Header names are in lower case.

    ``bbox`` is about where the city lies; a position that is inside only when its axes are
    swapped was written the wrong way round.
    """

    body: bytes
    content_type: str
    headers: Mapping[str, str]
    reading: Reading
    bbox: Box | None = None

    @property
    def topic(self) -> str:
        """Return the MQTT topic it came on, empty for other ways."""
        return self.headers.get(TOPIC_HEADER, "")
