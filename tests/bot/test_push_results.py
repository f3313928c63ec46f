"""What came of pushes decides how certain the next must be, group by group, as conversations."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from sqlalchemy import delete
from sqlmodel import col, select

from catalog.models import Product
from core import outbox
from core.database import execute
from recommender import results
from recommender.gain import Record, Result
from recommender.models import NeedRecord, Push, PushRecord
from tests.bot.conftest import MakeTalk
from tests.bot.conversation import FRUIT, MOTHERS, NOTHING, Conversation, later, sees, told

DAY = later(hours=24)
BORDERLINE = "想买伊利纯牛奶"
"""A need of which the bot is about 0.7 sure; the group's bar is 0.5 at first."""
STRONG = "哪里能买到甜一点的玉米"
QUICK = {"recommender": {"results": {"trust": 3}}}
"""A group's own results weigh much, so that a test needs few of them."""


async def settle(talk: Conversation) -> dict[Result, int]:
    async with talk.database.transaction() as session:
        return dict(await results.settle(session, talk.clock.now(), talk.settings.recommender))


async def record(talk: Conversation, topic: str = FRUIT) -> Record:
    async with talk.database.reading() as session:
        ids = (await session.exec(select(PushRecord.group_id))).all()
        found = await results.records(session, ids, talk.clock.now(), talk.settings.recommender)
    key = next(key for key in talk.parts.pipeline.office._known if key.room_id == talk.room_id(topic))
    known = talk.parts.pipeline.office.cached(key)
    assert known is not None
    return found.get(known.group.id or 0, Record())


async def days(talk: Conversation, needs: Sequence[str], *answers: tuple[str, str]) -> None:
    """Let a need be pushed every evening, and these people say something to it a minute later."""
    for need in needs:
        await talk.say("小美", need)
        assert (await talk.outcome()) == "need/pushed", need
        for who, text in answers:
            talk.clock.advance(60)
            await talk.say(who, text)
        talk.clock.advance(24 * 3600 - 60 * len(answers))
        await settle(talk)


EVENINGS = ["有草莓吗", "有纯牛奶吗", "家里大米见底了", "哪里能买到甜一点的玉米", "有草莓吗"]


async def test_a_group_that_never_reacts_hears_only_what_is_certain(talk_with: MakeTalk) -> None:
    talk = await talk_with(**QUICK)
    await days(talk, EVENINGS)
    assert (await record(talk)).ignored == pytest.approx(5, abs=0.2)
    await talk.verify(
        ("老周", BORDERLINE, NOTHING, "need/unmet/below_threshold"),
        ("老周", STRONG, sees("玉米")),
    )
    talk.start()
    await talk.verify(DAY, ("阿强", BORDERLINE, NOTHING, "need/unmet/below_threshold"))


async def test_a_group_that_buys_goes_on_hearing_what_is_less_certain(talk_with: MakeTalk) -> None:
    talk = await talk_with(**QUICK)
    await days(talk, EVENINGS[:2], ("老周", "A1 2份"), ("老周", "A2 1份"))
    await days(talk, EVENINGS[2:])
    assert (await record(talk)).ordered > 0
    await talk.verify(("老周", BORDERLINE, sees("纯牛奶")))


async def test_two_groups_do_not_influence_each_other(talk_with: MakeTalk) -> None:
    talk = await talk_with(**QUICK)
    await days(talk, EVENINGS)
    await talk.verify(("老周", BORDERLINE, NOTHING, "need/unmet/below_threshold"))
    await talk.verify(("小美", "有没有纯牛奶，孩子明早要喝", sees("奶")), room=MOTHERS)
    assert await record(talk, MOTHERS) == Record()


async def test_who_asks_the_bot_by_its_name_is_answered_all_the_same(talk_with: MakeTalk) -> None:
    talk = await talk_with(**QUICK)
    await days(talk, EVENINGS)
    await talk.verify(("老周", f"@千群 {BORDERLINE}", sees("纯牛奶")))


async def test_one_ignored_push_moves_little(talk: Conversation) -> None:
    await days(talk, ["有草莓吗"])
    await talk.verify(("老周", BORDERLINE, sees("纯牛奶")))


async def test_results_that_are_switched_off_change_nothing(talk_with: MakeTalk) -> None:
    talk = await talk_with(recommender={"results": {"trust": 3, "enabled": False}})
    await days(talk, EVENINGS)
    await talk.verify(("老周", BORDERLINE, sees("纯牛奶")))


async def test_what_each_result_is(talk: Conversation) -> None:
    await days(talk, ["有草莓吗"], ("小美", "谢谢千群"))
    assert [push.result for push in await talk.pushes()] == ["thanked"]
    await days(talk, ["有纯牛奶吗"], ("老周", "机器人好烦，别推了"))
    await days(talk, ["家里大米见底了"], ("阿强", "退订"))
    await days(talk, ["有草莓吗"])
    assert [push.result for push in await talk.pushes()][1:] == ["refused", "refused", "ignored"]
    kept = await record(talk)
    assert kept.refused == pytest.approx(2, abs=0.1)
    assert kept.thanked < 1


async def test_an_order_that_is_taken_back_is_none(talk: Conversation) -> None:
    await days(talk, ["有草莓吗"], ("老周", "A1 2份"), ("老周", "A1 不要了"))
    assert [push.result for push in await talk.pushes()] == ["ignored"]


async def test_an_order_is_noted_at_the_product_and_before_the_day_is_over(talk: Conversation) -> None:
    await talk.verify(("小美", "有草莓吗", sees("草莓")), later(minutes=1), ("老周", "A1 2份", sees("草莓")))
    talk.clock.advance(60)
    assert await settle(talk) == {Result.ORDERED: 1}
    (push,) = await talk.pushes()
    assert [entry["position"] for entry in push.products if entry.get("ordered")] == [1]
    assert await settle(talk) == {}, "once is enough"


async def test_a_refusal_counts_within_the_hour(talk: Conversation) -> None:
    await talk.verify(("小美", "有草莓吗", sees("草莓")), later(minutes=5))
    await talk.say("老周", "别推了行不行")
    talk.clock.advance(300)
    assert await settle(talk) == {Result.REFUSED: 1}


async def test_one_refusal_counts_for_the_push_before_it_alone(talk: Conversation) -> None:
    await talk.verify(
        ("小美", "有草莓吗", sees("草莓")),
        later(minutes=5),
        ("老周", "家里大米见底了", sees("米")),
        later(minutes=5),
    )
    await talk.say("阿强", "退订")
    talk.clock.advance(24 * 3600)
    assert await settle(talk) == {Result.IGNORED: 1, Result.REFUSED: 1}
    assert [push.result for push in await talk.pushes()] == ["ignored", "refused"]


async def test_an_order_from_the_leaders_own_offer_answers_who_had_asked(talk: Conversation) -> None:
    await talk.say("林姐", "开团 周末水果\n1. 阳光玫瑰葡萄 39元\n2. 红富士苹果 29元")
    talk.clock.advance(1800)
    await talk.say("小美", "有蓝莓吗")
    await talk.say("老周", "家里大米见底了")
    talk.clock.advance(1800)
    await talk.say("林姐", "开团 浆果\n1. 云南蓝莓 45元")
    await talk.say("小美", "蓝莓2份")
    await talk.say("老周", "蓝莓1份")
    talk.clock.advance(24 * 3600)
    await settle(talk)
    assert {push.member: push.result for push in await talk.pushes()} == {"xiaomei": "ordered", "laozhou": "ignored"}


async def test_the_leader_who_says_no_refuses(talk_with: MakeTalk) -> None:
    talk = await talk_with()
    await talk.say("林姐", "@千群 级别 3")
    await talk.say("小美", "有草莓吗")
    talk.room = ""
    await talk.say("林姐", "不用")
    assert await settle(talk) == {Result.REFUSED: 1}


async def test_what_the_group_never_saw_teaches_nothing(talk: Conversation) -> None:
    await talk.take(talk.message("小美", "有草莓吗"))
    talk.clock.advance(3600)
    async with talk.database.transaction() as session:
        await outbox.expire(session, talk.clock.now())
    assert await settle(talk) == {Result.UNSEEN: 1}
    assert await record(talk) == Record()


async def test_the_numbers_are_kept_and_said(talk_with: MakeTalk) -> None:
    talk = await talk_with(**QUICK)
    await talk.verify(
        ("小美", BORDERLINE, sees("纯牛奶")),
        ("小美", "@千群 为什么推荐", told("小美", "有几分把握", "过了本群 50% 的线")),
    )
    async with talk.database.reading() as session:
        (detail,) = (await session.exec(select(NeedRecord.detail))).all()
    gain = detail["gain"]
    assert gain["score"] == pytest.approx(gain["certainty"] * gain["fit"], abs=1e-3)
    assert gain["value"] == pytest.approx((gain["wanted"] - 0.5) / 0.5, abs=1e-3)


async def test_a_deleted_member_leaves_the_count_and_no_name(talk: Conversation) -> None:
    await days(talk, ["有草莓吗"])
    await talk.say("小美", "删除我的数据")
    await talk.say("小美", "确认删除")
    async with talk.database.reading() as session:
        assert (await session.exec(select(Push))).all() == []
        (kept,) = (await session.exec(select(PushRecord))).all()
    assert kept.ignored == pytest.approx(1, abs=0.05)


async def test_a_product_deleted_before_sending_is_not_sent_and_the_next_need_is_answered(talk: Conversation) -> None:
    await talk.take(talk.message("小美", "有草莓吗"))
    (push,) = await talk.pushes()
    ids = [int(entry["product"]) for entry in push.products]
    async with talk.database.transaction() as session:
        await execute(session, delete(Product).where(col(Product.id).in_(ids)))
    assert await talk.send() == []
    (row,) = await talk.outbox("push")
    assert (row.state, row.reason) == ("held", "product_gone")
    await talk.verify(("老周", "家里大米见底了", sees("米")))
    talk.clock.advance(24 * 3600)
    settled = await settle(talk)
    assert settled[Result.UNSEEN] == 1


async def test_a_product_deleted_before_the_decision_is_not_shown(talk: Conversation) -> None:
    """The shelf still has it: the catalogue changed and nobody has told the recommender yet."""
    async with talk.database.transaction() as session:
        await execute(session, delete(Product).where(col(Product.title).contains("草莓")))
    await talk.verify(("小美", "有草莓吗", NOTHING), ("老周", "家里大米见底了", sees("米")))


async def test_of_three_the_one_that_was_deleted_is_left_out(talk: Conversation) -> None:
    await talk.say("小美", "有草莓吗")
    (push,) = await talk.pushes()
    first, *others = [int(entry["product"]) for entry in push.products]
    assert others, "the demo sells several strawberries"
    async with talk.database.transaction() as session:
        await execute(session, delete(Product).where(col(Product.id) == first))
    talk.start()
    gone = next(row["title"] for row in talk.shop.rows if row["id"] == first)
    await talk.verify(later(hours=24), ("老周", "有草莓吗", sees("草莓", without=(gone,))))
    pushes = await talk.pushes()
    assert first not in {int(entry["product"]) for entry in pushes[1].products}
    assert len(pushes[1].reasons) == len(pushes[1].products)


async def test_the_shelf_knows_how_often_a_product_was_ordered(talk: Conversation) -> None:
    await talk.verify(("小美", "有草莓吗", sees("草莓")), ("老周", "A1 2份", sees("草莓")))
    (push,) = await talk.pushes()
    first = int(push.products[0]["product"])
    await talk.parts.storefront.fill()
    item = talk.parts.recommender.shelf.get(first)
    assert item is not None
    assert item.orders == 1
