"""The catalogue keeps nothing of members: what suppliers sell, and how their feeds were read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from core.personal import Column, Found, Person, Sheet, Traces, Treatment, columns


class CatalogData:
    """Implements ``core.personal.PersonalData`` for the catalogue."""

    name = "catalog"
    columns: Mapping[str, Column] = {
        **columns(
            "product",
            Treatment.NOT_PERSONAL,
            *("supplier", "supplier_product_id", "title", "category", "brand", "specification", "unit", "currency"),
            *("price_tiers", "neighbourhoods", "link", "image", "keywords", "state", "row_hash"),
            reason="a supplier's words about goods",
        ),
        **columns(
            "sync_run",
            Treatment.NOT_PERSONAL,
            *("supplier", "state", "owner", "faults", "gone_refused", "etag", "feed_hash", "error"),
            reason="a reading of a feed; the owner is a process",
        ),
    }

    async def find(self, session: AsyncSession, person: Person) -> Found:
        """Return nothing."""
        return Found()

    async def export(self, session: AsyncSession, person: Person) -> list[Sheet]:
        """Return nothing."""
        return []

    async def erase(self, session: AsyncSession, person: Person, traces: Traces, now: datetime) -> Mapping[str, int]:
        """Touch nothing."""
        return {}
