"""Whole group-buys, from the opening to the hand-over, as conversations."""

from __future__ import annotations

import re
from dataclasses import replace

from bot.channels.local.repository import ChatLog
from bot.jobs import program_jobs
from core.messages import Quote
from scheduler.jobs import OFFER_TURN
from scheduler.tick import Scheduler
from tests.bot.conversation import BOT, FRUIT, MOTHERS, NOTHING, Conversation, later, sees
from tests.bot.fake_channel import shown
from tests.orders.chain_messages import chain_xml

OPENING = """开团 周末水果
1. 丹东草莓 3斤 59.9元 限购5
2. 蓝莓 45元 库存30
3. 沃柑 5斤 29.9元／2份55元
满3份成团
截单 今晚8点
自提 南门驿站 明天下午"""
HEAD = "#接龙\n周末水果"
RUNNING = ("林姐", OPENING, sees("开团啦", "周末水果", "1. 丹东草莓", "59.9", "8 点截单"), "command/done")


async def turn(talk: Conversation) -> list[str]:
    """Let the scheduler do what is due by the clock; return what the groups and members are sent then."""
    jobs = program_jobs(talk.settings, talk.parts.storefront, ChatLog(talk.database))
    wanted = {OFFER_TURN: jobs[OFFER_TURN]}
    await Scheduler(talk.settings.scheduler, talk.database, talk.clock, wanted, lambda: []).run_due()
    return [shown(message) for message in await talk.send()]


async def hear(talk: Conversation, who: str, text: str, *expected: str, outcome: str = "", quote: str = "") -> str:
    """Let somebody say something that brings one text with these facts; return it."""
    talk.channel.sent.clear()
    await talk.say(who, text, **({"quote": Quote(BOT, quote)} if quote else {}))
    assert len(talk.channel.sent) == 1, talk.channel.sent
    answer = shown(talk.channel.sent[0])
    assert [fact for fact in expected if fact not in answer] == [], answer
    assert not outcome or await talk.outcome() == outcome, await talk.outcome()
    return answer


async def in_private(talk: Conversation, who: str, text: str, *expected: str) -> str:
    talk.room = ""
    answer = await hear(talk, who, text, *expected)
    talk.room = FRUIT
    assert talk.channel.sent[0].contact_id == talk.member_id(who)
    return answer


async def test_a_whole_group_buy(talk: Conversation) -> None:
    chain = chain_xml(HEAD, [("laozhou", "老周 蓝莓2份"), ("aqiang", "阿强 沃柑1份")])
    await talk.verify(
        RUNNING,
        ("小美", "草莓2份", sees("✓ 小美", "丹东草莓 2 份", "119.8 元"), "order/applied"),
        ("老周", chain, sees("老周", "蓝莓 2 份", "90 元", "阿强", "沃柑 1 份"), "order/chain_applied"),
        ("老周", chain, NOTHING, "ignored/duplicate"),
        ("陈姨", "要3号两份，少放冰", sees("✓ 陈姨", "沃柑 2 份", "55 元"), "order/applied"),
        ("小美", "谢谢林姐", NOTHING),
        ("小美", "改成3份", sees("✓ 小美", "丹东草莓", "3 份", "179.7 元"), "order/applied"),
        (
            "林姐",
            "统计",
            sees("小美：丹东草莓 ×3", "老周：蓝莓 ×2", "4 人已订 8 份", without=("3栋502",)),
            "command/done",
        ),
        ("林姐", "到货", sees("没有能到货的团"), "command/unknown_word"),
        later(hours=1),
    )
    (closed,) = await turn(talk)
    assert "截单了" in closed
    assert "丹东草莓 3 份" in closed
    assert await turn(talk) == []
    await talk.verify(
        ("豆豆妈", "草莓1份", sees("豆豆妈", "已经截单"), "ask/after_closing"),
        ("小美", "已付", sees("小美", "等团长确认"), "order/payment_claimed"),
        ("林姐", "收款 小美", sees("小美", "已收款", "3 人没付"), "command/done"),
        ("林姐", "到货", sees("到货啦", "南门驿站"), "command/done"),
        ("小美", "我的订单", sees("丹东草莓 ×3", "私聊"), "command/done"),
    )
    mine = await in_private(talk, "小美", "我的订单", "丹东草莓", "取货码")
    code = re.search(r"取货码\D{0,6}([A-Z0-9]{4,})", mine)
    assert code is not None, mine
    await talk.verify(
        ("林姐", f"核销 {code[1]}", sees("小美", "丹东草莓 ×3 份"), "command/done"),
        ("林姐", f"核销 {code[1]}", sees("小美", "已经"), "command/done"),
    )
    talk.channel.sent.clear()
    await talk.say("林姐", "导出")
    (file,) = [message.file for message in talk.channel.sent if message.file]
    assert file.name.endswith(".xlsx")
    assert file.content[:2] == b"PK"
    assert all(message.contact_id == "lin" for message in talk.channel.sent if message.file)
    await talk.verify(
        ("林姐", "核销 老周", sees("老周"), "command/done"),
        ("林姐", "核销 阿强", sees("阿强"), "command/done"),
        ("林姐", "核销 陈姨", sees("陈姨", "全部取完"), "command/done"),
    )


async def test_a_push_can_be_ordered_by_its_code_and_by_a_reply(talk: Conversation) -> None:
    push = await hear(talk, "小美", "有草莓吗", "A1", outcome="need/pushed")
    await talk.verify(("老周", "A1 2份", sees("✓ 老周", "2 "), "order/applied"))
    await hear(talk, "陈姨", "+1", "陈姨", outcome="ask/several_items", quote=push)
    await talk.verify(("陈姨", "A2", sees("✓ 陈姨", " 1 "), "order/applied"))


async def test_plus_one_to_a_push_of_one_product(talk: Conversation) -> None:
    push = await hear(talk, "小美", "有蓝莓吗", "A1", outcome="need/pushed")
    await hear(talk, "老周", "+1", "✓ 老周", "蓝莓", "1 ", outcome="order/applied", quote=push)


async def test_two_groups_share_one_stock(talk: Conversation) -> None:
    mothers = talk.room_id(MOTHERS)
    room = talk.channel.rooms[mothers]
    talk.channel.rooms[mothers] = replace(room, owner="lin", members={**room.members, "lin": ("林姐", "林姐")})
    await talk.intake.observe(talk.channel.seen(mothers))
    await talk.send()
    opening = f"开团 车厘子团\n1. 车厘子 88元 库存3\n截单 今晚8点\n群 {FRUIT}、{MOTHERS}"
    await talk.verify(
        ("林姐", opening, (sees("车厘子团"), sees("车厘子团", room=MOTHERS)), "command/done"),
        ("小美", "+2", sees("✓ 小美", "车厘子 2 份"), "order/applied"),
        room=FRUIT,
    )
    await talk.verify(
        ("安安妈", "车厘子2份", sees("安安妈", "只剩 1 份"), "ask/over_stock"),
        ("安安妈", "1份", sees("✓ 安安妈", "车厘子 1 份"), "order/applied"),
        ("米糖", "+1", sees("米糖", "没"), "ask/over_stock"),
        room=MOTHERS,
    )
    await talk.verify(
        ("小美", "取消1份", sees("✓ 小美", "车厘子", "还有 1 份"), "order/cancelled"),
        ("老周", "+1", sees("✓ 老周"), "order/applied"),
        room=FRUIT,
    )
    talk.clock.advance(3600)
    talk.channel.sent.clear()
    assert len(await turn(talk)) == 2
    assert {message.room_id for message in talk.channel.sent} == {talk.room_id(FRUIT), mothers}


async def test_what_is_unclear_is_asked_once_and_the_next_message_answers(talk: Conversation) -> None:
    await talk.verify(
        RUNNING,
        ("老周", "我要两份", sees("老周", "哪一个", "1 丹东草莓", "3 沃柑"), "ask/several_items"),
        ("小美", "今天真冷", NOTHING),
        ("老周", "沃柑", sees("✓ 老周", "沃柑 2 份", "55 元"), "order/applied"),
        ("老周", "沃柑", NOTHING),
        ("陈姨", "沃柑半斤", sees("陈姨", "几份"), "ask/unit_mismatch"),
        ("陈姨", "1份", sees("✓ 陈姨", "沃柑 1 份"), "order/applied"),
        ("阿强", "蓝莓40份", sees("阿强", "只剩 30"), "ask/over_stock"),
        ("阿强", "10份", sees("✓ 阿强", "蓝莓 10 份"), "order/applied"),
        ("小美", "草莓6份", sees("小美", "5"), "ask/over_limit"),
        ("豆豆妈", "要一份", sees("豆豆妈", "哪一个"), "ask/several_items"),
        later(hours=0.5),
        ("豆豆妈", "好的", NOTHING),
    )


async def test_a_recalled_order_is_asked_about(talk: Conversation) -> None:
    await talk.verify(RUNNING)
    order = await talk.say("小美", "草莓2份")
    talk.channel.sent.clear()
    await talk.take(talk.channel.recall(order))
    await talk.send()
    (asked,) = talk.channel.sent
    assert "小美" in shown(asked)
    await talk.verify(
        ("林姐", "统计", sees("小美：丹东草莓 ×2")),
        ("小美", "是的", sees("✓ 小美", "丹东草莓 已取消"), "order/cancelled"),
        ("小美", "是的", NOTHING),
    )


async def test_the_leader_undoes_what_was_heard_wrongly(talk: Conversation) -> None:
    await talk.verify(
        RUNNING,
        ("小美", "草莓2份", sees("✓ 小美")),
        ("老周", "沃柑2份", sees("✓ 老周")),
        ("林姐", "撤销 小美", sees("已撤销", "小美：丹东草莓 已取消"), "command/done"),
        ("林姐", "撤销", sees("已撤销", "老周：沃柑 已取消"), "command/done"),
        ("林姐", "代 陈姨 沃柑2份", sees("✓ 陈姨", "沃柑 2 份", "团长"), "command/done"),
        ("林姐", "统计", sees("陈姨：沃柑 ×2", "1 人已订 2 份", without=("小美", "老周"))),
    )


async def test_a_leaders_word_from_a_member_is_nothing(talk: Conversation) -> None:
    await talk.verify(RUNNING, ("小美", "草莓2份", sees("✓ 小美")))
    words = ("撤销", "核销 小美", "统计", "截单", "到货", "导出", "收款 小美", "改价 1 1元", "取消团", OPENING)
    await talk.verify(*[("老周", word, NOTHING) for word in words])
    await talk.verify(("林姐", "统计", sees("小美：丹东草莓 ×2", "1 人已订 2 份")))


async def test_at_level_0_nobody_orders(talk: Conversation) -> None:
    await talk.verify(
        RUNNING,
        ("林姐", "级别 0", sees("0 级")),
        ("小美", "草莓2份", NOTHING, "ignored/group_off"),
        ("小美", "我的订单", NOTHING, "ignored/group_off"),
        ("林姐", "统计", sees("周末水果", without=("小美",)), "command/done"),
        ("林姐", "级别 4", sees("4 级")),
        ("小美", "草莓2份", sees("✓ 小美"), "order/applied"),
    )


async def test_who_wants_no_recommendations_may_still_order(talk: Conversation) -> None:
    await talk.verify(
        RUNNING,
        ("小美", "退订", sees("已退订")),
        ("小美", "有蓝莓吗", NOTHING),
        ("小美", "草莓2份", sees("✓", "丹东草莓 2 份"), "order/applied"),
    )


async def test_what_was_written_in_time_and_comes_late_is_the_leaders_to_decide(talk: Conversation) -> None:
    await talk.verify(RUNNING, ("老周", "蓝莓3份", sees("✓ 老周")))
    late = talk.message("小美", "草莓2份")
    talk.clock.advance(3600)
    await turn(talk)
    talk.channel.sent.clear()
    await talk.take(late)
    await talk.send()
    (asked,) = talk.channel.sent
    assert asked.contact_id == "lin"
    assert "小美" in shown(asked)
    await talk.verify(
        ("小美", "确认", NOTHING),
        ("林姐", "同意", sees("✓ 小美", "丹东草莓 2 份"), "command/done"),
        ("林姐", "统计", sees("小美：丹东草莓 ×2", "老周：蓝莓 ×3")),
    )


async def test_a_restart_forgets_nothing(talk: Conversation) -> None:
    await talk.verify(RUNNING, ("老周", "我要两份", sees("老周", "哪一个")))
    talk.start()
    await talk.verify(("老周", "沃柑", sees("✓ 老周", "沃柑 2 份"), "order/applied"))
    talk.start()
    await talk.verify(
        ("老周", "沃柑3份", sees("✓ 老周", "改为 3 份", "刚才是 2 份"), "order/restated"),
        ("林姐", "截单", sees("回复“确认”截单")),
    )
    talk.start()
    await talk.verify(("林姐", "确认", sees("截单了"), "command/done"))
    talk.start()
    await talk.verify(("林姐", "到货", sees("到货啦")), ("林姐", "核销 老周", sees("老周", "全部取完"), "command/done"))


async def test_a_message_that_is_delivered_twice_orders_once(talk: Conversation) -> None:
    await talk.verify(RUNNING)
    order = talk.message("小美", "再来一份草莓")
    talk.channel.sent.clear()
    await talk.take(order, order)
    await talk.take(order)
    talk.start()
    await talk.take(order)
    await talk.send()
    assert len(talk.channel.sent) == 1
    await talk.verify(("林姐", "统计", sees("小美：丹东草莓 ×1", "1 人已订 1 份")))
