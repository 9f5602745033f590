"""What the readers raise among themselves; ``read`` turns it into a dead part with its bytes."""

from domain.envelope import DeadCode, Unreadable


class UnableToRead(ValueError):
    """A message or a part of one cannot be read. ``params`` name fields and limits, never contents."""

    def __init__(self, code: DeadCode, *, event_id: str = "", **params: str) -> None:
        """Keep what becomes the dead part."""
        super().__init__(code.value)
        self.code = code
        self.event_id = event_id
        self.params = params

    def part(self, body: bytes) -> Unreadable:
        """Return the dead part with its bytes."""
        return Unreadable(code=self.code, params=self.params, body=body, event_id=self.event_id)
