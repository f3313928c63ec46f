"""All SQL on orders as evidence of what a group is and of what its members speak."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import select
from sqlmodel.ext.asyncio.session import AsyncSession

from core.database import execute
from orders.models import OfferItem, OfferRecord, OrderLine
from orders.state import OfferState

_lines = OrderLine.__table__  # type: ignore[attr-defined]
_offers = OfferRecord.__table__  # type: ignore[attr-defined]
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


class Bought(NamedTuple):
    """One thing that a member ordered and may have by now; ``arrived`` tells that it came."""

    group_id: int
    member: str
    title: str
    at: datetime
    arrived: bool


_COME = frozenset({OfferState.ARRIVED, OfferState.COMPLETED})
_NEVER_COMES = frozenset({OfferState.DRAFT, OfferState.FAILED, OfferState.CANCELLED})


async def bought(session: AsyncSession, members: Collection[str], since: datetime) -> list[Bought]:
    """Return what these members ordered since an instant and did not cancel, oldest first."""
    query = (
        select(_lines.c.group_id, _lines.c.member, _items.c.title, _lines.c.at, _offers.c.state)
        .join(_items, _items.c.id == _lines.c.item_id)
        .join(_offers, _offers.c.id == _lines.c.offer_id)
        .where(_lines.c.member.in_(members), _lines.c.at >= since, _lines.c.quantity > Decimal(0))
        .where(_offers.c.state.not_in(_NEVER_COMES))
        .order_by(_lines.c.id)
    )
    return [
        Bought(row.group_id, row.member, row.title, row.at, OfferState(row.state) in _COME)
        for row in await execute(session, query)
    ]
