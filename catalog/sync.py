"""One reading of one supplier's feed, from its first row to the decision what is gone."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from datetime import timedelta

from sqlmodel.ext.asyncio.session import AsyncSession

from catalog import repository
from catalog.feed import FeedChunk, ProductInput, RowFault, SourceError
from catalog.mapping import RowMapper
from catalog.models import DONE, FAILED, INTERRUPTED
from catalog.report import FAULTS_KEPT, ProgressCallback, SyncProgress, SyncReport
from catalog.settings import HttpSource, SupplierSettings
from catalog.sources.reading import read_feed
from core.clock import Clock
from core.database import Database

CHUNK = 1000
"""Rows a transaction: large enough for speed, small enough not to hold the writer's lock for long."""
_LEASE_S = 120.0
_FEW = 20
"""Up to this many products any share of them may vanish, as long as the feed is not empty."""


class SyncLostError(Exception):
    """Another process took this run for dead and closed it; nothing more was written."""

    def __init__(self, supplier: str, run_id: int) -> None:
        self.supplier = supplier
        self.run_id = run_id
        super().__init__(f"sync {run_id} of {supplier} was closed by another process; the newer sync goes on")


def lease(supplier: SupplierSettings) -> timedelta:
    """Return how long a run may be silent before others take over: longer than the slowest page."""
    waiting = supplier.source.total_timeout_s if isinstance(supplier.source, HttpSource) else 0.0
    return timedelta(seconds=_LEASE_S + waiting)


class SupplierSync:
    """Reads, stores chunk by chunk, and decides at the end what is gone.

    Every transaction also renews the run's lease, so a process that was taken for dead cannot write any more.
    """

    def __init__(
        self,
        supplier: SupplierSettings,
        database: Database,
        clock: Clock,
        report: SyncReport,
        *,
        run_id: int,
        etag: str,
        progress: ProgressCallback | None,
    ) -> None:
        self._supplier = supplier
        self._database = database
        self._clock = clock
        self._report = report
        self._run_id = run_id
        self._etag = etag
        self._progress = progress
        self._mapper = RowMapper(supplier)
        self._seen: set[str] = set()
        self._broken: set[str] = set()
        self._unreadable = 0

    async def run(self) -> SyncReport:
        """Do the whole sync. A feed that fails is in the report; other errors are raised after the run is closed."""
        try:
            await self._read()
            if not self._report.not_modified:
                await self._retire_missing()
        except SourceError as error:
            self._report.error = str(error)
            await self._close(FAILED)
        except SyncLostError:
            raise
        except asyncio.CancelledError:
            self._report.error = "stopped before the end; the next sync completes it"
            with contextlib.suppress(Exception):  # the end of the lease says the same, later
                await asyncio.shield(self._close(INTERRUPTED))
            raise
        except Exception as error:
            self._report.error = f"{type(error).__name__}: {error}"[:2000]
            await self._close(FAILED)
            raise
        else:
            await self._close(DONE)
        return self._report

    async def _read(self) -> None:
        first = True
        feed = read_feed(self._supplier.source, self._clock, size=CHUNK, etag=self._etag)
        async with contextlib.aclosing(feed):
            async for chunk in feed:
                if chunk.not_modified:
                    self._report.not_modified = True
                    return
                if first and chunk.columns is not None:
                    self._check_columns(chunk.columns)
                first = False
                products, faults = await asyncio.to_thread(self._map, chunk)
                await self._store(products, faults, chunk)
                self._etag = chunk.etag

    def _check_columns(self, columns: tuple[str, ...]) -> None:
        faults = self._mapper.column_faults(columns)
        if faults:
            known = "、".join(columns[:30])
            raise SourceError(f"{'; '.join(faults)}; the feed's columns are {known}; correct the supplier's fields")

    def _map(self, chunk: FeedChunk) -> tuple[list[ProductInput], list[RowFault]]:
        """Read the chunk's rows; the first of two rows with one id counts."""
        products: list[ProductInput] = []
        faults = list(chunk.unreadable)
        for row in chunk.rows:
            found = self._mapper.read(row)
            if isinstance(found, list):
                faults.extend(found)
                self._broken.add(found[0].product_id)
            elif found.supplier_product_id in self._seen:
                text = "is there a second time; the first row counts, remove one of them"
                faults.append(RowFault(row.number, found.supplier_product_id, "id", text))
            else:
                self._seen.add(found.supplier_product_id)
                products.append(found)
        faults.sort(key=lambda fault: fault.row)
        return products, faults

    async def _store(self, products: list[ProductInput], faults: list[RowFault], chunk: FeedChunk) -> None:
        report = self._report
        report.rows += len(chunk.rows) + len(chunk.unreadable)
        report.broken += len({fault.row for fault in faults})
        report.faults.extend(faults[: FAULTS_KEPT - len(report.faults)])
        self._unreadable += len(chunk.unreadable)
        async with self._database.transaction() as session:
            stored = await repository.store_products(session, self._supplier.id, products, self._clock.now())
            await self._renew(
                session,
                {
                    **report.counts(),
                    "new": report.new + len(stored.new),
                    "changed": report.changed + len(stored.changed),
                    "unchanged": report.unchanged + stored.unchanged,
                },
            )
        report.new_ids.extend(stored.new)
        report.updated_ids.extend(stored.changed)
        report.unchanged += stored.unchanged
        self._tell(chunk.share)

    async def _renew(self, session: AsyncSession, counts: dict[str, int]) -> None:
        until = self._clock.now() + lease(self._supplier)
        if not await repository.update_run(session, self._run_id, {**counts, "lease_until": until}):
            raise SyncLostError(self._supplier.id, self._run_id)

    def _tell(self, share: float | None) -> None:
        if self._progress is not None:
            report = self._report
            self._progress(
                SyncProgress(
                    supplier=report.supplier,
                    rows=report.rows,
                    new=report.new,
                    changed=report.changed,
                    unchanged=report.unchanged,
                    broken=report.broken,
                    share=share,
                )
            )

    async def _retire_missing(self) -> None:
        """Mark what the complete feed did not name; unless that is so much that the feed must be wrong."""
        missing, ended, total = await self._missing()
        self._report.gone_refused = self._refusal(len(missing), total)
        leaving = ended if self._report.gone_refused else sorted([*missing, *ended])
        for start in range(0, len(leaving), CHUNK):
            async with self._database.transaction() as session:
                ids = await repository.mark_gone(session, leaving[start : start + CHUNK], self._clock.now())
                await self._renew(session, {**self._report.counts(), "gone": self._report.gone + len(ids)})
            self._report.gone_ids.extend(ids)

    async def _missing(self) -> tuple[list[int], list[int], int]:
        """Return the products that the feed does not name: still in their time, past it; and how many are on sale."""
        missing: list[int] = []
        ended: list[int] = []
        total, after = 0, ""
        now = self._clock.now()
        while True:
            async with self._database.reading() as session:
                rows = await repository.on_sale_keys(session, self._supplier.id, after, 10 * CHUNK)
            if not rows:
                return missing, ended, total
            after = rows[-1].supplier_product_id
            total += len(rows)
            for row in rows:
                if row.supplier_product_id not in self._seen and row.supplier_product_id not in self._broken:
                    over = row.on_sale_to is not None and row.on_sale_to <= now
                    (ended if over else missing).append(row.id)

    def _refusal(self, missing: int, total: int) -> str:
        """Say why missing products stay on sale; empty if they may go."""
        if not missing:
            return ""
        kept = f"{missing} of {total} products are not in the feed and were kept"
        if self._unreadable:
            return f"{kept}, because {self._unreadable} row(s) could not be read at all; repair them and sync again"
        limit = self._supplier.max_gone_share
        if limit < 1 and (not self._report.rows or (total > _FEW and missing > limit * total)):
            return f"{kept}, because more than {limit:.0%} would vanish at once; if that is right, raise max_gone_share"
        return ""

    async def _close(self, state: str) -> None:
        report = self._report
        report.state, report.finished_at = state, self._clock.now()
        keeps_etag = state == DONE and not report.gone_refused and not self._unreadable
        values = {
            **report.counts(),
            "state": state,
            "finished_at": report.finished_at,
            "faults": repository.fault_documents(report.faults),
            "gone_refused": report.gone_refused,
            "etag": self._etag if keeps_etag else "",
            "error": report.error,
        }
        async with self._database.transaction() as session:
            if not await repository.update_run(session, self._run_id, values):
                raise SyncLostError(self._supplier.id, self._run_id)


async def check_feed(
    supplier: SupplierSettings, clock: Clock, *, limit: int | None = None
) -> tuple[int, Sequence[RowFault]]:
    """Read a feed without storing anything, at most about ``limit`` rows; return the number of rows and the faults.

    Raises ``SourceError`` when it cannot be read.
    """
    mapper = RowMapper(supplier)
    rows, faults = 0, list[RowFault]()
    feed = read_feed(supplier.source, clock, size=CHUNK)
    async with contextlib.aclosing(feed):
        async for chunk in feed:
            missing = mapper.column_faults(chunk.columns) if chunk.columns is not None and not rows else []
            if missing:
                raise SourceError(f"{'; '.join(missing)}; correct the supplier's fields")
            rows += len(chunk.rows) + len(chunk.unreadable)
            faults.extend(chunk.unreadable)
            for row in chunk.rows:
                found = mapper.read(row)
                if isinstance(found, list):
                    faults.extend(found)
            if limit is not None and rows >= limit:
                break
    return rows, faults
