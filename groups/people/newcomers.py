"""The SQL of newcomers: who waits for a welcome, and that a welcome is said once."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from core.database import execute
from groups.models import ForgottenPerson, Member, Membership
from groups.people import ledger
from groups.state import GroupKey, MemberKey

_members = Member.__table__  # type: ignore[attr-defined]
_memberships = Membership.__table__  # type: ignore[attr-defined]
_forgotten = ForgottenPerson.__table__  # type: ignore[attr-defined]


async def waiting(session: AsyncSession, group_id: int, key: GroupKey, since: datetime) -> list[str]:
    """Return the contact ids of who joined since an instant, is still there and was never welcomed, oldest first.

    Who had their data deleted is left out: they are not spoken of until they speak.
    """
    query = (
        select(_members.c.contact_id)
        .join(_memberships, _memberships.c.member_id == _members.c.id)
        .where(
            _memberships.c.group_id == group_id,
            _memberships.c.joined_at >= since,
            _memberships.c.welcomed_at.is_(None),
            _memberships.c.left_at.is_(None),
            _memberships.c.unsubscribed_at.is_(None),
        )
        .order_by(_memberships.c.joined_at, _memberships.c.id)
    )
    found = [str(row.contact_id) for row in await execute(session, query)]
    if not found:
        return []
    secret = await ledger.key(session)
    marks = {ledger.person_hash(secret, MemberKey(key.channel, key.account, one)): one for one in found}
    gone = await execute(session, select(_forgotten.c.person).where(_forgotten.c.person.in_(list(marks))))
    forgotten = {marks[row.person] for row in gone}
    return [one for one in found if one not in forgotten]


async def welcomed(session: AsyncSession, group_id: int, contact_ids: Collection[str], now: datetime) -> None:
    """Note that these people were welcomed in a group; it happens once, also when they leave and come back."""
    ids = select(_members.c.id).where(_members.c.contact_id.in_(list(contact_ids)))
    here = (_memberships.c.group_id == group_id, _memberships.c.member_id.in_(ids))
    await execute(session, update(_memberships).where(*here).values(welcomed_at=now))
