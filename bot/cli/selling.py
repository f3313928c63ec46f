"""What ``qianqun train match --from-database`` reads of a running bot: its products, and its pushes with orders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlmodel import select

from bot.cli.matching import CatalogueFile
from bot.cli.session import opened_database
from catalog.models import Product
from core.settings import SettingsError
from recommender.push_training import FEWEST, OrderedFrom, ordered_from


@dataclass(frozen=True, slots=True)
class SoldGoods:
    """A bot's products, under their ids in its database, and its pushes that led to orders."""

    rows: CatalogueFile
    pushes: Sequence[OrderedFrom]


async def sold_goods(config: Path) -> SoldGoods:
    """Read a bot's database. Raises ``SettingsError`` when it holds too little to learn from."""
    async with opened_database(config) as (_, database), database.reading() as session:
        pushes = await ordered_from(session)
        products = (await session.exec(select(Product))).all()
    known = {product.id for product in products}
    pushes = [push for push in pushes if known.issuperset(product for product, _ in push.shown)]
    if len(pushes) < FEWEST:
        held = f"holds {len(pushes)} pushes from which one product was ordered and another was not"
        raise SettingsError(
            "--from-database", [(str(config), f"{held}; at least {FEWEST} are needed. Nothing was written")]
        )
    further = [
        " ".join([one.brand, one.specification, one.category.replace("/", " "), *one.keywords]).strip()
        for one in products
    ]
    rows = CatalogueFile(
        [str(one.id) for one in products],
        [one.title for one in products],
        further,
        [float(one.price) for one in products],
    )
    return SoldGoods(rows, pushes)
