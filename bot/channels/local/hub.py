"""The open pages. Nobody waits for a slow one: it is cut off, comes back and catches up."""

from __future__ import annotations

import asyncio

from aiohttp import web

from bot.channels.local.repository import Conversation

_BACKLOG = 256
"""Frames a page may lie behind before it is cut off."""


class Page:
    """One open page. ``member_id`` is who it speaks as; it hears that member's private chat."""

    def __init__(self, socket: web.WebSocketResponse, transport: asyncio.Transport | None) -> None:
        self.member_id = ""
        self.socket = socket
        self._transport = transport
        self._frames: asyncio.Queue[str] = asyncio.Queue(_BACKLOG)

    def post(self, frame: str) -> bool:
        """Queue a frame; cut the page off and return false when it lies too far behind."""
        try:
            self._frames.put_nowait(frame)
        except asyncio.QueueFull:
            if self._transport is not None:
                self._transport.abort()
            return False
        return True

    async def write(self) -> None:
        """Write queued frames until cancelled or the connection is gone."""
        try:
            while True:
                await self.socket.send_str(await self._frames.get())
        except ConnectionError:
            return  # the reading side sees the end and cleans up


class Hub:
    """Every page that has said hello."""

    def __init__(self) -> None:
        self._pages: set[Page] = set()

    def join(self, page: Page) -> None:
        """Let a page hear what is said from now on."""
        self._pages.add(page)

    def leave(self, page: Page) -> None:
        """Forget a page; one that never joined is fine."""
        self._pages.discard(page)

    def broadcast(self, frame: str, conversation: Conversation | None = None) -> None:
        """Queue a frame for every page that may see ``conversation`` (None: all of them)."""
        private_to = conversation.contact_id if conversation else ""
        for page in list(self._pages):
            if private_to and page.member_id != private_to:
                continue
            if not page.post(frame):
                self._pages.discard(page)
