"""What members thought of what they got, as conversations, and how their leader reads of it."""

from __future__ import annotations

from sqlmodel import select

from recommender.digest import write_digests
from recommender.models import Opinion
from tests.bot.conversation import FRUIT, NOTHING, Conversation, later, sees

OPENING = "开团 周末水果\n1. 丹东草莓 3斤 59.9元\n2. 蓝莓 45元 库存30"


async def digest(talk: Conversation) -> str:
    """Return what the leader of the fruit group is told in the evening."""
    async with talk.database.transaction() as session:
        await write_digests(session, talk.clock.now())
    (text,) = [row.text for row in await talk.outbox("digest") if FRUIT in row.text]
    return text


async def test_the_leader_reads_how_many_praised_and_complained_of_what(talk: Conversation) -> None:
    await talk.verify(
        ("小美", "昨天的草莓好甜，孩子抢着吃", NOTHING, "opinion/praise"),
        ("小美", "草莓真不错，还要回购", NOTHING),
        ("老周", "草莓又大又甜，没踩雷", NOTHING, "opinion/praise"),
        ("陈姨", "鸡蛋碎了五个，箱子都湿了", NOTHING, "opinion/complaint"),
        later(hours=1),
    )
    told = await digest(talk)
    assert "大家夸的\n· " + FRUIT + "：草莓 2 人\n" in told
    assert "大家不满意的，麻烦您跟进\n· " + FRUIT + "：鸡蛋 1 人\n" in told


async def test_a_complaint_that_names_nothing_is_about_the_only_thing_that_was_ordered(talk: Conversation) -> None:
    await talk.verify(
        ("林姐", OPENING, sees("开团啦")),
        ("小美", "草莓2份", sees("✓ 小美")),
        later(hours=2),
        ("小美", "送来都烂了，跟图片差太多", NOTHING, "opinion/complaint"),
        ("老周", "少发了一袋，谁管", NOTHING, "opinion/complaint"),
        later(minutes=5),
    )
    told = await digest(talk)
    assert f"{FRUIT}：丹东草莓 1 人，另有 1 人不满意，没提是哪样\n" in told
    async with talk.database.reading() as session:
        about = [opinion.about for opinion in (await session.exec(select(Opinion).order_by("id"))).all()]
    assert about == [[], []]  # the order is looked up for the digest; nothing of it is written to the opinion
