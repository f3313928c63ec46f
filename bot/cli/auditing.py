"""``qianqun audit``: who looked at, exported or deleted personal data."""

from __future__ import annotations

import json
from pathlib import Path

from rich.table import Table
from sqlalchemy import select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.cli.session import execute, opened_database, out
from core.database import execute as run
from groups.models import Group
from groups.people import audit, ledger
from groups.state import MemberKey

_SHOWN = 12
"""Characters of a hash that are shown: enough to tell people apart."""
_groups = Group.__table__  # type: ignore[attr-defined]


def show(config: Path, *, who: str, about: str, limit: int) -> int:
    """Print the newest entries; people stand there as keyed hashes, found by trying the id that is given."""

    async def work() -> int:
        async with opened_database(config) as (_, database), database.transaction() as session:
            actors = await _marks(session, who) if who else None
            subjects = await _marks(session, about) if about else None
            rows = await audit.read(session, actors=actors, subjects=subjects, limit=limit)
        table = Table("id", "at (UTC)", "role", "who", "what", "about", "group", "detail")
        for row in rows:
            table.add_row(
                str(row.id),
                f"{row.at:%Y-%m-%d %H:%M}",
                row.role,
                row.actor[:_SHOWN] or "—",
                row.what,
                row.subject[:_SHOWN] or "—",
                str(row.group_id or "—"),
                json.dumps(row.detail, ensure_ascii=False),
            )
        out().print(table if rows else "no entries")
        return 0

    return execute(work)


async def _marks(session: AsyncSession, contact: str) -> list[str]:
    """Return what stands for a contact id in the log, for every account there is."""
    secret = await ledger.key(session)
    rows = await run(session, select(_groups.c.channel, _groups.c.account).distinct())
    return [ledger.person_hash(secret, MemberKey(row.channel, row.account, contact)) for row in rows]
