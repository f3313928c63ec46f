"""A chat without a vendor: the second implementation of the ``Channel`` port, for tests of everything behind it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

from bot.channels.protocol import EventSink, Health, Link, SendRefusedError
from core.clock import Clock
from core.messages import (
    ChannelEvent,
    Gap,
    IncomingMessage,
    MemberLeft,
    MessageKey,
    MessageKind,
    OutgoingMessage,
    Quote,
    RoomInvitation,
    RoomMember,
    RoomSeen,
)

SPACE_AFTER_MENTION = "\u2005"


@dataclass(frozen=True)
class FakeRoom:
    """A room; ``members`` maps a contact id to (own name, name in this room)."""

    id: str
    topic: str
    owner: str
    members: dict[str, tuple[str, str]] = field(default_factory=dict)


class FakeChannel:
    """Delivers what members say in order, until the sink has taken it; keeps what is sent.

    ``faults`` are raised by the next sends, one each, ``room_faults`` by the next calls that make or fill rooms.
    Without ``run`` it is online at once, for tests that hand messages over themselves.
    """

    name = "fake"

    def __init__(self, clock: Clock, rooms: Iterable[FakeRoom] = (), *, account: str = "qianqun-bot") -> None:
        self.rooms = {room.id: room for room in rooms}
        self.sent: list[OutgoingMessage] = []
        self.faults: deque[Exception] = deque()
        self.room_faults: deque[Exception] = deque()
        self.makes_rooms = True
        self.made: list[str] = []
        self.invited: list[tuple[str, str]] = []
        self.sends_files = True
        self.invitations: dict[str, FakeRoom] = {}
        self._account = account
        self._clock = clock
        self._numbers = count(1)
        self._waiting: deque[ChannelEvent | IncomingMessage] = deque()
        self._arrived = asyncio.Event()
        self._cut_at = clock.now()
        self.become(Link.ONLINE)

    @property
    def account(self) -> str:
        return self._account

    def become(self, link: Link, detail: str = "") -> None:
        self._health = Health(link, self._clock.now(), detail, self._account)

    def health(self) -> Health:
        return self._health

    async def run(self, sink: EventSink) -> None:
        self.become(Link.ONLINE)
        for room in self.rooms.values():
            self.deliver(self.seen(room.id))
        try:
            while True:
                await self._arrived.wait()
                self._arrived.clear()
                while self._waiting:
                    await self._hand_over(sink, self._waiting[0])
                    self._waiting.popleft()
        finally:
            self.become(Link.STOPPED)

    async def _hand_over(self, sink: EventSink, event: ChannelEvent | IncomingMessage) -> None:
        while True:
            try:
                if isinstance(event, IncomingMessage):
                    await sink.announce(event.key, event.raw)
                    await sink.receive(event)
                else:
                    await sink.observe(event)
            except Exception:  # whatever the sink raises, it is offered again
                await asyncio.sleep(0.01)
            else:
                return

    async def send(self, message: OutgoingMessage) -> str:
        if self._health.link is not Link.ONLINE:
            raise SendRefusedError(f"the chat is {self._health.link}")
        if self.faults:
            raise self.faults.popleft()
        if message.room_id and message.room_id not in self.rooms:
            raise SendRefusedError(f"there is no room {message.room_id!r}")
        if message.file is not None and not self.sends_files:
            raise SendRefusedError("this chat takes no files")
        self.sent.append(message)
        return f"sent-{len(self.sent)}"

    async def accept_invitation(self, invitation_id: str) -> None:
        room = self.invitations.pop(invitation_id, None)
        if room is None:
            raise SendRefusedError(f"there is no invitation {invitation_id!r}")
        self.rooms[room.id] = room
        self.deliver(self.seen(room.id))

    async def create_room(self, topic: str, member_ids: Sequence[str]) -> str:
        """The room belongs to the bot, as in WeChat."""
        self._ready_for_rooms()
        room = FakeRoom(f"made-{len(self.made) + 1}", topic, self._account, {one: self._own(one) for one in member_ids})
        self.rooms[room.id] = room
        self.made.append(room.id)
        self.deliver(self.seen(room.id))
        return room.id

    async def invite(self, room_id: str, member_id: str) -> None:
        self._ready_for_rooms()
        if room_id not in self.rooms:
            raise SendRefusedError(f"there is no room {room_id!r}")
        own = self._own(member_id)
        self.invited.append((room_id, member_id))
        self.join(room_id, member_id, own[0])

    def _ready_for_rooms(self) -> None:
        if self._health.link is not Link.ONLINE:
            raise SendRefusedError(f"the chat is {self._health.link}")
        if not self.makes_rooms:
            raise SendRefusedError("this chat makes no rooms")
        if self.room_faults:
            raise self.room_faults.popleft()

    def _own(self, member_id: str) -> tuple[str, str]:
        """Return somebody's names in a new room; the chat must know them."""
        found = next((room.members[member_id] for room in self.rooms.values() if member_id in room.members), None)
        if found is None:
            raise SendRefusedError(f"nobody here is {member_id!r}")
        return found[0], ""

    def deliver(self, event: ChannelEvent | IncomingMessage) -> None:
        """Let something happen in the chat; ``run`` hands it over."""
        self._waiting.append(event)
        self._arrived.set()

    def message(self, room_id: str, member_id: str, text: str, **values: Any) -> IncomingMessage:
        """Return what a member says; ``room_id`` empty is the private chat, ``values`` replace fields."""
        room = self.rooms.get(room_id)
        name, room_name = self._names(room_id, member_id)
        message = IncomingMessage(
            key=MessageKey(self.name, self._account, f"m{next(self._numbers)}"),
            room_id=room_id,
            sender_id=member_id,
            text=text,
            at=self._clock.now(),
            room_topic=room.topic if room else "",
            sender_name=name,
            room_name=room_name,
            raw={"text": text},
        )
        return replace(message, **values)

    def mentioning(self, member_ids: Sequence[str], shown: Sequence[str], text: str) -> dict[str, Any]:
        """Return the fields of a message with mentions written in front of its text."""
        return {
            "text": "".join(f"@{name}{SPACE_AFTER_MENTION}" for name in shown) + text,
            "mentions": tuple(member_ids),
            "mentions_bot": self._account in member_ids,
        }

    def recall(self, message: IncomingMessage) -> IncomingMessage:
        """Return what the chat says when the author takes a message back."""
        number, at = f"m{next(self._numbers)}", self._clock.now()
        key = message.key._replace(message_id=number)
        return replace(message, key=key, text="", at=at, kind=MessageKind.RECALL, recalls=message.key.message_id)

    def seen(self, room_id: str) -> RoomSeen:
        """Return the room as the chat shows it, with everybody in it."""
        room = self.rooms[room_id]
        people = [RoomMember(contact_id, name, shown) for contact_id, (name, shown) in room.members.items()]
        bot = RoomMember(self._account, "千群")
        return RoomSeen(self.name, self._account, room.id, room.topic, room.owner, (*people, bot), complete=True)

    def join(self, room_id: str, member_id: str, name: str) -> None:
        room = self.rooms[room_id]
        self.rooms[room_id] = replace(room, members={**room.members, member_id: (name, "")})
        self.deliver(self.seen(room_id))

    def leave(self, room_id: str, member_id: str) -> None:
        room = self.rooms[room_id]
        stay = {contact_id: names for contact_id, names in room.members.items() if contact_id != member_id}
        self.rooms[room_id] = replace(room, members=stay)
        self.deliver(MemberLeft(self.name, self._account, room_id, member_id))

    def rename(self, room_id: str, topic: str) -> None:
        self.rooms[room_id] = replace(self.rooms[room_id], topic=topic)
        self.deliver(self.seen(room_id))

    def invite_bot(self, inviter_id: str, room: FakeRoom) -> str:
        invitation_id = f"invitation-{next(self._numbers)}"
        self.invitations[invitation_id] = room
        self.deliver(RoomInvitation(self.name, self._account, invitation_id, inviter_id, room.topic))
        return invitation_id

    def cut(self) -> None:
        """Break the way to the chat."""
        self._cut_at = self._clock.now()
        self.become(Link.LOST, "the chat is away; nothing to do, it is tried again")

    def restore(self) -> None:
        """Mend it; what was said meanwhile may be missing."""
        self.deliver(Gap(self.name, self._account, self._cut_at, self._clock.now()))
        self.become(Link.ONLINE)

    def _names(self, room_id: str, member_id: str) -> tuple[str, str]:
        rooms = [self.rooms[room_id]] if room_id in self.rooms else list(self.rooms.values())
        found = next((room.members[member_id] for room in rooms if member_id in room.members), (member_id, ""))
        return found if room_id else (found[0], "")


def shown(message: OutgoingMessage) -> str:
    """Return a sent text as its readers see it."""
    return "".join(f"@{name}{SPACE_AFTER_MENTION}" for _, name in message.mentions) + message.text


__all__ = ["SPACE_AFTER_MENTION", "FakeChannel", "FakeRoom", "Quote", "shown"]
