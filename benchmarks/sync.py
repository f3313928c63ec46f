"""Rows a second of one supplier's feed with 100,000 rows, from the file to the committed database."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.products import write_csv
from benchmarks.report import Options, Report, Row
from benchmarks.world import START
from catalog.service import CatalogService
from catalog.settings import CatalogSettings
from core.clock import ManualClock, monotonic
from core.database import Database
from core.migrate import upgrade
from core.settings import DatabaseSettings, validate

_ROWS, _QUICK_ROWS = 100_000, 10_000
_DEARER = 100


def run(options: Options) -> Report:
    return asyncio.run(_run(_QUICK_ROWS if options.quick else _ROWS))


async def _run(count: int) -> Report:
    report = Report("sync", f"one CSV feed of {count:,} rows into SQLite")
    with TemporaryDirectory(prefix="qianqun-bench-") as name:
        folder = Path(name)
        supplier = {"id": "made", "name": "Made", "source": {"kind": "csv", "path": "made.csv"}}
        settings = validate(CatalogSettings, {"suppliers": [supplier]}, source=json.dumps(supplier), base=folder)
        database = await Database.open(DatabaseSettings(url=f"sqlite:///{folder}/bench.db"))
        try:
            await upgrade(database)
            service = CatalogService(settings, database, ManualClock(START))
            for what, dearer in (("new", 0), ("unchanged", 0), (f"one price in {_DEARER} changed", _DEARER)):
                write_csv(folder / "made.csv", count, dearer=dearer)
                report.rows.append(await _sync(service, what))
        finally:
            await database.close()
    return report


async def _sync(service: CatalogService, what: str) -> Row:
    began = monotonic()
    done = await service.sync("made")
    seconds = monotonic() - began
    return {
        "rows are": what,
        "state": done.state,
        "new": done.new,
        "changed": done.changed,
        "unchanged": done.unchanged,
        "seconds": round(seconds, 2),
        "rows/s": round(done.rows / seconds),
    }
