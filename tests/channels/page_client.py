"""A chat page without a browser: speaks the local channel's frames over a real WebSocket."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import ClientSession, ClientWebSocketResponse


class PageClient:
    """One open page. Frames that are not the one waited for are kept in ``frames``."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self.socket = socket
        self.frames: list[dict[str, Any]] = []

    async def send(self, **frame: Any) -> None:
        await self.socket.send_str(json.dumps(frame))

    async def next(self, kind: str, seconds: float = 5.0) -> dict[str, Any]:
        """Return the next frame of this type."""
        async with asyncio.timeout(seconds):
            while True:
                frame: dict[str, Any] = json.loads(await self.socket.receive_str())
                self.frames.append(frame)
                if frame["type"] == kind:
                    return frame

    async def hello(self, member: str = "", **seen: Any) -> dict[tuple[str, str], dict[str, Any]]:
        """Say hello and return the histories by (room, private member)."""
        await self.send(type="hello", member=member, **seen)
        welcome = await self.next("welcome")
        histories = [await self.next("history") for _ in range(len(welcome["rooms"]) + bool(member))]
        return {(frame["room"], frame["member"]): frame for frame in histories}

    async def recall(self, member: str, line: int) -> dict[str, Any]:
        """Take a line back and return the line that says so."""
        await self.send(type="recall", client_id=uuid.uuid4().hex, member=member, line=line)
        while True:
            taken: dict[str, Any] = (await self.next("line"))["line"]
            if taken["recalls"] == line:
                return taken

    async def say(self, member: str, text: str, room: str = "", **more: Any) -> dict[str, Any]:
        """Say something and return the line as the server keeps it."""
        client_id = more.pop("client_id", uuid.uuid4().hex)
        await self.send(type="say", client_id=client_id, member=member, room=room, text=text, **more)
        while True:
            line: dict[str, Any] = (await self.next("line"))["line"]
            if line["client_id"] == client_id:
                return line


@asynccontextmanager
async def page_at(url: str, **headers: str) -> AsyncIterator[PageClient]:
    """Open a page on a running channel."""
    async with (
        ClientSession() as session,
        session.ws_connect(url + "ws", headers=headers, max_msg_size=0) as socket,
    ):
        yield PageClient(socket)
