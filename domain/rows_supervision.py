"""Row 38: supervision orders (督办) beside a case."""

from domain.step import AlarmHandler, Handler

HANDLERS: dict[str, Handler] = {}
ALARMS: dict[str, AlarmHandler] = {}
