"""What the readers raise among themselves; ``read`` turns it into a dead part with its bytes."""

from domain.envelope import DeadCode, Unreadable

MOST_SHOWN = 200


class UnableToRead(ValueError):
    """A message or a part of one cannot be read. ``params`` name fields and limits, never contents."""

    def __init__(self, code: DeadCode, *, event_id: str = "", **params: str) -> None:
        """Keep what becomes the dead part."""
        super().__init__(code.value)
        self.code = code
        self.event_id = event_id
        self.params = {name: _shown(text) for name, text in params.items()}

    def part(self, body: bytes) -> Unreadable:
        """Return the dead part with its bytes."""
        return Unreadable(code=self.code, params=self.params, body=body, event_id=self.event_id)


def _shown(text: str) -> str:
    """Return a short text every log and page can show."""
    return "".join(sign if sign.isprintable() else "?" for sign in text[:MOST_SHOWN])
