"""Structured logs: people read lines, collectors read JSON. Never names, phones or addresses."""

import logging
import sys
from typing import Any

import structlog
from structlog.typing import EventDict, WrappedLogger

PERSONAL = ("name", "phone", "email", "address", "reporter", "description")


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Blank fields that could hold personal data, whoever put them there."""
    for key in PERSONAL:
        if key in event:
            event[key] = "[redacted]"
    return event


def configure(*, json_lines: bool, level: int = logging.INFO) -> None:
    """Set up structlog and fold the standard library's loggers into it."""
    renderer: Any = structlog.processors.JSONRenderer(ensure_ascii=False)
    if not json_lines:
        renderer = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        redact,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                renderer,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for noisy in ("uvicorn.access", "httpx", "httpcore", "alembic.runtime.migration"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
