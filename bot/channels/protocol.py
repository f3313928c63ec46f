"""The small protocol between the program and any way into a chat.

A channel turns its vendor's events into the values of ``core.messages``, hands them to the sink, and sends
texts and files. It knows no rules. The sink stores before it returns: a channel may forget what the sink has taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from core.messages import ChannelEvent, IncomingMessage, MessageKey, OutgoingMessage


class EventSink(Protocol):
    """Where a channel puts what it hears. Every call returns only after the database has it."""

    async def announce(self, key: MessageKey, raw: dict[str, Any]) -> bool:
        """Note that a message exists before its content is fetched; false if it is already complete."""
        ...

    async def receive(self, message: IncomingMessage) -> bool:
        """Take a whole message; false if it was already known (nothing happens again)."""
        ...

    async def unfetched(self, channel: str, account: str) -> list[MessageKey]:
        """Return announced messages whose content never came, oldest first, to fetch them again."""
        ...

    async def observe(self, event: ChannelEvent) -> None:
        """Take anything that is not a message."""
        ...


class Link(StrEnum):
    """How a channel is connected; one word for each fault, so that an operator knows what to do."""

    STARTING = "starting"
    ONLINE = "online"
    LOGGED_OUT = "logged_out"  # the gateway answers, nobody is logged in to the chat account
    PORT_CLOSED = "port_closed"  # nothing listens at the endpoint
    TLS_MISMATCH = "tls_mismatch"  # one side speaks TLS, the other plain text
    CERTIFICATE_REFUSED = "certificate_refused"  # TLS, but not the certificate we trust
    WRONG_TOKEN = "wrong_token"  # noqa: S105 - the name of a fault, no secret
    REPLACED = "replaced"  # another client took the event stream with the same token
    FROZEN = "frozen"  # connected, but no answer to a ding within the deadline
    LOST = "lost"  # the stream ended; reconnecting
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Health:
    """A channel's state: since when, and in words what to do about it (empty when online)."""

    link: Link
    since: datetime
    detail: str = ""
    account: str = ""


class SendRefusedError(Exception):
    """The channel knows that the message was not delivered."""


class SendUncertainError(Exception):
    """The call gave no answer; the message may or may not have been delivered. Never send it again blindly."""


class Channel(Protocol):
    """One account's way into a chat."""

    name: str
    """The kind of channel, part of every message key: ``local``, ``wechaty``."""

    @property
    def account(self) -> str:
        """The bot's own contact id once known, else the configured account name."""
        ...

    async def run(self, sink: EventSink) -> None:
        """Stay connected until cancelled, through any fault; raise only for what no retry can mend."""
        ...

    @property
    def sends_files(self) -> bool:
        """Whether a message may carry a file here; where it is false, say it in words or give a link."""
        ...

    async def send(self, message: OutgoingMessage) -> str:
        """Send one text or one file and return the channel's id for it (may be empty).

        Raises ``SendRefusedError`` when it was certainly not delivered, ``SendUncertainError`` when unknown.
        """
        ...

    async def accept_invitation(self, invitation_id: str) -> None:
        """Enter a room the bot was invited to; raises ``SendRefusedError`` if that fails."""
        ...

    @property
    def makes_rooms(self) -> bool:
        """Whether the bot can make rooms here and ask people in; where it is false, a leader does it by hand."""
        ...

    async def create_room(self, topic: str, member_ids: Sequence[str]) -> str:
        """Make a room with these people and the bot, the first of them in charge; return the channel's id for it.

        Raises ``SendRefusedError`` when there is certainly no new room, ``SendUncertainError`` when unknown.
        """
        ...

    async def invite(self, room_id: str, member_id: str) -> None:
        """Ask somebody into a room; they may still decline. Raises as ``create_room`` does."""
        ...

    def health(self) -> Health:
        """Return the current state, at once, without asking anybody."""
        ...
