"""Logs: one line an event, for people or for a collector."""

from __future__ import annotations

import io
import json
import logging

import structlog

from core import logs
from core.settings import LoggingSettings


def test_json_is_one_object_a_line() -> None:
    stream = io.StringIO()
    logs.configure(LoggingSettings(level="info", format="json"), stream)
    log = structlog.get_logger("x")
    log.debug("too small")
    log.info("outbox.settled", row=3, text="一\n二")
    try:
        _ = 1 / 0
    except ZeroDivisionError:
        log.exception("message.failed", row=4)
    first, second = (json.loads(line) for line in stream.getvalue().splitlines())
    assert (first["event"], first["level"], first["row"], first["text"]) == ("outbox.settled", "info", 3, "一\n二")
    assert first["timestamp"].endswith(("Z", "+00:00"))
    assert "ZeroDivisionError" in second["exception"]


def test_text_is_for_people() -> None:
    stream = io.StringIO()
    logs.configure(LoggingSettings(level="warning"), stream)
    structlog.get_logger("x").info("no")
    structlog.get_logger("x").warning("gateway.lost", since="now")
    line = stream.getvalue()
    assert "gateway.lost" in line
    assert "since=now" in line
    assert "\x1b" not in line
    assert "no" not in line.split()


def test_libraries_write_warnings_to_the_same_place() -> None:
    stream = io.StringIO()
    logs.configure(LoggingSettings(level="debug"), stream)
    logging.getLogger("some.library").info("chatter")
    logging.getLogger("some.library").warning("trouble")
    assert "trouble" in stream.getvalue()
    assert "chatter" not in stream.getvalue()
