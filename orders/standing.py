"""The quick look of every batch: which offers stand in its groups, and in which version. One statement."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from core.database import execute
from orders.models import OfferGroup, OfferRecord
from orders.state import OfferKind, OfferState

_offers = OfferRecord.__table__  # type: ignore[attr-defined]  # SQLModel adds it to table classes
_groups = OfferGroup.__table__  # type: ignore[attr-defined]

_standing = (
    select(_offers.c.id, _groups.c.group_id, _offers.c.version)
    .join(_groups, _groups.c.offer_id == _offers.c.id)
    .where(
        _groups.c.group_id.in_(bindparam("groups", expanding=True)),
        or_(_offers.c.state.in_([OfferState.DRAFT, OfferState.OPEN]), _offers.c.closed_at >= bindparam("since")),
        or_(  # a push whose time is over stands no longer, even where nobody has come to close it, as in a replay
            _offers.c.kind != OfferKind.PUSH,
            _offers.c.closes_at.is_(None),
            _offers.c.closes_at >= bindparam("since"),
        ),
    )
    .order_by(_offers.c.id.desc())
)


class Standing(NamedTuple):
    """An offer in a group, as the quick look of every batch sees it."""

    offer_id: int
    group_id: int
    version: int


async def standing(session: AsyncSession, group_ids: Collection[int], closed_since: datetime) -> list[Standing]:
    """Return the offers of these groups that are open or drafted, or were closed since an instant; newest first.

    A push whose closing time is before that instant is left out, whatever its state.
    """
    if not group_ids:
        return []
    asked = {"groups": list(group_ids), "since": closed_since}
    rows = (await execute(session, _standing, asked)).all()  # hundreds in a batch: fetched one by one they cost thrice
    return [Standing._make(row) for row in rows]
