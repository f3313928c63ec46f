"""All SQL on needs as evidence of what a group is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlmodel.ext.asyncio.session import AsyncSession

from core.database import execute
from recommender.models import NeedRecord

_needs = NeedRecord.__table__  # type: ignore[attr-defined]


class Wanted(NamedTuple):
    """What one member asked for once, in a few words."""

    group_id: int
    member: str
    text: str


async def wanted(session: AsyncSession, group_ids: Sequence[int], since: datetime) -> list[Wanted]:
    """Return what was asked for in these groups since an instant."""
    query = select(_needs.c.group_id, _needs.c.member, _needs.c.terms).where(
        _needs.c.group_id.in_(group_ids), _needs.c.at >= since
    )
    rows = await execute(session, query.order_by(_needs.c.id))
    return [Wanted(row.group_id, row.member, " ".join(row.terms)) for row in rows if row.terms]
