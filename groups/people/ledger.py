"""The consent ledger: who refused or allowed what, when, without saying who to a reader of the table."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select
from sqlmodel.ext.asyncio.session import AsyncSession

from core.database import execute, insert_into
from core.personal import keyed_mark
from groups.models import ConsentEntry, LedgerKey
from groups.state import MemberKey

_entries = ConsentEntry.__table__  # type: ignore[attr-defined]
_keys = LedgerKey.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Consent:
    """One change of consent, for the ledger."""

    member: MemberKey
    change: str
    group_id: int | None = None
    message_id: str = ""


def person_hash(secret: bytes, member: MemberKey) -> str:
    """Return the keyed hash that stands for a person; the key is the only way back, by trying a known id."""
    return keyed_mark(secret, *member)


def tag_mark(secret: bytes, member: MemberKey, *tag: str) -> str:
    """Return the keyed hash that stands for one deleted tag of a person; it tells neither the person nor the tag."""
    return keyed_mark(secret, "tag", *member, *tag)


async def key(session: AsyncSession) -> bytes:
    """Return the ledger's key, made at random the first time."""
    found = (await execute(session, select(_keys.c.secret))).scalar_one_or_none()
    if found is None:
        make = insert_into(session, _keys)
        await execute(session, make.values(id=1, secret=secrets.token_bytes(32)).on_conflict_do_nothing())
        found = (await execute(session, select(_keys.c.secret))).scalar_one()
    return bytes(found)


async def write(session: AsyncSession, entries: Sequence[Consent], now: datetime) -> None:
    """Add entries in the session's transaction."""
    if not entries:
        return
    secret = await key(session)
    rows = [
        {
            "at": now,
            "group_id": entry.group_id,
            "person": person_hash(secret, entry.member),
            "change": entry.change,
            "message_id": entry.message_id,
        }
        for entry in entries
    ]
    await execute(session, insert(_entries), rows)
