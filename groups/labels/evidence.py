"""All SQL on members' tags as evidence of what a group is."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from core.database import execute
from groups.models import Member, Membership, MemberTag
from groups.state import LabelKind, Slot

_members = Member.__table__  # type: ignore[attr-defined]
_memberships = Membership.__table__  # type: ignore[attr-defined]
_tags = MemberTag.__table__  # type: ignore[attr-defined]

HALF_LIFE = timedelta(days=60)
"""After this time a tag weighs half as much."""
LEAST_WEIGHT = 0.5
"""What a tag must still weigh to count for its member: something said once counts for one half-life."""


async def members_tagged(
    session: AsyncSession, group_ids: Sequence[int], now: datetime
) -> dict[int, dict[Slot, dict[str, int]]]:
    """Return how many members of each group share a tag of a person or a free attribute.

    Who opted out of the group, left it, or refused personal answers is not counted.
    """
    query = (
        select(_memberships.c.group_id, _tags.c.kind, _tags.c.key, _tags.c.value, _tags.c.weight, _tags.c.at)
        .add_columns(func.count().label("members"))
        .join(_memberships, _memberships.c.member_id == _tags.c.member_id)
        .join(_members, _members.c.id == _tags.c.member_id)
        .where(
            _memberships.c.group_id.in_(group_ids),
            _memberships.c.left_at.is_(None),
            _memberships.c.unsubscribed_at.is_(None),
            _members.c.personalisation_off_at.is_(None),
            _tags.c.kind.in_([LabelKind.PERSON.value, LabelKind.FREE.value]),
            _tags.c.weight >= LEAST_WEIGHT,
        )
        .group_by(_memberships.c.group_id, _tags.c.kind, _tags.c.key, _tags.c.value, _tags.c.weight, _tags.c.at)
    )
    counts: Counter[tuple[int, Slot, str]] = Counter()
    for row in await execute(session, query):
        age = max(now - row.at, timedelta(0))
        if row.weight * 0.5 ** (age / HALF_LIFE) >= LEAST_WEIGHT:
            counts[row.group_id, Slot(LabelKind(row.kind), row.key), row.value] += row.members
    found: defaultdict[int, dict[Slot, dict[str, int]]] = defaultdict(dict)
    for (group_id, slot, value), members in counts.items():
        found[group_id].setdefault(slot, {})[value] = members
    return dict(found)
