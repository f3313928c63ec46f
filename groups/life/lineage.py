"""Which group goes on in place of which: history is looked up through the groups that were given up for one."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import select
from sqlmodel.ext.asyncio.session import AsyncSession

from core.database import execute
from groups.models import Group

_groups = Group.__table__  # type: ignore[attr-defined]


async def heirs(session: AsyncSession) -> dict[int, int]:
    """Return for every group that was given up to another the group that goes on in the end, by id."""
    query = select(_groups.c.id, _groups.c.successor_id).where(_groups.c.successor_id.is_not(None))
    next_of = {int(row.id): int(row.successor_id) for row in await execute(session, query)}
    return {group_id: _last(group_id, next_of) for group_id in next_of}


async def line(session: AsyncSession, group_id: int) -> set[int]:
    """Return a group and all that were given up for it, directly or one after the other."""
    return lines(await heirs(session), [group_id])[group_id]


def lines(heirs_of: Mapping[int, int], group_ids: Collection[int]) -> dict[int, set[int]]:
    """Return for each group itself and its predecessors."""
    found = {group_id: {group_id} for group_id in group_ids}
    for group_id, heir in heirs_of.items():
        if heir in found:
            found[heir].add(group_id)
    return found


def _last(group_id: int, next_of: Mapping[int, int]) -> int:
    seen = {group_id}
    while (following := next_of.get(group_id)) is not None and following not in seen:
        seen.add(following)
        group_id = following
    return group_id
