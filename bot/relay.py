"""By hand: pasted chat of a group that the bot is not in, through the same path, and the texts to paste back.

The leader is the channel. What was pasted before is known by its content, so pasting a longer stretch again orders
nothing twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

from bot.bootstrap import Parts
from bot.channels.protocol import EventSink, Health, Link, SendRefusedError
from bot.dispatcher import Dispatcher
from bot.pacing import Pace
from bot.rooms import RoomMaker
from bot.settings import Settings
from bot.stages.turn import Handled
from bot.transcript import Said
from core.clock import Clock
from core.messages import IncomingMessage, MessageKey, OutgoingFile, OutgoingMessage, RoomMember, RoomSeen

CHANNEL = "relay"
ACCOUNT = "qianqun"
_BATCH = 200


@dataclass(slots=True)
class RelayChannel:
    """Implements ``bot.channels.protocol.Channel`` by keeping what would be sent."""

    clock: Clock
    name: str = CHANNEL
    account: str = ACCOUNT
    sends_files: bool = True
    makes_rooms: bool = False
    sent: list[OutgoingMessage] = field(default_factory=list)

    async def run(self, sink: EventSink) -> None:
        """Return at once: a person brings the messages."""

    async def send(self, message: OutgoingMessage) -> str:
        """Keep a text or a file for the leader."""
        self.sent.append(message)
        return ""

    async def accept_invitation(self, invitation_id: str) -> None:
        """Return at once: nobody invites a relay."""

    async def create_room(self, topic: str, member_ids: Sequence[str]) -> str:
        """Refuse: the leader makes rooms by hand."""
        raise SendRefusedError(f"a relay makes no rooms; make {topic!r} by hand")

    async def invite(self, room_id: str, member_id: str) -> None:
        """Refuse: the leader invites by hand."""
        raise SendRefusedError("a relay invites nobody; invite them by hand")

    def health(self) -> Health:
        """Return that the leader is there."""
        return Health(Link.ONLINE, self.clock.now(), account=self.account)


@dataclass(frozen=True, slots=True)
class Relayed:
    """What came of pasted chat: how it was read, texts to paste into the group, texts for the leader alone, files."""

    handled: tuple[Handled, ...]
    known: int
    to_group: tuple[str, ...]
    to_leader: tuple[str, ...]
    files: tuple[OutgoingFile, ...]


async def relay(parts: Parts, settings: Settings, topic: str, leader: str, said: Iterable[Said]) -> Relayed:
    """Take pasted chat of the group ``topic`` through the path; ``leader`` is what the leader is called in it."""
    messages = list(_messages(topic, said))
    member = (RoomMember(leader, leader),)
    await parts.pipeline.observe(RoomSeen(CHANNEL, ACCOUNT, topic, topic, leader, member))
    handled: list[Handled] = []
    for start in range(0, len(messages), _BATCH):
        handled += await parts.pipeline.take(messages[start : start + _BATCH])
    await _hand_out(parts, settings)
    sent = [one async for one in _sent(parts, settings)]
    return Relayed(
        tuple(handled),
        len(messages) - len(handled),
        tuple(one.text for one in sent if one.room_id and one.file is None),
        tuple(one.text for one in sent if not one.room_id and one.file is None),
        tuple(one.file for one in sent if one.file is not None),
    )


def _messages(topic: str, said: Iterable[Said]) -> Iterable[IncomingMessage]:
    """Yield messages whose ids are made of what they say, the same line twice in one minute apart."""
    times: Counter[str] = Counter()
    for one in said:
        mark = blake2b(
            "\x00".join([topic, one.member, one.at.isoformat(), one.text]).encode(), digest_size=16
        ).hexdigest()
        times[mark] += 1
        yield IncomingMessage(
            key=MessageKey(CHANNEL, ACCOUNT, f"{mark}-{times[mark]}"),
            room_id=topic,
            room_topic=topic,
            sender_id=one.member,
            sender_name=one.member,
            room_name=one.room_name,
            text=one.text,
            at=one.at,
            quote=one.quote,
        )


async def _hand_out(parts: Parts, settings: Settings) -> None:
    """Put what leaders agreed to into words: a relay makes no rooms, so they get the text and the list."""
    maker = RoomMaker(
        parts.database,
        parts.clock,
        RelayChannel(parts.clock),
        groups=parts.groups,
        pacing=settings.pacing,
        pace=Pace(),
        stuck_seconds=settings.scheduler.stuck_sending_seconds,
        at_desk=parts.pipeline.at_desk,
        committed=lambda: None,
    )
    while await maker.work() == 0:
        pass


async def _sent(parts: Parts, settings: Settings) -> AsyncIterator[OutgoingMessage]:
    """Let everything out that waits for this channel, gathered and guarded as for any other."""
    channel = RelayChannel(parts.clock)
    pacing = settings.pacing.model_copy(update={"enabled": False})
    dispatcher = Dispatcher(
        parts.database,
        parts.clock,
        channel,
        pacing=pacing,
        recommender=settings.recommender,
        zone=settings.zone,
        segments=parts.groups.segments,
    )
    while True:
        before = len(channel.sent)
        await dispatcher.send_waiting()
        if len(channel.sent) == before:
            break
    for message in channel.sent:
        yield message
