"""The shape of a scene in which a refusal happens: how to get there, and what is then refused."""

from collections.abc import Callable
from typing import Any

from domain.messages import Command
from tests.unit.builders import Played

Refused = tuple[Callable[[], Played], type[Command], Any, dict[str, Any]]
"""The case, the command sent to it, by whom, with which fields."""
