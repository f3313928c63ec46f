"""Groups looked at again: on the leader's word, every day by itself, and what of it people are told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import insert
from sqlmodel import select
from structlog.testing import capture_logs

from bot.channels.local.repository import ChatLog
from bot.jobs import program_jobs
from bot.segmentation import Segmentation
from bot.segmentation_notices import write_notices
from core.database import execute
from core.inbox import CONTROL
from groups import repository as group_store
from groups.models import LabelChange
from groups.state import GroupKey, GroupState
from orders.models import OfferItem, OfferRecord, OrderLine
from recommender.models import NeedRecord
from scheduler import repository as due_work
from scheduler.jobs import RELABEL
from scheduler.tick import Scheduler
from tests.bot.conftest import MakeTalk
from tests.bot.conversation import CATS, FRUIT, NOTHING, Conversation, sees, told
from tests.bot.fake_channel import FakeRoom

QUIET = "姐妹们的小店"
PEOPLE = ("tiantian", "mianhua", "abu", "qiuqiu", "jiege")


def key(topic: str, talk: Conversation) -> GroupKey:
    return GroupKey(talk.channel.name, talk.channel.account, talk.room_id(topic))


async def state(talk: Conversation, topic: str) -> GroupState:
    async with talk.database.reading() as session:
        return (await group_store.load(session, [key(topic, talk)]))[key(topic, talk)]


async def asked(talk: Conversation, topic: str, terms: Sequence[str], people: Sequence[str] = PEOPLE) -> None:
    """Put needs into the database: each of these, of one person after the other."""
    group_id = (await state(talk, topic)).id
    async with talk.database.transaction() as session:
        known = len((await session.exec(select(NeedRecord))).all())
        rows = [
            {
                "inbox_id": 100_000 + known + place,
                "group_id": group_id,
                "member": people[place % len(people)],
                "need_class": "want",
                "terms": [term],
                "category": "",
                "detail": {},
                "state": "unmet",
                "at": talk.clock.now() - timedelta(hours=1),
            }
            for place, term in enumerate(terms)
        ]
        await execute(session, insert(NeedRecord), rows)


async def ordered(talk: Conversation, topic: str, **names: str) -> None:
    """Put order lines into the database: who, and what stands beside the name."""
    group_id, now = (await state(talk, topic)).id, talk.clock.now()
    async with talk.database.transaction() as session:
        offer = OfferRecord(
            kind="leader", state="open", title="团", channel="c", account="a", created_at=now, changed_at=now
        )
        session.add(offer)
        await session.flush()
        item = OfferItem(offer_id=offer.id or 0, position=1, code="1", title="丹东草莓")
        session.add(item)
        await session.flush()
        for who, name in names.items():
            line: dict[str, Any] = {"offer_id": offer.id, "item_id": item.id, "group_id": group_id, "at": now}
            session.add(OrderLine(**line, member=who, name=name, quantity=Decimal(1)))


async def quiet_room(talk: Conversation) -> None:
    """Add a room whose topic and room names say nothing."""
    members = {who: (f"邻居{who}", "") for who in PEOPLE}
    room = FakeRoom("room-quiet", QUIET, "jiege", members)
    talk.channel.rooms[room.id] = room
    await talk.intake.observe(talk.channel.seen(room.id))
    await talk.send()
    talk.channel.sent.clear()


CAT_FOOD = ["猫粮", "猫砂", "猫条", "猫罐头", "豆腐猫砂", "幼猫粮", "猫抓板", "猫窝", "狗粮", "逗猫棒"]


async def relabel(talk: Conversation, *, hours: float = 0) -> list[str]:
    """Let the scheduler look again at every group; return what leaders are told, each in private."""
    talk.clock.advance(hours * 3600)
    talk.channel.sent.clear()
    async with talk.database.transaction() as session:
        await due_work.add(session, RELABEL, "", talk.clock.now())
    kinds = {RELABEL: program_jobs(talk.settings, talk.parts.storefront, ChatLog(talk.database))[RELABEL]}
    await Scheduler(talk.settings.scheduler, talk.database, talk.clock, kinds, lambda: []).run_due()
    while await talk.lane.drain():
        pass
    return [f"{message.contact_id}: {message.text}" for message in await talk.send()]


async def test_a_leader_asks_to_look_again_and_hears_what_changed_and_why(talk: Conversation) -> None:
    await quiet_room(talk)
    await asked(talk, QUIET, CAT_FOOD)
    await talk.verify(
        ("杰哥", "更新标签", sees("加上 品类“宠物”（看大家想买和下单的东西）", "标签 删"), "command/done"),
        ("杰哥", "标签", sees("品类：宠物")),
        ("杰哥", "更新标签", sees("没有变化"), "command/done"),
        ("阿布", "更新标签", NOTHING, "command/refused_role"),
        room=QUIET,
    )


async def test_a_leader_asks_in_private_about_one_of_their_groups(talk: Conversation) -> None:
    await quiet_room(talk)
    await talk.verify(
        ("杰哥", f"更新标签 {QUIET}", told("杰哥", QUIET, "没有变化", "只有 0 条")),
        ("杰哥", "更新标签", told("杰哥", "请带上群名", "更新标签 枫林苑猫奴群")),
        room="",
    )


async def test_too_little_evidence_is_said_and_no_category_guessed(talk: Conversation) -> None:
    await quiet_room(talk)
    await asked(talk, QUIET, CAT_FOOD[:7])
    await talk.verify(("杰哥", "更新标签", sees("没有变化", "只有 7 条", "至少要 8 条")), room=QUIET)
    await asked(talk, QUIET, CAT_FOOD, people=("abu",))
    await talk.verify(("杰哥", "更新标签", sees("加上 品类“宠物”")), room=QUIET)


async def test_needs_of_few_people_or_of_many_kinds_are_no_category(talk: Conversation) -> None:
    await quiet_room(talk)
    await asked(talk, QUIET, CAT_FOOD, people=("abu", "qiuqiu"))
    await talk.verify(("杰哥", "更新标签", sees("只来自 2 个人", "至少要 3 个人")), room=QUIET)
    await asked(talk, QUIET, ["草莓", "洗衣液", "铅笔", "拖鞋", "牛奶", "排骨", "酱油", "口红", "豆腐", "鲜花"] * 2)
    await talk.verify(("杰哥", "更新标签", sees("大家要的东西很杂")), room=QUIET)


async def test_needs_of_who_opted_out_since_do_not_count(talk: Conversation) -> None:
    await quiet_room(talk)
    await asked(talk, QUIET, CAT_FOOD, people=("abu", "qiuqiu", "mianhua"))
    await talk.verify(
        ("阿布", "退订", sees("退订")),
        ("杰哥", "更新标签", sees("没有变化", "只有 6 条")),
        room=QUIET,
    )


async def test_places_in_orders_name_the_neighbourhood(talk: Conversation) -> None:
    await quiet_room(talk)
    await ordered(talk, QUIET, abu="枫林苑4栋-阿布", qiuqiu="枫林苑2栋", mianhua="枫林苑 棉花糖", jiege="杰哥")
    (text,) = await relabel(talk)
    assert "加上 小区“枫林苑”（看订单里写的地方）" in text
    assert (await state(talk, QUIET)).neighbourhoods == ("枫林苑",)


async def test_what_changed_by_itself_is_told_each_leader_once_and_only_what_changed(talk: Conversation) -> None:
    await quiet_room(talk)
    assert await relabel(talk, hours=14) == []
    await asked(talk, QUIET, CAT_FOOD)
    await ordered(talk, QUIET, abu="枫林苑4栋-阿布", qiuqiu="枫林苑2栋", mianhua="枫林苑 棉花糖")
    (text,) = await relabel(talk, hours=24)
    assert text.startswith("jiege: ")
    for fact in (f"“{QUIET}”", "加上 品类“宠物”（看大家想买和下单的东西）", "加上 小区“枫林苑”（看订单里写的地方）"):
        assert fact in text
    assert "栋" not in text
    assert await relabel(talk, hours=24) == []
    assert (await state(talk, QUIET)).categories == ("宠物",)


async def test_a_leader_of_several_groups_gets_one_message(talk: Conversation) -> None:
    await quiet_room(talk)
    await asked(talk, QUIET, CAT_FOOD)
    talk.channel.rooms["room-cats"] = replace(talk.channel.rooms["room-cats"], topic="枫林苑水果群")
    await talk.intake.observe(talk.channel.seen("room-cats"))
    (text,) = await relabel(talk, hours=14)
    assert f"“{QUIET}”：" in text
    assert "“枫林苑水果群”：" in text
    assert "加上 品类“水果”（看群名，群名改了）" in text
    assert "去掉 品类“宠物”" in text
    assert "小区" not in text, "configuration named it before, the topic does now: nothing changed for anybody"


async def test_quiet_hours_hold_the_message_and_level_0_gets_none(talk: Conversation) -> None:
    await quiet_room(talk)
    await asked(talk, QUIET, CAT_FOOD)
    await talk.verify(("杰哥", "级别 0", sees("0")), room=QUIET)
    assert await relabel(talk, hours=14) == []
    assert (await state(talk, QUIET)).categories == ("宠物",)
    await talk.verify(("杰哥", "级别 4", sees("4")), room=QUIET)
    await ordered(talk, QUIET, abu="枫林苑4栋", qiuqiu="枫林苑2栋", mianhua="枫林苑1栋")
    assert await relabel(talk, hours=14) == []  # eleven at night
    (row,) = await talk.outbox("digest")
    assert (row.state, row.reason) == ("held", "quiet_hours")


async def test_the_job_run_twice_for_one_time_tells_and_changes_nothing_more(talk: Conversation) -> None:
    await quiet_room(talk)
    await asked(talk, QUIET, CAT_FOOD)
    due = talk.clock.now()
    segmentation = Segmentation.of(talk.settings.groups)
    for _ in range(2):  # the first died after its groups and before its message
        await segmentation.run(talk.database, due)
    for expected in (1, 1):
        async with talk.database.transaction() as session:
            assert await write_notices(session, due) == expected
    assert len(await talk.outbox("digest")) == 1
    async with talk.database.reading() as session:
        rows = (await session.exec(select(LabelChange).where(LabelChange.source == "needs"))).all()
    assert [(row.value, row.what, row.cause) for row in rows] == [("宠物", "added", "drift")]


async def test_a_dry_run_stores_nothing_and_lanes_hear_of_a_real_one(talk: Conversation) -> None:
    await quiet_room(talk)
    await asked(talk, QUIET, CAT_FOOD)
    segmentation = Segmentation.of(talk.settings.groups)
    (look,) = await segmentation.run(talk.database, talk.clock.now(), dry=True)
    assert [one.value for one in look.turned] == ["宠物"]
    assert (await state(talk, QUIET)).categories == ()
    await talk.verify(("杰哥", "标签", sees("品类：不限")), room=QUIET)  # the lane has the group in memory
    await segmentation.run(talk.database, talk.clock.now())
    assert sum(row.channel == CONTROL and row.state == "pending" for row in await talk.inbox()) == 1
    await talk.verify(("杰哥", "标签", sees("品类：宠物")), room=QUIET)


async def test_what_was_learned_rests_and_the_leaders_word_does_not_wait(talk: Conversation) -> None:
    await quiet_room(talk)
    await asked(talk, QUIET, CAT_FOOD)
    await relabel(talk, hours=14)
    fruit = ["草莓", "蓝莓", "苹果", "橙子", "葡萄", "西瓜", "桃子", "香蕉", "车厘子", "芒果"] * 4
    await asked(talk, QUIET, fruit)
    assert await relabel(talk, hours=24) == []
    assert (await state(talk, QUIET)).categories == ("宠物",)
    await talk.verify(
        ("杰哥", "更新标签", sees("去掉 品类“宠物”", "加上 品类“水果”")),
        room=QUIET,
    )


async def test_a_leader_gives_and_takes_finer_attributes(talk: Conversation) -> None:
    await talk.verify(
        ("林姐", "标签 加 宠物=猫", sees("已加上标签“宠物=猫”")),
        ("林姐", "标签 加 运动 跑步", sees("已加上标签“运动=跑步”")),
        ("林姐", "标签", sees("宠物：猫", "运动：跑步", "品类：水果")),
        ("林姐", "标签 删 宠物=猫", sees("已去掉标签“宠物=猫”")),
        ("林姐", "标签 删 宠物=猫", sees("没有标签“宠物=猫”")),
        ("林姐", "标签 加 星座=狮子", sees("不认识", "宠物", "运动", "管理员")),
        ("林姐", "标签 加 宠物", sees("已加上标签“宠物”")),
        ("小美", "标签 加 宠物=狗", NOTHING, "command/refused_role"),
        room=FRUIT,
    )
    found = await state(talk, FRUIT)
    assert found.attributes == {"运动": ("跑步",)}
    assert found.categories == ("宠物", "水果")


async def test_attributes_come_from_the_topic_and_the_leader_may_contradict(talk: Conversation) -> None:
    assert (await state(talk, CATS)).attributes == {"宠物": ("猫",)}
    await talk.verify(
        ("杰哥", "标签", sees("宠物：猫")),
        ("杰哥", "标签 删 宠物=猫", sees("已去掉")),
        ("杰哥", "更新标签", sees("没有变化")),
        ("杰哥", "标签", sees("品类：宠物", without=("宠物：猫",))),
        room=CATS,
    )


async def test_many_room_names_changed_at_once_are_a_cause_and_one_is_not(talk: Conversation) -> None:
    await quiet_room(talk)
    room = talk.channel.rooms["room-quiet"]

    async def renamed(place: str, count: int) -> tuple[str, ...]:
        changed = {
            who: (name, f"{place}{number}栋" if number < count else old)
            for number, (who, (name, old)) in enumerate(talk.channel.rooms[room.id].members.items())
        }
        talk.channel.rooms[room.id] = replace(room, members=changed)
        await talk.intake.observe(talk.channel.seen(room.id))
        return (await state(talk, QUIET)).neighbourhoods

    assert await renamed("枫林苑", 3) == ("枫林苑",)
    talk.clock.advance(86_400)
    assert await renamed("星河湾", 4) == ("星河湾",)
    async with talk.database.reading() as session:
        rows = (await session.exec(select(LabelChange).where(LabelChange.source == "room_names"))).all()
    assert {row.cause for row in rows} == {"room_names"}


async def test_a_damaged_model_file_is_said_once_and_the_packaged_one_reads(
    talk_with: MakeTalk, tmp_path: Path
) -> None:
    path = tmp_path / "model.json"
    path.write_text("{}", encoding="utf-8")
    talk = await talk_with(groups={"segmentation": {"category_model": path}})
    await quiet_room(talk)
    await asked(talk, QUIET, CAT_FOOD)
    with capture_logs() as logs:
        await talk.verify(
            ("杰哥", "更新标签", sees("加上 品类“宠物”")), ("杰哥", "更新标签", sees("没有变化")), room=QUIET
        )
    assert [log["event"] for log in logs if log["log_level"] == "warning"] == ["category_model.unusable"]
