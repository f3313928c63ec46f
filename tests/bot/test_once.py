"""Every stored message has one outcome and one effect, whatever happens around it."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot import pipeline
from bot.lane import BATCH
from bot.stages.turn import Handled, Turn
from core.database import Database
from core.messages import IncomingMessage, MessageKind, Quote
from core.migrate import upgrade
from core.settings import DatabaseSettings
from tests.bot.conftest import MakeTalk
from tests.bot.conversation import CATS, FRUIT, MOTHERS, NOTHING, Conversation, later, sees, told
from tests.bot.shop import Shop

LINES = (
    *(
        "有草莓吗",
        "🍓还有吗",
        "家里大米见底了",
        "求推荐儿童防晒，五十以内",
        "猫粮快没了",
        "有人拼猫砂吗",
        "+1",
        "我也要",
    ),
    *("今晚风好大", "太贵了不买了", "她说想买个锅", "哈哈", "草莓", "哪里有卖啊", "求推荐", "小孩用的", "要便宜点的"),
    *(
        "退订",
        "恢复",
        "暂停",
        "级别 3",
        "级别 4",
        "同意",
        "不用",
        "为什么推荐",
        "需求",
        "帮助",
        "@千群 有草莓吗",
        "有轮椅吗",
    ),
    *("丹东草莓 59.9元一盒，要的接龙", "上次的草莓很甜", "标签 加 水果", "标签 删 水果", "关闭个性化", "收到", ""),
)


def chatter(talk: Conversation, count: int, seed: int) -> list[IncomingMessage]:
    """Return made-up talk in all rooms and in private, at most a few seconds apart."""
    dice = random.Random(seed)  # noqa: S311 - the same talk each time
    messages = []
    for _ in range(count):
        talk.room = dice.choice((FRUIT, FRUIT, MOTHERS, CATS, ""))
        topic = talk.room or dice.choice((FRUIT, MOTHERS, CATS))
        room = talk.channel.rooms[talk.room_id(topic)]
        leader = room.members[room.owner][0]
        who = dice.choice([leader, leader, *(name for name, _ in room.members.values())])
        messages.append(talk.message(who, dice.choice(LINES)))
    return messages


async def effects(talk: Conversation) -> list[Any]:
    """Return everything that handling led to, without times and without ids that only number."""
    inbox = [(row.message_id, row.outcome, row.reason) for row in await talk.inbox()]
    outbox = [(row.dedupe_key, row.kind, row.room_id, row.contact_id, row.text) for row in await talk.outbox()]
    pushes = [(one.inbox_id, one.state, one.products, one.terms) for one in await talk.pushes()]
    return [inbox, sorted(outbox), pushes]


@pytest.mark.parametrize("seed", range(2))
async def test_a_batch_comes_to_the_same_as_one_at_a_time(
    talk: Conversation, shop: Shop, tmp_path: Path, seed: int
) -> None:
    messages = chatter(talk, BATCH, seed)
    for message in messages:
        await talk.take(message)
    assert len({row.reason for row in await talk.inbox()}) > 8, "too little happens to compare"
    other = await Database.open(DatabaseSettings(url=f"sqlite:///{tmp_path}/other.db"))
    await upgrade(other)
    await shop.stock(other)
    twin = Conversation(shop, other, talk.clock, talk.settings)
    twin.channel = talk.channel
    twin.start()
    await twin.enter()
    for message in messages:
        await twin.intake.receive(message)
    assert await twin.lane.drain()
    assert not await twin.lane.drain()
    assert await effects(twin) == await effects(talk)
    await other.close()


async def test_the_same_message_again_has_no_second_effect(talk: Conversation) -> None:
    message = await talk.say("小美", "有草莓吗")
    assert len(talk.channel.sent) == 1
    for _ in range(3):
        assert await talk.intake.receive(message) is False
        assert not await talk.lane.drain()
        await talk.send()
    assert len(talk.channel.sent) == 1
    assert len(await talk.inbox()) == 1


async def test_the_same_transcript_again_changes_nothing(talk_with: MakeTalk) -> None:
    talk = await talk_with()
    messages = chatter(talk, 60, 7)
    await talk.take(*messages)
    await talk.send()
    before, sent = await effects(talk), len(talk.channel.sent)
    await talk.take(*messages)
    await talk.send()
    talk.start()
    await talk.take(*messages)
    await talk.send()
    assert await effects(talk) == before
    assert len(talk.channel.sent) == sent


async def test_a_poisoned_message_does_not_hold_up_the_others(
    talk: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    *others, last = pipeline.STAGES

    async def poisoned(turn: Turn) -> Handled | None:
        if "毒" in turn.text.text:
            raise ZeroDivisionError("as the test asked")
        return await last.answer(turn)

    monkeypatch.setattr(pipeline, "STAGES", (*others, last._replace(answer=poisoned)))
    said = [talk.message("小美", "有草莓吗"), talk.message("老周", "毒"), talk.message("阿强", "有纯牛奶吗")]
    for message in said:
        await talk.intake.receive(message)
    with capture_logs() as logs:
        assert await talk.lane.drain()
    assert [row.reason for row in await talk.inbox()] == ["pushed", "failed", "pushed"]
    assert [entry["row"] for entry in logs if entry["event"] == "message.failed"] == [2]
    assert "毒" not in repr(logs)
    assert len(await talk.send()) == 2
    await talk.verify(later(minutes=1), ("小美", "有车厘子吗", NOTHING, "need/held/cap_member"))


async def test_after_a_restart_it_goes_on_where_it_was(talk: Conversation) -> None:
    await talk.verify(
        ("小美", "有草莓吗", sees("草莓")),
        ("老周", "求推荐", NOTHING),
    )
    talk.start()
    await talk.verify(
        ("小美", "有纯牛奶吗", NOTHING, "need/held/cap_member"),
        ("阿强", "有草莓吗", NOTHING),
        ("小美", "为什么推荐", told("小美", "草莓")),
    )


async def test_a_refinement_finds_its_need_after_a_restart(talk_with: MakeTalk) -> None:
    talk = await talk_with(recommender={"limits": False})
    await talk.verify(("安安妈", "求推荐儿童防晒", sees("儿童防晒")), room=MOTHERS)
    talk.start()
    await talk.verify(("安安妈", "要40以内的", sees("儿童防晒", without=("46.8", "49 ", "58"))))


async def test_caps_of_the_day_hold_after_a_restart(talk_with: MakeTalk) -> None:
    talk = await talk_with(recommender={"answers_per_account_per_day": 2, "answers_per_group_per_day": 1})
    await talk.verify(("小美", "有草莓吗", sees("草莓")), room=FRUIT)
    talk.start()
    await talk.verify(("老周", "有纯牛奶吗", NOTHING, "need/held/cap_group"), room=FRUIT)
    await talk.verify(("安安妈", "有草莓吗", sees("草莓")), room=MOTHERS)
    talk.start()
    await talk.verify(("阿布", "猫粮快没了", NOTHING, "need/held/cap_account"), room=CATS)


async def test_what_is_no_text_of_somebody_else_is_left_alone(talk: Conversation) -> None:
    talk.room = FRUIT
    await talk.say("小美", "有草莓吗", kind=MessageKind.IMAGE)
    assert await talk.outcome() == "ignored/unknown_type"
    await talk.say("小美", "", kind=MessageKind.UNKNOWN)
    assert await talk.outcome() == "ignored/unknown_type"
    await talk.say("小美", "有草莓吗", is_self=True)
    assert await talk.outcome() == "ignored/own_message"
    assert talk.channel.sent == []
    await talk.say("小美", "有草莓吗", kind=MessageKind.UNKNOWN)
    assert await talk.outcome() == "need/pushed"


async def test_a_quoted_text_is_not_the_speakers(talk: Conversation) -> None:
    await talk.say("老周", "哈哈哈", quote=Quote("小美", "有草莓吗"))
    assert (await talk.outcome()).startswith("ignored/")


@pytest.mark.parametrize(
    "text", ["长" * 21_845, "有草莓吗" * 4_000, "😀" * 16_384, "@" * 65_536, "1 2 " * 16_384, "\n" * 65_536]
)
async def test_64_kb_are_stored_whole_and_not_read(talk: Conversation, text: str) -> None:
    await talk.say("小美", text)
    assert await talk.outcome() in {"ignored/too_long", "ignored/unknown_type"}
    assert (await talk.inbox())[0].text == text
    await talk.verify(("老周", "有草莓吗", sees("草莓")))


@pytest.mark.parametrize("text", ["有草莓吗\x00", "有草莓吗\ud800", "\u202e有草莓吗\ufeff", "有\u200b草莓吗"])
async def test_characters_that_no_database_stores_do_not_stop_a_message(talk: Conversation, text: str) -> None:
    await talk.verify(("小美", text, sees("草莓"), "need/pushed"))
