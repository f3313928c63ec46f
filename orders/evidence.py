"""All SQL on orders as evidence of what a group is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import select
from sqlmodel.ext.asyncio.session import AsyncSession

from core.database import execute
from orders.models import OfferItem, OrderLine

_lines = OrderLine.__table__  # type: ignore[attr-defined]
_items = OfferItem.__table__  # type: ignore[attr-defined]


class Ordered(NamedTuple):
    """One standing line of the order book: the title that was ordered, and what stands beside the name and as note."""

    group_id: int
    member: str
    title: str
    name: str
    note: str


async def ordered(session: AsyncSession, group_ids: Sequence[int], since: datetime) -> list[Ordered]:
    """Return what was ordered in these groups since an instant and not cancelled."""
    query = (
        select(_lines.c.group_id, _lines.c.member, _items.c.title, _lines.c.name, _lines.c.note)
        .join(_items, _items.c.id == _lines.c.item_id)
        .where(_lines.c.group_id.in_(group_ids), _lines.c.at >= since, _lines.c.quantity > Decimal(0))
        .order_by(_lines.c.id)
    )
    return [Ordered(*row) for row in await execute(session, query)]
