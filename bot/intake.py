"""From a channel into the inbox: what many channels deliver at the same moment is stored in one commit."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import structlog

from core import inbox
from core.clock import Clock
from core.database import Database
from core.messages import ChannelEvent, IncomingMessage, MessageKey

_log = structlog.get_logger(__name__)


class Intake:
    """Implements ``bot.channels.protocol.EventSink``. A call returns only after its message is committed."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        stored: Callable[[], None],
        observe: Callable[[ChannelEvent], Awaitable[None]],
    ) -> None:
        self._database = database
        self._clock = clock
        self._stored = stored
        self._observe = observe
        self._waiting: list[tuple[IncomingMessage, asyncio.Future[bool]]] = []
        self._writing = asyncio.Lock()

    async def announce(self, key: MessageKey, raw: dict[str, Any]) -> bool:
        """Note that a message exists before its content is fetched; false if it is already complete."""
        async with self._database.transaction() as session:
            return await inbox.announce(session, key, raw, self._clock.now())

    async def receive(self, message: IncomingMessage) -> bool:
        """Store a message with whatever else is waiting; false if it was already known."""
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((message, future))
        async with self._writing:
            await self._write()
        return await future

    async def _write(self) -> None:
        """Commit everything that came while the last commit was under way."""
        batch, self._waiting = self._waiting, []
        if not batch:
            return
        try:
            async with self._database.transaction() as session:
                ids = await inbox.store(session, [message for message, _ in batch], self._clock.now())
        except BaseException as error:
            for _, future in batch:
                if not future.done():
                    future.set_exception(error if isinstance(error, Exception) else ConnectionAbortedError())
                    _ = future.exception()  # the caller of this batch raises; others await their own future
            raise
        for (_, future), row_id in zip(batch, ids, strict=True):
            if not future.done():
                future.set_result(row_id is not None)
        self._stored()

    async def unfetched(self, channel: str, account: str) -> list[MessageKey]:
        """Return announced messages whose content never came, oldest first."""
        async with self._database.reading() as session:
            return await inbox.unfetched(session, channel, account)

    async def observe(self, event: ChannelEvent) -> None:
        """Hand anything that is not a message to the lane and wait until it is stored."""
        await self._observe(event)
