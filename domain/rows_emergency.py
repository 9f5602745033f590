"""The emergency track: grades, reports upward with their timers, calls to 110/119/120."""

from domain.step import AlarmHandler, Handler

HANDLERS: dict[str, Handler] = {}
ALARMS: dict[str, AlarmHandler] = {}
