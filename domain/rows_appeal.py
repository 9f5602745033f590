"""Row 37: appeals, two reviews; the figure is exempt, the fact stays."""

from domain.step import AlarmHandler, Handler

HANDLERS: dict[str, Handler] = {}
ALARMS: dict[str, AlarmHandler] = {}
