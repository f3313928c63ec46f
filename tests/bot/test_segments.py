"""What a segment changes is seen in the chat: each effect by a conversation, and what goes before it."""

from __future__ import annotations

import io
from typing import Any

import pytest
from openpyxl import load_workbook

from bot.channels.local.repository import ChatLog
from bot.jobs import program_jobs
from core import outbox
from core.outbox import PRIORITY_UNASKED, Draft
from core.outcomes import SendState
from groups.changes import LabelSet, ProductRuleSet
from groups.settings import RoomSettings
from groups.state import GroupKey, LabelKind, LabelSource, LabelState, ProductRule, RuleKind
from scheduler import repository as due_work
from scheduler.jobs import UNMET_DIGEST
from scheduler.tick import Scheduler
from tests.bot.conftest import MakeTalk
from tests.bot.conversation import CATS, FRUIT, MOTHERS, NOTHING, Conversation, later, sees, told
from tests.bot.fake_channel import shown

SUNSHINE = {"name": "阳光", "when": "小区 = 阳光小区"}
AT_ONCE = {"before_answer": (0, 0), "between_groups": (0, 0), "warm_up_days": 0, "per_minute": 99}
OFFER = """开团 周末水果
1. 丹东草莓 3斤 59.9元
2. 蓝莓 45元
自提 南门驿站"""


def rooms(*tables: dict[str, Any]) -> dict[str, Any]:
    """The demo's rooms by their owners alone, so that nothing but these tables is configured."""
    return {"rooms": tuple(map(RoomSettings.model_validate, tables))}


def key_of(talk: Conversation, topic: str) -> GroupKey:
    return GroupKey(talk.channel.name, talk.channel.account, talk.room_id(topic))


async def label(talk: Conversation, topic: str, value: str, key: str) -> None:
    """Give a group a free label, as whatever learned it would."""
    group = key_of(talk, topic)
    await talk.parts.pipeline.change([LabelSet(group, LabelState(LabelKind.FREE, value, LabelSource.LEADER, 1.0, key))])


async def test_a_segment_adds_neighbourhoods_that_can_be_delivered_to(talk_with: MakeTalk) -> None:
    plain = ("甜甜", "有草莓吗", sees("草莓", without=("丹东99草莓", "红颜草莓")))
    talk = await talk_with(segments=[{"name": "猫", "when": "小区 = 枫林苑", "also_neighbourhoods": ["南门里"]}])
    await talk.verify(("甜甜", "有草莓吗", sees("丹东99草莓", "南门里可送", without=("红颜草莓",))), room=CATS)
    await talk.verify(("豆豆妈", *plain[1:]), room=MOTHERS)  # the segment is not theirs


async def test_a_segment_replaces_what_was_learned_but_not_what_was_configured(talk_with: MakeTalk) -> None:
    segment = {"name": "猫", "when": '群名 ~ "猫奴"', "neighbourhoods": ["阳光小区"]}
    learned = await talk_with(groups=rooms(), segments=[segment])
    await learned.verify(("甜甜", "有草莓吗", sees("丹东99草莓", "红颜草莓", "阳光小区可送")), room=CATS)


async def test_the_configured_neighbourhood_of_a_room_goes_before_a_segment(talk_with: MakeTalk) -> None:
    talk = await talk_with(segments=[{"name": "猫", "when": '群名 ~ "猫奴"', "neighbourhoods": ["阳光小区"]}])
    await talk.verify(("甜甜", "有草莓吗", sees("草莓", without=("丹东99草莓", "红颜草莓", "阳光小区"))), room=CATS)


async def test_the_leaders_word_about_a_neighbourhood_goes_before_a_segment(talk_with: MakeTalk) -> None:
    segment = {"name": "猫", "when": '群名 ~ "猫奴"', "also_neighbourhoods": ["阳光小区"]}
    talk = await talk_with(groups=rooms(), segments=[segment])
    await talk.verify(
        ("甜甜", "有草莓吗", sees("丹东99草莓", "阳光小区可送")),
        ("杰哥", "标签 加 小区 阳光小区", sees("加上")),
        ("杰哥", "标签 删 小区 阳光小区", sees("去掉")),
        room=CATS,
    )
    denied = LabelState(LabelKind.NEIGHBOURHOOD, "阳光小区", LabelSource.LEADER, 0.0)
    await talk.parts.pipeline.change([LabelSet(key_of(talk, CATS), denied)])
    await talk.verify(later(hours=7), ("甜甜", "有榴莲吗", NOTHING), room=CATS)


async def test_a_segment_binds_its_groups_to_categories(talk_with: MakeTalk) -> None:
    talk = await talk_with(segments=[{**SUNSHINE, "categories": ["水果"]}])
    await talk.verify(
        ("小美", "有草莓吗", sees("草莓")),
        ("老周", "有大米吗", NOTHING, "need/unmet"),
        ("林姐", "标签 加 品类 粮油", sees("粮油")),  # the leader's word goes before the segment
        later(minutes=30),
        ("老周", "有大米吗", sees("大米"), "need/pushed"),
        ("阿强", "有车厘子吗", NOTHING, "need/unmet"),
    )


async def test_a_segment_keeps_products_out_unless_the_group_pinned_them(talk_with: MakeTalk) -> None:
    talk = await talk_with(
        segments=[{**SUNSHINE, "excluded": ["榴莲", "草莓"]}, {**SUNSHINE, "name": "又", "excluded": ["米"]}]
    )
    await talk.verify(
        ("小美", "有草莓吗", NOTHING, "need/unmet"),
        ("老周", "有大米吗", NOTHING, "need/unmet"),  # lists of several segments add up
    )
    pin = ProductRule(RuleKind.PINNED, LabelSource.LEADER, text="红颜草莓")
    await talk.parts.pipeline.change([ProductRuleSet(key_of(talk, FRUIT), pin)])
    await talk.verify(later(minutes=30), ("阿强", "有草莓吗", sees("红颜草莓", without=("丹东99草莓",)), "need/pushed"))
    await talk.verify(("豆豆妈", "有草莓吗", sees("草莓")), room=MOTHERS)


async def test_a_segment_pins_products(talk_with: MakeTalk) -> None:
    talk = await talk_with(segments=[{**SUNSHINE, "pinned": ["qingguo/QG1002"]}])
    await talk.verify(("小美", "有草莓吗", sees("草莓")))
    first = talk.channel.sent[0].text.splitlines()[1]
    assert "红颜草莓" in first  # otherwise the cheaper one comes first


async def test_without_a_segment_another_product_comes_first(talk: Conversation) -> None:
    await talk.verify(("小美", "有草莓吗", sees("草莓")))
    assert "红颜草莓" not in talk.channel.sent[0].text.splitlines()[1]


async def test_a_segment_sets_the_threshold_and_the_room_goes_before_it(talk_with: MakeTalk) -> None:
    talk = await talk_with(segments=[{"name": "都", "when": "级别 = 4", "threshold": 1.0}])
    await talk.verify(("小美", "有草莓吗", NOTHING, "need/unmet/below_threshold"))
    room = {"topic": FRUIT, "leader": "lin", "neighbourhoods": ["阳光小区"], "threshold": 0.2}
    talk.settings = talk.settings.model_copy(update={"groups": talk.settings.groups.model_copy(update=rooms(room))})
    talk.start()
    await talk.enter()
    await talk.verify(("老周", "有车厘子吗", sees("车厘子"), "need/pushed"))
    await talk.verify(("豆豆妈", "有草莓吗", NOTHING, "need/unmet/below_threshold"), room=MOTHERS)


async def test_of_two_segments_the_one_of_higher_priority_counts(talk_with: MakeTalk) -> None:
    low = {"name": "低", "when": "小区 = 阳光小区", "threshold": 1.0, "answers_per_day": 1}
    high = {"name": "高", "when": "级别 >= 3", "priority": 5, "threshold": 0.1}
    talk = await talk_with(segments=[low, high])
    await talk.verify(
        ("小美", "有草莓吗", sees("草莓"), "need/pushed"),
        ("老周", "有大米吗", NOTHING, "need/held/cap_group"),  # what the higher one leaves open, the lower one sets
    )


async def test_a_segment_caps_the_answers_of_a_day(talk_with: MakeTalk) -> None:
    talk = await talk_with(segments=[{**SUNSHINE, "answers_per_day": 1}])
    await talk.verify(
        ("小美", "有草莓吗", sees("草莓")),
        ("老周", "有大米吗", NOTHING, "need/held/cap_group"),
        later(hours=14),
        ("老周", "有大米吗", sees("大米"), "need/pushed"),
    )


async def test_a_segment_may_also_allow_more_answers(talk_with: MakeTalk) -> None:
    talk = await talk_with(
        recommender={"limits": True, "answers_per_group_per_day": 1}, segments=[{**SUNSHINE, "answers_per_day": 2}]
    )
    await talk.verify(("小美", "有草莓吗", sees("草莓")), ("老周", "有大米吗", sees("大米")))
    await talk.verify(("豆豆妈", "有草莓吗", sees("草莓")), ("安安妈", "有大米吗", NOTHING), room=MOTHERS)


async def notices(talk: Conversation, topic: str, *names: str) -> list[str]:
    """Let something that nobody asked for wait for a room; return the states these texts end in."""
    async with talk.database.reading() as session:
        group = (await talk.parts.pipeline.office.load(session, [key_of(talk, topic)], talk.clock.now())).popitem()[1]
    drafts = [
        Draft(
            dedupe_key=name,
            channel=talk.channel.name,
            account=talk.channel.account,
            kind="notice",
            text=name,
            priority=PRIORITY_UNASKED,
            group_id=group.group.id,
            room_id=talk.room_id(topic),
            asked=False,
        )
        for name in names
    ]
    async with talk.database.transaction() as session:
        await outbox.enqueue(session, drafts, talk.clock.now())
    await talk.send()
    return [row.reason or row.state for row in await talk.outbox("notice") if row.dedupe_key in names]


async def test_a_segment_caps_what_a_room_hears_unasked_by_what_the_group_is_when_it_is_sent(
    talk_with: MakeTalk,
) -> None:
    talk = await talk_with(
        pacing={
            "enabled": True,
            "before_answer": (0, 0),
            "between_groups": (0, 0),
            "warm_up_days": 0,
            "per_minute": 99,
        },
        segments=[{"name": "安静", "when": "宠物 = 猫", "unasked_per_day": 0}, {**SUNSHINE, "unasked_per_day": 3}],
    )
    talk.clock.advance(25 * 3600)  # the introductions count for a day
    assert await notices(talk, FRUIT, "一", "二", "三", "四") == [*[SendState.SENT] * 3, "cap_group"]
    assert await notices(talk, MOTHERS, "五", "六", "七") == [*[SendState.SENT] * 2, "cap_group"]  # the program's two
    await label(talk, CATS, "狗", "宠物")
    assert await notices(talk, CATS, "八") == ["cap_group"]


async def digest(talk: Conversation) -> list[str]:
    """Let the daily digest be written and sent."""
    jobs = program_jobs(talk.settings, talk.parts.storefront, ChatLog(talk.database))
    talk.channel.sent.clear()
    async with talk.database.transaction() as session:
        await due_work.add(session, UNMET_DIGEST, "", talk.clock.now())
    await Scheduler(
        talk.settings.scheduler, talk.database, talk.clock, {UNMET_DIGEST: jobs[UNMET_DIGEST]}, lambda: []
    ).run_due()
    return [shown(message) for message in await talk.send()]


async def test_a_segment_leaves_its_groups_out_of_the_digest(talk_with: MakeTalk) -> None:
    talk = await talk_with(segments=[{**SUNSHINE, "digest": False}])
    await talk.verify(("小美", "有没有电动螺丝刀卖", NOTHING, "need/unmet"), room=FRUIT)
    await talk.verify(("安安妈", "有没有电动螺丝刀卖", NOTHING, "need/unmet"), room=MOTHERS)
    talk.clock.advance(60)
    (told_to_susan,) = await digest(talk)
    assert MOTHERS in told_to_susan
    assert FRUIT not in told_to_susan


@pytest.mark.parametrize(
    ("wording", "facts"),
    [("standard", "问了草莓，这几样有货"), ("short", "问了草莓，有货"), ("warm", "您问的草莓")],
)
async def test_every_wording_says_who_sends_it_and_how_to_refuse(talk_with: MakeTalk, wording: str, facts: str) -> None:
    talk = await talk_with(segments=[{**SUNSHINE, "wording": wording}])
    await talk.verify(("小美", "有草莓吗", sees("【千群】", "小美", facts, "元", "阳光小区可送", "林姐", "退订", "A1")))
    assert talk.channel.sent[0].text.splitlines()[-1].count("退订") == 1
    await talk.verify(("小美", "A1 1份", sees("小美", "1")))  # what it says to reply is an order


async def test_a_segment_words_what_the_leader_is_asked_about(talk_with: MakeTalk) -> None:
    talk = await talk_with(segments=[{"name": "先问", "when": "级别 = 3", "wording": "warm"}])
    await talk.verify(
        ("林姐", "级别 3", sees("3 级")),
        ("小美", "有草莓吗", told("林姐", "您问的草莓", "同意")),
        ("林姐", "同意", (sees("马上"), sees("您问的草莓", "退订"))),
    )


def column(content: bytes, name: str) -> list[Any]:
    page = load_workbook(io.BytesIO(content))["配货单"]
    place = [cell.value for cell in page[1]].index(name)
    return [row[place] for row in page.iter_rows(min_row=2, values_only=True)][:-1]


@pytest.mark.parametrize(
    ("packing", "buildings", "goods"),
    [
        ("building", ["1栋", "1栋", "3栋", "3栋"], ["丹东草莓", "蓝莓", "丹东草莓", "蓝莓"]),
        ("item", ["1栋", "3栋", "1栋", "3栋"], ["丹东草莓", "丹东草莓", "蓝莓", "蓝莓"]),
        ("person", ["3栋", "3栋", "1栋", "1栋"], ["丹东草莓", "蓝莓", "丹东草莓", "蓝莓"]),
    ],
)
@pytest.mark.parametrize("room", [FRUIT, ""])
async def test_a_segment_orders_the_packing_sheet(
    talk_with: MakeTalk, packing: str, buildings: list[str], goods: list[str], room: str
) -> None:
    talk = await talk_with(segments=[{**SUNSHINE, "packing": packing}])
    talk.channel.rooms[talk.room_id(FRUIT)].members["laozhou"] = ("老周", "老周 1栋1101")
    await talk.enter()
    for who, text in (("林姐", OFFER), ("老周", "草莓1份，蓝莓1份"), ("小美", "草莓1份，蓝莓2份")):
        await talk.say(who, text)
    talk.channel.sent.clear()
    talk.room = room
    await talk.say("林姐", "导出 周末水果")
    (sheet,) = [message.file.content for message in talk.channel.sent if message.file is not None]
    assert (column(sheet, "楼栋"), column(sheet, "商品")) == (buildings, goods)


async def test_a_free_label_decides_from_the_next_message_on(talk_with: MakeTalk) -> None:
    talk = await talk_with(segments=[{"name": "猫", "when": "宠物 in (兔, 狗)", "excluded": ["猫粮"]}])
    await talk.verify(("阿布", "有猫粮吗", sees("猫粮")), room=CATS)
    await label(talk, CATS, "狗", "宠物")
    await talk.verify(later(hours=7), ("甜甜", "有猫粮吗", NOTHING, "need/unmet"), room=CATS)


async def test_messages_that_state_no_need_ask_no_rule(talk_with: MakeTalk, monkeypatch: pytest.MonkeyPatch) -> None:
    talk = await talk_with(segments=[SUNSHINE])
    asked: list[object] = []
    effects = talk.parts.groups.effects
    monkeypatch.setattr(type(talk.parts.groups), "effects", lambda _, state: asked.append(state) or effects(state))
    await talk.verify(("老周", "今晚风好大", NOTHING), ("林姐", "标签", sees("阳光小区")))
    assert asked == []
