"""What the messages of a batch ask of the database alike: read once for all of them, when the first one asks.

    who probably states a need  ──►  their tags
    groups on the desk          ──►  products that pushes showed there lately

Whatever the batch writes itself may change tags: ``drop`` forgets them with every flush.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from core import outbox
from groups.people import tagging
from groups.people.tagging import KeptTag
from groups.settings import ProfileSettings
from groups.state import MemberKey


@dataclass(slots=True)
class Ahead:
    """``asking`` is who probably states a need in this batch; ``earliest`` is when its first message was written."""

    session: AsyncSession
    profiles: ProfileSettings
    now: datetime
    earliest: datetime
    asking: set[MemberKey] = field(default_factory=set)
    _tags: dict[MemberKey, list[KeptTag]] = field(default_factory=dict)
    _shown: Mapping[int, Sequence[tuple[datetime, list[int]]]] = field(default_factory=dict)
    _shown_in: frozenset[int] = frozenset()
    _shown_since: datetime | None = None

    async def tags(self, member: MemberKey) -> list[KeptTag]:
        """Return somebody's tags, the strongest first; none of a person who refused personal answers."""
        if member not in self._tags:
            wanted = {*self.asking.difference(self._tags), member}
            self._tags |= {key: [] for key in wanted}
            self._tags |= await tagging.tags_of_willing(self.session, wanted, self.profiles, self.now)
        return self._tags[member]

    async def shown(self, group_id: int, since: datetime, until: datetime, *, groups: Collection[int] = ()) -> set[int]:
        """Return the products of texts that went out to a group between two instants.

        ``groups`` are those that further messages of the batch may ask about.
        """
        if self._shown_since is None or since < self._shown_since or group_id not in self._shown_in:
            self._shown_in |= {group_id, *groups}
            self._shown_since = min(since, self.earliest - (until - since))
            self._shown = await outbox.shown_products(self.session, self._shown_in, self._shown_since)
        shown = self._shown.get(group_id, ())
        return {product for at, products in shown if since <= at <= until for product in products}

    def drop(self) -> None:
        """Forget tags: the batch has written, and what it wrote may have changed them."""
        self._tags.clear()
