"""Clocks of handling: contact (20), extension (23), suspension (24, 25), milestones."""

from domain.step import AlarmHandler, Handler

HANDLERS: dict[str, Handler] = {}
ALARMS: dict[str, AlarmHandler] = {}
