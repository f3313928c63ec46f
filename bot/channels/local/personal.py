"""What the chat page keeps of a person: their lines, what others quoted of them, and rooms that the bot made."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.channels.local.models import ChatFile, ChatLine, ChatRoom
from core.database import execute
from core.inbox import InboxMessage
from core.personal import REDACTED, Column, Found, Person, Sheet, Traces, Treatment, chunks, columns

_lines = ChatLine.__table__  # type: ignore[attr-defined]
_rooms = ChatRoom.__table__  # type: ignore[attr-defined]

CHANNEL = "local"


class ChatPageData:
    """Implements ``core.personal.PersonalData`` for the chat page; people of other channels are not here."""

    name = "chat page"
    columns: Mapping[str, Column] = {
        **columns(
            ChatLine.__tablename__,
            Treatment.ERASED,
            *("contact_id", "sender_id", "sender_name", "text", "quote", "mentions", "client_id", "file"),
        ),
        **columns(ChatLine.__tablename__, Treatment.NOT_PERSONAL, "room_id", reason="the room"),
        **columns(ChatFile.__tablename__, Treatment.ERASED, "content"),
        **columns(ChatRoom.__tablename__, Treatment.ERASED, "owner", "members"),
        **columns(ChatRoom.__tablename__, Treatment.NOT_PERSONAL, "id", "topic", reason="the room and its public name"),
    }

    async def find(self, session: AsyncSession, person: Person) -> Found:
        """Return the names the person wrote under, and their lines."""
        if person.channel != CHANNEL:
            return Found()
        rows = [row for mine in _own(person) for row in await execute(session, select(_lines).where(*mine))]
        own = [row for row in rows if row.sender_id == person.contact_id]
        words = {row.text.strip() for row in own} - {""}
        return Found(frozenset({row.sender_name for row in own}), frozenset(words))

    async def export(self, session: AsyncSession, person: Person) -> list[Sheet]:
        """Return the person's lines on the page, and the private ones of the bot to them."""
        if person.channel != CHANNEL:
            return []
        rows = [row for mine in _own(person) for row in await execute(session, select(_lines).where(*mine))]
        said = tuple((row.at, row.sender_name, row.text) for row in sorted(rows, key=lambda row: row.id))
        return [Sheet("聊天页", ("时间", "谁说的", "内容"), said)]

    async def erase(self, session: AsyncSession, person: Person, traces: Traces, now: datetime) -> Mapping[str, int]:
        """Delete the person's lines, and take them out of the lines of others and of the bot."""
        if person.channel != CHANNEL:
            return {}
        gone = 0
        up_to = await _up_to(session, person)
        for mine in _own(person):
            gone += int((await execute(session, delete(_lines).where(*mine, *up_to))).rowcount)
        for rooms in chunks(person.rooms):
            named = traces.mentioned_in(_lines.c.text, _lines.c.quote, _lines.c.mentions)
            query = select(_lines).where(_lines.c.room_id.in_(rooms), named)
            for row in (await execute(session, query)).all():
                values = _without(row, traces, by_bot=row.sender_id == person.account)
                await execute(session, update(_lines).where(_lines.c.id == row.id).values(values))
        for room in (await execute(session, select(_rooms))).all():
            left = [one for one in room.members if one.get("id") != person.contact_id]
            owner = "" if room.owner == person.contact_id else room.owner
            if (left, owner) != (room.members, room.owner):
                await execute(session, update(_rooms).where(_rooms.c.id == room.id).values(members=left, owner=owner))
        return {"chat lines": gone}


async def _up_to(session: AsyncSession, person: Person) -> tuple[Any, ...]:
    """Return the condition of lines up to the word that asks for the deletion: what was said after it is new."""
    if person.until is None:
        return ()
    query = select(InboxMessage.message_id).where(col(InboxMessage.id) == person.until)
    word = (await session.exec(query)).one_or_none()
    return (_lines.c.id <= int(word),) if word is not None else ()


def _own(person: Person) -> list[tuple[Any, ...]]:
    """Return the conditions of the person's lines: in rooms by room, and the whole private chat."""
    in_rooms = [
        (_lines.c.room_id.in_(rooms), _lines.c.sender_id == person.contact_id) for rooms in chunks(person.rooms)
    ]
    return [*in_rooms, (_lines.c.contact_id == person.contact_id,)]


def _without(row: Any, traces: Traces, *, by_bot: bool) -> dict[str, Any]:
    quote = row.quote
    if quote and (traces.is_own(quote["member"], quote["text"]) or traces.touches(quote["text"])):
        quote = {**quote, "member": REDACTED, "text": REDACTED}
    return {
        "text": traces.clean_lines(row.text) if by_bot else traces.clean(row.text),
        "quote": quote,
        "mentions": [one for one in row.mentions if one.get("id") != traces.person.contact_id],
    }
