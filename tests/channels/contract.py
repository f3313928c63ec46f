"""The contract of a channel: one suite, run on every channel over its own real chat.

A channel's test file writes a ``ChannelRig`` (the chat on the other side, as its members use it) and a class
``TestXContract(ChannelContract)`` with a ``rig`` fixture. The suite names rooms and members of ``CAST`` by
their Chinese names; the rig translates them to the chat's own ids.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest

from bot.channels.protocol import Channel, Link, SendRefusedError
from core.messages import (
    Gap,
    MemberLeft,
    MessageKind,
    OutgoingFile,
    OutgoingMessage,
    RoomInvitation,
    RoomSeen,
)
from tests.channels.recording_sink import RecordingSink

FRUIT = "桃源里水果群"
CATS = "橘座猫友群"
AMEI, LAOGUO, XIAOTANG = "阿梅", "老郭", "小棠"
BOT = "群助手"


@dataclass(frozen=True)
class CastRoom:
    """A room as the rig must set it up; ``members`` maps a member to the name used in this room, or ''.

    The bot is in every room beside them.
    """

    topic: str
    owner: str
    members: dict[str, str] = field(default_factory=dict)


CAST = (
    CastRoom(FRUIT, LAOGUO, {LAOGUO: "", AMEI: "3栋阿梅"}),
    CastRoom(CATS, XIAOTANG, {XIAOTANG: "", AMEI: ""}),
)


def chain_record(entries: int = 950) -> str:
    """Return a 接龙 as some puppets deliver it: a sender's id, then WeChat's XML, close to 64 kB."""
    lines = "\n".join(
        f"{n}. {n % 30 + 1}栋{n:03}室 草莓{n % 5 + 1}份，蓝莓{n % 3 + 1}盒，放门口谢谢" for n in range(1, entries + 1)
    )
    title = f"#接龙\n周末水果，今晚八点截单\n\n{lines}"
    extinfo = f"<extinfo><solitaire_info><![CDATA[{'<entry/>' * entries}]]></solitaire_info></extinfo>"
    return (
        'wxid_a1b2c3d4:\n<?xml version="1.0"?>\n<msg><appmsg appid="" sdkver="0">'
        f"<title>{title}</title><type>53</type>{extinfo}</appmsg></msg>"
    )


class ChannelRig(ABC):
    """The chat behind one channel, driven as its members and its operator would.

    ``start`` brings up the chat with the rooms of ``CAST`` and builds ``channel`` without running it; the
    suite runs ``channel.run(sink)`` itself. Rooms and members are named as in ``CAST``; ``BOT`` is the bot.
    """

    channel: Channel
    can_repeat = True
    """The chat can deliver the same message twice."""
    can_invite = True
    """The bot can be invited into a room."""
    can_cut = True
    """The way to the chat can break while the channel runs."""

    @abstractmethod
    async def start(self) -> None:
        """Bring up the chat and build ``channel``."""

    @abstractmethod
    async def stop(self) -> None:
        """End everything ``start`` began; also called when a test failed."""

    @abstractmethod
    def room_id(self, room: str) -> str:
        """Return the id the channel reports for a room."""

    @abstractmethod
    def member_id(self, member: str) -> str:
        """Return the id the channel reports for a member, or for ``BOT``."""

    @abstractmethod
    async def say(
        self,
        room: str,
        member: str,
        text: str,
        *,
        mentions: Sequence[str] = (),
        quote: tuple[str, str] | None = None,
    ) -> str:
        """Let a member say something and return the message id.

        ``mentions`` are members, written and sent the chat's own way in front of the text; ``quote`` is (shown
        name, quoted text).
        """

    @abstractmethod
    async def sent_texts(self, room: str) -> list[str]:
        """Return what the bot said in a room, oldest first, as its members see it."""

    @abstractmethod
    async def sent_files(self, room: str) -> list[tuple[str, bytes]]:
        """Return name and content of the files the bot sent to a room, oldest first, as its members get them."""

    @abstractmethod
    async def recall(self, room: str, member: str, message_id: str) -> str:
        """Let a member take back a message and return the id of the message that says so."""

    @abstractmethod
    async def join(self, room: str, member: str) -> None:
        """Let somebody who was not there enter a room."""

    @abstractmethod
    async def leave(self, room: str, member: str) -> None:
        """Let a member leave a room."""

    @abstractmethod
    async def rename(self, room: str, topic: str) -> None:
        """Change a room's topic; the room keeps its name of ``CAST`` for the rig."""

    async def repeat(self, message_id: str) -> None:
        """Deliver a message that was already delivered once more."""
        raise NotImplementedError

    async def invite(self, inviter: str, topic: str) -> str:
        """Ask the bot into a new room and return the invitation's id."""
        raise NotImplementedError

    async def cut(self) -> None:
        """Break the way to the chat."""
        raise NotImplementedError

    async def restore(self) -> None:
        """Mend what ``cut`` broke."""
        raise NotImplementedError


@asynccontextmanager
async def running(channel: Channel, sink: RecordingSink, link: Link = Link.ONLINE) -> AsyncIterator[None]:
    """Run a channel in the background, wait until its health says ``link``, cancel it in the end."""
    task = asyncio.create_task(channel.run(sink))
    try:
        await until(lambda: task.done() or channel.health().link is link, what=lambda: repr(channel.health()))
        if task.done():
            await task
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def until(condition: Callable[[], bool], seconds: float = 8.0, what: Callable[[], str] = str) -> None:
    """Ask again and again until ``condition`` holds; seconds."""
    try:
        async with asyncio.timeout(seconds):
            while not condition():  # noqa: ASYNC110 - health is a value to ask, not an event
                await asyncio.sleep(0.01)
    except TimeoutError:
        pytest.fail(f"did not happen within {seconds} s: {what()}")


class ChannelContract:
    """What every channel does. Subclass it and give a started ``rig`` as a fixture."""

    @pytest.fixture
    def sink(self) -> RecordingSink:
        return RecordingSink()

    async def test_it_comes_online_and_knows_its_account(self, rig: ChannelRig, sink: RecordingSink) -> None:
        async with running(rig.channel, sink):
            health = rig.channel.health()
            assert health.link is Link.ONLINE
            assert health.detail == ""
            assert health.since.tzinfo is not None
            assert rig.channel.account == health.account == rig.member_id(BOT)

    async def test_a_message_arrives_whole(self, rig: ChannelRig, sink: RecordingSink) -> None:
        async with running(rig.channel, sink):
            message_id = await rig.say(FRUIT, AMEI, "🍓还有吗")
            message = await sink.message("🍓还有吗")
        assert message.key.message_id == message_id
        assert message.key.channel == rig.channel.name
        assert message.key.account == rig.member_id(BOT)
        assert message.room_id == rig.room_id(FRUIT)
        assert message.room_topic == FRUIT
        assert message.sender_id == rig.member_id(AMEI)
        assert message.sender_name == AMEI
        assert message.shown_name == "3栋阿梅"
        assert message.at.tzinfo is not None
        assert not message.is_self
        assert not message.mentions_bot
        assert message.quote is None
        json.dumps(message.raw)

    async def test_it_announces_before_it_receives(self, rig: ChannelRig, sink: RecordingSink) -> None:
        async with running(rig.channel, sink):
            await rig.say(CATS, XIAOTANG, "猫砂哪家好")
            message = await sink.message("猫砂哪家好")
        assert message.key in sink.announced
        assert sink.unannounced == []

    async def test_rooms_do_not_mix(self, rig: ChannelRig, sink: RecordingSink) -> None:
        async with running(rig.channel, sink):
            await rig.say(FRUIT, AMEI, "想吃桃子")
            await rig.say(CATS, AMEI, "猫粮快没了")
            await sink.message("想吃桃子")
            await sink.message("猫粮快没了")
        assert sink.texts(rig.room_id(FRUIT)) == ["想吃桃子"]
        assert sink.texts(rig.room_id(CATS)) == ["猫粮快没了"]

    async def test_a_room_keeps_its_order(self, rig: ChannelRig, sink: RecordingSink) -> None:
        lines = [f"第{n}句" for n in range(20)]
        async with running(rig.channel, sink):
            for n, line in enumerate(lines):
                await rig.say(FRUIT, (AMEI, LAOGUO)[n % 2], line)
            await sink.message(lines[-1])
        assert sink.texts(rig.room_id(FRUIT)) == lines

    async def test_the_same_message_twice_has_no_effect(self, rig: ChannelRig, sink: RecordingSink) -> None:
        if not rig.can_repeat:
            return
        async with running(rig.channel, sink):
            message_id = await rig.say(FRUIT, AMEI, "来两箱")
            await sink.message("来两箱")
            await rig.repeat(message_id)
            await rig.say(FRUIT, AMEI, "谢谢")
            await sink.message("谢谢")
        assert sink.texts(rig.room_id(FRUIT)) == ["来两箱", "谢谢"]

    async def test_a_mention_of_the_bot_is_seen(self, rig: ChannelRig, sink: RecordingSink) -> None:
        async with running(rig.channel, sink):
            await rig.say(FRUIT, AMEI, "今天有什么", mentions=[BOT])
            await sink.until(lambda: bool(sink.messages))
        (message,) = sink.messages
        assert message.mentions_bot
        assert message.mentions == (rig.member_id(BOT),)
        assert message.text.endswith("今天有什么")

    async def test_a_mention_of_somebody_else_is_not_the_bot(self, rig: ChannelRig, sink: RecordingSink) -> None:
        async with running(rig.channel, sink):
            await rig.say(FRUIT, AMEI, "明天还开团吗", mentions=[LAOGUO])
            await sink.until(lambda: bool(sink.messages))
        (message,) = sink.messages
        assert not message.mentions_bot
        assert message.mentions == (rig.member_id(LAOGUO),)

    async def test_a_quote_stands_beside_the_text(self, rig: ChannelRig, sink: RecordingSink) -> None:
        async with running(rig.channel, sink):
            await rig.say(FRUIT, AMEI, "我也要", quote=(LAOGUO, "云南蓝莓 4 盒 59.9"))
            message = await sink.message("我也要")
        assert message.quote is not None
        assert (message.quote.member, message.quote.text) == (LAOGUO, "云南蓝莓 4 盒 59.9")

    async def test_a_very_long_message_arrives_whole(self, rig: ChannelRig, sink: RecordingSink) -> None:
        text = "长" * 21_845 + "x"  # 64 kB of UTF-8
        async with running(rig.channel, sink):
            await rig.say(FRUIT, AMEI, text)
            await sink.message(text)

    async def test_hostile_characters_arrive_as_they_are(self, rig: ChannelRig, sink: RecordingSink) -> None:
        text = "<script>alert(1)</script>\n'; DROP TABLE member;-- {{7*7}} \u202e反\u202c 👨\u200d👩\u200d👧"
        async with running(rig.channel, sink):
            await rig.say(FRUIT, AMEI, text)
            await sink.message(text)

    async def test_it_sends_into_the_right_room(self, rig: ChannelRig, sink: RecordingSink) -> None:
        async with running(rig.channel, sink):
            await rig.channel.send(OutgoingMessage("草莓今天到\n19.9 元一斤", room_id=rig.room_id(FRUIT)))
            assert await rig.sent_texts(FRUIT) == ["草莓今天到\n19.9 元一斤"]
            assert await rig.sent_texts(CATS) == []

    async def test_it_writes_mentions_as_the_room_shows_names(self, rig: ChannelRig, sink: RecordingSink) -> None:
        mentions = ((rig.member_id(AMEI), "3栋阿梅"), (rig.member_id(LAOGUO), LAOGUO))
        async with running(rig.channel, sink):
            message = OutgoingMessage("到货了", room_id=rig.room_id(FRUIT), mentions=mentions)
            await rig.channel.send(message)
            assert await rig.sent_texts(FRUIT) == ["@3栋阿梅\u2005@老郭\u2005到货了"]

    async def test_its_own_words_are_marked_as_its_own(self, rig: ChannelRig, sink: RecordingSink) -> None:
        async with running(rig.channel, sink):
            await rig.channel.send(OutgoingMessage("我是群助手", room_id=rig.room_id(FRUIT)))
            await rig.say(FRUIT, AMEI, "好的")
            await sink.message("好的")
        assert all(m.is_self for m in sink.messages if m.text == "我是群助手")

    async def test_a_recall_names_the_message_that_was_taken_back(self, rig: ChannelRig, sink: RecordingSink) -> None:
        async with running(rig.channel, sink):
            ordered = await rig.say(FRUIT, AMEI, "草莓2份")
            await rig.say(FRUIT, LAOGUO, "收到")
            recall_id = await rig.recall(FRUIT, AMEI, ordered)
            await sink.until(lambda: any(m.kind is MessageKind.RECALL for m in sink.messages))
        *_, recall = sink.messages
        assert (recall.kind, recall.recalls, recall.key.message_id) == (MessageKind.RECALL, ordered, recall_id)
        assert recall.sender_id == rig.member_id(AMEI)
        assert recall.room_id == rig.room_id(FRUIT)
        assert [m.recalls for m in sink.messages[:-1]] == ["", ""]

    async def test_a_chain_in_wechats_own_record_arrives_whole(self, rig: ChannelRig, sink: RecordingSink) -> None:
        text = chain_record()
        async with running(rig.channel, sink):
            await rig.say(FRUIT, AMEI, text)
            message = await sink.message(text)
        assert message.kind in {MessageKind.TEXT, MessageKind.UNKNOWN}, "kinds whose text is looked at"

    async def test_it_sends_a_file(self, rig: ChannelRig, sink: RecordingSink) -> None:
        content = bytes(range(256)) * 400
        file = OutgoingFile("周末水果 #1-订单.xlsx", "application/vnd.ms-excel", content)
        async with running(rig.channel, sink):
            message = OutgoingMessage("", room_id=rig.room_id(FRUIT), file=file)
            if not rig.channel.sends_files:
                with pytest.raises(SendRefusedError):
                    await rig.channel.send(message)
                return
            await rig.channel.send(message)
            assert await rig.sent_files(FRUIT) == [("周末水果 #1-订单.xlsx", content)]
            assert await rig.sent_files(CATS) == []

    async def test_sending_before_it_runs_is_refused(self, rig: ChannelRig) -> None:
        file = OutgoingFile("订单.csv", "text/csv", b"")
        for message in (OutgoingMessage("早"), OutgoingMessage("", file=file)):
            with pytest.raises(SendRefusedError):
                await rig.channel.send(replace(message, room_id=rig.room_id(FRUIT)))

    async def test_sending_to_an_unknown_room_is_refused(self, rig: ChannelRig, sink: RecordingSink) -> None:
        async with running(rig.channel, sink):
            with pytest.raises(SendRefusedError):
                await rig.channel.send(OutgoingMessage("有人吗", room_id="no-such-room@chatroom"))

    async def test_it_reports_its_rooms_with_all_members(self, rig: ChannelRig, sink: RecordingSink) -> None:
        async with running(rig.channel, sink):
            room_id = rig.room_id(FRUIT)
            seen = await sink.event(RoomSeen, lambda e: e.room_id == room_id and e.complete)
            await sink.event(RoomSeen, lambda e: e.room_id == rig.room_id(CATS) and e.complete)
        assert seen.topic == FRUIT
        assert seen.owner_id == rig.member_id(LAOGUO)
        names = {m.member_id: (m.name, m.room_name) for m in seen.members}
        assert names[rig.member_id(AMEI)] == (AMEI, "3栋阿梅")
        assert names[rig.member_id(LAOGUO)] == (LAOGUO, "")
        assert rig.member_id(BOT) in names

    async def test_it_reports_who_comes_and_goes(self, rig: ChannelRig, sink: RecordingSink) -> None:
        async with running(rig.channel, sink):
            room_id = rig.room_id(FRUIT)
            await sink.event(RoomSeen, lambda e: e.room_id == room_id and e.complete)
            await rig.join(FRUIT, XIAOTANG)
            newcomer = rig.member_id(XIAOTANG)
            await sink.event(RoomSeen, lambda e: e.room_id == room_id and newcomer in {m.member_id for m in e.members})
            await rig.leave(FRUIT, XIAOTANG)
            await sink.event(MemberLeft, lambda e: (e.room_id, e.member_id) == (room_id, newcomer))

    async def test_it_reports_a_new_topic(self, rig: ChannelRig, sink: RecordingSink) -> None:
        async with running(rig.channel, sink):
            await rig.rename(FRUIT, "桃源里团购群")
            seen = await sink.event(RoomSeen, lambda e: e.topic == "桃源里团购群")
        assert seen.room_id == rig.room_id(FRUIT)

    async def test_it_reports_an_invitation_and_accepts_it_when_told(
        self, rig: ChannelRig, sink: RecordingSink
    ) -> None:
        if not rig.can_invite:
            return
        async with running(rig.channel, sink):
            invitation_id = await rig.invite(LAOGUO, "新开的群")
            invitation = await sink.event(RoomInvitation)
            assert invitation.invitation_id == invitation_id
            assert invitation.inviter_id == rig.member_id(LAOGUO)
            assert invitation.topic == "新开的群"
            assert not [e for e in sink.seen(RoomSeen) if e.topic == "新开的群"]
            await rig.channel.accept_invitation(invitation_id)
            await sink.event(RoomSeen, lambda e: e.topic == "新开的群")

    async def test_it_makes_a_room_with_the_right_people_and_asks_others_in(
        self, rig: ChannelRig, sink: RecordingSink
    ) -> None:
        async with running(rig.channel, sink):
            people = [rig.member_id(LAOGUO), rig.member_id(AMEI)]
            if not rig.channel.makes_rooms:
                with pytest.raises(SendRefusedError):
                    await rig.channel.create_room("猫粮群", people)
                return
            await sink.event(RoomSeen, lambda e: e.room_id == rig.room_id(CATS) and e.complete)
            room_id = await rig.channel.create_room("猫粮群", people)
            made = await sink.event(RoomSeen, lambda e: e.room_id == room_id and e.complete)
            assert made.topic == "猫粮群"
            assert {member.member_id for member in made.members} == {*people, rig.member_id(BOT)}
            await rig.channel.invite(room_id, rig.member_id(XIAOTANG))
            newcomer = rig.member_id(XIAOTANG)
            await sink.event(RoomSeen, lambda e: e.room_id == room_id and newcomer in {m.member_id for m in e.members})
            await rig.channel.send(OutgoingMessage("大家好", room_id=room_id))

    async def test_rooms_that_are_not_there_and_people_nobody_knows_are_refused(
        self, rig: ChannelRig, sink: RecordingSink
    ) -> None:
        people = [rig.member_id(LAOGUO), rig.member_id(AMEI)]
        with pytest.raises(SendRefusedError):
            await rig.channel.create_room("太早", people)
        async with running(rig.channel, sink):
            with pytest.raises(SendRefusedError):
                await rig.channel.invite("no-such-room@chatroom", rig.member_id(AMEI))
            with pytest.raises(SendRefusedError):
                await rig.channel.create_room("陌生人群", [rig.member_id(LAOGUO), "nobody-we-know"])
        assert not [event for event in sink.seen(RoomSeen) if event.topic in {"太早", "陌生人群"}]

    async def test_accepting_an_unknown_invitation_is_refused(self, rig: ChannelRig, sink: RecordingSink) -> None:
        async with running(rig.channel, sink):
            with pytest.raises(SendRefusedError):
                await rig.channel.accept_invitation("no-such-invitation")

    async def test_nothing_is_lost_while_the_database_is_locked(self, rig: ChannelRig, sink: RecordingSink) -> None:
        async with running(rig.channel, sink):
            sink.fail_next(2)
            await rig.say(FRUIT, AMEI, "来三箱苹果")
            await sink.message("来三箱苹果")
            await rig.say(FRUIT, AMEI, "再来一箱梨")
            await sink.message("再来一箱梨")
        assert sink.texts(rig.room_id(FRUIT)) == ["来三箱苹果", "再来一箱梨"]

    async def test_after_an_outage_it_says_what_may_be_missing(self, rig: ChannelRig, sink: RecordingSink) -> None:
        if not rig.can_cut:
            return
        async with running(rig.channel, sink):
            await rig.cut()
            await until(lambda: rig.channel.health().link is not Link.ONLINE)
            assert rig.channel.health().detail
            with pytest.raises(SendRefusedError):
                await rig.channel.send(OutgoingMessage("在吗", room_id=rig.room_id(FRUIT)))
            await rig.restore()
            gap = await sink.event(Gap)
            assert gap.since < gap.until
            await until(lambda: rig.channel.health().link is Link.ONLINE)
            await rig.say(FRUIT, AMEI, "刚才掉线了?")
            await sink.message("刚才掉线了?")

    async def test_cancelled_it_stops_at_once_and_leaves_nothing_running(
        self, rig: ChannelRig, sink: RecordingSink
    ) -> None:
        before = asyncio.all_tasks()
        async with running(rig.channel, sink):
            pass
        assert rig.channel.health().link is Link.STOPPED
        with pytest.raises(SendRefusedError):
            await rig.channel.send(OutgoingMessage("早", room_id=rig.room_id(FRUIT)))
        await until(lambda: asyncio.all_tasks() <= before, seconds=2)
