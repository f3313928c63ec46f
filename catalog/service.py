"""What the rest of the house asks of the catalogue: sync the feeds, look products up, end their time."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from hashlib import blake2b

import structlog

from catalog import repository
from catalog.feed import RowFault
from catalog.lease import has_ended, process_name
from catalog.mapping import MAPPING_VERSION
from catalog.models import FAILED, Product, SyncRun
from catalog.report import BUSY, ProgressCallback, SyncReport
from catalog.repository import OnSale
from catalog.settings import CatalogSettings, SupplierSettings, feed_fingerprint
from catalog.sync import SupplierSync, SyncLostError, check_feed, lease
from core.clock import Clock, monotonic
from core.database import Database

_BATCH = 1000


class UnknownSupplierError(Exception):
    """The settings name no such supplier."""

    def __init__(self, supplier_id: str, known: Sequence[str]) -> None:
        self.supplier_id = supplier_id
        names = ", ".join(known) or "none"
        super().__init__(f"there is no supplier {supplier_id!r}; the settings have: {names}")


class SyncBusyError(Exception):
    """The supplier is being synced already."""

    def __init__(self, supplier_id: str, owner: str, started_at: datetime | None) -> None:
        self.supplier_id = supplier_id
        self.owner = owner
        since = f" since {started_at.isoformat(timespec='seconds')}" if started_at else ""
        super().__init__(f"{supplier_id} is being synced{since} by {owner or 'another process'}; wait for its end")


class CatalogService:
    """The catalogue. Every method makes its own transactions."""

    def __init__(self, settings: CatalogSettings, database: Database, clock: Clock) -> None:
        self._settings = settings
        self._database = database
        self._clock = clock
        self._owner = process_name()
        self._log = structlog.get_logger("catalog")

    @property
    def suppliers(self) -> tuple[SupplierSettings, ...]:
        """The configured suppliers."""
        return self._settings.suppliers

    async def sync(self, supplier_id: str, progress: ProgressCallback | None = None) -> SyncReport:
        """Read a supplier's feed and bring the stored products up to it.

        A feed that cannot be read gives a report with state failed. Raises ``UnknownSupplierError``, ``SyncBusyError``,
        and ``SyncLostError`` when another process took over.
        """
        supplier = self._supplier(supplier_id)
        began = monotonic()
        report = SyncReport(supplier=supplier.id, started_at=self._clock.now())
        feed_hash = _feed_hash(supplier)
        report.run_id = await self._begin(supplier, feed_hash)
        async with self._database.reading() as session:
            etag = await repository.last_etag(session, supplier.id, feed_hash)
        sync = SupplierSync(
            supplier, self._database, self._clock, report, run_id=report.run_id, etag=etag, progress=progress
        )
        try:
            return await sync.run()
        finally:
            self._log.info(
                "catalog.sync",
                supplier=supplier.id,
                state=report.state,
                **report.counts(),
                seconds=round(monotonic() - began, 3),
                **({"error": report.error} if report.error else {}),
                **({"gone_refused": report.gone_refused} if report.gone_refused else {}),
            )

    async def sync_all(self, progress: ProgressCallback | None = None) -> list[SyncReport]:
        """Sync every supplier, one after the other; one that fails or is busy does not stop the rest."""
        reports = []
        for supplier in self._settings.suppliers:
            try:
                reports.append(await self.sync(supplier.id, progress))
            except (SyncBusyError, SyncLostError) as error:
                now = self._clock.now()
                state = BUSY if isinstance(error, SyncBusyError) else FAILED
                reports.append(SyncReport(supplier.id, now, state=state, finished_at=now, error=str(error)))
        return reports

    async def check(self, supplier_id: str, limit: int | None = None) -> tuple[int, Sequence[RowFault]]:
        """Read a feed without storing anything; return rows and faults. Raises ``SourceError``."""
        return await check_feed(self._supplier(supplier_id), self._clock, limit=limit)

    async def list_products(
        self, *, supplier: str = "", text: str = "", state: str = "", after: int = 0, limit: int = 50
    ) -> list[Product]:
        """Return products by id; ``text`` is looked for in title, brand and category, ``after`` is the last id seen."""
        async with self._database.reading() as session:
            return await repository.find_products(
                session, supplier=supplier, text=text, state=state, after=after, limit=limit
            )

    async def show(self, product: int | str) -> Product | None:
        """Return one product by our id, or by ``SUPPLIER/THEIR-ID``."""
        async with self._database.reading() as session:
            if isinstance(product, str) and not product.isdecimal():
                supplier, _, key = product.partition("/")
                return await repository.product_by_key(session, supplier, key)
            found = await repository.products_by_id(session, [int(product)])
        return found[0] if found else None

    async def products(self, ids: Sequence[int]) -> list[Product]:
        """Return these products by id, also gone ones; ids that do not exist are left out."""
        found: list[Product] = []
        async with self._database.reading() as session:
            for start in range(0, len(ids), _BATCH):
                found.extend(await repository.products_by_id(session, ids[start : start + _BATCH]))
        return found

    async def on_sale(self, now: datetime) -> AsyncIterator[OnSale]:
        """Yield every product that may be sold at ``now``, by id; out of stock ones too. Memory stays small."""
        after = 0
        while True:
            async with self._database.reading() as session:
                batch = await repository.on_sale(session, now, after, _BATCH)
            for product in batch:
                yield product
            if len(batch) < _BATCH:
                return
            after = batch[-1].id or 0

    async def expire(self, now: datetime) -> list[int]:
        """Mark as gone what is past its time or of a supplier no longer configured; return the ids."""
        async with self._database.transaction() as session:
            ended = await repository.expire_products(session, now)
            orphans = await repository.retire_suppliers_except(session, [s.id for s in self.suppliers], now)
        return sorted([*ended, *orphans])

    async def runs(self, supplier_id: str, limit: int = 10) -> list[SyncRun]:
        """Return the supplier's syncs, newest first."""
        async with self._database.reading() as session:
            return await repository.runs(session, supplier_id, limit)

    async def counts(self) -> dict[str, dict[str, int]]:
        """Return how many products each supplier has in each state."""
        async with self._database.reading() as session:
            return await repository.count_products(session)

    def _supplier(self, supplier_id: str) -> SupplierSettings:
        supplier = self._settings.supplier(supplier_id)
        if supplier is None:
            raise UnknownSupplierError(supplier_id, [item.id for item in self._settings.suppliers])
        return supplier

    async def _begin(self, supplier: SupplierSettings, feed_hash: str) -> int:
        """Open a run; a dead process's run is closed first, a living one's is respected."""
        now = self._clock.now()
        async with self._database.transaction() as session:
            other = await repository.running(session, supplier.id)
            if other is not None and (other.lease_until < now or has_ended(other.owner)):
                text = "its process ended before the sync did; what it had read is stored"
                await repository.interrupt_run(session, other.id, text, now)
            run_id = await repository.begin_run(
                session,
                supplier.id,
                owner=self._owner,
                feed_hash=feed_hash,
                now=now,
                lease_until=now + lease(supplier),
            )
        if run_id is None:
            async with self._database.reading() as session:
                other = await repository.running(session, supplier.id)
            raise SyncBusyError(supplier.id, other.owner if other else "", other.started_at if other else None)
        return run_id


def _feed_hash(supplier: SupplierSettings) -> str:
    """Return a mark of everything besides the feed that decides what a sync stores."""
    document = json.dumps([MAPPING_VERSION, feed_fingerprint(supplier)], sort_keys=True, default=str)
    return blake2b(document.encode(), digest_size=16).hexdigest()
