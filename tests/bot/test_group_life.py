"""拆群, 并入, 搬到, 停用本群, 启用本群: each asks first; what a group was stays readable."""

from __future__ import annotations

import pytest_asyncio

from core.messages import MemberLeft
from groups.repository import standing
from groups.state import LabelKind, LabelSource, Role
from recommender.digest import write_digests
from tests.bot.conftest import MakeTalk
from tests.bot.conversation import NOTHING, later, sees, told
from tests.bot.opening import EAST, EASTERS, GOODS, LEADER, WEST, Town

ASKED = f"有{GOODS}吗"
EAST_NAMES = list(EASTERS.values())
EAST_ROOM, WEST_ROOM = "room-east", "room-west"


@pytest_asyncio.fixture
async def town(talk_with: MakeTalk) -> Town:
    town = Town(await talk_with(groups={"default_level": 4}))
    await town.enter()
    return town


async def merged(town: Town) -> None:
    await town.talk.verify(
        ("林姐", f"@千群 并入 {WEST}", sees(f"并入“{WEST}”", "同意")),
        ("林姐", "同意", sees(f"已把“{EAST}”并入“{WEST}”")),
        room=EAST,
    )


async def test_a_retired_group_is_not_read_and_nothing_is_said_there_but_words_and_rights(town: Town) -> None:
    await town.talk.verify(
        ("林姐", "停用本群", sees("不再看群里的消息", "“同意”")),
        ("东邻1", "有草莓吗", sees("草莓"), "need/pushed"),
        ("林姐", "同意", sees("已停用", "启用本群")),
        later(minutes=20),
        ("东邻2", "有草莓吗", NOTHING, "ignored/group_off"),
        ("东邻2", "帮助", NOTHING, "ignored/group_off"),
        ("东邻2", "退订", sees("已退订")),
        ("林姐", "级别", sees("0 到 4")),
        ("林姐", "停用本群", sees("已经停用了")),
        room=EAST,
    )
    state = await town.group(EAST_ROOM)
    assert (state.retired, state.level) == (True, 4)
    await town.talk.verify(
        ("林姐", "启用本群", sees("像停用以前一样", "“同意”")),
        ("林姐", "同意", sees("已启用", "4 级")),
        ("东邻3", "有蓝莓吗", sees("蓝莓"), "need/pushed"),
        ("林姐", "启用本群", sees("没有停用")),
        room=EAST,
    )


async def test_a_push_that_waited_does_not_reach_a_group_that_was_retired_meanwhile(town: Town) -> None:
    town.talk.room = EAST
    await town.talk.take(town.talk.message("东邻1", "有草莓吗"))
    await town.talk.verify(room=EAST)
    for text in ("停用本群", "同意"):
        await town.talk.take(town.talk.message("林姐", text))
    await town.talk.send()
    (push,) = await town.talk.outbox("push")
    assert (push.state, push.reason) == ("held", "retired")


async def test_a_refusal_keeps_everything_as_it_is(town: Town) -> None:
    await town.talk.verify(
        ("林姐", "停用本群", sees("“不用”")),
        ("林姐", "不用", sees("不停了")),
        ("林姐", f"@千群 并入 {WEST}", sees("同意")),
        ("林姐", "不用", sees("不并了")),
        ("东邻1", "有草莓吗", sees("草莓")),
        room=EAST,
    )


async def test_members_and_assistants_cannot_give_these_words(town: Town) -> None:
    for text in ("@千群 停用本群", f"@千群 并入 {WEST}", f"@千群 拆群 {GOODS}", f"@千群 搬到 {WEST}"):
        await town.talk.verify(("东邻1", text, NOTHING), room=EAST)
    await town.appoint("e2", EAST_ROOM)
    for text in ("停用本群", f"@千群 并入 {WEST}", f"@千群 拆群 {GOODS}"):
        await town.talk.verify(("东邻2", text, NOTHING, "command/refused_role"), room=EAST)
    assert await town.proposals() == []


async def test_to_a_room_that_is_not_addressed_it_is_talk(town: Town) -> None:
    await town.talk.verify(("林姐", "搬到 三楼", NOTHING), ("林姐", f"并入 {WEST}", NOTHING), room=EAST)
    assert await town.proposals() == []


async def test_a_merger_needs_another_group_of_the_leader(town: Town) -> None:
    await town.talk.verify(
        ("林姐", "@千群 并入 没有的群", sees("没有找到", WEST)),
        ("林姐", f"@千群 并入 {EAST}", sees("就是这个群")),
        ("林姐", "@千群 并入 星河湾宝妈群", sees("没有找到"), "command/done"),
        room=EAST,
    )
    assert await town.proposals() == [], "a group of another leader is not offered"


async def test_opt_outs_go_along_with_a_merger_and_are_said_once_more_in_the_old_room(town: Town) -> None:
    await town.talk.verify(("东邻1", "退订", sees("已退订")), room=EAST)
    await merged(town)
    west = await town.group(WEST_ROOM)
    assert west.unsubscribed("e1")
    assert not west.members["e1"].present
    assert not west.unsubscribed("e2")
    await town.talk.verify(("东邻2", "退订", sees("已退订")), room=EAST)
    assert (await town.group(WEST_ROOM)).unsubscribed("e2"), "said in the room that was given up, it holds in the new"
    town.channel.join(WEST_ROOM, "e1", "东邻1")
    await town.talk.intake.observe(town.channel.seen(WEST_ROOM))
    await town.talk.verify(("东邻1", "有草莓吗", NOTHING, "ignored/member_unsubscribed"), room=WEST)
    town.restart()
    await town.talk.verify(("东邻1", "有草莓吗", NOTHING, "ignored/member_unsubscribed"), room=WEST)


async def test_open_offers_run_on_in_the_successor_with_one_book(town: Town) -> None:
    opening = "开团 周末水果\n1. 丹东草莓 3斤 59.9元\n2. 蓝莓 45元 库存30"
    await town.talk.verify(
        ("林姐", opening, sees("开团啦")), ("东邻1", "草莓2份", sees("✓ 东邻1", "丹东草莓 2 份")), room=EAST
    )
    await town.talk.verify(
        ("林姐", f"@千群 并入 {WEST}", sees("同意")),
        ("林姐", "同意", sees("1 个没截单的团在那边接着收")),
        ("东邻2", "蓝莓1份", NOTHING),
        room=EAST,
    )
    await town.talk.verify(
        ("西邻1", "蓝莓1份", sees("✓ 西邻1", "蓝莓 1 份")),
        ("林姐", "统计", sees("2 人已订 3 份")),
        room=WEST,
    )
    town.restart()
    await town.talk.verify(("西邻2", "草莓1份", sees("✓ 西邻2")), room=WEST)


async def test_orders_of_before_are_found_in_the_successor(town: Town) -> None:
    await town.talk.verify(
        ("林姐", "开团 周末水果\n1. 丹东草莓 59.9元", sees("开团啦")),
        ("西邻1", "有人吗", NOTHING),
        ("东邻1", "草莓2份", sees("✓ 东邻1")),
        ("林姐", "截单", sees("确认")),
        ("林姐", "确认", sees("截单了")),
        room=EAST,
    )
    await merged(town)
    town.channel.join(WEST_ROOM, "e1", "东邻1")
    await town.talk.intake.observe(town.channel.seen(WEST_ROOM))
    await town.talk.verify(("东邻1", "我的订单", sees("周末水果", "丹东草莓")), room=WEST)


async def test_needs_of_before_are_told_in_the_successor(town: Town) -> None:
    await town.ask(EAST, EAST_NAMES[:3], ASKED)
    await merged(town)
    town.talk.clock.advance(60)
    await town.talk.verify(("林姐", "需求", sees(GOODS)), room=WEST)
    async with town.talk.database.transaction() as session:
        assert await write_digests(session, town.talk.clock.now()) == 1
    (digest,) = await town.talk.outbox("digest")
    assert WEST in digest.text
    assert EAST not in digest.text
    assert GOODS in digest.text


async def test_needs_of_before_count_for_a_new_group_in_the_successor(town: Town) -> None:
    await town.ask(EAST, EAST_NAMES, ASKED)
    await merged(town)
    for member in EASTERS:
        town.channel.join(WEST_ROOM, member, EASTERS[member])
    await town.talk.intake.observe(town.channel.seen(WEST_ROOM))
    town.talk.settings = town.talk.settings.model_copy(
        update={
            "groups": town.talk.settings.groups.model_copy(
                update={
                    "proposals": town.talk.settings.groups.proposals.model_copy(
                        update={"least_members": 5, "least_groups": 1}
                    )
                }
            )
        }
    )
    (text,) = await town.look()
    assert "5 位" in text


async def test_a_group_that_moves_takes_its_settings_along(town: Town) -> None:
    await town.appoint("e2", EAST_ROOM)
    await town.talk.verify(
        ("林姐", "级别 3", sees("3 级")),
        ("林姐", "标签 加 宠物", sees("已加上")),
        ("林姐", "标签 加 阳光小区", sees("已加上")),
        ("东邻1", "退订", sees("已退订")),
        room=EAST,
    )
    town.channel.join(WEST_ROOM, "e2", "东邻2")
    await town.talk.intake.observe(town.channel.seen(WEST_ROOM))
    await town.talk.verify(
        ("林姐", f"@千群 搬到 {WEST}", sees("级别", "退订", "同意")),
        ("林姐", "同意", sees(f"“{EAST}”已搬到“{WEST}”")),
        room=EAST,
    )
    west = await town.group(WEST_ROOM)
    assert (west.level, west.leader_id, west.retired) == (3, LEADER, False)
    assert west.categories == ("宠物",)
    assert "阳光小区" in west.neighbourhoods
    assert west.unsubscribed("e1")
    assert west.members["e2"].role is Role.ASSISTANT
    old = await town.group(EAST_ROOM)
    assert (old.retired, old.successor_id) == (True, west.id)
    assert old.categories == ("宠物",), "what it was stays readable"


async def test_in_private_the_groups_are_named(town: Town) -> None:
    await town.talk.verify(
        ("林姐", f"并入 {WEST}", told("林姐", "并入", EAST, WEST)),
        ("林姐", f"{EAST} 并入 {WEST}", told("林姐", f"把“{EAST}”并入“{WEST}”", "同意")),
        ("林姐", "同意", told("林姐", "已把")),
        ("林姐", f"启用本群 {EAST}", told("林姐", f"启用“{EAST}”", f"“{WEST}”照旧")),
        ("林姐", "同意", told("林姐", "已启用")),
        ("林姐", f"停用本群 {WEST}", told("林姐", f"停用“{WEST}”")),
        ("林姐", "不用", told("林姐", "不停了")),
        room="",
    )
    east = await town.group(EAST_ROOM)
    assert (east.retired, east.successor_id) == (False, None)


async def test_a_target_that_is_gone_or_retired_before_the_word_voids_it(town: Town) -> None:
    await town.talk.verify(("林姐", f"@千群 并入 {WEST}", sees("同意")), room=EAST)
    await town.talk.intake.observe(MemberLeft("fake", town.channel.account, WEST_ROOM, town.channel.account))
    await town.talk.verify(("林姐", "同意", sees("没有办成", "要去的群")), room=EAST)
    assert not (await town.group(EAST_ROOM)).retired
    assert [one.state for one in await town.proposals()] == ["void"]


async def test_a_retired_target_is_refused_at_once(town: Town) -> None:
    await town.talk.verify(("林姐", "停用本群", sees("同意")), ("林姐", "同意", sees("已停用")), room=WEST)
    await town.talk.verify(("林姐", f"@千群 并入 {WEST}", sees("已经停用了", "启用本群")), room=EAST)
    await town.talk.verify(("林姐", f"@千群 搬到 {EAST}", sees("这个群已经停用了")), room=WEST)


async def test_a_group_is_split_for_those_who_asked(town: Town) -> None:
    await town.ask(EAST, EAST_NAMES[:4], ASKED)
    await town.talk.verify(("东邻4", "退订", sees("已退订")), room=EAST)
    await town.talk.verify(
        ("林姐", f"@千群 拆群 {GOODS}", sees("3 位群友", GOODS, "同意", without=("东邻",))),
        ("林姐", "同意", sees("准备")),
        room=EAST,
    )
    await town.make()
    (room_id,) = town.channel.made
    assert set(town.channel.rooms[room_id].members) == {LEADER, "e1", "e2", "e3"}
    state = await town.group(room_id)
    assert state.leader_id == LEADER
    assert any(label.source is LabelSource.LEADER and label.kind is not LabelKind.PERSON for label in state.labels)
    assert state.unsubscribed("e4"), "who refused in the group is not read in a part of it"
    assert not (await town.group(EAST_ROOM)).retired
    assert any("建好了" in text for text in await town.told())


async def test_a_split_for_too_few_or_for_nothing_is_told(town: Town) -> None:
    await town.ask(EAST, EAST_NAMES[:2], ASKED)
    await town.talk.verify(
        ("林姐", f"@千群 拆群 {GOODS}", sees("只有 2 位", "至少 3 位")),
        ("林姐", "@千群 拆群", sees("拆群 猫粮")),
        room=EAST,
    )
    assert await town.proposals() == []


async def test_asking_again_replaces_the_question(town: Town) -> None:
    await town.talk.verify(
        ("林姐", "停用本群", sees("“同意”")),
        ("林姐", f"@千群 并入 {WEST}", sees("“同意”")),
        ("林姐", "同意", sees("已把")),
        ("林姐", "同意", NOTHING),
        room=EAST,
    )
    assert [one.state for one in await town.proposals()] == ["void", "done"]


async def test_a_question_is_forgotten_after_a_day(town: Town) -> None:
    await town.talk.verify(
        ("林姐", "停用本群", sees("同意")),
        later(hours=25),
        ("林姐", "同意", NOTHING),
        room=EAST,
    )
    assert not (await town.group(EAST_ROOM)).retired


async def test_the_guard_reads_a_retirement_from_the_database(town: Town) -> None:
    await town.talk.verify(("林姐", "停用本群", sees("同意")), ("林姐", "同意", sees("已停用")), room=EAST)
    state = await town.group(EAST_ROOM)
    async with town.talk.database.reading() as session:
        found = await standing(session, state.id or 0)
    assert found is not None
    assert found.retired
