"""All SQL of the chat log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, exists, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.channels.local.models import ChatLine
from core.database import Database, execute

_TABLE = ChatLine.__table__  # type: ignore[attr-defined]  # SQLModel adds it to table classes


@dataclass(frozen=True, slots=True)
class Conversation:
    """A room, or the private chat of one member with the bot; exactly one is set."""

    room_id: str = ""
    contact_id: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One stored line. ``quote`` is ``{id, member, text}``, ``mentions`` a list of ``{id, name}``."""

    id: int
    conversation: Conversation
    sender_id: str
    sender_name: str
    text: str
    at: datetime
    quote: dict[str, Any] | None = None
    mentions: tuple[dict[str, str], ...] = ()
    client_id: str = ""


class ChatLog:
    """What was said in the local rooms, in the order it was said."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def append(
        self,
        conversation: Conversation,
        *,
        sender_id: str,
        sender_name: str,
        text: str,
        at: datetime,
        quote: dict[str, Any] | None = None,
        mentions: Sequence[dict[str, str]] = (),
        client_id: str = "",
        handed: bool = False,
    ) -> tuple[Line, bool]:
        """Store a line and return it with true; for a ``client_id`` that is known, the old line with false."""
        values = {
            "room_id": conversation.room_id,
            "contact_id": conversation.contact_id,
            "sender_id": sender_id,
            "sender_name": sender_name,
            "text": text,
            "quote": quote,
            "mentions": list(mentions),
            "client_id": client_id or None,
            "at": at,
            "handed": handed,
        }
        try:
            async with self._database.transaction() as session:
                result = await execute(session, insert(_TABLE).values(values).returning(*_TABLE.c))
                return _line(result.one()), True
        except IntegrityError:
            known = await self._one(_TABLE.c.client_id == client_id) if client_id else None
            if known is None:
                raise
            return known, False

    async def find(self, line_id: int) -> Line | None:
        """Return one line, None if there is none."""
        return await self._one(_TABLE.c.id == line_id)

    async def latest(
        self, conversation: Conversation, *, after: int = 0, before: int | None = None, limit: int = 100
    ) -> tuple[list[Line], bool]:
        """Return the newest ``limit`` lines between two ids (both exclusive), oldest first, and whether more exist."""
        query = select(_TABLE).where(*_within(conversation), _TABLE.c.id > after)
        if before is not None:
            query = query.where(_TABLE.c.id < before)
        async with self._database.reading() as session:
            rows = (await execute(session, query.order_by(_TABLE.c.id.desc()).limit(limit + 1))).all()
        return [_line(row) for row in reversed(rows[:limit])], len(rows) > limit

    async def knows(self, line_id: int, at: datetime) -> bool:
        """Tell whether this very line is in the log, so that a page knows it still talks to the same log."""
        query = select(exists().where(_TABLE.c.id == line_id, _TABLE.c.at == at))
        async with self._database.reading() as session:
            return bool((await execute(session, query)).scalar_one())

    async def waiting(self, limit: int = 100) -> list[Line]:
        """Return lines that the program has not taken yet, oldest first."""
        query = select(_TABLE).where(~_TABLE.c.handed).order_by(_TABLE.c.id).limit(limit)
        async with self._database.reading() as session:
            return [_line(row) for row in (await execute(session, query)).all()]

    async def mark_handed(self, line_ids: Sequence[int]) -> None:
        """Note that the program has taken these lines."""
        async with self._database.transaction() as session:
            await execute(session, update(_TABLE).where(_TABLE.c.id.in_(line_ids)).values(handed=True))

    async def forget(self, session: AsyncSession, before: datetime) -> int:
        """Delete lines from before an instant that the program has taken, in the caller's transaction."""
        old = delete(_TABLE).where(_TABLE.c.at < before, _TABLE.c.handed)
        return int((await execute(session, old)).rowcount)

    async def _one(self, condition: Any) -> Line | None:
        async with self._database.reading() as session:
            row = (await execute(session, select(_TABLE).where(condition))).one_or_none()
        return None if row is None else _line(row)


def _within(conversation: Conversation) -> tuple[Any, Any]:
    return _TABLE.c.room_id == conversation.room_id, _TABLE.c.contact_id == conversation.contact_id


def _line(row: Row[Any]) -> Line:
    return Line(
        id=row.id,
        conversation=Conversation(room_id=row.room_id, contact_id=row.contact_id),
        sender_id=row.sender_id,
        sender_name=row.sender_name,
        text=row.text,
        at=row.at,
        quote=row.quote,
        mentions=tuple(row.mentions),
        client_id=row.client_id or "",
    )
