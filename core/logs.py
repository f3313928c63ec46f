"""Structured logs: one line per event, as key-values; never a secret, never a member's words at info level."""

from __future__ import annotations

import hmac
import logging
import re
import secrets
import sys
from typing import TextIO

import structlog

from core.settings import LoggingSettings

_DETAIL = re.compile(r"(DETAIL:)[^\n]*")
_KEY = secrets.token_bytes(16)
"""Made anew by every process: what a mark stands for cannot be found out later, by trying ids either."""


def mark(identity: str) -> str:
    """Return what a log says instead of a person's or a conversation's id: the same within one run, else nothing."""
    return hmac.new(_KEY, identity.encode("utf-8", "surrogatepass"), "sha256").hexdigest()[:10]


def _without_values(_logger: object, _method: str, event: structlog.types.EventDict) -> structlog.types.EventDict:
    """Take out what PostgreSQL adds to an error: the values of the row, which may be a person's."""
    for key in ("error", "exception"):
        if isinstance(event.get(key), str):
            event[key] = _DETAIL.sub(r"\1 …", event[key])
    return event


def configure(settings: LoggingSettings, stream: TextIO | None = None) -> None:
    """Set up structlog and the standard library's loggers to write to ``stream`` (default: standard error)."""
    target = sys.stderr if stream is None else stream
    level = logging.getLevelNamesMapping()[settings.level.upper()]
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _without_values,
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
