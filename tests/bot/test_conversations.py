"""Needs and talk in groups, as conversations."""

from __future__ import annotations

import pytest

from tests.bot.conftest import MakeTalk
from tests.bot.conversation import CATS, FRUIT, MOTHERS, NOTHING, Conversation, later, sees, told
from tests.bot.fake_channel import FakeRoom


async def test_a_need_becomes_a_fitting_product_in_the_group(talk: Conversation) -> None:
    await talk.verify(
        ("小美", "🍓还有吗", sees("小美", "草莓", "元", "阳光小区", "退订", without=("牙膏", "502")), "need/pushed"),
        ("陈姨", "家里大米见底了", sees("陈姨", "大米", "元", "退订"), "need/pushed"),
    )
    await talk.verify(
        (
            "安安妈",
            "求推荐儿童防晒，五十以内",
            sees("安安妈", "儿童防晒", "50", "退订", without=("58", "69")),
            "need/pushed",
        ),
        room=MOTHERS,
    )


@pytest.mark.parametrize(
    "text",
    [
        "今晚风好大，1栋楼下的电动车全倒了",
        "我都快吃完了，你们才下班",
        "你在哪买的票",
        "太贵了不买了",
        "她说想买个锅",
        "哈哈哈哈",
        "收到",
        "[微笑]",
    ],
)
async def test_everyday_talk_is_left_alone(talk: Conversation, text: str) -> None:
    await talk.verify(("老周", text, NOTHING))
    assert await talk.outbox("push", "suggestion") == []


async def test_two_groups_do_not_hear_each_other(talk: Conversation) -> None:
    await talk.verify(("豆豆妈", "有草莓吗", sees("草莓", "豆豆妈")), room=FRUIT)
    await talk.verify(("豆豆妈", "有草莓吗", sees("草莓", "豆豆妈", without=("阳光小区",))), room=MOTHERS)
    await talk.verify(("甜甜", "猫砂快没了", sees("猫砂", "甜甜")), room=CATS)


async def test_a_product_that_is_not_delivered_here_is_not_shown(talk: Conversation) -> None:
    await talk.verify(("甜甜", "有草莓吗", sees("草莓", without=("丹东99草莓", "红颜草莓"))), room=CATS)


async def test_the_levels_of_a_group(talk: Conversation) -> None:
    await talk.verify(
        ("林姐", "级别 0", sees("0 级"), "command/done"),
        ("小美", "有草莓吗", NOTHING, "ignored/group_off"),
        ("小美", "帮助", NOTHING, "ignored/group_off"),
        ("林姐", "级别 1", sees("1 级")),
        ("小美", "有草莓吗", NOTHING, "need/held/level"),
        ("小美", "@千群 有草莓吗", NOTHING, "need/held/level"),
        ("林姐", "级别 2", sees("2 级")),
        ("小美", "有车厘子吗", NOTHING, "need/held/level"),
        ("小美", "@千群 有车厘子吗", sees("车厘子", "小美"), "need/pushed"),
        ("林姐", "级别 4", sees("4 级")),
        ("老周", "有草莓吗", sees("草莓", "老周"), "need/pushed"),
    )


async def test_only_the_leader_sets_the_level(talk: Conversation) -> None:
    await talk.verify(
        ("小美", "级别 0", NOTHING, "command/refused_role"),
        ("林姐", "级别 9", sees("0 到 4"), "command/unknown_word"),
    )


async def test_at_level_3_the_leader_is_asked_and_agrees(talk: Conversation) -> None:
    await talk.verify(
        ("林姐", "级别 3", sees("3 级")),
        ("小美", "有草莓吗", told("林姐", FRUIT, "小美", "草莓", "元", "同意"), "need/suggested"),
    )
    suggested = (await talk.pushes())[0].text
    await talk.verify(("林姐", "同意", (told("林姐", FRUIT), sees("草莓", "小美", "退订", room=FRUIT))), room="")
    (push,) = await talk.outbox("push")
    assert (push.room_id, push.text) == (talk.room_id(FRUIT), suggested)


async def test_at_level_3_the_leader_declines(talk: Conversation) -> None:
    await talk.verify(
        ("林姐", "级别 3", sees("3 级")),
        ("小美", "有草莓吗", told("林姐", "小美", "草莓"), "need/suggested"),
        ("林姐", "不用", sees("不发"), "command/done"),
    )
    assert await talk.outbox("push") == []
    await talk.verify(("林姐", "同意", told("林姐", "没有等您点头")), room="")
    assert await talk.outbox("push") == []


async def test_agreeing_in_the_group_says_it_there(talk: Conversation) -> None:
    await talk.verify(
        ("林姐", "级别 3", sees("3 级")),
        ("老周", "同意", NOTHING, "ignored/talk"),
        ("小美", "有草莓吗", told("林姐", "小美", "草莓"), "need/suggested"),
        ("老周", "同意", NOTHING, "ignored/talk"),
        ("林姐", "同意", (sees("马上发"), sees("草莓", "小美")), "command/done"),
        ("林姐", "同意", NOTHING, "ignored/talk"),
    )


async def test_mentioned_at_level_3_it_answers_at_once(talk: Conversation) -> None:
    await talk.verify(("林姐", "级别 3", sees("3 级")), ("小美", "@千群 有草莓吗", sees("草莓", "小美"), "need/pushed"))


async def test_a_suggestion_that_nobody_answered_in_time_is_over(talk: Conversation) -> None:
    await talk.verify(
        ("林姐", "级别 3", sees("3 级")),
        ("小美", "有草莓吗", told("林姐", "草莓")),
        later(hours=12.1),
        ("林姐", "同意", NOTHING, "ignored/talk"),
    )
    assert await talk.outbox("push") == []


async def test_pause_and_resume(talk: Conversation) -> None:
    await talk.verify(
        ("林姐", "暂停", sees("暂停"), "command/done"),
        ("小美", "有草莓吗", NOTHING, "need/held/paused"),
        ("小美", "恢复", NOTHING, "ignored/talk"),
        ("林姐", "恢复", sees("恢复"), "command/done"),
        ("小美", "有草莓吗", sees("草莓"), "need/pushed"),
    )


async def test_the_night_is_quiet(talk: Conversation) -> None:
    await talk.verify(
        later(hours=3, minutes=1),  # 22:01
        ("小美", "有草莓吗", NOTHING, "need/held/quiet_hours"),
        ("小美", "退订", sees("退订"), "command/done"),
        later(hours=9, minutes=58),  # 07:59
        ("老周", "有草莓吗", NOTHING, "need/held/quiet_hours"),
        later(minutes=2),
        ("老周", "有草莓吗", sees("草莓"), "need/pushed"),
    )


async def test_the_same_member_is_not_answered_again_at_once(talk: Conversation) -> None:
    await talk.verify(
        ("小美", "有草莓吗", sees("草莓")),
        later(minutes=5),
        ("小美", "有纯牛奶吗", NOTHING, "need/held/cap_member"),
        ("老周", "有纯牛奶吗", sees("牛奶", "老周"), "need/pushed"),
        later(minutes=6),
        ("小美", "有车厘子吗", sees("车厘子"), "need/pushed"),
    )


async def test_a_group_has_heard_enough_in_a_day(talk_with: MakeTalk) -> None:
    talk = await talk_with(recommender={"limits": True, "answers_per_group_per_day": 2})
    await talk.verify(
        ("小美", "有草莓吗", sees("草莓")),
        ("老周", "有纯牛奶吗", sees("牛奶")),
        ("阿强", "有车厘子吗", NOTHING, "need/held/cap_group"),
        later(hours=14),  # tomorrow
        ("阿强", "有车厘子吗", sees("车厘子"), "need/pushed"),
    )


async def test_an_account_has_said_enough_in_a_day(talk_with: MakeTalk) -> None:
    talk = await talk_with(recommender={"limits": True, "answers_per_account_per_day": 2})
    await talk.verify(("小美", "有草莓吗", sees("草莓")), room=FRUIT)
    await talk.verify(("安安妈", "有草莓吗", sees("草莓")), room=MOTHERS)
    await talk.verify(("阿布", "猫粮快没了", NOTHING, "need/held/cap_account"), room=CATS)
    await talk.verify(later(hours=14), ("阿布", "猫粮快没了", sees("猫粮"), "need/pushed"))


async def test_what_was_answered_is_not_said_again_at_once(talk: Conversation) -> None:
    await talk.verify(
        ("小美", "有大米吗", sees("大米")),
        later(minutes=10),
        ("老周", "有大米吗", NOTHING),
    )
    assert (await talk.outcome()).startswith("need/held/")


async def test_what_was_shown_lately_is_not_shown_again(talk: Conversation) -> None:
    await talk.verify(("小美", "有五常大米吗", sees("五常")), later(minutes=30))
    (first,) = await talk.pushes()
    await talk.verify(("老周", "有大米吗", sees("大米", without=("五常稻花香",))))
    second = (await talk.pushes())[1]
    shown_first = {entry["product"] for entry in first.products}
    assert shown_first.isdisjoint(entry["product"] for entry in second.products)


async def test_after_the_leaders_own_offer_it_keeps_silent(talk: Conversation) -> None:
    await talk.verify(
        ("林姐", "丹东草莓 59.9元一盒，要的接龙", NOTHING, "ignored/advertisement"),
        later(minutes=2),
        ("小美", "还有草莓吗", NOTHING, "need/held/already_offered"),
        later(minutes=20),
        ("小美", "还有草莓吗", sees("草莓"), "need/pushed"),
    )


async def test_a_need_over_two_messages(talk: Conversation) -> None:
    await talk.verify(
        ("小美", "草莓", NOTHING),
        later(minutes=1),
        ("小美", "哪里有卖啊", sees("草莓", "小美"), "need/pushed"),
        ("老周", "求推荐", NOTHING),
        ("阿强", "今晚风好大", NOTHING),
        ("老周", "小孩用的防晒", sees("儿童防晒", "老周"), "need/pushed"),
    )


async def test_somebody_joins_a_need_that_was_not_answered(talk: Conversation) -> None:
    await talk.verify(
        ("林姐", "暂停", sees("暂停")),
        ("小美", "有草莓吗", NOTHING, "need/held/paused"),
        ("林姐", "恢复", sees("恢复")),
        ("老周", "+1", sees("草莓", "老周"), "need/pushed"),
        ("阿强", "+1", sees("阿强", "哪一个", "A1", "A2"), "ask/several_items"),  # the push can be ordered now
    )


async def test_why_is_answered_to_the_asker_alone(talk: Conversation) -> None:
    await talk.verify(
        ("老周", "为什么推荐", told("老周", "没有"), "command/done"),
        ("小美", "有草莓吗", sees("草莓")),
        ("小美", "为什么推荐", told("小美", "草莓", "阳光小区", "退订"), "command/done"),
    )
    await talk.verify(("小美", "为什么推荐", told("小美", "草莓")), room="")


async def test_the_leader_reads_what_nobody_sells(talk: Conversation) -> None:
    await talk.verify(
        ("林姐", "需求", sees("没有落下的"), "command/done"),
        ("小美", "有人卖轮椅吗", NOTHING, "need/unmet"),
        ("小美", "需求", NOTHING, "command/refused_role"),
        ("林姐", "需求", sees("轮椅"), "command/done"),
    )


async def test_it_is_called_by_its_name(talk: Conversation) -> None:
    await talk.verify(
        ("林姐", "级别 2", sees("2 级")),
        ("小美", "千群，有草莓吗", sees("草莓", "小美"), "need/pushed"),
    )


async def test_a_private_chat_is_not_a_group(talk: Conversation) -> None:
    await talk.verify(
        ("小美", "有草莓吗", NOTHING, "ignored/talk"),
        ("小美", "帮助", told("小美", "退订"), "command/done"),
        ("林姐", "暂停", told("林姐", FRUIT), "command/done"),
        room="",
    )
    await talk.verify(("小美", "有草莓吗", NOTHING, "need/held/paused"), room=FRUIT)


async def test_a_group_exists_from_its_first_message_on(talk: Conversation) -> None:
    talk.channel.rooms["new"] = FakeRoom("new", "桂花巷邻里群", "owner", {"owner": ("阿桂", ""), "xin": ("小新", "")})
    await talk.verify(
        ("小新", "大家好", sees("千群", "退订", "暂停"), "ignored/talk"),
        ("小新", "有草莓吗", sees("草莓", "小新"), "need/pushed"),
        room="桂花巷邻里群",
    )
    assert len(await talk.outbox("introduction")) == 4


async def test_what_is_said_after_a_refusal_is_not_kept(talk: Conversation) -> None:
    await talk.verify(
        ("小美", "退订", sees("退订"), "command/done"),
        ("小美", "有草莓吗，我住3栋502", NOTHING, "ignored/member_unsubscribed"),
        ("老周", "今晚风好大", NOTHING, "ignored/talk"),
    )
    kept = {row.sender_id: (row.text, row.message) for row in await talk.inbox()}
    assert kept["xiaomei"] == ("", {})
    assert kept["laozhou"][0] == "今晚风好大"
