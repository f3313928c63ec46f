"""The demo's shop, read from its feeds once a session, for bots that are built by the dozen."""

from __future__ import annotations

import asyncio
import copy
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import insert, text
from sqlmodel import select

from bot.bootstrap import Parts, open_parts
from bot.demo import demo_settings
from bot.pipeline import Pipeline
from bot.settings import Settings
from bot.storefront import Storefront
from bot.work import Office
from catalog.aliases import AliasTable
from catalog.models import Product
from catalog.service import CatalogService
from core.clock import Clock, SystemClock
from core.database import Database, execute
from core.text import Normaliser
from groups.segments.matching import Segments
from groups.service import GroupService
from orders.service import OrderService
from recommender.lexicon import packaged_goods
from recommender.service import Recommender
from recommender.shelf import Shelf


@dataclass(frozen=True)
class Shop:
    """Products as rows, and a recommender that has them on its shelf under the same ids."""

    rows: list[dict[str, Any]]
    recommender: Recommender
    normaliser: Normaliser
    aliases: tuple[tuple[str, str, str], ...]

    @classmethod
    def read(cls, folder: Path) -> Shop:
        """Sync the demo's feeds into a scratch database; runs in a loop of its own."""
        with ThreadPoolExecutor(1) as elsewhere:
            return elsewhere.submit(asyncio.run, cls._read(folder)).result()

    @classmethod
    async def _read(cls, folder: Path) -> Shop:
        async with open_parts(demo_settings(folder, 0), SystemClock(), folder) as parts:
            await parts.catalog.sync_all()
            await parts.storefront.fill()
            async with parts.database.reading() as session:
                products = (await session.exec(select(Product))).all()
            rows = [product.model_dump() for product in products]
            return cls(rows, parts.recommender, parts.pipeline.normaliser, tuple(AliasTable.load()))

    async def stock(self, database: Database) -> None:
        """Put the products into an empty database."""
        async with database.transaction() as session:
            await execute(session, insert(Product), self.rows)
            if database.dialect == "postgresql":
                await execute(session, text("SELECT setval('product_id_seq', (SELECT max(id) FROM product))"))

    def open(self, settings: Settings, database: Database, clock: Clock) -> Parts:
        """Build what ``bot.bootstrap.build`` builds, with the words and the shelf that are read already."""
        catalog = CatalogService(settings.catalog, database, clock)
        groups = GroupService(
            settings.groups, clock, Segments(settings.segments), order_days=settings.orders.retention_days
        )
        recommender = copy.copy(self.recommender)
        recommender.settings = settings.recommender
        recommender.shelf = _own(recommender.shelf)
        pipeline = Pipeline(
            database=database,
            clock=clock,
            normaliser=self.normaliser,
            groups=groups,
            orders=OrderService(settings.orders, settings.zone, packaged_goods(), self.aliases, self.normaliser),
            recommender=recommender,
            office=Office(settings.recommender, settings.zone, settings.groups.profiles),
        )
        return Parts(
            database, clock, catalog, groups, recommender, Storefront(catalog, recommender, clock, database), pipeline
        )

    def product(self, title: str) -> dict[str, Any]:
        """Return the one product with this in its title."""
        (row,) = (row for row in self.rows if title in row["title"])
        return row


def _own(shelf: Shelf) -> Shelf:
    """Return a shelf that may be changed; what never changes (the large index, the words, the items) is shared."""
    describer = shelf._describer
    fixed = [shelf.index._large, describer, describer._segmenter.cutter, shelf._reading, *shelf._items]
    return copy.deepcopy(shelf, {id(one): one for one in fixed})
