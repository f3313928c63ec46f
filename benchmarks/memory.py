"""Memory of a running bot: resident pages when idle, and the most it ever held."""

from __future__ import annotations

import time

from benchmarks.program import command, configured, finished, online
from benchmarks.report import Options, Report, Row, limit_row

_SETTLE_SECONDS = 3.0
_DEMO_LIMIT, _LARGE_LIMIT = 250, 600
"""MB of 2**20 bytes."""
_LARGE = 100_000


def run(options: Options) -> Report:
    report = Report("memory", "memory of a running bot in MB, idle, every part in one process")
    report.rows += _stored("demo's catalogue", 0, _DEMO_LIMIT)
    report.rows += _stored(f"{_LARGE:,} products", _LARGE, _LARGE_LIMIT) if not options.quick else []
    report.notes.append(
        "Catalogue stored before the start, as after any restart; own: without pages of files (libraries, the "
        "dictionary), which processes share and the system can take back; most: the peak since the start."
    )
    return report


def _stored(what: str, made: int, limit: int) -> list[Row]:
    with configured(made) as (config, port):
        finished(command("catalog", "sync", "--config", config))
        with online(command("run", "--config", config), port) as bot:
            time.sleep(_SETTLE_SECONDS)
            held, own, most = bot.megabytes()
            more = {"own": round(own), "most": round(most), "online after s": round(bot.seconds, 1)}
            return [limit_row(what, limit, held, "MB") | more]
