"""Joint handling: parent and children, the inbox of changed children, spatial span (E7)."""

from domain.step import AlarmHandler, Handler

HANDLERS: dict[str, Handler] = {}
ALARMS: dict[str, AlarmHandler] = {}
