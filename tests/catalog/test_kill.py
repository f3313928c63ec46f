from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from catalog.models import INTERRUPTED, ON_SALE, RUNNING
from catalog.service import CatalogService
from core.clock import SystemClock
from core.database import Database
from tests.catalog.feeds import catalog_settings, product_rows, stored, write_csv

ROOT = Path(__file__).parents[2]


async def test_a_sync_killed_in_the_middle_is_completed_by_the_next(database: Database, tmp_path: Path) -> None:
    settings = catalog_settings({"source": {"kind": "csv", "path": "feed.csv"}}, base=tmp_path)
    catalog = CatalogService(settings, database, SystemClock())
    old = product_rows(300, first=50_000)
    write_csv(tmp_path / "feed.csv", old)
    await catalog.sync("orchard")

    write_csv(tmp_path / "feed.csv", [*product_rows(8000), *old])
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.catalog.killed_sync", str(tmp_path)),
        database.engine.url.render_as_string(hide_password=False).replace("+aiosqlite", "").replace("+asyncpg", ""),
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )
    assert process.stdout is not None
    for _ in range(3):
        assert await process.stdout.readline()
    process.kill()
    await process.communicate()

    (killed, _) = await catalog.runs("orchard")
    assert killed.state == RUNNING
    products = await stored(catalog)
    assert 3300 <= len(products) < 8300
    assert (len(products) - 300) % 1000 == 0  # whole chunks only
    assert all(product.state == ON_SALE for product in products.values())  # what it had not come to yet stays

    report = await catalog.sync("orchard")
    assert (report.state, report.broken, report.gone) == ("done", 0, 0)
    assert report.unchanged == len(products)
    assert report.new == 8300 - len(products)
    assert len(await stored(catalog)) == 8300
    assert [run.state for run in await catalog.runs("orchard")][:2] == ["done", INTERRUPTED]
