"""A sink that keeps everything in memory, with the de-duplication the real inbox does by its unique key."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from core.messages import ChannelEvent, IncomingMessage, MessageKey

EventT = TypeVar("EventT", bound=ChannelEvent)


class SinkDownError(Exception):
    """What the database does when it is locked or gone."""


class RecordingSink:
    """An ``EventSink``: an announced key is incomplete until its message is received."""

    def __init__(self) -> None:
        self.announced: dict[MessageKey, dict[str, Any]] = {}
        self.messages: list[IncomingMessage] = []
        self.events: list[ChannelEvent] = []
        self.unannounced: list[IncomingMessage] = []
        """Messages that came without having been announced before."""
        self._complete: set[MessageKey] = set()
        self._failures = 0
        self._changed = asyncio.Condition()

    def fail_next(self, calls: int) -> None:
        """Let the next ``calls`` calls raise, as a database that is locked would."""
        self._failures = calls

    def preload(self, *keys: MessageKey) -> None:
        """Act as a sink that an earlier process left with announced, never fetched messages."""
        for key in keys:
            self.announced[key] = {}

    async def announce(self, key: MessageKey, raw: dict[str, Any]) -> bool:
        self._maybe_fail()
        self.announced.setdefault(key, raw)
        await self._notify()
        return key not in self._complete

    async def receive(self, message: IncomingMessage) -> bool:
        self._maybe_fail()
        if message.key not in self.announced:
            self.unannounced.append(message)
        if message.key in self._complete:
            return False
        self._complete.add(message.key)
        self.messages.append(message)
        await self._notify()
        return True

    async def unfetched(self, channel: str, account: str) -> list[MessageKey]:
        self._maybe_fail()
        mine = (key for key in self.announced if (key.channel, key.account) == (channel, account))
        return [key for key in mine if key not in self._complete]

    async def observe(self, event: ChannelEvent) -> None:
        self._maybe_fail()
        self.events.append(event)
        await self._notify()

    def texts(self, room_id: str) -> list[str]:
        """What members said in a room, in the order it was taken; the bot's own words are left out."""
        return [m.text for m in self.messages if m.room_id == room_id and not m.is_self]

    def seen(self, kind: type[EventT]) -> list[EventT]:
        """Events of one kind, in order."""
        return [event for event in self.events if isinstance(event, kind)]

    async def until(self, condition: Callable[[], bool], seconds: float = 8.0) -> None:
        """Wait until ``condition`` holds; it is asked again after every call. Seconds; raises TimeoutError."""
        async with asyncio.timeout(seconds), self._changed:
            await self._changed.wait_for(condition)

    async def message(self, text: str, seconds: float = 8.0) -> IncomingMessage:
        """Wait for a message with exactly this text."""
        await self.until(lambda: any(m.text == text for m in self.messages), seconds)
        return next(m for m in self.messages if m.text == text)

    async def event(
        self, kind: type[EventT], matches: Callable[[EventT], bool] = lambda _: True, seconds: float = 8.0
    ) -> EventT:
        """Wait for an event of this kind that ``matches``."""
        await self.until(lambda: any(matches(event) for event in self.seen(kind)), seconds)
        return next(event for event in self.seen(kind) if matches(event))

    def _maybe_fail(self) -> None:
        if self._failures > 0:
            self._failures -= 1
            raise SinkDownError("database is locked")

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()
