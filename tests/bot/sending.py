"""A dispatcher with the fake chat on the other side, and drafts for it."""

from __future__ import annotations

from datetime import timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import col, select

from bot.dispatcher import Dispatcher
from bot.settings import PacingSettings
from core import outbox
from core.clock import Clock
from core.database import Database
from core.outbox import PRIORITY_ANSWER, Draft, OutboxMessage
from recommender.settings import RecommenderSettings
from tests.bot.fake_channel import FakeChannel, FakeRoom

ROOMS = tuple(FakeRoom(name, name, "lin", {"lin": ("林姐", "")}) for name in ("r1", "r2", "r3"))
_numbers = count(1)


def draft(text: str, **values: Any) -> Draft:
    """Return an answer for room r1; ``values`` replace fields."""
    fields: dict[str, Any] = {
        "dedupe_key": f"test:{next(_numbers)}",
        "channel": "fake",
        "account": "qianqun-bot",
        "kind": "answer",
        "text": text,
        "priority": PRIORITY_ANSWER,
        "room_id": "r1",
        **values,
    }
    return Draft(**fields)


class Post:
    """An outbox, a dispatcher that empties it, and the chat that gets it."""

    def __init__(self, database: Database, clock: Clock, channel: FakeChannel | None = None, **pacing: Any) -> None:
        self.database = database
        self.clock = clock
        self.channel = channel or FakeChannel(clock, ROOMS)
        self.dispatcher = Dispatcher(
            database,
            clock,
            self.channel,
            pacing=PacingSettings.model_validate({"enabled": bool(pacing), **pacing}),
            recommender=RecommenderSettings(),
            zone=ZoneInfo("Asia/Shanghai"),
        )

    async def put(self, *drafts: Draft) -> None:
        async with self.database.transaction() as session:
            await outbox.enqueue(session, drafts, self.clock.now())

    async def send(self) -> float:
        """Let the dispatcher look once; return how long it would rest."""
        return await self.dispatcher.send_waiting()

    @property
    def texts(self) -> list[str]:
        return [message.text for message in self.channel.sent]

    async def rows(self) -> list[OutboxMessage]:
        async with self.database.reading() as session:
            return list((await session.exec(select(OutboxMessage).order_by(col(OutboxMessage.id)))).all())

    async def states(self) -> list[str]:
        return [row.state for row in await self.rows()]

    async def housekeeping(self, stuck: timedelta = timedelta(minutes=2)) -> None:
        """Do with the outbox what the scheduler's job does."""
        async with self.database.transaction() as session:
            now = self.clock.now()
            await outbox.abandon(session, now - stuck, now)
            await outbox.expire(session, now)
