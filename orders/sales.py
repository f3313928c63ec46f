"""What was sold, by product: in a group for lists that are ordered by sales, over all groups for the ranking."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from core.database import execute
from orders.models import OfferItem, OfferRecord, OrderLine
from orders.state import OfferState

_offers = OfferRecord.__table__  # type: ignore[attr-defined]
_items = OfferItem.__table__  # type: ignore[attr-defined]
_lines = OrderLine.__table__  # type: ignore[attr-defined]
_NOT_SOLD = (OfferState.CANCELLED.value, OfferState.FAILED.value)


async def ordered(session: AsyncSession) -> dict[int, int]:
    """Return how many live order lines there are of each catalogue product, over all groups."""
    query = (
        select(_items.c.product_id, func.count())
        .join(_lines, _lines.c.item_id == _items.c.id)
        .join(_offers, _offers.c.id == _items.c.offer_id)
        .where(_lines.c.quantity > Decimal(0), _items.c.product_id.is_not(None), _offers.c.state.not_in(_NOT_SOLD))
        .group_by(_items.c.product_id)
    )
    return {int(product_id): int(lines) for product_id, lines in await execute(session, query)}


async def sold(session: AsyncSession, group_id: int) -> dict[int, Decimal]:
    """Return how many pieces of each catalogue product the members of a group have ordered, whoever they are."""
    query = (
        select(_items.c.product_id, func.sum(_lines.c.quantity))
        .join(_lines, _lines.c.item_id == _items.c.id)
        .join(_offers, _offers.c.id == _items.c.offer_id)
        .where(
            _lines.c.group_id == group_id,
            _lines.c.quantity > Decimal(0),
            _items.c.product_id.is_not(None),
            _offers.c.state.not_in(_NOT_SOLD),
        )
        .group_by(_items.c.product_id)
    )
    return {int(product_id): pieces for product_id, pieces in await execute(session, query)}
