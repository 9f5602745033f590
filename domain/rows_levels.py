"""Levels by hand: acknowledged, jumped to, decided on what was reported up (row 22)."""

from domain.step import AlarmHandler, Handler

HANDLERS: dict[str, Handler] = {}
ALARMS: dict[str, AlarmHandler] = {}
