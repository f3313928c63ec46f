"""Conversations as test data: who says what, and what is then seen, by the group or by one person alone.

    await talk.verify(
        ("小美", "🍓还有吗", sees("草莓", "小美", "退订")),
        ("老周", "今晚风好大", NOTHING),
        later(minutes=11),
        ("林姐", "暂停", sees("暂停"), "command/done"),
    )

Everything between is real: inbox, lane, pipeline, outbox, guard, dispatcher. Only the chat is the fake and the clock
stands still unless told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import col, select

from bot.bootstrap import Parts
from bot.channels.local.settings import load_rooms
from bot.demo import FOLDER, demo_settings
from bot.dispatcher import Dispatcher
from bot.intake import Intake
from bot.lane import Lane
from bot.settings import Settings
from core.clock import ManualClock
from core.database import Database
from core.inbox import InboxMessage
from core.messages import ChannelEvent, IncomingMessage, MemberLeft, OutgoingMessage, RoomSeen
from core.outbox import OutboxMessage
from groups.segments.settings import SegmentSettings
from recommender.models import NeedRecord, Push
from tests.bot.fake_channel import FakeChannel, FakeRoom, shown
from tests.bot.shop import Shop

FRUIT, MOTHERS, CATS = "阳光小区水果群", "星河湾宝妈群", "枫林苑猫奴群"
BOT = "千群"


@dataclass(frozen=True)
class Seen:
    """One text with these facts in it; ``to`` names who sees it alone, ``room`` another group than the current."""

    facts: tuple[str, ...]
    without: tuple[str, ...] = ()
    to: str = ""
    room: str = ""


@dataclass(frozen=True)
class Later:
    """Time passes."""

    seconds: float


Expected = Seen | tuple[Seen, ...]
Step = tuple[str, str, Expected] | tuple[str, str, Expected, str] | Later
NOTHING: tuple[Seen, ...] = ()


def sees(*facts: str, without: tuple[str, ...] = (), room: str = "") -> Seen:
    """The group (or the ``room`` of that topic) sees one text that holds these facts and nothing of ``without``."""
    return Seen(facts, without, room=room)


def told(person: str, *facts: str) -> Seen:
    """One person is told, in private, a text that holds these facts."""
    return Seen(facts, to=person)


def later(*, minutes: float = 0, hours: float = 0) -> Later:
    return Later(minutes * 60 + hours * 3600)


def settings(*, segments: Sequence[dict[str, Any]] = (), **sections: dict[str, Any]) -> Settings:
    """Return the demo's settings with its limits on, single keys of sections replaced, and with these segments."""
    chosen = demo_settings(FOLDER, 0)
    chosen = chosen.model_copy(update={"segments": tuple(map(SegmentSettings.model_validate, segments))})
    values: dict[str, dict[str, Any]] = {**sections, "recommender": {"limits": True, **sections.get("recommender", {})}}
    return chosen.model_copy(
        update={
            section: type(getattr(chosen, section)).model_validate({**dict(getattr(chosen, section)), **update})
            for section, update in values.items()
        }
    )


def demo_rooms() -> list[FakeRoom]:
    """Return the demo's rooms with their members."""
    return [
        FakeRoom(room.id, room.topic, room.owner, {one.id: (one.name, one.room_name) for one in room.members})
        for room in load_rooms(FOLDER / "rooms.toml")
    ]


class Conversation:
    """A bot in the demo's rooms, driven step by step."""

    def __init__(self, shop: Shop, database: Database, clock: ManualClock, configured: Settings) -> None:
        self.shop = shop
        self.database = database
        self.clock = clock
        self.settings = configured
        self.channel = FakeChannel(clock, demo_rooms())
        self.room = FRUIT
        self.start()

    def start(self) -> None:
        """Begin as a new process does: nothing in memory but what the database has."""
        self.parts: Parts = self.shop.open(self.settings, self.database, self.clock)
        self.lane = Lane(self.parts.pipeline, committed=lambda: None)
        self.intake = Intake(self.database, self.clock, stored=lambda: None, observe=self._observe)
        self.dispatcher = Dispatcher(
            self.database,
            self.clock,
            self.channel,
            pacing=self.settings.pacing,
            recommender=self.settings.recommender,
            zone=self.settings.zone,
            segments=self.parts.groups.segments,
        )

    async def enter(self, *topics: str) -> None:
        """Let the bot see rooms with all their members; what it says at that is cleared away."""
        for topic in topics or (FRUIT, MOTHERS, CATS):
            await self.intake.observe(self.channel.seen(self.room_id(topic)))
        await self.send()
        self.channel.sent.clear()

    async def verify(self, *steps: Step, room: str | None = None) -> None:
        """Go through a conversation; each step must end as it says."""
        self.room = self.room if room is None else room
        for number, step in enumerate(steps, start=1):
            if isinstance(step, Later):
                self.clock.advance(step.seconds)
                continue
            who, text, expected, *outcome = step
            self.channel.sent.clear()
            await self.say(who, text)
            place = f"step {number}, {who}: {text}"
            self._compare(expected if isinstance(expected, tuple) else (expected,), place)
            if outcome:
                assert await self.outcome() == outcome[0], place

    def _compare(self, expected: Sequence[Seen], place: str) -> None:
        texts = [(message.room_id or message.contact_id, shown(message)) for message in self.channel.sent]
        assert len(texts) == len(expected), f"{place}: {texts}"
        for seen, (target, text) in zip(expected, texts, strict=True):
            assert target == (self.member_id(seen.to) if seen.to else self.room_id(seen.room or self.room)), place
            missing = [fact for fact in seen.facts if fact not in text]
            assert not missing, f"{place}: {missing} not in {text}"
            wrong = [fact for fact in seen.without if fact in text]
            assert not wrong, f"{place}: {wrong} in {text}"

    async def say(self, who: str, text: str, **values: Any) -> IncomingMessage:
        """Let somebody speak in the current room (``room`` "" is the private chat) and carry it through."""
        message = self.message(who, text, **values)
        await self.take(message)
        await self.send()
        return message

    def message(self, who: str, text: str, **values: Any) -> IncomingMessage:
        """Return what somebody says; a text that begins with @千群 mentions the bot as a chat does."""
        if text.startswith(f"@{BOT} "):
            values = {**self.channel.mentioning([self.channel.account], [BOT], text[len(BOT) + 2 :]), **values}
            text = values.pop("text")
        return self.channel.message(self.room_id(self.room) if self.room else "", self.member_id(who), text, **values)

    async def take(self, *messages: IncomingMessage) -> None:
        """Store messages and let the lane handle them, without sending."""
        for message in messages:
            await self.intake.receive(message)
        while await self.lane.drain():
            pass

    async def send(self) -> list[OutgoingMessage]:
        """Send what may go now; return what went."""
        before = len(self.channel.sent)
        await self.dispatcher.send_waiting()
        return self.channel.sent[before:]

    async def outcome(self) -> str:
        """Return outcome and reason of the message that was handled last, and why a push was held, if it was."""
        async with self.database.reading() as session:
            row = (await session.exec(select(InboxMessage).order_by(col(InboxMessage.id).desc()).limit(1))).one()
            need = (await session.exec(select(NeedRecord).where(col(NeedRecord.inbox_id) == row.id))).one_or_none()
        held = [need.hold] if need is not None and need.hold else []
        return "/".join([str(row.outcome), str(row.reason), *held])

    async def inbox(self) -> list[InboxMessage]:
        """Return every stored message."""
        async with self.database.reading() as session:
            return list((await session.exec(select(InboxMessage).order_by(col(InboxMessage.id)))).all())

    async def outbox(self, *kinds: str) -> list[OutboxMessage]:
        """Return outbox rows, of some kinds or of all."""
        query = select(OutboxMessage).order_by(col(OutboxMessage.id))
        async with self.database.reading() as session:
            rows = (await session.exec(query)).all()
        return [row for row in rows if not kinds or row.kind in kinds]

    async def pushes(self) -> list[Push]:
        """Return what was decided to be pushed or suggested."""
        async with self.database.reading() as session:
            return list((await session.exec(select(Push).order_by(col(Push.id)))).all())

    def room_id(self, topic: str) -> str:
        return next(room.id for room in self.channel.rooms.values() if room.topic == topic)

    def member_id(self, name: str) -> str:
        """Return the id of somebody of the demo; a stranger's id is their name."""
        everybody = {own: key for room in self.channel.rooms.values() for key, (own, _) in room.members.items()}
        return everybody.get(name, name)

    async def _observe(self, event: ChannelEvent) -> None:
        if isinstance(event, RoomSeen | MemberLeft):
            await self.lane.observe(event)
