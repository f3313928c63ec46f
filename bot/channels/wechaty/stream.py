"""The life of one connection: open it, listen, ask for signs of life. It always ends with an error."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any, NoReturn

import structlog
from grpclib.const import Status
from grpclib.exceptions import GRPCError

from bot.channels.wechaty.client import GatewayClient
from bot.channels.wechaty.faults import FrozenError, StreamEndedError, describe
from bot.channels.wechaty.payloads import GatewayEvent, read_event
from bot.channels.wechaty.settings import WechatySettings
from core.clock import Clock, monotonic


class Session:
    """One connection and its event stream.

    ``on_event`` must return at once: while it works nobody listens, and a slow listener looks like a frozen gateway.
    """

    def __init__(
        self, client: GatewayClient, settings: WechatySettings, clock: Clock, on_event: Callable[[GatewayEvent], None]
    ) -> None:
        self._client = client
        self._settings = settings
        self._clock = clock
        self._on_event = on_event
        self._opened = asyncio.Event()
        self._sign = asyncio.Event()
        self.heard_at: datetime = clock.now()
        """When the gateway last gave a sign of life."""

    async def run(self, on_open: Callable[[], None], *, take_over: bool = False) -> NoReturn:
        """Stay connected; raises what ended it. ``on_open`` is called when the gateway has taken the stream.

        Never stops the gateway's account on the way out: another client would lose its stream, and some gateways
        log the account out. ``take_over`` stops it once on the way in, to end a stream that a dead connection holds.
        """
        try:
            await self._client.connect()
            if take_over:
                await self._client.stop()
            await _first_failure(self._listen(on_open), self._watch())
        finally:
            self._client.close()

    async def _listen(self, on_open: Callable[[], None]) -> NoReturn:
        began = monotonic()
        async with contextlib.aclosing(self._client.events()) as events:
            async for response in events:
                self.heard_at = self._clock.now()
                self._sign.set()
                if not self._opened.is_set():
                    self._opened.set()
                    on_open()
                self._on_event(read_event(response))
        raise StreamEndedError(monotonic() - began)

    async def _watch(self) -> NoReturn:
        await self._opened.wait()
        await self._start()
        deadline = self._settings.ding_deadline_s
        while True:
            await self._clock.sleep(self._settings.ding_interval_s)
            self._sign.clear()
            try:
                async with asyncio.timeout(deadline):
                    await self._ding()
                    await self._sign.wait()
            except TimeoutError:
                raise FrozenError(deadline) from None

    async def _start(self) -> None:
        """Start the account. Whoever is logged in already was announced with the stream, so a failure is no end."""
        try:
            await self._client.start()
        except (GRPCError, TimeoutError) as error:
            structlog.get_logger().warning("gateway_start_failed", error=describe(error))

    async def _ding(self) -> None:
        try:
            await self._client.ding("alive")
        except GRPCError as error:
            if error.status is not Status.UNIMPLEMENTED:
                raise
            self._sign.set()  # it answered, which is all it can do


async def _first_failure(*parts: Coroutine[Any, Any, NoReturn]) -> NoReturn:
    """Run endless parts together until one raises; the others are cancelled and awaited."""
    tasks = [asyncio.create_task(part) for part in parts]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        for task in tasks:
            if task in done:
                await task
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    raise AssertionError("an endless part returned")
