"""The fake keeps the contract of channels, so that what passes with it may pass with a real one."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from core.clock import SystemClock
from core.messages import IncomingMessage, Quote
from tests.bot.fake_channel import FakeChannel, FakeRoom, shown
from tests.channels.contract import BOT, CAST, ChannelContract, ChannelRig


class FakeRig(ChannelRig):
    """Members speak by calling the fake."""

    channel: FakeChannel

    async def start(self) -> None:
        rooms = [
            FakeRoom(
                self.room_id(room.topic),
                room.topic,
                self.member_id(room.owner),
                {self.member_id(name): (name, alias) for name, alias in room.members.items()},
            )
            for room in CAST
        ]
        self.channel = FakeChannel(SystemClock(), rooms, account=self.member_id(BOT))
        self.channel.cut()
        self._said: dict[str, IncomingMessage] = {}

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
        fields = self.channel.mentioning([self.member_id(name) for name in mentions], mentions, text)
        message = self.channel.message(
            self.room_id(room),
            self.member_id(member),
            **{**fields, "quote": Quote(*quote) if quote else None},
        )
        self.channel.deliver(message)
        self._said[message.key.message_id] = message
        return message.key.message_id

    async def sent_texts(self, room: str) -> list[str]:
        return [shown(message) for message in self.channel.sent if message.room_id == self.room_id(room)]

    async def sent_files(self, room: str) -> list[tuple[str, bytes]]:
        files = [message.file for message in self.channel.sent if message.room_id == self.room_id(room)]
        return [(file.name, file.content) for file in files if file]

    async def recall(self, room: str, member: str, message_id: str) -> str:
        message = self.channel.recall(self._said[message_id])
        self.channel.deliver(message)
        return message.key.message_id

    async def join(self, room: str, member: str) -> None:
        self.channel.join(self.room_id(room), self.member_id(member), member)

    async def leave(self, room: str, member: str) -> None:
        self.channel.leave(self.room_id(room), self.member_id(member))

    async def rename(self, room: str, topic: str) -> None:
        self.channel.rename(self.room_id(room), topic)

    async def repeat(self, message_id: str) -> None:
        self.channel.deliver(self._said[message_id])

    async def invite(self, inviter: str, topic: str) -> str:
        return self.channel.invite_bot(
            self.member_id(inviter), FakeRoom(f"room-{topic}", topic, self.member_id(inviter))
        )

    async def cut(self) -> None:
        self.channel.cut()

    async def restore(self) -> None:
        self.channel.restore()


class TestFakeContract(ChannelContract):
    @pytest.fixture
    async def rig(self) -> FakeRig:
        rig = FakeRig()
        await rig.start()
        return rig
