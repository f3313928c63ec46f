"""The composition root: here the parts meet that every command needs which reads messages; ``program`` runs them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.pipeline import Pipeline
from bot.settings import Settings
from bot.storefront import Storefront
from bot.work import Office
from catalog.aliases import AliasTable
from catalog.service import CatalogService
from core.clock import Clock
from core.database import Database
from core.migrate import upgrade
from core.text import Normaliser
from groups.segments.matching import Segments
from groups.service import GroupService
from orders.service import OrderService
from recommender.lexicon import packaged_goods
from recommender.service import Recommender


@dataclass(frozen=True, slots=True)
class Parts:
    """What every command needs that reads messages: understanding, the catalogue, and the way between boxes."""

    database: Database
    clock: Clock
    catalog: CatalogService
    groups: GroupService
    recommender: Recommender
    storefront: Storefront
    pipeline: Pipeline


def build(settings: Settings, database: Database, clock: Clock) -> Parts:
    """Build the parts on an open, migrated database. Raises ``AliasFileError`` for a broken alias file."""
    aliases = tuple(AliasTable.load(settings.catalog.alias_files))
    catalog = CatalogService(settings.catalog, database, clock)
    groups = GroupService(
        settings.groups, clock, Segments(settings.segments), order_days=settings.orders.retention_days
    )
    recommender = Recommender(settings.recommender, settings.zone, aliases)
    normaliser = Normaliser({alias: word for alias, word, kind in aliases if kind == "emoji"})
    pipeline = Pipeline(
        database=database,
        clock=clock,
        normaliser=normaliser,
        groups=groups,
        orders=OrderService(settings.orders, settings.zone, packaged_goods(), aliases, normaliser),
        recommender=recommender,
        office=Office(settings.recommender, settings.zone, settings.groups.profiles),
    )
    return Parts(
        database, clock, catalog, groups, recommender, Storefront(catalog, recommender, clock, database), pipeline
    )


@asynccontextmanager
async def open_database(settings: Settings, base: Path, *, scratch: bool = False) -> AsyncIterator[Database]:
    """Open and migrate the database, and close it at the end."""
    database = await Database.open(settings.database, base=base, scratch=scratch)
    try:
        await upgrade(database)
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def open_parts(settings: Settings, clock: Clock, base: Path, *, scratch: bool = False) -> AsyncIterator[Parts]:
    """Open the database and build the parts on it."""
    async with open_database(settings, base, scratch=scratch) as database:
        yield build(settings, database, clock)
