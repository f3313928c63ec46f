"""The web server of the chat page: a few fixed files and one WebSocket, for this machine only."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from importlib.resources import files
from typing import Any
from urllib.parse import quote, urlsplit

from aiohttp import WSCloseCode, WSMsgType, web

from bot.channels.local import frames
from bot.channels.local.addresses import AddressError, PortInUseError
from bot.channels.local.desk import Desk
from bot.channels.local.frames import ErrorCode, FrameError
from bot.channels.local.hub import Page
from bot.channels.local.settings import LocalSettings, is_loopback

_HEARTBEAT_S = 20.0
_SHUTDOWN_S = 1.0
_TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
_CONTENT_TYPE = re.compile(r"[\w.+-]{1,60}/[\w.+-]{1,100}", re.ASCII)
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
        " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
}


@contextlib.asynccontextmanager
async def serving(settings: LocalSettings, desk: Desk, health: Callable[[], dict[str, Any]]) -> AsyncIterator[int]:
    """Serve the page while the block runs; yields the port. Raises ``AddressError``."""
    server = _Server(settings, desk, health)
    runner = web.AppRunner(server.application(), access_log=None, shutdown_timeout=_SHUTDOWN_S)
    await runner.setup()
    try:
        site = web.TCPSite(runner, settings.host, settings.port)
        try:
            await site.start()
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise PortInUseError(settings.host, settings.port) from None
            text = (
                f"cannot listen on {settings.host} port {settings.port}: {error.strerror}; choose another host or port"
            )
            raise AddressError(settings.host, settings.port, text) from None
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()


class _Server:
    def __init__(self, settings: LocalSettings, desk: Desk, health: Callable[[], dict[str, Any]]) -> None:
        self._settings = settings
        self._desk = desk
        self._health = health
        self._sockets: set[web.WebSocketResponse] = set()
        folder = files("bot.channels.local") / "static"
        self._files = {
            entry.name: (entry.read_bytes(), _TYPES[entry.name.rsplit(".", 1)[-1]])
            for entry in folder.iterdir()
            if entry.name.rsplit(".", 1)[-1] in _TYPES
        }

    def application(self) -> web.Application:
        app = web.Application(middlewares=[self._guard])
        app.router.add_get("/", self._index)
        app.router.add_get("/static/{name}", self._static)
        app.router.add_get("/file/{line:[0-9]{1,15}}/{key}", self._download)
        app.router.add_get("/health", self._health_page)
        app.router.add_get("/ws", self._socket)
        app.on_shutdown.append(self._close_sockets)
        return app

    @web.middleware
    async def _guard(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """Refuse foreign names for this machine (DNS rebinding); put the headers on every answer."""
        try:
            if not self._settings.allow_remote and not is_loopback(urlsplit(f"//{request.host}").hostname or ""):
                raise web.HTTPMisdirectedRequest(text="this page answers only to 127.0.0.1 and localhost")
            response = await handler(request)
        except web.HTTPException as refusal:
            refusal.headers.update(_HEADERS)
            raise
        if not response.prepared:
            for name, value in _HEADERS.items():
                response.headers.setdefault(name, value)
        return response

    async def _index(self, _request: web.Request) -> web.Response:
        return self._file("index.html")

    async def _static(self, request: web.Request) -> web.Response:
        return self._file(request.match_info["name"])

    def _file(self, name: str) -> web.Response:
        if name not in self._files:
            raise web.HTTPNotFound(text="no such file")
        body, content_type = self._files[name]
        return web.Response(body=body, content_type=content_type, charset="utf-8")

    async def _download(self, request: web.Request) -> web.Response:
        found = await self._desk.file(int(request.match_info["line"]), request.match_info["key"])
        if found is None:
            raise web.HTTPNotFound(text="no such file")
        described, content = found
        name, content_type = described["name"], described["content_type"]
        headers = {
            "Content-Type": content_type if _CONTENT_TYPE.fullmatch(content_type) else "application/octet-stream",
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
            "Cache-Control": "no-store",
        }
        return web.Response(body=content, headers=headers)

    async def _health_page(self, _request: web.Request) -> web.Response:
        return web.json_response(self._health())

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        origin = request.headers.get("Origin")
        if origin is not None and urlsplit(origin).netloc != request.host:
            raise web.HTTPForbidden(text="this socket serves only its own page")
        socket = web.WebSocketResponse(heartbeat=_HEARTBEAT_S, max_msg_size=frames.FRAME_LIMIT)
        await socket.prepare(request)
        page = Page(socket, request.transport)
        self._sockets.add(socket)
        writer = asyncio.create_task(page.write())
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    await self._desk.take(page, message.data)
                elif message.type is WSMsgType.BINARY:
                    page.post(frames.error(FrameError(ErrorCode.MALFORMED, "frames are texts, not binary")))
        finally:
            self._desk.hub.leave(page)
            self._sockets.discard(socket)
            writer.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await writer
        return socket

    async def _close_sockets(self, _app: web.Application) -> None:
        for socket in list(self._sockets):
            await socket.close(code=WSCloseCode.GOING_AWAY, message=b"stopping")
