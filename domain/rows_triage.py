"""Rows before filing: answered, refused, transferred, asked, verified (3–6, 8–11), and split (7)."""

from domain.step import AlarmHandler, Handler

HANDLERS: dict[str, Handler] = {}
ALARMS: dict[str, AlarmHandler] = {}
