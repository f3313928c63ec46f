"""All SQL of the chat log."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, exists, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.channels.local.models import ChatFile, ChatLine
from core.database import Database, execute
from core.messages import OutgoingFile

_TABLE = ChatLine.__table__  # type: ignore[attr-defined]  # SQLModel adds it to table classes
_FILES = ChatFile.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Conversation:
    """A room, or the private chat of one member with the bot; exactly one is set."""

    room_id: str = ""
    contact_id: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One stored line. ``quote`` is ``{id, member, text}``, ``mentions`` a list of ``{id, name}``.

    ``recalls`` is the id of a line that this one takes back, 0 if it says something; ``file`` as in the model.
    """

    id: int
    conversation: Conversation
    sender_id: str
    sender_name: str
    text: str
    at: datetime
    quote: dict[str, Any] | None = None
    mentions: tuple[dict[str, str], ...] = ()
    client_id: str = ""
    recalls: int = 0
    recalled: bool = False
    file: dict[str, Any] | None = None


class RecalledAlreadyError(Exception):
    """Another request took the line back first."""

    def __init__(self, line_id: int) -> None:
        self.line_id = line_id
        super().__init__(f"line {line_id} was recalled already")


class ChatLog:
    """What was said in the local rooms, in the order it was said."""

    def __init__(self, database: Database) -> None:
        self.database = database

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
        recalls: int = 0,
        file: OutgoingFile | None = None,
    ) -> tuple[Line, bool]:
        """Store a line and return it with true; for a ``client_id`` that is known, the old line with false.

        With ``recalls`` that line is recalled in the same transaction; raises ``RecalledAlreadyError``.
        """
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
            "recalls": recalls or None,
            "file": None if file is None else _described(file),
        }
        try:
            async with self.database.transaction() as session:
                row = (await execute(session, insert(_TABLE).values(values).returning(*_TABLE.c))).one()
                if recalls:
                    await _recall(session, recalls)
                if file is not None:
                    await execute(session, insert(_FILES).values(line_id=row.id, content=file.content))
                return _line(row), True
        except IntegrityError:
            known = await self._one(_TABLE.c.client_id == client_id) if client_id else None
            if known is None:
                raise
            return known, False

    async def find(self, line_id: int) -> Line | None:
        """Return one line, None if there is none."""
        return await self._one(_TABLE.c.id == line_id)

    async def content(self, line_id: int) -> bytes | None:
        """Return the content of a line's file, None if it has none."""
        query = select(_FILES.c.content).where(_FILES.c.line_id == line_id)
        async with self.database.reading() as session:
            found: bytes | None = (await execute(session, query)).scalar_one_or_none()
        return found

    async def latest(
        self, conversation: Conversation, *, after: int = 0, before: int | None = None, limit: int = 100
    ) -> tuple[list[Line], bool]:
        """Return the newest ``limit`` lines between two ids (both exclusive), oldest first, and whether more exist."""
        query = select(_TABLE).where(*_within(conversation), _TABLE.c.id > after)
        if before is not None:
            query = query.where(_TABLE.c.id < before)
        async with self.database.reading() as session:
            rows = (await execute(session, query.order_by(_TABLE.c.id.desc()).limit(limit + 1))).all()
        return [_line(row) for row in reversed(rows[:limit])], len(rows) > limit

    async def knows(self, line_id: int, at: datetime) -> bool:
        """Tell whether this very line is in the log, so that a page knows it still talks to the same log."""
        query = select(exists().where(_TABLE.c.id == line_id, _TABLE.c.at == at))
        async with self.database.reading() as session:
            return bool((await execute(session, query)).scalar_one())

    async def waiting(self, limit: int = 100) -> list[Line]:
        """Return lines that the program has not taken yet, oldest first."""
        query = select(_TABLE).where(~_TABLE.c.handed).order_by(_TABLE.c.id).limit(limit)
        async with self.database.reading() as session:
            return [_line(row) for row in (await execute(session, query)).all()]

    async def mark_handed(self, line_ids: Sequence[int]) -> None:
        """Note that the program has taken these lines."""
        async with self.database.transaction() as session:
            await execute(session, update(_TABLE).where(_TABLE.c.id.in_(line_ids)).values(handed=True))

    async def forget(self, session: AsyncSession, before: datetime) -> int:
        """Delete lines from before an instant that the program has taken, in the caller's transaction."""
        old = delete(_TABLE).where(_TABLE.c.at < before, _TABLE.c.handed)
        return int((await execute(session, old)).rowcount)

    async def _one(self, condition: Any) -> Line | None:
        async with self.database.reading() as session:
            row = (await execute(session, select(_TABLE).where(condition))).one_or_none()
        return None if row is None else _line(row)


async def _recall(session: AsyncSession, line_id: int) -> None:
    taken = update(_TABLE).where(_TABLE.c.id == line_id, ~_TABLE.c.recalled).values(recalled=True)
    if not (await execute(session, taken)).rowcount:
        raise RecalledAlreadyError(line_id)


def _described(file: OutgoingFile) -> dict[str, Any]:
    return {
        "name": file.name,
        "content_type": file.content_type,
        "size": len(file.content),
        "key": secrets.token_urlsafe(16),
    }


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
        recalls=row.recalls or 0,
        recalled=row.recalled,
        file=row.file,
    )
