"""Who joins a group is welcomed: once, together with others, by their own name, and only who may be."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import col, select

from bot.channels.local.repository import ChatLog
from bot.jobs import program_jobs
from bot.welcome import next_turn
from core.messages import MemberLeft, RoomSeen
from core.outcomes import SendState
from groups.models import ForgottenPerson, Membership
from groups.people import ledger
from groups.state import MemberKey
from scheduler.jobs import WELCOME
from scheduler.models import DueWork
from scheduler.tick import Scheduler
from tests.bot.conftest import MakeTalk
from tests.bot.conversation import FRUIT, MOTHERS, NOTHING, Conversation, sees
from tests.bot.fake_channel import FakeRoom, shown

EVENING = datetime(2026, 11, 22, 11, 0, tzinfo=UTC)


async def joins(talk: Conversation, *names: str, topic: str = FRUIT, room_name: str = "9栋404-新邻居") -> None:
    """Let people come into a room; the channel shows the whole room after each."""
    room_id = talk.room_id(topic)
    for name in names:
        room = talk.channel.rooms[room_id]
        members = {**room.members, f"id-{name}": (name, room_name)}
        talk.channel.rooms[room_id] = replace(room, members=members)
        await talk.intake.observe(talk.channel.seen(room_id))


async def leaves(talk: Conversation, name: str, topic: str = FRUIT) -> None:
    room_id = talk.room_id(topic)
    room = talk.channel.rooms[room_id]
    stay = {one: names for one, names in room.members.items() if one != f"id-{name}"}
    talk.channel.rooms[room_id] = replace(room, members=stay)
    await talk.intake.observe(MemberLeft(talk.channel.name, talk.channel.account, room_id, f"id-{name}"))


async def after(talk: Conversation, *, minutes: float = 5) -> list[str]:
    """Let time pass, the scheduler do what is due and the dispatcher send; return the texts."""
    talk.clock.advance(minutes * 60)
    jobs = program_jobs(talk.settings, talk.parts.storefront, ChatLog(talk.database))
    await Scheduler(talk.settings.scheduler, talk.database, talk.clock, {WELCOME: jobs[WELCOME]}, lambda: []).run_due()
    return [shown(message) for message in await talk.send()]


async def test_people_who_join_within_minutes_get_one_welcome_by_their_own_names(talk: Conversation) -> None:
    await joins(talk, "圆圆", "阿杰")
    assert await talk.send() == []
    (text,) = await after(talk)
    assert text.startswith("欢迎 圆圆、阿杰！我是千群，林姐的团购小助手")
    assert "退订" in text
    assert "帮助" in text
    assert "404" not in text
    assert text.count("\n") == 1
    assert await after(talk) == []


async def test_a_welcome_is_said_once_whatever_the_channel_repeats(talk: Conversation) -> None:
    await joins(talk, "圆圆")
    for _ in range(3):
        await talk.intake.observe(talk.channel.seen(talk.room_id(FRUIT)))
    talk.start()
    await talk.intake.observe(talk.channel.seen(talk.room_id(FRUIT)))
    assert len(await after(talk)) == 1
    talk.start()
    await leaves(talk, "圆圆")
    await joins(talk, "圆圆")
    assert await after(talk, minutes=10) == []


async def test_a_welcome_survives_a_restart_before_it_is_said(talk: Conversation) -> None:
    await joins(talk, "圆圆")
    talk.start()
    assert len(await after(talk)) == 1


async def test_who_leaves_before_the_welcome_is_not_in_it(talk: Conversation) -> None:
    await joins(talk, "圆圆", "阿杰")
    await leaves(talk, "圆圆")
    (text,) = await after(talk)
    assert "圆圆" not in text
    await joins(talk, "小北")
    await leaves(talk, "小北")
    assert await after(talk, minutes=10) == []


async def test_who_speaks_before_the_channel_shows_them_is_welcomed_too(talk: Conversation) -> None:
    await talk.verify(("新来的", "大家好", NOTHING))
    (text,) = await after(talk)
    assert "欢迎 新来的！" in text


async def test_nobody_is_a_newcomer_when_the_bot_has_just_arrived(talk: Conversation) -> None:
    people = {f"id-{name}": (name, "") for name in ("甲", "乙", "丙")}
    talk.channel.rooms["room-new"] = FakeRoom("room-new", "新小区团购群", "lin", people)
    talk.room = "新小区团购群"
    await talk.say("甲", "大家好")  # the group exists from its first message on
    await talk.intake.observe(talk.channel.seen("room-new"))
    await talk.send()
    assert await after(talk) == []
    await joins(talk, "小北", topic="新小区团购群")
    (text,) = await after(talk, minutes=10)
    assert "欢迎 小北！" in text


async def test_who_came_while_the_bot_was_out_of_the_room_is_no_newcomer(talk: Conversation) -> None:
    bot, room_id = talk.channel.account, talk.room_id(FRUIT)
    await talk.intake.observe(MemberLeft(talk.channel.name, bot, room_id, bot))
    await joins(talk, "圆圆")
    await talk.send()
    assert await after(talk) == []


async def test_a_part_of_a_room_makes_nobody_leave_or_join(talk: Conversation) -> None:
    seen = talk.channel.seen(talk.room_id(FRUIT))
    part = RoomSeen(seen.channel, seen.account, seen.room_id, seen.topic, seen.owner_id, seen.members[:2])
    await talk.intake.observe(part)
    await talk.intake.observe(seen)
    assert await after(talk) == []


@pytest.mark.parametrize("word", ["暂停", "级别 0", "关闭欢迎"])
async def test_the_leaders_word_keeps_it_silent(talk: Conversation, word: str) -> None:
    await talk.verify(("林姐", word, sees("")))
    await joins(talk, "圆圆")
    assert await after(talk) == []
    await joins(talk, "阿杰", topic=MOTHERS)
    assert len(await after(talk)) == 1


@pytest.mark.parametrize("word", ["暂停", "级别 0"])
async def test_a_welcome_that_waits_to_be_sent_is_stopped_by_the_leaders_word(talk: Conversation, word: str) -> None:
    await joins(talk, "圆圆")
    talk.clock.advance(300)
    jobs = program_jobs(talk.settings, talk.parts.storefront, ChatLog(talk.database))
    await Scheduler(talk.settings.scheduler, talk.database, talk.clock, {WELCOME: jobs[WELCOME]}, lambda: []).run_due()
    await talk.take(talk.message("林姐", word))
    assert [row.state for row in await talk.outbox("welcome")] == [SendState.QUEUED]
    await talk.send()
    (row,) = await talk.outbox("welcome")
    assert row.state == SendState.HELD


async def test_a_refusal_stops_a_welcome_that_waits_to_be_sent(talk: Conversation) -> None:
    await joins(talk, "圆圆")
    talk.clock.advance(300)
    jobs = program_jobs(talk.settings, talk.parts.storefront, ChatLog(talk.database))
    await Scheduler(talk.settings.scheduler, talk.database, talk.clock, {WELCOME: jobs[WELCOME]}, lambda: []).run_due()
    talk.room = FRUIT
    await talk.take(talk.channel.message(talk.room_id(FRUIT), "id-圆圆", "退订"))
    await talk.send()
    (row,) = await talk.outbox("welcome")
    assert (row.state, row.reason) == (SendState.HELD, "unsubscribed")


async def test_at_level_1_newcomers_are_told_that_it_listens(talk: Conversation) -> None:
    await talk.verify(("林姐", "级别 1", sees("1 级")))
    await joins(talk, "圆圆")
    (text,) = await after(talk)
    assert "我会看群里的文字" in text


async def test_at_night_it_waits_for_the_morning_and_gathers(talk: Conversation) -> None:
    talk.clock.set(datetime(2026, 11, 22, 15, 0, tzinfo=UTC))  # 23:00 in Shanghai
    await joins(talk, "圆圆")
    assert await after(talk, minutes=30) == []
    await joins(talk, "阿杰")
    assert await after(talk, minutes=60) == []
    talk.clock.set(datetime(2026, 11, 23, 0, 0, tzinfo=UTC))  # 8:00
    (text,) = await after(talk, minutes=0)
    assert "欢迎 圆圆、阿杰！" in text


async def test_who_opted_out_before_is_not_welcomed(talk: Conversation) -> None:
    await joins(talk, "圆圆", "阿杰")
    await talk.take(talk.channel.message(talk.room_id(FRUIT), "id-圆圆", "退订"))
    await talk.send()
    (text,) = await after(talk)
    assert "圆圆" not in text


async def test_who_was_forgotten_is_not_welcomed(talk: Conversation) -> None:
    async with talk.database.transaction() as session:
        secret = await ledger.key(session)
        member = MemberKey(talk.channel.name, talk.channel.account, "id-圆圆")
        person = ledger.person_hash(secret, member)
        session.add(ForgottenPerson(person=person, channel=member.channel, account=member.account, at=EVENING))
    await joins(talk, "圆圆", "阿杰")
    (text,) = await after(talk)
    assert "圆圆" not in text


async def test_many_newcomers_are_named_up_to_ten(talk: Conversation) -> None:
    await joins(talk, *(f"邻居{number}" for number in range(12)))
    (text,) = await after(talk)
    assert "邻居9 等 12 位！" in text
    assert "邻居10" not in text
    async with talk.database.reading() as session:
        marked = (await session.exec(select(Membership).where(col(Membership.welcomed_at).is_not(None)))).all()
    assert len(marked) == 12


async def test_names_are_no_way_to_say_more(talk: Conversation) -> None:
    await joins(talk, "{{ 7*7 }}" + "领奖" * 40, "")
    (text,) = await after(talk)
    assert len(text.splitlines()[0]) < 100
    assert "{{ 7*7 }}" in text


async def test_who_came_long_ago_is_not_welcomed_when_the_bot_goes_on(talk: Conversation) -> None:
    await talk.verify(("林姐", "暂停", sees("暂停")))
    await joins(talk, "圆圆")
    assert await after(talk) == []
    talk.clock.advance(timedelta(days=2).total_seconds())
    await talk.verify(("林姐", "恢复", sees("恢复")))
    await joins(talk, "阿杰")
    (text,) = await after(talk)
    assert "圆圆" not in text


async def test_it_counts_as_unasked(talk_with: MakeTalk) -> None:
    pacing = {"enabled": True, "unasked_per_group_per_day": 1, "between_groups": (0, 0), "before_answer": (0, 0)}
    talk = await talk_with(pacing=pacing)
    talk.clock.advance(timedelta(days=2).total_seconds())
    await joins(talk, "圆圆")
    assert len(await after(talk)) == 1
    await joins(talk, "阿杰")
    assert await after(talk, minutes=10) == []
    assert [row.reason for row in await talk.outbox("welcome")] == [None, "cap_group"]


async def test_the_configuration_switches_it_off_and_a_leader_on_again(talk_with: MakeTalk) -> None:
    talk = await talk_with(groups={"welcome": False})
    await joins(talk, "圆圆")
    assert await after(talk) == []
    await talk.verify(
        ("林姐", "打开欢迎", sees("已打开"), "command/done"), ("小美", "关闭欢迎", NOTHING, "command/refused_role")
    )
    talk.start()
    await joins(talk, "阿杰")
    (text,) = await after(talk)
    assert "欢迎 圆圆、阿杰！" in text


async def test_the_newcomers_of_one_span_share_one_piece_of_due_work(talk: Conversation) -> None:
    await joins(talk, "圆圆", "阿杰", "小北")
    async with talk.database.reading() as session:
        due = (await session.exec(select(DueWork).where(col(DueWork.kind) == WELCOME))).all()
    assert [work.due_at for work in due] == [EVENING + timedelta(minutes=5)]


@pytest.mark.parametrize(
    ("now", "minutes", "then"),
    [("11:00:00", 5, "11:05"), ("11:04:59", 5, "11:05"), ("11:05:00", 5, "11:10"), ("23:58:00", 5, "00:00")],
)
def test_a_turn_is_the_next_full_minutes(now: str, minutes: int, then: str) -> None:
    at = datetime.fromisoformat(f"2026-11-22T{now}+00:00")
    assert next_turn(at, minutes).strftime("%H:%M") == then
