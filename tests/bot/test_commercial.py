"""Whatever sells something to members says who sends it and how to refuse (电子商务法 18, 个人信息保护法 24)."""

from __future__ import annotations

import pytest

from bot.channels.local.repository import ChatLog
from bot.jobs import program_jobs
from core.outbox import OutboxMessage
from scheduler.tick import Scheduler
from tests.bot.conversation import FRUIT, Conversation
from tests.bot.test_welcome import after, joins

OPENING = "开团 周末水果\n1. 丹东草莓 3斤 59.9元\n2. 蓝莓 45元\n截单 今晚8点"
SALES: dict[str, tuple[str, list[tuple[str, str]]]] = {
    "a push": ("push", [("小美", "有草莓吗")]),
    "a push to who mentions the bot": ("push", [("林姐", "级别 2"), ("小美", "@千群 有草莓吗")]),
    "a suggestion": ("suggestion", [("林姐", "级别 3"), ("小美", "有草莓吗")]),
    "a push that the leader agreed to": ("push", [("林姐", "级别 3"), ("小美", "有草莓吗"), ("林姐", "同意")]),
    "a leader's recommendation": ("recommendation", [("林姐", "推荐 草莓")]),
    "an opened offer": ("offer", [("林姐", OPENING)]),
    "goods added to an offer": ("offer", [("林姐", OPENING), ("林姐", "加品 沃柑 5斤 29.9元")]),
    "a reminder before the closing": ("remind", [("林姐", OPENING), ("小美", "1号2份"), ("林姐", "催单")]),
    "a reminder of the money": (
        "remind",
        [("林姐", OPENING), ("小美", "1号2份"), ("林姐", "截单"), ("林姐", "确认"), ("林姐", "催单")],
    ),
    "the list of all products": ("answer", [("小美", "全部商品")]),
    "the list by sales": ("answer", [("小美", "全部商品 按销量")]),
}


def sells(row: OutboxMessage) -> bool:
    return "团购助手千群" in row.text and "林姐" in row.text and "退订" in row.text


@pytest.mark.parametrize(("kind", "steps"), SALES.values(), ids=SALES.keys())
async def test_it_says_who_sends_it_and_how_to_refuse(
    talk: Conversation, kind: str, steps: list[tuple[str, str]]
) -> None:
    talk.room = FRUIT
    for who, text in steps:
        await talk.say(who, text)
    row = (await talk.outbox(kind))[-1]
    assert row.state == "sent", row.reason
    assert sells(row), row.text


async def test_a_welcome_says_who_speaks_and_how_to_refuse(talk: Conversation) -> None:
    await joins(talk, "圆圆")
    (text,) = await after(talk)
    assert "林姐的团购小助手" in text
    assert "退订" in text


async def test_an_offer_that_opens_at_its_time_says_so_too(talk: Conversation) -> None:
    talk.room = FRUIT
    await talk.say("林姐", "开团 周末水果\n1. 丹东草莓 3斤 59.9元\n开始 今晚8点\n截单 今晚10点")
    talk.clock.advance(3600)
    jobs = program_jobs(talk.settings, talk.parts.storefront, ChatLog(talk.database))
    await Scheduler(talk.settings.scheduler, talk.database, talk.clock, jobs, lambda: []).run_due()
    row = (await talk.outbox("offer"))[-1]
    assert "开团啦" in row.text
    assert "团购助手千群" in row.text
    assert "退订" in row.text
