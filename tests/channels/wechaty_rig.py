"""The wechaty channel's rig: a real gateway on loopback, its world driven over the script's own words."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Sequence
from typing import Any

from pydantic import SecretStr

from bot.channels.wechaty.channel import WechatyChannel
from bot.channels.wechaty.settings import WechatySettings
from core.clock import SystemClock
from tests.channels.contract import AMEI, BOT, CAST, LAOGUO, XIAOTANG, ChannelRig
from tests.channels.wechaty_gateway import GatewayProcess, free_port

TOKEN = "insecure_0d7c1f9e-5a43-4a53-9f0e-3b6a51c2e874"

QUICK: dict[str, Any] = {
    "call_timeout_s": 5.0,
    "login_wait_s": 0.3,
    "ding_interval_s": 0.5,
    "ding_deadline_s": 5.0,
    "backoff_min_s": 0.05,
    "backoff_max_s": 0.2,
    "replaced_backoff_s": 1.0,
    "sweep_interval_s": 0.3,
    "lookup_burst": 1000,
}
"""Waits that make a test quick, deadlines that a busy machine still meets; all are settings, no other code path."""
IMPATIENT: dict[str, Any] = {"call_timeout_s": 0.6, "ding_interval_s": 0.2, "ding_deadline_s": 0.4}
"""For tests in which the gateway does not answer at all."""


class WechatyRig(ChannelRig):
    """Members speak through the mock chat behind a real gateway."""

    channel: WechatyChannel

    def __init__(self, process: GatewayProcess, **settings: Any) -> None:
        self.process = process
        self.port = free_port()
        self.settings = WechatySettings.model_validate(
            {"endpoint": f"127.0.0.1:{self.port}", "token": SecretStr(TOKEN), **QUICK, **settings}
        )
        self._ids: dict[str, dict[str, str]] = {}

    async def start(self) -> None:
        await self.serve()
        names = {"contacts": [BOT, AMEI, LAOGUO, XIAOTANG], "rooms": [room.topic for room in CAST]}
        self._ids = await self.process.do("ids", **names)
        self.channel = WechatyChannel(self.settings, SystemClock())

    async def serve(self, **options: Any) -> None:
        """Open the gateway with a fresh world; the ids of rooms and members are always the same."""
        rooms = [{"topic": room.topic, "owner": room.owner, "members": room.members} for room in CAST]
        world = {"bot": BOT, "rooms": rooms, "token": TOKEN, "port": self.port}
        await self.process.do("serve", **{**world, **options})

    async def stop(self) -> None:
        await self.process.do("close")

    def room_id(self, room: str) -> str:
        return self._ids["rooms"][room]

    def member_id(self, member: str) -> str:
        return self._ids["contacts"][member]

    async def say(
        self,
        room: str,
        member: str,
        text: str,
        *,
        mentions: Sequence[str] = (),
        quote: tuple[str, str] | None = None,
        **options: Any,
    ) -> str:
        words = {"room": room, "member": member, "text": text, "mentions": list(mentions), "quote": quote}
        message_id: str = await self.process.do("say", **words, **options)
        return message_id

    async def sent_texts(self, room: str) -> list[str]:
        return [message["text"] for message in await self.process.do("sent", room=room)]

    async def sent_files(self, room: str) -> list[tuple[str, bytes]]:
        files = await self.process.do("sentFiles", room=room)
        return [(file["name"], b64decode(file["content"])) for file in files]

    async def recall(self, room: str, member: str, message_id: str, **options: Any) -> str:
        recall_id: str = await self.process.do("recall", room=room, member=member, id=message_id, **options)
        return recall_id

    async def join(self, room: str, member: str) -> None:
        await self.process.do("join", room=room, member=member)

    async def leave(self, room: str, member: str) -> None:
        await self.process.do("leave", room=room, member=member)

    async def rename(self, room: str, topic: str) -> None:
        await self.process.do("rename", room=room, topic=topic, member=LAOGUO)

    async def repeat(self, message_id: str) -> None:
        await self.process.do("repeat", id=message_id)

    async def invite(self, inviter: str, topic: str) -> str:
        invitation_id: str = await self.process.do("invite", inviter=inviter, topic=topic)
        return invitation_id

    async def cut(self) -> None:
        await self.process.do("close")

    async def restore(self) -> None:
        await self.serve()
