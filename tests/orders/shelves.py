"""Offers in a database, for tests of what works on them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select

from core.database import Database, execute
from orders import repository
from orders.desk import OfferMemory
from orders.models import OrderEdit
from orders.state import Item, Offer, OfferKind, OfferState

AT = datetime(2026, 11, 22, 11, 0, tzinfo=UTC)


def an_item(position: int = 1, **values: Any) -> Item:
    defaults: dict[str, Any] = {"code": str(position), "title": f"苹果{position}号", "unit": "份", "price": Decimal(10)}
    return Item(id=-position, offer_id=0, position=position, **{**defaults, **values})


async def an_offer(database: Database, *items: Item, groups: tuple[int, ...] = (1,), **values: Any) -> Offer:
    """Store an open offer with these items and return it with its ids."""
    defaults: dict[str, Any] = {
        "id": 0,
        "version": 1,
        "kind": OfferKind.LEADER,
        "state": OfferState.OPEN,
        "title": "周末水果",
        "leader": "leader",
        "channel": "test",
        "account": "bot",
        "group_ids": groups,
        "created_at": AT,
    }
    offer = Offer(**{**defaults, **values}, items={item.id: item for item in items})
    async with database.transaction() as session:
        desk = OfferMemory().desk(session, AT)
        stored = await desk.open(offer)
        await desk.flush()
    return stored


async def stored(database: Database, offer_id: int) -> Offer:
    """Return an offer as the database has it."""
    async with database.reading() as session:
        return (await repository.load(session, [offer_id]))[offer_id]


async def sums(database: Database, offer_id: int) -> dict[tuple[int, str, str], Decimal]:
    """Return what the ledger says each line is, from its deltas alone."""
    table = OrderEdit.__table__  # type: ignore[attr-defined]
    columns = (table.c.item_id, table.c.member, table.c.for_whom)
    query = select(*columns, func.sum(table.c.delta)).where(table.c.offer_id == offer_id).group_by(*columns)
    async with database.reading() as session:
        return {(row[0], row[1], row[2]): row[3] for row in await execute(session, query)}
