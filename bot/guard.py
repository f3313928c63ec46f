"""The last look before a text goes out, from the database: consent, level, pause, quiet hours, products, caps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlmodel.ext.asyncio.session import AsyncSession

from bot.pacing import Pace, unasked_hold
from bot.settings import PacingSettings
from catalog import repository as catalog_store
from core import outbox
from core.outbox import OutboxMessage
from core.outcomes import Hold
from groups import repository as group_store
from groups.segments.effects import effects_of
from groups.segments.matching import NO_SEGMENTS, Segments
from recommender.settings import RecommenderSettings

_RECOMMENDS = frozenset({"push", "suggestion", "digest", "proposal", "welcome"})
"""What level, pause and quiet hours hold back; answers to words, receipts and the introduction always go."""


@dataclass(frozen=True, slots=True)
class Guard:
    """Implements ``core.outbox.SendGuard`` from what groups, catalogue and recommender know."""

    recommender: RecommenderSettings
    pacing: PacingSettings
    zone: ZoneInfo
    pace: Pace
    segments: Segments = NO_SEGMENTS

    async def check(self, session: AsyncSession, row: OutboxMessage, now: datetime) -> str | None:
        """Return the reason that stops the row, or None; asked in the transaction that claims it."""
        for look in (self._group, self._members, self._products, self._unasked):
            hold = await look(session, row, now)
            if hold is not None:
                return hold.value
        return None

    async def _group(self, session: AsyncSession, row: OutboxMessage, now: datetime) -> Hold | None:
        if row.kind not in _RECOMMENDS:
            return await self._retired(session, row)
        quiet = self.recommender.limits and self.recommender.quiet_hours.covers(now.astimezone(self.zone).time())
        if row.group_id is None:
            return Hold.QUIET_HOURS if quiet else None
        standing = await group_store.standing(session, row.group_id)
        if standing is None or not standing.active or standing.level < row.least_level:
            return Hold.LEVEL
        if standing.retired:
            return Hold.RETIRED
        if standing.paused:
            return Hold.PAUSED
        return Hold.QUIET_HOURS if quiet else None

    async def _retired(self, session: AsyncSession, row: OutboxMessage) -> Hold | None:
        """Keep everything but answers to words out of a room that was given up."""
        if row.group_id is None or not row.room_id or row.kind == "answer":
            return None
        standing = await group_store.standing(session, row.group_id)
        return Hold.RETIRED if standing is not None and standing.retired else None

    async def _members(self, session: AsyncSession, row: OutboxMessage, now: datetime) -> Hold | None:
        if row.group_id is None or not row.about_members:
            return None  # a text to somebody who was deleted lost its reader with the deletion
        gone = await group_store.unsubscribed(session, row.group_id, row.about_members)
        return Hold.UNSUBSCRIBED if gone else None

    async def _products(self, session: AsyncSession, row: OutboxMessage, now: datetime) -> Hold | None:
        if not row.about_products:
            return None
        products = await catalog_store.products_by_id(session, row.about_products)
        sold = {
            product.id
            for product in products
            if product.state == "on_sale"
            and (product.stock is None or product.stock > 0)
            and (product.on_sale_to is None or now < product.on_sale_to)
        }
        return None if sold.issuperset(row.about_products) else Hold.PRODUCT_GONE

    async def _unasked(self, session: AsyncSession, row: OutboxMessage, now: datetime) -> Hold | None:
        if row.asked:
            return None
        since = now - timedelta(days=1)
        account = await outbox.claimed_since(session, since, channel=row.channel, account=row.account, asked=False)
        group = (
            []
            if row.group_id is None or not row.room_id
            else await outbox.claimed_since(
                session, since, channel=row.channel, account=row.account, group_id=row.group_id, asked=False
            )
        )
        cap = await self._group_cap(session, row)
        return unasked_hold(account, group, self.pace, now, self.pacing, cap)

    async def _group_cap(self, session: AsyncSession, row: OutboxMessage) -> int | None:
        """Return how much unasked a room's segments let it hear in a day; what it is, is read from the database now."""
        if row.group_id is None or not row.room_id or not self.segments.set_anywhere("unasked_per_day"):
            return None
        keys = await group_store.rooms(session, [row.group_id])
        states = await group_store.load(session, list(keys.values()))
        return next((effects_of(state, self.segments).unasked_per_day for state in states.values()), None)
