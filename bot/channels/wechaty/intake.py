"""From an event to the sink: noted first, fetched after, nothing lost between.

The stream is read without waiting for anybody; this module takes the events from a queue. A message's id is stored
before its content is asked for. What cannot be fetched now stays announced in the sink and is asked for again: after
every reconnect and every ``sweep_interval_s``.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog
from grpclib.exceptions import GRPCError

from bot.channels.protocol import EventSink
from bot.channels.wechaty.client import GatewayClient
from bot.channels.wechaty.directory import Directory, Names
from bot.channels.wechaty.payloads import EventType, GatewayEvent, Surroundings, clean, read_message
from bot.channels.wechaty.settings import WechatySettings
from core.clock import Clock
from core.messages import ChannelEvent, IncomingMessage, MemberLeft, MessageKey, RoomInvitation

T = TypeVar("T")

_RETRY_S = 0.1
_LONGEST_RETRY_S = 5.0
_SWEEPS = 10
"""How many sweeps ask for one message: a gateway that forgot it will never know it again."""
_PATIENCE = 5
"""How often the sink may refuse one message while it takes others, before the message is put aside."""


class Intake:
    """Takes events of one account, in order, and hands them to the sink as ``core.messages`` values."""

    def __init__(
        self,
        *,
        channel: str,
        account: Callable[[], str],
        sink: EventSink,
        gateway: Callable[[], GatewayClient],
        directory: Directory,
        settings: WechatySettings,
        clock: Clock,
    ) -> None:
        self._channel = channel
        self._account = account
        self._sink = sink
        self._gateway = gateway
        self._directory = directory
        self._settings = settings
        self._clock = clock
        self._heard: asyncio.Queue[GatewayEvent] = asyncio.Queue()
        self._work: asyncio.Queue[MessageKey | GatewayEvent | ChannelEvent | None] = asyncio.Queue()
        self._late: deque[MessageKey] = deque()  # failed before; each turn comes as a none in the queue
        self._queued: set[MessageKey] = set()
        self._sweeps: dict[MessageKey, int] = {}
        self._sweep_now = asyncio.Event()
        self._account_known = asyncio.Event()

    def hear(self, event: GatewayEvent) -> None:
        """Take an event of the stream; returns at once."""
        self._heard.put_nowait(event)

    def tell(self, event: ChannelEvent) -> None:
        """Take an event that the channel itself has to say, after what is already waiting."""
        self._work.put_nowait(event)

    def logged_in(self) -> None:
        """The account's id is known: take what was heard, and fetch what was announced and never fetched."""
        self._account_known.set()
        self._sweep_now.set()

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._note())
            tasks.create_task(self._digest())
            tasks.create_task(self._sweep())
            tasks.create_task(self._tick())

    async def _note(self) -> None:
        """Store the ids of messages in the order they were heard; everything else only queues."""
        await self._account_known.wait()  # it is part of every key
        while True:
            event = await self._heard.get()
            if event.type != EventType.MESSAGE:
                self._work.put_nowait(event)
                continue
            message_id = event.text("messageId")
            if not message_id:
                structlog.get_logger().warning("event_without_id", body_keys=sorted(event.body))
                continue
            key = MessageKey(self._channel, self._account(), message_id)
            if await self._announce(key, event):
                self._fetch_soon(key)

    async def _announce(self, key: MessageKey, event: GatewayEvent) -> bool:
        raw = {"type": event.type, "body": dict(event.body)}
        return await self._insist("announce", lambda: self._sink.announce(key, raw))

    def _fetch_soon(self, key: MessageKey) -> None:
        if key not in self._queued:
            self._queued.add(key)
            self._work.put_nowait(key)

    def _fetch_late(self, key: MessageKey) -> None:
        """Queue what failed before behind everything new: a gateway may have forgotten a thousand messages."""
        self._queued.add(key)
        self._late.append(key)
        if self._work.empty():
            self._work.put_nowait(None)

    async def _digest(self) -> None:
        while True:
            item = await self._work.get() or self._late.popleft()
            try:
                if isinstance(item, MessageKey):
                    await self._fetch(item)
                elif isinstance(item, GatewayEvent):
                    await self._read(item)
                else:
                    await self._observe(item)
            except Exception:  # one item that cannot be read does not stop the others; a message stays announced
                structlog.get_logger().exception("event_not_handled", kind=type(item).__name__)
            finally:
                if isinstance(item, MessageKey):
                    self._queued.discard(item)
                if self._late and self._work.empty():
                    self._work.put_nowait(None)

    async def _sweep(self) -> None:
        while True:
            await self._sweep_now.wait()
            await self._account_known.wait()
            self._sweep_now.clear()
            keys = await self._insist("unfetched", lambda: self._sink.unfetched(self._channel, self._account()))
            for key in keys:
                sweeps = self._sweeps.get(key, 0)
                if key in self._queued or sweeps >= _SWEEPS:
                    continue
                self._sweeps[key] = sweeps + 1
                if sweeps + 1 == _SWEEPS:
                    structlog.get_logger().error("message_last_attempt", message_id=key.message_id, sweeps=_SWEEPS)
                if sweeps:
                    self._fetch_late(key)
                else:
                    self._fetch_soon(key)

    async def _tick(self) -> None:
        while True:
            await self._clock.sleep(self._settings.sweep_interval_s)
            self._sweep_now.set()

    async def _fetch(self, key: MessageKey) -> None:
        attempts = 1 if key in self._sweeps else self._settings.fetch_attempts
        payload = await self._try("message", lambda: self._gateway().message(key.message_id), attempts)
        if payload is None:
            return
        names, topic = Names(), ""
        if payload.room_id:
            topic = await self._directory.topic(payload.room_id)
        if payload.from_id:
            names = await self._directory.names(payload.room_id, payload.from_id)
        around = Surroundings(
            topic=topic,
            sender_name=names.name,
            room_name=names.room_name,
            own_names=self._directory.own_names(payload.room_id),
            ids_by_name=self._directory.ids_by_name(payload.room_id) if "@" in payload.text else {},
        )
        await self._deliver(read_message(key, payload, around, self._clock.now()))

    async def _deliver(self, message: IncomingMessage) -> None:
        """Hand over a message; one that the sink refuses while it is well otherwise is put aside."""
        wait = _RETRY_S
        failures = 0
        while True:
            try:
                fresh = await self._sink.receive(message)
            except Exception as error:
                failures += 1
                log = structlog.get_logger().bind(message_id=message.key.message_id, error=type(error).__name__)
                if failures >= _PATIENCE and await self._sink_is_well():
                    log.error("message_not_storable", failures=failures)
                    return
                log.warning("sink_refused", call="receive")
                await self._clock.sleep(wait)
                wait = min(_LONGEST_RETRY_S, wait * 2)
            else:
                self._sweeps.pop(message.key, None)
                structlog.get_logger().info(
                    "message_received",
                    message_id=message.key.message_id,
                    room=message.room_id,
                    kind=message.kind.value,
                    fresh=fresh,
                )
                return

    async def _sink_is_well(self) -> bool:
        try:
            await self._sink.unfetched(self._channel, self._account())
        except Exception:
            return False
        return True

    async def _read(self, event: GatewayEvent) -> None:
        match event.type:
            case EventType.ROOM_JOIN:
                self._directory.joined(event)
            case EventType.ROOM_TOPIC:
                self._directory.renamed(event)
            case EventType.ROOM_LEAVE:
                self._directory.left(event)
                for member_id in event.texts("removeeIdList"):
                    gone = MemberLeft(self._channel, self._account(), event.text("roomId"), member_id)
                    await self._observe(gone)
            case EventType.DIRTY:
                self._directory.forget(event)
            case EventType.ROOM_INVITE:
                await self._invited(event.text("roomInvitationId"))
            case _:
                structlog.get_logger().debug("event_ignored", type=event.type)

    async def _invited(self, invitation_id: str) -> None:
        payload = await self._try(
            "invitation", lambda: self._gateway().invitation(invitation_id), self._settings.fetch_attempts
        )
        if payload is None:
            return
        invitation = RoomInvitation(
            self._channel, self._account(), invitation_id, payload.inviter_id, clean(payload.topic)
        )
        await self._observe(invitation)

    async def _observe(self, event: ChannelEvent) -> None:
        await self._insist("observe", lambda: self._sink.observe(event))

    async def _try(self, what: str, call: Callable[[], Awaitable[T]], attempts: int) -> T | None:
        """Ask the gateway up to ``attempts`` times while it answers with errors; none means put off.

        No answer at all is not waited for twice: the next messages wait behind this one.
        """
        wait = _RETRY_S
        for attempt in range(1, attempts + 1):
            try:
                return await call()
            except GRPCError as error:
                structlog.get_logger().info("fetch_failed", what=what, attempt=attempt, status=error.status.name)
            except Exception as error:
                structlog.get_logger().info("fetch_put_off", what=what, error=type(error).__name__)
                return None
            if attempt < attempts:
                await self._clock.sleep(wait)
                wait = min(_LONGEST_RETRY_S, wait * 2)
        structlog.get_logger().warning("fetch_put_off", what=what, attempts=attempts)
        return None

    async def _insist(self, call: str, attempt: Callable[[], Awaitable[T]]) -> T:
        """Repeat a call to the sink until it works: while the database is gone, everything waits here."""
        wait = _RETRY_S
        while True:
            try:
                return await attempt()
            except Exception as error:
                structlog.get_logger().warning("sink_refused", call=call, error=type(error).__name__)
                await self._clock.sleep(wait)
                wait = min(_LONGEST_RETRY_S, wait * 2)
