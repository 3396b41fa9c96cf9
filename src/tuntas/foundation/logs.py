"""Structured logs on standard error. Message bodies, QR codes and keys are never handed to a logger."""

from __future__ import annotations

import logging
import sys

import structlog


def configure(*, level: str = "INFO", as_json: bool = False) -> None:
    """Set up logging for a process: one line an event, with time, level and bound values."""
    numeric = logging.getLevelNamesMapping()[level.upper()]
    renderer: structlog.typing.Processor
    if as_json:
        renderer = structlog.processors.JSONRenderer()
    else:
        renderer = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), sort_keys=False)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.StackInfoRenderer(),
            structlog.processors.dict_tracebacks if as_json else structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(numeric),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    # Libraries keep quiet unless something is wrong; access logs would repeat what our own events say.
    logging.basicConfig(level=max(numeric, logging.WARNING), stream=sys.stderr, force=True)
