"""Keeps what the recommender shows in step with the catalogue in the database."""

from __future__ import annotations

import asyncio
import ctypes
import sys
from contextlib import suppress

import structlog

from catalog.report import ProgressCallback, SyncReport
from catalog.service import CatalogService
from core.clock import Clock, monotonic
from core.database import Database
from orders import sales
from recommender.service import Recommender

_log = structlog.get_logger(__name__)


class Storefront:
    """The catalogue as the recommender has it: filled at the start, changed with every change, sometimes filled anew.

    What changes while it is filled anew is shown at once as always, and once more when the new shelf is in place, which
    may have been read before the change.
    """

    def __init__(self, catalog: CatalogService, recommender: Recommender, clock: Clock, database: Database) -> None:
        self._catalog = catalog
        self._recommender = recommender
        self._clock = clock
        self._database = database
        self._filling = asyncio.Lock()
        self._meanwhile: list[tuple[list[int], list[int]]] = []

    async def fill(self) -> int:
        """Read every product that is on sale; return how many. Messages go on being handled meanwhile."""
        async with self._filling:
            began = monotonic()
            self._meanwhile = []
            rows = [product async for product in self._catalog.on_sale(self._clock.now())]
            async with self._database.reading() as session:
                orders = await sales.ordered(session)
            self._recommender.adopt(await asyncio.to_thread(self._recommender.prepare, rows, orders))
            complete = True
            for changed, gone in self._meanwhile:
                complete &= self._recommender.restock(await self._catalog.products(changed), gone)
            count = len(rows)
            del rows
            await asyncio.to_thread(_give_back)
            _log.info("storefront.filled", products=count, seconds=round(monotonic() - began, 2))
        return count if complete else await self.fill()

    async def sync(self, supplier_id: str, progress: ProgressCallback | None = None) -> SyncReport:
        """Read a supplier's feed and show what changed; raises what ``CatalogService.sync`` raises."""
        report = await self._catalog.sync(supplier_id, progress)
        await self._show(report.new_ids + report.updated_ids, report.gone_ids)
        return report

    async def expire(self) -> None:
        """Take products off whose time is over."""
        await self._show([], await self._catalog.expire(self._clock.now()))

    async def _show(self, changed: list[int], gone: list[int]) -> None:
        if not changed and not gone:
            return
        products = await self._catalog.products(changed)
        if self._filling.locked():
            self._meanwhile.append((changed, gone))
            self._recommender.restock(products, gone)
        elif not self._recommender.restock(products, gone):
            await self.fill()


def _give_back() -> None:
    """Hand freed memory back to the system: glibc keeps what a rebuild freed, 100 MB at 100,000 products."""
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):  # other C libraries give it back by themselves
            ctypes.CDLL(None).malloc_trim(0)
