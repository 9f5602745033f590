"""The words of messages to people, as an administrator looks at them. ``boot`` puts the shelf in."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, kw_only=True, slots=True)
class TemplateText:
    """A message in words, on a believable example. ``source`` is override, built_in or fallback."""

    subject: str
    body: str
    source: str
    version: str
    problem: str


class TemplateShelf(Protocol):
    """The city's templates: ours, and those it put in their place."""

    @property
    def names(self) -> tuple[str, ...]:
        """Return every message there is."""

    @property
    def channels(self) -> tuple[str, ...]:
        """Return a channel for each length of text: e-mail, and those that are short."""

    async def preview(self, *, name: str, channel: str, language: str) -> TemplateText:
        """Return a message on its example. KeyError for a name or channel there is not."""
