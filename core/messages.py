"""The values that cross the border between a channel and everything behind it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple


class MessageKind(StrEnum):
    """What a channel delivered. Only text is read; unknown kinds are kept and look at their text."""

    TEXT = "text"
    IMAGE = "image"
    FILE = "file"
    LINK = "link"
    RECALL = "recall"  # somebody took an earlier message back; see IncomingMessage.recalls
    UNKNOWN = "unknown"


class MessageKey(NamedTuple):
    """What makes a message unique: redelivery of the same key has no effect."""

    channel: str
    account: str
    message_id: str


@dataclass(frozen=True, slots=True)
class Quote:
    """The message that a reply quotes. ``member`` is the shown name, not an id."""

    member: str
    text: str


@dataclass(frozen=True, slots=True)
class IncomingMessage:
    """One message as a channel saw it.

    ``room_id`` is empty in a private chat. ``sender_name`` is the contact's own name, ``room_name`` the name
    the sender uses in this room (empty if none). ``mentions`` holds contact ids; ``mentions_bot`` is true when
    the bot's account is among them. ``at`` is when it was written, aware. ``raw`` is the channel's own record,
    JSON-serialisable, kept for later readers. ``recalls`` is the id of the message that a ``RECALL`` took back, empty
    when the channel does not say which; its ``sender_id`` is who took it back, as far as the channel knows.
    """

    key: MessageKey
    room_id: str
    sender_id: str
    text: str
    at: datetime
    kind: MessageKind = MessageKind.TEXT
    room_topic: str = ""
    sender_name: str = ""
    room_name: str = ""
    mentions: tuple[str, ...] = ()
    mentions_bot: bool = False
    quote: Quote | None = None
    is_self: bool = False
    recalls: str = ""
    raw: dict[str, Any] = field(default_factory=dict)

    @property
    def shown_name(self) -> str:
        """Return the name people in the room see."""
        return self.room_name or self.sender_name or self.sender_id


@dataclass(frozen=True, slots=True)
class RoomMember:
    """One person in a room. ``room_name`` is the name used in this room, empty if none."""

    member_id: str
    name: str
    room_name: str = ""


@dataclass(frozen=True, slots=True)
class RoomSeen:
    """The bot is in this room: it was added, it logged in, or the topic or the members changed.

    ``members`` is the whole list when ``complete``, otherwise only those that were seen.
    """

    channel: str
    account: str
    room_id: str
    topic: str
    owner_id: str = ""
    members: tuple[RoomMember, ...] = ()
    complete: bool = False


@dataclass(frozen=True, slots=True)
class MemberLeft:
    """Somebody left a room; when ``member_id`` is the account itself, the bot was removed."""

    channel: str
    account: str
    room_id: str
    member_id: str


@dataclass(frozen=True, slots=True)
class RoomInvitation:
    """Somebody asks the bot into a room."""

    channel: str
    account: str
    invitation_id: str
    inviter_id: str
    topic: str = ""


@dataclass(frozen=True, slots=True)
class Gap:
    """The channel was deaf between two instants; what was said then may be missing."""

    channel: str
    account: str
    since: datetime
    until: datetime


ChannelEvent = RoomSeen | MemberLeft | RoomInvitation | Gap


@dataclass(frozen=True, slots=True)
class OutgoingFile:
    """A file to send. ``name`` is what the reader sees and saves it as, without a folder."""

    name: str
    content_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """One text or one file to send. Exactly one of ``room_id`` and ``contact_id`` is set.

    A file goes alone: its ``text`` and ``mentions`` are not sent, words about it are a message of their own.
    ``mentions`` are (contact id, shown name) pairs; the channel writes them its own way in front of the text.
    """

    text: str
    room_id: str = ""
    contact_id: str = ""
    mentions: tuple[tuple[str, str], ...] = ()
    file: OutgoingFile | None = None
