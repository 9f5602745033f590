"""What the pages work with: put into the application by ``boot``, taken out here."""

from dataclasses import dataclass
from typing import cast

from fastapi import Request

from usecases.city import City
from usecases.live import Hub
from usecases.templates import TemplateShelf


@dataclass(frozen=True, kw_only=True, slots=True)
class Service:
    """The city, and how the pages are served.

    ``secure``: people reach us by https, so cookies are for https only. ``public_url`` is our
    origin as people's browsers see it. ``live`` hands on what changes.
    """

    city: City
    demo_mode: bool
    public_url: str
    live: Hub
    templates: TemplateShelf | None = None
    """The words of messages, where they can be shown."""

    @property
    def secure(self) -> bool:
        """Tell whether people reach us by https."""
        return self.public_url.startswith("https://")


def service(request: Request) -> Service:
    """Return the application's services."""
    return cast("Service", request.app.state.service)
