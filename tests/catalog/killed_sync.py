"""Syncs a feed and says after each chunk how far it is, until it is killed. Run by test_kill.py."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

from catalog.report import SyncProgress
from catalog.service import CatalogService
from core.clock import SystemClock
from core.database import Database
from core.settings import DatabaseSettings
from tests.catalog.feeds import catalog_settings


def tell(progress: SyncProgress) -> None:
    sys.stdout.write(f"{progress.rows}\n")
    sys.stdout.flush()
    if progress.rows >= 5000:  # never reaches the end, however slow the one who kills is
        time.sleep(600)


async def main(folder: Path, url: str) -> None:
    settings = catalog_settings({"source": {"kind": "csv", "path": "feed.csv"}}, base=folder)
    database = await Database.open(DatabaseSettings(url=url))
    await CatalogService(settings, database, SystemClock()).sync("orchard", tell)


asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
