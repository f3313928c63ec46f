"""From a channel into the inbox: what many channels deliver at the same moment is stored in one commit."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import structlog

from core import inbox
from core.clock import Clock
from core.database import Database, is_unavailable
from core.messages import ChannelEvent, IncomingMessage, MessageKey

_log = structlog.get_logger(__name__)

_Waiting = tuple[IncomingMessage, "asyncio.Future[bool]"]


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
        self._waiting: list[_Waiting] = []
        self._writing = asyncio.Lock()

    async def announce(self, key: MessageKey, raw: dict[str, Any]) -> bool:
        """Note that a message exists before its content is fetched; false if it is already complete."""
        async with self._database.transaction(short=True) as session:
            return await inbox.announce(session, key, raw, self._clock.now())

    async def receive(self, message: IncomingMessage) -> bool:
        """Store a message with whatever else is waiting; false if it was already known."""
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((message, future))
        async with self._writing:
            await self._write()
        return await future

    async def _write(self) -> None:
        """Commit everything that came while the last commit was under way, and tell each caller what became of it."""
        batch, self._waiting = self._waiting, []
        if not batch:
            return
        try:
            await self._store(batch)
        except Exception as error:
            if is_unavailable(error) or len(batch) == 1:
                _refuse(batch, error)
                return
            _log.warning("intake.batch_failed", messages=len(batch), error=type(error).__name__)
            await self._store_apart(batch)
        except BaseException:
            _refuse(batch, ConnectionAbortedError("stopped while storing; deliver it again"))
            raise
        self._stored()

    async def _store_apart(self, batch: list[_Waiting]) -> None:
        """Store one by one: whatever is wrong with one message must not keep the others out."""
        for one in batch:
            try:
                await self._store([one])
            except Exception as error:
                _log.warning("intake.refused", key=one[0].key.message_id, error=repr(error)[:300])
                _refuse([one], error)

    async def _store(self, batch: list[_Waiting]) -> None:
        async with self._database.transaction(short=True) as session:
            stored = await inbox.store(session, [message for message, _ in batch], self._clock.now())
        for (_, future), row in zip(batch, stored, strict=True):
            if not future.done():
                future.set_result(row is not None)

    async def unfetched(self, channel: str, account: str) -> list[MessageKey]:
        """Return announced messages whose content never came, oldest first."""
        async with self._database.reading(short=True) as session:
            return await inbox.unfetched(session, channel, account)

    async def observe(self, event: ChannelEvent) -> None:
        """Hand anything that is not a message to the lane and wait until it is stored."""
        await self._observe(event)


def _refuse(batch: list[_Waiting], error: Exception) -> None:
    """Tell the callers that their messages are not stored."""
    for _, future in batch:
        if not future.done():
            future.set_exception(error)
            _ = future.exception()  # a caller that was cancelled meanwhile reads it no more
