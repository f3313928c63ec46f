"""Seconds until the command answers and until the chat page is online."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.program import command, configured, finished, online
from benchmarks.report import Options, Report, Row, spread

_HELP_LIMIT = 0.5
_LARGE_LIMIT = 3.0
"""The aim of the design for a later version; the demo has no limit of its own."""
_LARGE = 100_000


def run(options: Options) -> Report:
    report = Report("startup", "seconds from the start of the process")
    report.rows.append(_help(5 if options.quick else 15))
    report.rows.append(_page("run, demo's catalogue stored: page online", 0, 2 if options.quick else 5, None))
    if not options.quick:
        report.rows.append(_page(f"run, {_LARGE:,} products stored: page online", _LARGE, 3, _LARGE_LIMIT))
    report.notes.append("The first run warms the disk and is not counted. jieba's dictionary is read from its cache.")
    return report


def _help(times: int) -> Row:
    script = Path(sys.executable).with_name("qianqun")
    line = [str(script), "--help"] if script.exists() else command("--help")
    finished(line)
    return _row("qianqun --help", [finished(line) for _ in range(times)], _HELP_LIMIT)


def _page(what: str, made: int, times: int, limit: float | None) -> Row:
    seconds = []
    with configured(made) as (config, port):
        finished(command("catalog", "sync", "--config", config))
        for _ in range(times + 1):
            with online(command("run", "--config", config), port) as bot:
                seconds.append(bot.seconds)
    return _row(what, seconds[1:], limit)


def _row(what: str, seconds: list[float], limit: float | None) -> Row:
    found = spread(seconds)
    return {
        "what": what,
        "limit": "" if limit is None else limit,
        "seconds": round(found.median, 3),
        "spread": found.percent,
        "runs": len(seconds),
        "met": "" if limit is None else found.median <= limit,
    }
