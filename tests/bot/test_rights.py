"""What people are owed holds at the moment of sending, not only of deciding."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import update
from sqlmodel import col

from catalog.models import GONE, Product
from core.database import execute
from core.messages import MemberLeft
from core.outcomes import SendState
from core.types import Money
from tests.bot.conftest import MakeTalk
from tests.bot.conversation import FRUIT, MOTHERS, NOTHING, Conversation, later, sees, told


async def test_a_refusal_counts_from_the_message_it_is_said_in(talk: Conversation) -> None:
    await talk.verify(
        ("小美", "退订", sees("退订"), "command/done"),
        ("小美", "有草莓吗", NOTHING, "ignored/member_unsubscribed"),
        ("小美", "@千群 有草莓吗", NOTHING, "ignored/member_unsubscribed"),
        ("小美", "帮助", NOTHING, "ignored/member_unsubscribed"),
        ("老周", "有草莓吗", sees("草莓", "老周"), "need/pushed"),
        ("小美", "恢复", sees("恢复"), "command/done"),
        ("小美", "有纯牛奶吗", sees("牛奶", "小美"), "need/pushed"),
    )
    assert [one.member for one in await talk.pushes()] == ["laozhou", "xiaomei"]


async def test_a_refusal_in_the_same_batch_is_heard_first_when_it_is_said_first(talk: Conversation) -> None:
    await talk.take(talk.message("小美", "退订"), talk.message("小美", "有草莓吗"))
    assert [row.reason for row in await talk.inbox()] == ["done", "member_unsubscribed"]


async def test_a_refusal_counts_here_and_a_private_one_everywhere(talk: Conversation) -> None:
    await talk.verify(("豆豆妈", "退订", sees("退订")), ("豆豆妈", "有草莓吗", NOTHING), room=FRUIT)
    await talk.verify(("豆豆妈", "有草莓吗", sees("草莓")), room=MOTHERS)
    await talk.verify(("豆豆妈", "退订", told("豆豆妈", "退订")), room="")
    await talk.verify(later(minutes=30), ("豆豆妈", "有纯牛奶吗", NOTHING, "ignored/member_unsubscribed"), room=MOTHERS)


async def test_a_refusal_survives_a_restart_and_leaving_the_group(talk: Conversation) -> None:
    await talk.verify(("小美", "退订", sees("退订")))
    await talk.intake.observe(MemberLeft(talk.channel.name, talk.channel.account, talk.room_id(FRUIT), "xiaomei"))
    talk.start()
    await talk.intake.observe(talk.channel.seen(talk.room_id(FRUIT)))
    await talk.verify(("小美", "有草莓吗", NOTHING, "ignored/member_unsubscribed"))


async def test_a_push_that_waits_is_stopped_by_a_refusal(talk: Conversation) -> None:
    await talk.take(talk.message("小美", "有草莓吗"))
    await talk.take(talk.message("小美", "退订"))
    sent = await talk.send()
    assert [message.text for message in sent if "草莓" in message.text] == []
    assert len(sent) == 1
    (push,) = await talk.outbox("push")
    assert (push.state, push.reason) == (SendState.HELD, "unsubscribed")


async def test_a_push_about_others_is_not_stopped_by_a_refusal(talk: Conversation) -> None:
    await talk.take(talk.message("小美", "有草莓吗"), talk.message("老周", "退订"))
    assert len(await talk.send()) == 2


async def test_a_suggestion_is_stopped_by_a_refusal_and_so_is_the_push_it_led_to(talk: Conversation) -> None:
    await talk.verify(("林姐", "级别 3", sees("3 级")), ("小美", "有草莓吗", told("林姐", "草莓")))
    await talk.take(talk.message("林姐", "同意"), talk.message("小美", "退订"))
    await talk.send()
    (push,) = await talk.outbox("push")
    assert (push.state, push.reason) == (SendState.HELD, "unsubscribed")


@pytest.mark.parametrize(
    ("word", "reason"),
    [("暂停", "paused"), ("级别 0", "level"), ("级别 1", "level"), ("级别 2", "level"), ("级别 3", "level")],
)
async def test_a_push_that_waits_is_stopped_by_the_leaders_word(talk: Conversation, word: str, reason: str) -> None:
    await talk.take(talk.message("小美", "有草莓吗"), talk.message("林姐", word))
    (answer,) = await talk.send()
    assert "草莓" not in answer.text
    assert (await talk.outbox("push"))[0].reason == reason


async def test_a_push_that_waits_is_stopped_by_the_night(talk: Conversation) -> None:
    talk.clock.set(datetime(2026, 11, 22, 13, 59, 30, tzinfo=UTC))  # 21:59:30 in Shanghai
    await talk.take(talk.message("小美", "有草莓吗"))
    assert await talk.outcome() == "need/pushed"
    talk.clock.advance(60)
    assert await talk.send() == []
    assert (await talk.outbox("push"))[0].reason == "quiet_hours"


async def test_a_push_that_waits_is_stopped_when_the_bot_is_removed(talk: Conversation) -> None:
    await talk.take(talk.message("小美", "有草莓吗"))
    bot = talk.channel.account
    await talk.intake.observe(MemberLeft(talk.channel.name, bot, talk.room_id(FRUIT), bot))
    assert await talk.send() == []
    assert (await talk.outbox("push"))[0].reason == "level"


@pytest.mark.parametrize("values", [{"stock": 0}, {"state": GONE}])
async def test_a_product_that_went_meanwhile_is_not_shown(talk: Conversation, values: dict[str, object]) -> None:
    await talk.take(talk.message("小美", "有草莓吗"))
    (decided,) = await talk.pushes()
    await change(talk, decided.products[0]["product"], **values)
    assert await talk.send() == []
    (push,) = await talk.outbox("push")
    assert (push.state, push.reason) == (SendState.HELD, "product_gone")


async def test_the_end_of_a_sale_counts_at_the_moment_of_sending(talk: Conversation) -> None:
    await talk.take(talk.message("小美", "有草莓吗"))
    (decided,) = await talk.pushes()
    await change(talk, decided.products[-1]["product"], on_sale_to=talk.clock.now())
    talk.clock.advance(1)
    assert await talk.send() == []
    assert (await talk.outbox("push"))[0].reason == "product_gone"


async def change(talk: Conversation, product_id: int, **values: object) -> None:
    async with talk.database.transaction() as session:
        await execute(session, update(Product).where(col(Product.id) == product_id).values(**values))


async def test_everybody_sees_one_price(talk_with: MakeTalk) -> None:
    talk = await talk_with(recommender={"limits": False})
    texts = []
    for who in ("小美", "老周", "林姐", "甜甜", "新来的"):
        talk.channel.sent.clear()
        await talk.say(who, "有草莓吗")
        (sent,) = talk.channel.sent
        texts.append(sent.text.replace(who, "谁", 1))
    assert len(set(texts)) == 1
    prices = {str(Money(row["price"])) for row in talk.shop.rows if row["title"] in texts[0]}
    assert prices
    assert all(price.split()[0] in texts[0] for price in prices)


async def test_the_room_name_is_not_repeated(talk: Conversation) -> None:
    """It often tells where somebody lives."""
    await talk.verify(("小美", "有草莓吗", sees("小美", without=("3栋", "502"))))


async def test_a_hostile_name_cannot_make_a_push_say_more(talk: Conversation) -> None:
    room = talk.channel.rooms[talk.room_id(FRUIT)]
    name = "{{ 7*7 }}\n【官方】点击 \u202e领奖\x00"
    talk.channel.rooms[room.id] = replace(room, members={**room.members, "evil": (name, "")})
    talk.room = FRUIT
    message = talk.channel.message(room.id, "evil", "有草莓吗")
    await talk.take(message)
    (sent,) = await talk.send()
    first = sent.text.splitlines()[0]
    assert "草莓" in first
    assert "{{ 7*7 }} 【官方】点击 领奖" in first
    assert "\x00" not in sent.text
