"""The channel: one WeChat account behind one Wechaty gateway."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from datetime import datetime
from typing import TypeVar

import structlog

from bot.channels.protocol import EventSink, Health, Link, SendRefusedError, SendUncertainError
from bot.channels.wechaty.client import GatewayClient, tls_context
from bot.channels.wechaty.directory import Directory
from bot.channels.wechaty.faults import DisconnectedError, Fault, describe, status_of, was_refused
from bot.channels.wechaty.intake import Intake
from bot.channels.wechaty.payloads import LARGEST_FILE, EventType, GatewayEvent, write_file, write_mentions
from bot.channels.wechaty.settings import WechatySettings
from bot.channels.wechaty.stream import Session
from bot.channels.wechaty.supervisor import Supervisor
from bot.channels.wechaty.throttle import Throttle
from core import logs
from core.clock import Clock, monotonic
from core.messages import Gap, OutgoingFile, OutgoingMessage

T = TypeVar("T")

LEAST_OTHERS = 2
"""People beside the bot without whom WeChat makes no room."""


class CertificateFileError(Exception):
    """The trusted authority cannot be read, so no connection can ever be made."""

    def __init__(self, settings: WechatySettings, reason: str) -> None:
        super().__init__(f"ca_file {settings.ca_file} cannot be used ({reason}); name a readable PEM file")


class WechatyChannel:
    """A ``Channel`` over a Wechaty gateway.

    ``take_over`` aside, it never takes the event stream from another client and never stops the gateway.
    """

    name = "wechaty"

    def __init__(self, settings: WechatySettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._account = settings.account
        self._health = Health(Link.STARTING, clock.now(), "not connected yet", settings.account)
        self._client: GatewayClient | None = None
        self._directory: Directory | None = None
        self._deaf_since: datetime | None = None
        self._scan_wanted = False

    @property
    def account(self) -> str:
        """The contact id of whoever is logged in, until then the configured name."""
        return self._account

    @property
    def sends_files(self) -> bool:
        """The protocol has a call for it; a gateway that has not says so, and the file counts as not delivered."""
        return True

    @property
    def makes_rooms(self) -> bool:
        """The protocol has a call for it; a gateway that has not refuses it, and the leader is told."""
        return True

    def health(self) -> Health:
        """Return the state of the connection."""
        return self._health

    async def run(self, sink: EventSink) -> None:
        """Stay connected until cancelled; raises ``CertificateFileError`` if ``ca_file`` is unusable."""
        try:
            tls_context(self._settings)
        except OSError as error:  # ssl.SSLError is one
            raise CertificateFileError(self._settings, error.strerror or type(error).__name__) from error
        directory, intake = self._parts(sink)
        self._directory = directory
        supervisor = Supervisor(
            settings=self._settings,
            clock=self._clock,
            attempt=lambda take_over: self._attempt(directory, intake, take_over=take_over),
            report=self._broken,
        )
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(intake.run())
                tasks.create_task(directory.run())
                tasks.create_task(supervisor.run())
        finally:
            self._set(Link.STOPPED, "stopped by the program")

    async def send(self, message: OutgoingMessage) -> str:
        """Send one text or one file; see ``Channel.send``."""
        if bool(message.room_id) == bool(message.contact_id):
            raise SendRefusedError("a message goes to exactly one of room and contact")
        if message.file is not None:
            return await self._send_file(message.room_id or message.contact_id, message.file)
        text = write_mentions(message.text, message.mentions)
        mentioned = [contact_id for contact_id, _ in message.mentions]
        conversation = message.room_id or message.contact_id
        began = monotonic()
        message_id = await self._call(self._ready().say(conversation, text, mentioned))
        took_ms = round((monotonic() - began) * 1000)
        structlog.get_logger().info(
            "message_sent", conversation=logs.mark(conversation), characters=len(text), took_ms=took_ms
        )
        return message_id

    async def _send_file(self, conversation: str, file: OutgoingFile) -> str:
        if len(file.content) > LARGEST_FILE:
            raise SendRefusedError(f"the file has {len(file.content)} bytes; a gateway takes at most {LARGEST_FILE}")
        began = monotonic()
        message_id = await self._call(self._ready().send_file(conversation, write_file(file)))
        took_ms = round((monotonic() - began) * 1000)
        structlog.get_logger().info(
            "file_sent", conversation=logs.mark(conversation), bytes=len(file.content), took_ms=took_ms
        )
        return message_id

    async def accept_invitation(self, invitation_id: str) -> None:
        """Enter a room. A call without an answer counts as refused: accepting twice does no harm."""
        try:
            await self._call(self._ready().accept(invitation_id))
        except SendUncertainError as error:
            raise SendRefusedError(str(error)) from error

    async def create_room(self, topic: str, member_ids: Sequence[str]) -> str:
        """Make a room; see ``Channel.create_room``. WeChat makes none of fewer than three people, the bot included."""
        others = list(dict.fromkeys(member_ids))
        if len(others) < LEAST_OTHERS:
            raise SendRefusedError(f"WeChat makes a room with {LEAST_OTHERS} others at least, not {len(others)}")
        began = monotonic()
        room_id = await self._call(self._ready().create_room(topic, others))
        if not room_id:
            raise SendUncertainError("the gateway made a room perhaps, but did not say which")
        took_ms = round((monotonic() - began) * 1000)
        structlog.get_logger().info("room_created", room=room_id, members=len(others), took_ms=took_ms)
        if self._directory is not None:
            self._directory.appeared(room_id)
        return room_id

    async def invite(self, room_id: str, member_id: str) -> None:
        """Ask a contact into a room; see ``Channel.invite``."""
        await self._call(self._ready().invite(room_id, member_id))
        structlog.get_logger().info("member_invited", room=room_id)

    def _ready(self) -> GatewayClient:
        if self._health.link is not Link.ONLINE:
            raise SendRefusedError(f"{self._health.link}: {self._health.detail}")
        return self._gateway()

    def _gateway(self) -> GatewayClient:
        if self._client is None:
            raise DisconnectedError("there is no connection to the gateway")
        return self._client

    async def _call(self, call: Awaitable[T]) -> T:
        try:
            return await call
        except Exception as error:
            structlog.get_logger().warning("call_failed", error=status_of(error))
            if was_refused(error):
                raise SendRefusedError(f"the gateway refused: {describe(error)}") from error
            raise SendUncertainError(f"the gateway gave no answer: {describe(error)}") from error

    def _parts(self, sink: EventSink) -> tuple[Directory, Intake]:
        settings = self._settings
        directory = Directory(
            clock=self._clock,
            throttle=Throttle(self._clock, settings.lookups_per_second, settings.lookup_burst),
            ttl_s=settings.lookup_ttl_s,
            gateway=self._gateway,
            account=lambda: self._account,
            emit=lambda event: intake.tell(event),  # noqa: PLW0108 - the two know each other
        )
        intake = Intake(
            channel=self.name,
            account=lambda: self._account,
            sink=sink,
            gateway=self._gateway,
            directory=directory,
            settings=settings,
            clock=self._clock,
        )
        return directory, intake

    async def _attempt(self, directory: Directory, intake: Intake, *, take_over: bool) -> None:
        """Connect once and stay until it breaks."""
        client = GatewayClient(self._settings)

        def on_event(event: GatewayEvent) -> None:
            self._route(event, directory, intake)

        session = Session(client, self._settings, self._clock, on_event)
        waiting: asyncio.Task[None] | None = None

        def on_open() -> None:
            nonlocal waiting
            self._client = client
            waiting = asyncio.create_task(self._expect_login())

        try:
            await session.run(on_open, take_over=take_over)
        except Exception:
            if self._health.link is Link.ONLINE:
                self._deaf_since = session.heard_at
                self._set(Link.LOST, "the connection broke; finding out why")
            raise
        finally:
            self._client = None
            if waiting is not None:
                waiting.cancel()

    def _route(self, event: GatewayEvent, directory: Directory, intake: Intake) -> None:
        """Handle what changes the connection's state here, queue the rest."""
        match event.type:
            case EventType.LOGIN:
                self._logged_in(event.text("contactId"), directory, intake)
            case EventType.LOGOUT:
                if self._health.link is Link.ONLINE:
                    self._deaf_since = self._clock.now()
                self._nobody_is_logged_in()
            case EventType.SCAN:
                self._scan_wanted = True
                if self._health.link is Link.LOGGED_OUT:
                    self._nobody_is_logged_in()
            case EventType.READY:
                directory.refresh()  # some gateways know their rooms only now
            case EventType.HEARTBEAT | EventType.DONG:
                pass  # the session has noted the sign of life
            case _:
                intake.hear(event)

    def _logged_in(self, account: str, directory: Directory, intake: Intake) -> None:
        if self._health.link is Link.ONLINE and account == self._account:
            return
        self._account = account or self._account
        self._scan_wanted = False
        self._set(Link.ONLINE, "")
        if self._deaf_since is not None:
            intake.tell(Gap(self.name, self._account, self._deaf_since, self._clock.now()))
            self._deaf_since = None
        intake.logged_in()
        directory.refresh()

    async def _expect_login(self) -> None:
        """Say so if the gateway is there and nobody is logged in."""
        await self._clock.sleep(self._settings.login_wait_s)
        if self._health.link is not Link.ONLINE:
            self._nobody_is_logged_in()

    def _nobody_is_logged_in(self) -> None:
        how = "scan the code the gateway shows" if self._scan_wanted else "log in at the gateway"
        self._set(Link.LOGGED_OUT, f"{self._settings.endpoint} answers, but nobody is logged in; {how}")

    def _broken(self, fault: Fault) -> None:
        self._set(fault.link, fault.detail)

    def _set(self, link: Link, detail: str) -> None:
        if (link, detail, self._account) == (self._health.link, self._health.detail, self._health.account):
            return
        since = self._health.since if link is self._health.link else self._clock.now()
        structlog.get_logger().info("link_changed", link=link.value, account=self._account)
        self._health = Health(link, since, detail, self._account)
