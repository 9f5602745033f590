"""Row 21: sub-tasks down the chain, whistles, co-handlers who report to the lead."""

from domain.step import AlarmHandler, Handler

HANDLERS: dict[str, Handler] = {}
ALARMS: dict[str, AlarmHandler] = {}
