"""The audit log: who looked at, exported or deleted personal data; rows are only added, people are keyed hashes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlmodel.ext.asyncio.session import AsyncSession

from core.database import execute
from groups.models import AuditEntry
from groups.people import ledger
from groups.state import MemberKey

_entries = AuditEntry.__table__  # type: ignore[attr-defined]

OPERATOR = "operator"
"""The role of the command line; it has no contact."""


@dataclass(frozen=True, slots=True)
class Look:
    """One look at personal data.

    ``what``: exported_own, erased_own (a person's own word), exported, erased (an operator's), exported_orders. ``by``
    is None for an operator, ``about`` None when it was of many people.
    """

    role: str
    what: str
    by: MemberKey | None = None
    about: MemberKey | None = None
    group_id: int | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)


async def write(session: AsyncSession, look: Look, now: datetime) -> None:
    """Add an entry in the session's transaction."""
    secret = await ledger.key(session)
    row = {
        "at": now,
        "role": look.role,
        "actor": ledger.person_hash(secret, look.by) if look.by else "",
        "what": look.what,
        "subject": ledger.person_hash(secret, look.about) if look.about else "",
        "group_id": look.group_id,
        "detail": dict(look.detail),
    }
    await execute(session, insert(_entries).values(row))


async def read(
    session: AsyncSession, *, actors: list[str] | None = None, subjects: list[str] | None = None, limit: int = 50
) -> list[Any]:
    """Return the newest entries, newest first; only those of these hashes where they are given."""
    query = select(_entries).order_by(_entries.c.id.desc()).limit(limit)
    if actors is not None:
        query = query.where(_entries.c.actor.in_(actors))
    if subjects is not None:
        query = query.where(_entries.c.subject.in_(subjects))
    return list((await execute(session, query)).all())
