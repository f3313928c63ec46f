"""What the messages of a batch ask of the database alike: read once for all of them, when the first one asks.

groups on the desk  ──►  products that pushes showed there lately
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from core import outbox


@dataclass(slots=True)
class Ahead:
    """``earliest`` is when the first message of the batch was written."""

    session: AsyncSession
    earliest: datetime
    _shown: Mapping[int, Sequence[tuple[datetime, list[int]]]] = field(default_factory=dict)
    _shown_in: frozenset[int] = frozenset()
    _shown_since: datetime | None = None

    async def shown(self, group_id: int, since: datetime, until: datetime, *, groups: Iterable[int] = ()) -> set[int]:
        """Return the products of texts that went out to a group between two instants.

        ``groups`` are those that further messages of the batch may ask about; gone through only by the first that asks.
        """
        if self._shown_since is None or since < self._shown_since or group_id not in self._shown_in:
            self._shown_in |= {group_id, *groups}
            self._shown_since = min(since, self.earliest - (until - since))
            self._shown = await outbox.shown_products(self.session, self._shown_in, self._shown_since)
        shown = self._shown.get(group_id, ())
        return {product for at, products in shown if since <= at <= until for product in products}
