"""The storefront: a change is shown at once, and none is lost while the shelf is filled anew."""

from __future__ import annotations

import asyncio
import gc
import threading
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlalchemy import update
from sqlmodel import col

from bot.bootstrap import Parts
from catalog.models import Product
from core.database import execute
from recommender.service import Prepared
from recommender.shelf import CatalogueProduct
from tests.bot.conversation import Conversation


async def _sell(parts: Parts, product_id: int, stock: int) -> None:
    """Change a product's stock in the database, as a sync does, and show it."""
    async with parts.database.transaction() as session:
        await execute(session, update(Product).where(col(Product.id) == product_id).values(stock=stock))
    await parts.storefront._show([product_id], [])


def _stock(parts: Parts, product_id: int) -> int | None:
    item = parts.recommender.shelf.get(product_id)
    assert item is not None
    return item.stock


async def test_a_change_is_on_the_shelf_at_once(talk: Conversation) -> None:
    parts = talk.parts
    first = parts.recommender.shelf.items[0].id
    shelf = parts.recommender.shelf
    await _sell(parts, first, 7)
    assert _stock(parts, first) == 7
    assert parts.recommender.shelf is shelf, "nothing was read anew"


async def test_a_change_while_the_shelf_is_filled_anew_is_not_lost(talk: Conversation) -> None:
    """The rows were read before the change; the new shelf once took the old stock over."""
    parts = talk.parts
    first = parts.recommender.shelf.items[0].id
    begun, go_on = threading.Event(), threading.Event()
    prepare = parts.recommender.prepare

    def slowly(rows: Sequence[CatalogueProduct], orders: Mapping[int, int]) -> Prepared:
        begun.set()
        assert go_on.wait(20)
        return prepare(rows, orders)

    parts.recommender.prepare = slowly  # type: ignore[method-assign]
    shelf = parts.recommender.shelf
    filling = asyncio.create_task(parts.storefront.fill())
    await asyncio.to_thread(begun.wait, 20)
    await _sell(parts, first, 9)
    assert _stock(parts, first) == 9, "messages meanwhile see it too"
    go_on.set()
    await filling
    assert parts.recommender.shelf is not shelf
    assert _stock(parts, first) == 9


async def test_many_changes_at_once_are_read_beside_the_messages(talk: Conversation) -> None:
    recommender = talk.parts.recommender
    (item, *_) = recommender.shelf.items
    rows = [row async for row in talk.parts.catalog.on_sale(talk.clock.now())]
    same = next(row for row in rows if row.id == item.id)
    assert not recommender.restock([replace(same, stock=3)] * 2_001, [])
    assert recommender.shelf.items[0] == item


async def test_a_catalogue_that_was_replaced_is_freed_at_once(talk: Conversation) -> None:
    """The program leaves what stands after its start out of collections: cycles in it would stay for ever."""
    parts = talk.parts
    await parts.storefront.fill()
    old = [weakref.ref(one) for one in (parts.recommender.shelf, parts.recommender._lexicon, parts.recommender._reader)]
    gc.disable()
    try:
        await parts.storefront.fill()
        assert [one() for one in old] == [None, None, None]
    finally:
        gc.enable()
