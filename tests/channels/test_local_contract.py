"""The local channel keeps the contract of channels."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest_asyncio
from aiohttp import ClientSession

from bot.channels.local.channel import LocalChannel
from bot.channels.local.repository import ChatLog, Conversation
from bot.channels.local.settings import LocalSettings, MemberSettings, RoomSettings
from core.clock import SystemClock
from core.database import Database
from tests.channels.contract import BOT, CAST, ChannelContract, ChannelRig
from tests.channels.page_client import page_at


class LocalRig(ChannelRig):
    """Members speak as an open page does."""

    channel: LocalChannel
    can_invite = False  # rooms are configured, nobody invites
    can_cut = False  # the chat is this very process

    def __init__(self, database: Database) -> None:
        self._log = ChatLog(database)
        self._said: dict[str, dict[str, Any]] = {}

    async def start(self) -> None:
        rooms = tuple(
            RoomSettings(
                id=f"room-{room.topic}",
                topic=room.topic,
                owner=self.member_id(room.owner),
                members=tuple(self._member(name, shown) for name, shown in room.members.items()),
            )
            for room in CAST
        )
        settings = LocalSettings(port=0, account=self.member_id(BOT), bot_name=BOT, rooms=rooms)
        self.channel = LocalChannel(settings, self._log, SystemClock())

    async def stop(self) -> None:
        return None

    def room_id(self, room: str) -> str:
        return f"room-{room}"

    def member_id(self, member: str) -> str:
        return f"id-{member}"

    async def say(
        self,
        room: str,
        member: str,
        text: str,
        *,
        mentions: Sequence[str] = (),
        quote: tuple[str, str] | None = None,
    ) -> str:
        quoted = None
        if quote is not None:
            quoted = int(await self.say(room, quote[0], quote[1]))
        text = "".join(f"@{name}\u2005" for name in mentions) + text
        async with page_at(self.channel.url) as page:
            await page.hello()
            frame: dict[str, Any] = {
                "client_id": f"mark-of-{len(self._said)}",
                "member": self.member_id(member),
                "room": self.room_id(room),
                "text": text,
                "mentions": [self.member_id(name) for name in mentions],
                "quote": quoted,
            }
            line = await page.say(**frame)
        self._said[str(line["id"])] = frame
        return str(line["id"])

    async def repeat(self, message_id: str) -> None:
        async with page_at(self.channel.url) as page:
            await page.hello()
            line = await page.say(**self._said[message_id])
        assert str(line["id"]) == message_id

    async def sent_texts(self, room: str) -> list[str]:
        lines, _ = await self._log.latest(Conversation(self.room_id(room)))
        return [line.text for line in lines if line.sender_id == self.member_id(BOT)]

    async def sent_files(self, room: str) -> list[tuple[str, bytes]]:
        lines, _ = await self._log.latest(Conversation(self.room_id(room)))
        files = [(line.id, line.file) for line in lines if line.file]
        async with ClientSession() as session:
            answers = [
                await (await session.get(f"{self.channel.url}file/{line_id}/{file['key']}")).read()
                for line_id, file in files
            ]
        return [(file["name"], content) for (_, file), content in zip(files, answers, strict=True)]

    async def recall(self, room: str, member: str, message_id: str) -> str:
        async with page_at(self.channel.url) as page:
            await page.hello()
            return str((await page.recall(self.member_id(member), int(message_id)))["id"])

    async def join(self, room: str, member: str) -> None:
        self._change(room, lambda old: {"members": (*old.members, self._member(member, ""))})

    async def leave(self, room: str, member: str) -> None:
        gone = self.member_id(member)
        self._change(room, lambda old: {"members": tuple(m for m in old.members if m.id != gone)})

    async def rename(self, room: str, topic: str) -> None:
        self._change(room, lambda _: {"topic": topic})

    def _change(self, room: str, change: Any) -> None:
        wanted = self.room_id(room)
        self.channel.set_rooms(
            [old.model_copy(update=change(old)) if old.id == wanted else old for old in self.channel.rooms]
        )

    def _member(self, name: str, shown: str) -> MemberSettings:
        return MemberSettings(id=self.member_id(name), name=name, room_name=shown)


class TestLocalContract(ChannelContract):
    @pytest_asyncio.fixture
    async def rig(self, database: Database) -> AsyncIterator[LocalRig]:
        rig = LocalRig(database)
        await rig.start()
        yield rig
        await rig.stop()
