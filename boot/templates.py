"""The words of messages for the administration's pages: rendered as they are sent, on believable examples."""

from notifications.delivery import Message, Renderer, TemplateName
from notifications.samples import SAMPLES
from usecases.templates import TemplateText

CHANNELS = ("email", "in_app")


class Shelf:
    """A ``usecases.templates.TemplateShelf`` over the renderer the relay sends with."""

    def __init__(self, renderer: Renderer) -> None:
        """Keep the renderer."""
        self._renderer = renderer

    @property
    def names(self) -> tuple[str, ...]:
        """Return every message there is."""
        return tuple(name.value for name in TemplateName)

    @property
    def channels(self) -> tuple[str, ...]:
        """Return a channel for each length of text."""
        return CHANNELS

    async def preview(self, *, name: str, channel: str, language: str) -> TemplateText:
        """Return a message on its example. KeyError for a name or channel there is not."""
        if name not in self.names or channel not in CHANNELS:
            raise KeyError(name)
        message = Message(
            key=f"preview:{name}",
            template=name,
            channel=channel,
            recipient="",
            language=language,
            context=SAMPLES[TemplateName(name)],
        )
        found = await self._renderer.render(message=message)
        return TemplateText(
            subject=found.subject,
            body=found.body,
            source=found.source.value,
            version=found.version,
            problem=found.problem,
        )
