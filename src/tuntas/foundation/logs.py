"""Structured logs on standard error. Message bodies, QR codes and keys are never handed to a logger."""

from __future__ import annotations

import logging
import sys
from types import ModuleType

# structlog loads Rich where it finds it, for tracebacks in boxes that are never printed here (``format_exc_info`` below
# makes plain ones): a sixth of what a start loads before its door opens. None stands for a module that is not there.
_MODULES: dict[str, ModuleType | None] = sys.modules  # type: ignore[assignment]
_RICH = _MODULES.setdefault("rich", None)

import structlog  # noqa: E402

if _RICH is None:
    del _MODULES["rich"]


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
