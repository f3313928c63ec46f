"""A running local channel with the demo's rooms and a small bot behind it that answers what it hears."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import bot
from bot.channels.local.channel import LocalChannel
from bot.channels.local.repository import ChatLog
from bot.channels.local.settings import LocalSettings, load_rooms
from core.clock import SystemClock
from core.database import Database
from core.messages import IncomingMessage, MessageKind, OutgoingMessage
from tests.channels.contract import running
from tests.channels.recording_sink import RecordingSink

NOTICE = "演示模式：免打扰时段和次数上限已关闭"


class EchoSink(RecordingSink):
    """Answers in the room, mentioning who spoke, or in private."""

    def __init__(self, channel: LocalChannel) -> None:
        super().__init__()
        self._channel = channel

    async def receive(self, message: IncomingMessage) -> bool:
        new = await super().receive(message)
        if message.kind is not MessageKind.TEXT:
            return new
        if new and message.room_id:
            who = ((message.sender_id, message.shown_name),)
            answer = OutgoingMessage(f"听到了：\n{message.text[:200]}", room_id=message.room_id, mentions=who)
            await self._channel.send(answer)
        elif new:
            await self._channel.send(OutgoingMessage(f"私下说：{message.text}", contact_id=message.sender_id))
        return new


@asynccontextmanager
async def echoing(
    database: Database, port: int = 0, heard: list[IncomingMessage] | None = None
) -> AsyncIterator[LocalChannel]:
    """Run the channel while the block runs; what it heard is added to ``heard``."""
    rooms = load_rooms(Path(bot.__file__).parent / "demo" / "rooms.toml")
    settings = LocalSettings(port=port, notice=NOTICE, rooms=rooms)
    channel = LocalChannel(settings, ChatLog(database), SystemClock())
    sink = EchoSink(channel)
    async with running(channel, sink):
        yield channel
    if heard is not None:
        heard += sink.messages


@asynccontextmanager
async def frozen(channel: LocalChannel) -> AsyncIterator[None]:
    """A server that accepts at the channel's old address and never answers."""
    port = int(channel.url.rsplit(":", 1)[1].strip("/"))

    async def say_nothing(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(60)
        writer.close()

    server = await asyncio.start_server(say_nothing, "127.0.0.1", port)
    try:
        yield
    finally:
        server.close()
