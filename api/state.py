"""What the endpoints work with: put into the application by ``boot``, taken out here."""

from dataclasses import dataclass
from typing import cast

from fastapi import Request

from usecases.city import City
from usecases.clients import Clients


@dataclass(frozen=True, kw_only=True, slots=True)
class Service:
    """The city, who lets sources in, and whether the stack runs as a demonstration.

    ``secure``: people reach us by https, so that the consoles' session is in its https-only cookie.
    """

    city: City
    clients: Clients
    demo_mode: bool
    secure: bool = False


def service(request: Request) -> Service:
    """Return the application's services."""
    return cast("Service", request.app.state.service)
