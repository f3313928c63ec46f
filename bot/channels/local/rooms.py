"""All SQL of the rooms that the bot made on the chat page: they are there again after a restart."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import insert, select, update

from bot.channels.local.models import ChatRoom
from bot.channels.local.settings import MemberSettings, RoomSettings
from core.clock import Clock
from core.database import Database, execute

_table = ChatRoom.__table__  # type: ignore[attr-defined]  # SQLModel adds it to table classes


class MadeRooms:
    """The rooms that the bot made, beside those of the settings."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def all(self) -> list[RoomSettings]:
        """Return every room that was made, oldest first."""
        async with self._database.reading() as session:
            rows = (await execute(session, select(_table).order_by(_table.c.at, _table.c.id))).all()
        return [
            RoomSettings(
                id=row.id,
                topic=row.topic,
                owner=row.owner,
                members=tuple(MemberSettings.model_validate(member) for member in row.members),
            )
            for row in rows
        ]

    async def add(self, room: RoomSettings) -> None:
        """Store a new room."""
        row = {"id": room.id, "topic": room.topic, "owner": room.owner, "members": _described(room.members)}
        async with self._database.transaction() as session:
            await execute(session, insert(_table).values(**row, at=self._clock.now()))

    async def fill(self, room: RoomSettings) -> None:
        """Store who is in a made room now."""
        members = _described(room.members)
        async with self._database.transaction() as session:
            await execute(session, update(_table).where(_table.c.id == room.id).values(members=members))


def _described(members: Sequence[MemberSettings]) -> list[dict[str, str]]:
    return [member.model_dump() for member in members]
