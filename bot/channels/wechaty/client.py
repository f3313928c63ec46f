"""One connection to a gateway: TLS or plain, the token, and a deadline on every call."""

from __future__ import annotations

import asyncio
import hashlib
import ssl
from collections.abc import AsyncGenerator, Awaitable
from typing import TypeVar

from grpclib.client import Channel
from grpclib.config import Configuration
from grpclib.protocol import H2Protocol
from wechaty_grpc.wechaty import PuppetStub
from wechaty_grpc.wechaty.puppet import (
    ContactPayloadResponse,
    EventResponse,
    MessagePayloadResponse,
    RoomInvitationPayloadResponse,
    RoomMemberPayloadResponse,
    RoomPayloadResponse,
)

from bot.channels.wechaty.faults import DisconnectedError, FingerprintError
from bot.channels.wechaty.settings import WechatySettings

T = TypeVar("T")


def tls_context(settings: WechatySettings) -> ssl.SSLContext | None:
    """Build what the settings ask for; none means plain text. Reads ``ca_file``; raises OSError, ssl.SSLError."""
    if settings.tls == "off":
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["h2"])
    context.check_hostname = bool(settings.tls == "ca" and settings.server_name)
    if settings.tls == "ca":
        context.load_verify_locations(cafile=settings.ca_file)
    else:  # a pinned certificate is compared after the handshake, by its fingerprint
        context.verify_mode = ssl.CERT_NONE
    return context


def server_name_indication(settings: WechatySettings) -> str:
    """Return the name to ask for in the TLS handshake, which anybody on the way can read.

    Gateways route by what stands before the last underscore of the token (wechaty-token does it so), never by
    the secret part behind it.
    """
    prefix = settings.token.get_secret_value().rpartition("_")[0]
    return settings.server_name or prefix.lower() or settings.host


class GatewayChannel(Channel):
    """A gRPC channel that connects once, checks a pinned certificate before it says anything, and tells the token.

    grpclib connects again by itself; then nobody would notice the gap, and a send could go out twice.
    """

    def __init__(self, settings: WechatySettings) -> None:
        context = tls_context(settings)
        config = Configuration(ssl_target_name_override=server_name_indication(settings)) if context else None
        super().__init__(settings.host, settings.port, ssl=context, config=config)
        self._authority = settings.token.get_secret_value()  # gateways route by it and read the token from it
        self._pinned = settings.fingerprint if settings.tls == "pin" else ""
        self._used = False

    async def _create_connection(self) -> H2Protocol:
        if self._used:
            raise DisconnectedError("the connection to the gateway is gone")
        self._used = True
        protocol = await super()._create_connection()
        if self._pinned:
            transport = protocol.connection._transport
            certificate = transport.get_extra_info("ssl_object").getpeercert(binary_form=True)
            seen = hashlib.sha256(certificate).hexdigest()
            if seen != self._pinned:
                transport.abort()
                raise FingerprintError(seen)
        return protocol


class GatewayClient:
    """The calls of a gateway that this program needs. Errors come as grpclib raises them; ``faults`` names them."""

    def __init__(self, settings: WechatySettings) -> None:
        self._timeout = settings.call_timeout_s
        self._channel = GatewayChannel(settings)
        token = settings.token.get_secret_value()
        self._stub = PuppetStub(self._channel, metadata={"authorization": f"Wechaty {token}"})

    async def connect(self) -> None:
        """Open the connection; raises OSError, ssl.SSLError, FingerprintError, TimeoutError."""
        await self._within(self._channel.__connect__())

    def close(self) -> None:
        """Drop the connection; every call under way ends with an error."""
        self._channel.close()

    async def events(self) -> AsyncGenerator[EventResponse, None]:
        """Yield events until the gateway ends the stream. The first has a deadline, later ones have none."""
        stream = self._stub.event()
        try:
            yield await self._within(anext(stream))
            async for event in stream:
                yield event
        except StopAsyncIteration:
            return
        finally:
            await stream.aclose()

    async def version(self) -> str:
        """Return the gateway's version."""
        return str((await self._within(self._stub.version())).version)

    async def start(self) -> None:
        """Start the gateway's account; harmless when it runs."""
        await self._within(self._stub.start())

    async def stop(self) -> None:
        """Stop the gateway's account, which also ends the event stream of whoever holds it."""
        await self._within(self._stub.stop())

    async def ding(self, data: str) -> None:
        """Ask for a dong event with the same data."""
        await self._within(self._stub.ding(data=data))

    async def message(self, message_id: str) -> MessagePayloadResponse:
        """Fetch a message's content."""
        return await self._within(self._stub.message_payload(id=message_id))

    async def contact(self, contact_id: str) -> ContactPayloadResponse:
        """Fetch a contact."""
        return await self._within(self._stub.contact_payload(id=contact_id))

    async def room(self, room_id: str) -> RoomPayloadResponse:
        """Fetch a room's topic, owner and member ids."""
        return await self._within(self._stub.room_payload(id=room_id))

    async def room_ids(self) -> list[str]:
        """Return the ids of every room the account is in."""
        return list((await self._within(self._stub.room_list())).ids)

    async def member(self, room_id: str, member_id: str) -> RoomMemberPayloadResponse:
        """Fetch a member's name and the name used in this room."""
        return await self._within(self._stub.room_member_payload(id=room_id, member_id=member_id))

    async def invitation(self, invitation_id: str) -> RoomInvitationPayloadResponse:
        """Fetch who invites the account where."""
        return await self._within(self._stub.room_invitation_payload(id=invitation_id))

    async def accept(self, invitation_id: str) -> None:
        """Enter the room of an invitation."""
        await self._within(self._stub.room_invitation_accept(id=invitation_id))

    async def say(self, conversation_id: str, text: str, mentions: list[str]) -> str:
        """Send a text to a room or a contact; return the message id, empty if the gateway does not tell."""
        call = self._stub.message_send_text(conversation_id=conversation_id, text=text, mentonal_ids=mentions)
        return (await self._within(call)).id or ""

    async def send_file(self, conversation_id: str, filebox: str) -> str:
        """Send a file to a room or a contact; return the message id, empty if the gateway does not tell."""
        call = self._stub.message_send_file(conversation_id=conversation_id, filebox=filebox)
        return (await self._within(call)).id or ""

    async def create_room(self, topic: str, member_ids: list[str]) -> str:
        """Make a room with these contacts in it; return its id, empty if the gateway does not tell."""
        return (await self._within(self._stub.room_create(contact_ids=member_ids, topic=topic))).id or ""

    async def invite(self, room_id: str, member_id: str) -> None:
        """Put a contact into a room, or send them an invitation where the room is large."""
        await self._within(self._stub.room_add(id=room_id, contact_id=member_id))

    async def _within(self, call: Awaitable[T]) -> T:
        async with asyncio.timeout(self._timeout):
            return await call
