"""New groups: proposed from needs that no group serves, made once on the leader's word, with the right people."""

from __future__ import annotations

from datetime import timedelta

import pytest
import pytest_asyncio

from bot.channels.protocol import Link, SendRefusedError, SendUncertainError
from bot.program import Program
from core import switches
from core.messages import MemberLeft
from groups.life import proposing
from groups.state import LabelKind, LabelSource, MemberKey
from scheduler.jobs import GROUP_PROPOSALS
from scheduler.plans import parse_schedule
from tests.bot.conftest import MakeTalk
from tests.bot.conversation import NOTHING, later, sees, told
from tests.bot.opening import EAST, EASTERS, GOODS, LEADER, LEADER_NAME, WEST, WESTERS, Town

ASKED = f"有{GOODS}吗"
EAST_NAMES, WEST_NAMES = list(EASTERS.values()), list(WESTERS.values())
TOPIC = f"{LEADER_NAME}{GOODS}群"


@pytest_asyncio.fixture
async def town(talk_with: MakeTalk) -> Town:
    """Two groups of 林姐 with five people each."""
    town = Town(await talk_with(groups={"default_level": 4}))
    await town.enter()
    return town


async def proposed(town: Town, east: int = 5, west: int = 4) -> str:
    """Let people ask in both groups; return the proposal that their leader gets."""
    await town.ask(EAST, EAST_NAMES[:east], ASKED)
    await town.ask(WEST, WEST_NAMES[:west], ASKED)
    (text,) = await town.look()
    town.talk.room = ""
    return text


async def test_enough_people_in_two_groups_are_one_proposal_and_an_agreed_one_is_a_room(town: Town) -> None:
    text = await proposed(town)
    for fact in ("9 位群友", "2 个群", GOODS, TOPIC, "“同意”", "“不用”", "30 天", "退订"):
        assert fact in text
    await town.talk.verify(("林姐", "同意", told("林姐", TOPIC, "准备")))
    await town.make()
    (room_id,) = town.channel.made
    room = town.channel.rooms[room_id]
    assert room.topic == TOPIC
    assert set(room.members) == {LEADER, *list(EASTERS)[:5], *list(WESTERS)[:4]}
    assert len(town.channel.invited) == 5, "four with the leader at once, the rest one by one"
    sent = await town.talk.send()
    (invitation, introduction) = [one.text for one in sent if one.room_id == room_id]
    for fact in (LEADER_NAME, GOODS, "退订", "退群"):
        assert fact in invitation
    assert "退订" in introduction
    (told_at_the_end,) = [one.text for one in sent if one.contact_id == LEADER]
    for fact in (TOPIC, "9 位", "4 级"):
        assert fact in told_at_the_end
    (proposal,) = await town.proposals()
    assert (proposal.state, proposal.room_id, proposal.members) == ("done", room_id, [])


async def test_the_new_group_is_led_by_who_agreed_labelled_and_introduced_once(town: Town) -> None:
    await proposed(town)
    await town.talk.verify(("林姐", "同意", told("林姐", "准备")))
    await town.make()
    await town.observe()
    state = await town.group(town.channel.made[0])
    assert (state.leader_id, state.owner_id, state.level) == (LEADER, town.channel.account, 4)
    label = next(label for label in state.labels if label.source is LabelSource.LEADER)
    assert GOODS in label.value or label.kind is LabelKind.CATEGORY
    introductions = [row for row in await town.talk.outbox("introduction") if row.group_id == state.id]
    assert len(introductions) == 1
    assert LEADER_NAME in introductions[0].text
    await town.talk.send()
    await town.talk.verify(("林姐", "级别 3", sees("3 级")), room=TOPIC)
    await town.talk.verify(("东邻1", "级别 0", NOTHING, "command/refused_role"))


async def test_too_few_people_or_one_group_alone_are_no_proposal(town: Town) -> None:
    await town.ask(EAST, EAST_NAMES, ASKED)
    await town.ask(EAST, EAST_NAMES, ASKED)
    assert await town.look() == [], "five people, however often they ask"
    await town.ask(WEST, WEST_NAMES[:2], ASKED)
    assert await town.look() == [], "seven are not eight"
    await town.ask(WEST, WEST_NAMES[:3], ASKED)
    assert len(await town.look()) == 1


async def test_what_was_said_long_ago_does_not_count(town: Town) -> None:
    await town.ask(EAST, EAST_NAMES, ASKED)
    town.talk.clock.advance(timedelta(days=15).total_seconds())
    await town.ask(WEST, WEST_NAMES, ASKED)
    assert await town.look() == []


async def test_a_need_that_a_group_of_the_leader_is_for_is_no_proposal(town: Town) -> None:
    await town.talk.verify(("林姐", f"标签 加 品类 {GOODS}", sees("已加上标签")), room=EAST)
    await town.ask(EAST, EAST_NAMES, ASKED)
    await town.ask(WEST, WEST_NAMES, ASKED)
    assert await town.look() == []


async def test_a_refused_proposal_does_not_come_again_for_a_month(town: Town) -> None:
    await proposed(town)
    await town.talk.verify(("林姐", "不用", told("林姐", "不建了")))
    await town.make()
    assert town.channel.made == []
    assert await town.look() == []
    town.talk.clock.advance(timedelta(days=31).total_seconds())
    await town.ask(EAST, EAST_NAMES, ASKED)
    await town.ask(WEST, WEST_NAMES, ASKED)
    assert len(await town.look()) == 1


async def test_what_touches_children_health_or_faith_is_never_counted_by_person(town: Town) -> None:
    for text in ("有纸尿裤吗", "有感冒药吗", "有血压计吗", "求推荐孕妇枕"):
        await town.ask(EAST, EAST_NAMES, text)
        await town.ask(WEST, WEST_NAMES, text)
        town.talk.clock.advance(3600 * 2)
    town.talk.clock.advance(3600 * 14)
    assert await town.look() == []
    await town.talk.verify(("林姐", "@千群 拆群 纸尿裤", sees("不按人挑选")), room=EAST)
    assert await town.proposals() == []


async def test_seven_are_left_when_three_of_ten_refused(town: Town) -> None:
    await town.ask(EAST, EAST_NAMES, ASKED)
    await town.ask(WEST, WEST_NAMES, ASKED)
    await town.talk.verify(("东邻1", "退订", sees("已退订")), room=EAST)
    await town.talk.verify(("东邻2", "关闭个性化", sees("已关闭个性化")))
    await town.forget("w5")
    assert await town.look() == []


async def test_who_refuses_after_the_proposal_is_not_invited(town: Town) -> None:
    await proposed(town, 5, 5)
    await town.talk.verify(("林姐", "同意", told("林姐", "准备")))
    await town.talk.verify(("东邻1", "退订", sees("已退订")), room=EAST)
    await town.maker.work()
    (room_id,) = town.channel.made
    assert "e1" not in town.channel.rooms[room_id].members
    await town.talk.send()
    await town.talk.verify(("西邻4", "退订", sees("已退订")), room=WEST)
    await town.talk.intake.observe(MemberLeft("fake", town.channel.account, "room-west", "w5"))
    await town.forget("w3")
    await town.make()
    members = set(town.channel.rooms[room_id].members)
    assert members == {LEADER, "e2", "e3", "e4", "e5", "w1", "w2"}
    assert any("6 位群友" in text and "西邻" not in text for text in await town.told())


async def test_a_channel_that_makes_no_rooms_gives_the_text_and_the_list(town: Town) -> None:
    town.channel.makes_rooms = False
    await proposed(town)
    await town.talk.verify(("林姐", "同意", told("林姐", "准备")))
    await town.make()
    (text,) = await town.told()
    for fact in (TOPIC, "9 位", f"东邻1（{EAST}）", f"西邻4（{WEST}）", LEADER_NAME, "退订", "退群"):
        assert fact in text
    assert "西邻5" not in text
    assert town.channel.made == []
    assert [one.state for one in await town.proposals()] == ["by_hand"]


async def test_a_refused_room_is_told_and_not_tried_again(town: Town) -> None:
    town.channel.room_faults.append(SendRefusedError("not today"))
    await proposed(town)
    await town.talk.verify(("林姐", "同意", told("林姐", "准备")))
    await town.make()
    assert any("没有建成" in text for text in await town.told())
    await town.make()
    assert town.channel.made == []
    (proposal,) = await town.proposals()
    assert (proposal.state, proposal.members, proposal.error) == ("failed", [], "not today")


@pytest.mark.parametrize("fault", [SendUncertainError("no answer"), RuntimeError("the channel broke")])
async def test_a_room_that_nobody_knows_of_is_told_and_not_made_twice(town: Town, fault: Exception) -> None:
    town.channel.room_faults.append(fault)
    await proposed(town)
    await town.talk.verify(("林姐", "同意", told("林姐", "准备")))
    await town.make()
    assert any("没有收到回音" in text for text in await town.told())
    await town.make()
    assert town.channel.made == []
    assert [one.state for one in await town.proposals()] == ["unknown"]


async def test_a_process_that_died_while_the_room_was_made_leaves_it_unknown_after_a_time(town: Town) -> None:
    await proposed(town)
    await town.talk.verify(("林姐", "同意", told("林姐", "准备")))
    town.channel.room_faults.append(KeyboardInterrupt())  # type: ignore[arg-type]  # the process ends in the call
    with pytest.raises(KeyboardInterrupt):
        await town.maker.work()
    town.restart()
    await town.make()
    assert [one.state for one in await town.proposals()] == ["making"]
    assert town.channel.made == []
    town.talk.clock.advance(601)
    await town.make()
    assert any("没有收到回音" in text for text in await town.told())
    assert [one.state for one in await town.proposals()] == ["unknown"]
    assert town.channel.made == []


async def test_a_process_that_died_between_two_invitations_goes_on_without_asking_anybody_twice(town: Town) -> None:
    await proposed(town)
    await town.talk.verify(("林姐", "同意", told("林姐", "准备")))
    await town.maker.work()
    await town.maker.work()
    town.channel.room_faults.append(KeyboardInterrupt())  # type: ignore[arg-type]
    with pytest.raises(KeyboardInterrupt):
        await town.maker.work()
    town.restart()
    await town.make()
    asked = [member for _, member in town.channel.invited]
    assert len(asked) == len(set(asked)) == 4
    assert any("8 位群友" in text and "1 位没有回音" in text for text in await town.told())


async def test_two_makers_make_one_room(town: Town) -> None:
    await proposed(town)
    await town.talk.verify(("林姐", "同意", told("林姐", "准备")))
    first = town.maker
    town.restart()
    await first.work()
    await town.make()
    await first.work()
    assert len(town.channel.made) == 1
    asked = [member for _, member in town.channel.invited]
    assert len(asked) == len(set(asked)) == 5


async def test_the_kill_switch_stops_rooms_and_invitations(town: Town) -> None:
    await proposed(town)
    await town.talk.verify(("林姐", "同意", told("林姐", "准备")))
    await throw(town, stopped=True)
    await town.make()
    assert town.channel.made == []
    await throw(town, stopped=False)
    await town.maker.work()
    await throw(town, stopped=True)
    await town.make()
    assert (len(town.channel.made), town.channel.invited) == (1, [])
    await throw(town, stopped=False)
    await town.make()
    assert len(town.channel.invited) == 5


async def throw(town: Town, *, stopped: bool) -> None:
    async with town.talk.database.transaction() as session:
        now = town.talk.clock.now()
        await switches.throw(session, switches.EVERYTHING, stopped=stopped, reason="test", now=now)


async def test_a_chat_that_is_away_is_waited_for(town: Town) -> None:
    await proposed(town)
    await town.talk.verify(("林姐", "同意", told("林姐", "准备")))
    town.channel.become(Link.LOST)
    await town.make()
    assert [one.state for one in await town.proposals()] == ["agreed"]
    town.channel.become(Link.ONLINE)
    await town.make()
    assert [one.state for one in await town.proposals()] == ["done"]


async def test_invitations_are_paced(talk_with: MakeTalk) -> None:
    town = Town(await talk_with(groups={"default_level": 4}))
    await town.enter()
    await proposed(town)
    await town.talk.verify(("林姐", "同意", told("林姐", "准备")))
    pacing = {"enabled": True, "between_groups": (3.0, 8.0), "per_minute": 3, "warm_up_days": 0}
    town.talk.settings = town.talk.settings.model_copy(
        update={"pacing": type(town.talk.settings.pacing).model_validate(pacing)}
    )
    town.restart()
    began, waits = town.talk.clock.now(), []
    while len(town.channel.invited) < 5:
        wait = await town.maker.work()
        waits.append(wait)
        town.talk.clock.advance(wait)
    assert any(3 <= wait <= 8 for wait in waits)
    assert (town.talk.clock.now() - began).total_seconds() >= 60, "six acts, three a minute"


async def test_some_who_cannot_be_invited_are_named_to_the_leader(town: Town) -> None:
    await proposed(town)
    await town.talk.verify(("林姐", "同意", told("林姐", "准备")))
    await town.maker.work()
    town.channel.room_faults.append(SendRefusedError("no friend of yours"))
    await town.make()
    (text,) = [text for text in await town.told() if "建好了" in text]
    assert "8 位群友" in text
    assert f"东邻5（{EAST}）" in text


async def test_after_too_many_refusals_in_a_row_the_rest_is_left_to_the_leader(town: Town) -> None:
    await proposed(town, 5, 5)
    await town.talk.verify(("林姐", "同意", told("林姐", "准备")))
    await town.maker.work()
    town.channel.room_faults.extend(SendRefusedError("no") for _ in range(5))
    await town.make()
    (text,) = [text for text in await town.told() if "建好了" in text]
    assert "4 位群友" in text
    assert "西邻5" in text
    assert town.channel.invited == []


async def test_a_group_that_vanished_before_the_word_makes_the_proposal_void(town: Town) -> None:
    await proposed(town)
    for room_id in ("room-east", "room-west"):
        await town.talk.intake.observe(MemberLeft("fake", town.channel.account, room_id, town.channel.account))
    await town.talk.verify(("林姐", "同意", told("林姐", "没有建", "已经不在")))
    await town.make()
    assert [one.state for one in await town.proposals()] == ["void"]
    assert town.channel.made == []


async def test_a_group_that_vanished_after_the_word_makes_the_proposal_void(town: Town) -> None:
    await proposed(town)
    await town.talk.verify(("林姐", "同意", told("林姐", "准备")))
    for room_id in ("room-east", "room-west"):
        await town.talk.intake.observe(MemberLeft("fake", town.channel.account, room_id, town.channel.account))
    await town.make()
    assert any("已经不在" in text for text in await town.told())
    assert [one.state for one in await town.proposals()] == ["void"]
    assert town.channel.made == []


async def test_one_of_two_groups_gone_invites_only_the_others(town: Town) -> None:
    await proposed(town)
    await town.talk.verify(("林姐", "同意", told("林姐", "准备")))
    await town.talk.intake.observe(MemberLeft("fake", town.channel.account, "room-west", town.channel.account))
    await town.make()
    assert set(town.channel.rooms[town.channel.made[0]].members) == {LEADER, *EASTERS}


async def test_a_new_room_that_is_gone_before_everybody_is_invited_ends_it(town: Town) -> None:
    await proposed(town)
    await town.talk.verify(("林姐", "同意", told("林姐", "准备")))
    await town.maker.work()
    await town.observe()
    (room_id,) = town.channel.made
    del town.channel.rooms[room_id]
    await town.talk.intake.observe(MemberLeft("fake", town.channel.account, room_id, town.channel.account))
    await town.make()
    assert any("建好后又不在了" in text and "4 位" in text for text in await town.told())
    assert [one.state for one in await town.proposals()] == ["failed"]
    assert town.channel.invited == []


async def test_nobody_left_to_invite_is_said(town: Town) -> None:
    await proposed(town)
    await town.talk.verify(("林姐", "同意", told("林姐", "准备")))
    for topic, names in ((EAST, EAST_NAMES), (WEST, WEST_NAMES)):
        for name in names:
            await town.talk.verify((name, "退订", sees("已退订")), room=topic)
    await town.make()
    assert any("没有可以邀请的人" in text for text in await town.told())
    assert [one.state for one in await town.proposals()] == ["void"]


async def test_a_member_and_a_bare_word_in_the_room_agree_to_nothing(town: Town) -> None:
    await proposed(town)
    await town.talk.verify(("东邻1", "同意", NOTHING), ("林姐", "同意", NOTHING), room=EAST)
    await town.talk.verify(("小美", "同意", NOTHING), room="")
    assert [one.state for one in await town.proposals()] == ["proposed"]
    await town.talk.verify(("林姐", "@千群 同意", sees(TOPIC, "准备", room=EAST)), room=EAST)
    assert [one.state for one in await town.proposals()] == ["agreed"]


async def test_a_word_comes_too_late_after_a_week(town: Town) -> None:
    await proposed(town)
    town.talk.clock.advance(timedelta(days=7, seconds=1).total_seconds())
    await town.talk.say("林姐", "同意")
    await town.look()
    assert [one.state for one in await town.proposals()] == ["expired"]


async def test_of_several_the_newest_or_the_numbered_one_is_meant(town: Town) -> None:
    await proposed(town)
    await town.talk.verify(("林姐", "@千群 停用本群", sees("停用本群", "同意 2")), room=EAST)
    await town.talk.verify(
        ("林姐", "不用 5", told("林姐", "没有第 5 个", "1. ", "2. ")),
        ("林姐", "不用 1", told("林姐", "不建了")),
        ("林姐", "不用", told("林姐", "不停了")),
        room="",
    )
    assert [one.state for one in await town.proposals()] == ["declined", "declined"]


async def test_a_suggestion_made_after_the_proposal_is_meant_first(town: Town) -> None:
    await town.talk.verify(("林姐", "级别 3", sees("3 级")), room=EAST)
    await proposed(town)
    town.talk.clock.advance(60)
    await town.talk.verify(
        ("东邻1", "有草莓吗", told("林姐", "草莓")),
        ("林姐", "@千群 同意", (sees("马上发到"), sees("草莓")), "command/done"),
        later(minutes=1),
        ("林姐", "@千群 同意", sees("准备")),
        room=EAST,
    )


async def test_what_is_erased_is_taken_off_the_list_and_out_of_the_leaders_name(town: Town) -> None:
    await proposed(town)
    account = town.channel.account
    async with town.talk.database.transaction() as session:
        await proposing.forget_member(session, MemberKey("fake", account, "e1"))
    (proposal,) = await town.proposals()
    assert "e1" not in proposal.members
    assert len(proposal.members) == 9
    await town.talk.verify(("林姐", "同意", told("林姐", "准备")), room="")
    await town.make()
    assert "e1" not in town.channel.rooms[town.channel.made[0]].members
    async with town.talk.database.transaction() as session:
        assert await proposing.forget_member(session, MemberKey("fake", account, LEADER)) == 1
    assert await town.proposals() == []


async def test_quiet_hours_keep_the_proposal_for_the_next_day(town: Town) -> None:
    await town.ask(EAST, EAST_NAMES, ASKED)
    await town.ask(WEST, WEST_NAMES, ASKED)
    town.talk.clock.advance(3600 * 5)
    assert await town.look() == []
    town.talk.clock.advance(3600 * 10)
    assert len(await town.look()) == 1


async def test_a_question_about_an_order_is_meant_when_it_is_the_newer_one(town: Town) -> None:
    await town.talk.verify(("林姐", "开团 周末水果\n1. 丹东草莓 59.9元", sees("开团啦")), room=EAST)
    await proposed(town)
    town.talk.clock.advance(60)
    await town.talk.verify(("林姐", "截单", told("林姐", "确认")), ("林姐", "不用", told("林姐")), room="")
    assert [one.state for one in await town.proposals()] == ["proposed"], "the order's question was the newer one"
    await town.talk.verify(("林姐", "不用", told("林姐", "不建了")), room="")


async def test_a_proposal_is_meant_when_it_is_newer_than_a_question_about_an_order(town: Town) -> None:
    await town.talk.verify(("林姐", "开团 周末水果\n1. 丹东草莓 59.9元", sees("开团啦")), room=EAST)
    await town.ask(EAST, EAST_NAMES, ASKED)
    await town.ask(WEST, WEST_NAMES, ASKED)
    await town.talk.verify(("林姐", "截单", told("林姐", "确认")), room="")
    assert len(await town.look()) == 1
    await town.talk.verify(("林姐", "同意", told("林姐", TOPIC, "准备")), room="")
    assert [one.state for one in await town.proposals()] == ["agreed"]


async def test_a_number_is_a_proposal_and_never_a_question_about_an_order(town: Town) -> None:
    await town.talk.verify(("林姐", "开团 周末水果\n1. 丹东草莓 59.9元", sees("开团啦")), room=EAST)
    await proposed(town)
    town.talk.clock.advance(60)
    await town.talk.verify(
        ("林姐", "截单", told("林姐", "确认")), ("林姐", "同意 1", told("林姐", TOPIC, "准备")), room=""
    )


async def test_the_look_is_planned_once_a_day_unless_it_is_switched_off(town: Town) -> None:
    chosen = town.talk.settings
    plans = [plan for plan in Program(chosen, town.talk.parts)._plans() if plan.kind == GROUP_PROPOSALS]
    assert [plan.schedule for plan in plans] == [parse_schedule("10:00", chosen.zone)]
    off = chosen.groups.proposals.model_copy(update={"enabled": False})
    quiet = chosen.model_copy(update={"groups": chosen.groups.model_copy(update={"proposals": off})})
    assert not [plan for plan in Program(quiet, town.talk.parts)._plans() if plan.kind == GROUP_PROPOSALS]
