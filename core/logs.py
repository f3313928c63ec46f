"""Structured logs: one line per event, as key-values; never a secret, never a member's words at info level."""

from __future__ import annotations

import logging
import sys
from typing import TextIO

import structlog

from core.settings import LoggingSettings


def configure(settings: LoggingSettings, stream: TextIO | None = None) -> None:
    """Set up structlog and the standard library's loggers to write to ``stream`` (default: standard error)."""
    target = sys.stderr if stream is None else stream
    level = logging.getLevelNamesMapping()[settings.level.upper()]
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    renderer: structlog.types.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if settings.format == "json"
        else structlog.dev.ConsoleRenderer(colors=target.isatty(), pad_event_to=24)
    )
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(target),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(
        stream=target,
        level=max(level, logging.WARNING),
        format="%(asctime)s %(name)s %(levelname)s %(message)s",
        force=True,
    )
