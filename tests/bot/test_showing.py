"""Words that show products: 推荐, 不推, 置顶, 全部商品."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import update
from sqlmodel import col

from catalog.models import GONE, Product
from core.database import execute
from core.outcomes import SendState
from tests.bot.conftest import MakeTalk
from tests.bot.conversation import CATS, FRUIT, MOTHERS, NOTHING, Conversation, Seen, later, sees, told
from tests.bot.fake_channel import shown

NIGHT = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)  # 23:00 in Shanghai


async def listed(talk: Conversation, who: str, text: str) -> str:
    """Return the list that somebody gets in private; the room sees nothing."""
    talk.channel.sent.clear()
    await talk.say(who, text)
    (sent,) = talk.channel.sent
    assert (sent.room_id, sent.contact_id) == ("", talk.member_id(who))
    return shown(sent)


def goods(text: str) -> list[str]:
    """Return the lines of a list that name a product with its price."""
    return [line for line in text.splitlines() if re.match(r"(?:[A-Z]\d+|·) .* 元", line)]


async def test_the_leader_has_something_shown_and_it_can_be_ordered(talk: Conversation) -> None:
    await talk.verify(
        ("林姐", "推荐 草莓", sees("林姐推荐草莓", "草莓", "元", "林姐的团购助手千群", "退订", "编号"), "command/done"),
        ("小美", "A1 2份", sees("✓ 小美", "草莓"), "order/applied"),
    )


@pytest.mark.parametrize("level", [0, 1, 2, 3])
async def test_what_the_leader_asks_for_is_shown_at_every_level(talk: Conversation, level: int) -> None:
    await talk.verify(("林姐", f"级别 {level}", sees("级")), ("林姐", "推荐 草莓", sees("林姐推荐草莓")))


async def test_neither_pause_nor_the_night_holds_back_what_the_leader_asks_for(talk: Conversation) -> None:
    talk.clock.set(NIGHT)
    await talk.verify(
        ("林姐", "暂停", sees("暂停")),
        ("林姐", "推荐 草莓", sees("林姐推荐草莓")),
        ("林姐", "推荐 草莓", sees("林姐推荐草莓")),
        ("林姐", "推荐 大米", sees("林姐推荐大米")),
    )


async def test_what_is_not_delivered_here_is_not_shown_for_the_leader_either(talk: Conversation) -> None:
    await talk.verify(("杰哥", "推荐 草莓", sees("草莓", without=("丹东99草莓", "红颜草莓"))), room=CATS)


async def test_when_nothing_fits_the_leader_alone_is_told(talk: Conversation) -> None:
    await talk.verify(
        ("林姐", "推荐 飞机", told("林姐", "没有找到", "飞机", FRUIT), "command/done"),
        ("林姐", "推荐 哈哈哈", told("林姐", "没有找到")),
        ("林姐", "不推 草莓", sees("不再推“草莓”")),
        ("林姐", "推荐 草莓", told("林姐", "没有找到", "草莓")),
    )
    assert await talk.outbox("recommendation") == []


async def test_a_bare_recommendation_gets_a_line_of_help(talk: Conversation) -> None:
    await talk.verify(("林姐", "推荐", sees("推荐 草莓"), "command/unknown_word"), ("小美", "推荐", NOTHING))


async def test_a_members_recommendation_is_talk_and_perhaps_a_need(talk: Conversation) -> None:
    await talk.verify(
        ("小美", "推荐 草莓", sees("小美 问了草莓"), "need/pushed"),
        ("阿强", "@千群 推荐点大米", sees("阿强 问了大米"), "need/pushed"),
        ("老周", "@千群 推荐一款洗衣液", sees("老周 问了洗衣液"), "need/pushed"),
    )


async def test_in_private_the_leader_names_the_group_behind_the_goods(talk_with: MakeTalk) -> None:
    talk = await talk_with()
    both = (told("林姐", "马上发", FRUIT), sees("林姐推荐草莓", room=FRUIT))
    await talk.verify(("林姐", "推荐 草莓", both), ("林姐", f"推荐 草莓 {FRUIT}", both), room="")
    await talk.verify(("小美", "推荐 草莓", NOTHING, "command/refused_role"), room="")


async def test_what_was_just_recommended_is_not_pushed_again_at_once(talk: Conversation) -> None:
    await talk.verify(
        ("林姐", "推荐 草莓", sees("林姐推荐草莓")),
        later(minutes=1),
        ("小美", "有草莓吗", NOTHING, "need/held/already_offered"),
    )


async def test_a_recommendation_of_goods_that_went_meanwhile_is_held(talk: Conversation) -> None:
    await talk.take(talk.message("林姐", "推荐 草莓"))
    (row,) = await talk.outbox("recommendation")
    async with talk.database.transaction() as session:
        chosen = col(Product.id) == row.about_products[0]
        await execute(session, update(Product).where(chosen).values(state=GONE))
    assert await talk.send() == []
    (row,) = await talk.outbox("recommendation")
    assert (row.state, row.reason) == (SendState.HELD, "product_gone")


async def test_excluded_goods_are_not_pushed_until_the_leader_takes_it_back(talk: Conversation) -> None:
    await talk.verify(
        ("林姐", "不推 草莓", sees("不再推“草莓”", "在卖的有", "取消不推 草莓"), "command/done"),
        ("小美", "有草莓吗", NOTHING, "need/unmet"),
        ("林姐", "不推", sees("现在不推：草莓", "不推 榴莲")),
        ("林姐", "取消不推 草莓", sees("又可以推“草莓”")),
        ("小美", "有草莓吗", sees("草莓"), "need/pushed"),
        ("林姐", "取消不推 草莓", sees("没有不推“草莓”")),
    )
    await talk.verify(("豆豆妈", "有草莓吗", sees("草莓")), room=MOTHERS)


async def test_an_exclusion_survives_a_restart(talk: Conversation) -> None:
    await talk.verify(("林姐", "不推 草莓", sees("不再推")))
    talk.start()
    await talk.verify(("小美", "有草莓吗", NOTHING, "need/unmet"))


async def test_a_product_is_excluded_by_the_code_of_a_push(talk: Conversation) -> None:
    await talk.verify(("小美", "有草莓吗", sees("草莓")))
    (push,) = await talk.pushes()
    first = push.products[0]["product"]
    title = next(row["title"] for row in talk.shop.rows if row["id"] == first)
    await talk.verify(
        ("林姐", "不推 a1", sees(f"不再推“{title}”", "在卖的有 1 样")),
        later(hours=7),
    )
    talk.clock.set(datetime(2026, 11, 23, 3, tzinfo=UTC))
    await talk.verify(
        ("老周", "有草莓吗", sees("草莓", without=(title,))),
        ("林姐", "取消不推 A1", sees(f"又可以推“{title}”")),
    )


async def test_a_product_is_pinned_by_its_suppliers_number(talk: Conversation) -> None:
    row = next(row for row in talk.shop.rows if "草莓" in row["title"])
    key = f"{row['supplier']}/{row['supplier_product_id']}"
    await talk.verify(
        ("林姐", f"置顶 {key.lower()}", sees(f"优先推“{row['title']}”", "在卖的有 1 样", "取消置顶")),
        ("林姐", f"取消置顶 {key}", sees("不再置顶")),
    )


async def test_a_rule_that_meets_nothing_warns(talk: Conversation) -> None:
    await talk.verify(
        ("林姐", "不推 仙豆", sees("注意", "没有对得上")),
        ("林姐", "置顶 飞机模型", sees("注意", "没有对得上")),
        ("林姐", "置顶", sees("现在置顶：飞机模型")),
    )


async def test_to_pin_what_was_excluded_shows_it_again(talk: Conversation) -> None:
    await talk.verify(
        ("林姐", "不推 草莓", sees("不再推")),
        ("林姐", "置顶 草莓", sees("优先推“草莓”")),
        ("小美", "有草莓吗", sees("草莓"), "need/pushed"),
    )


async def test_a_rule_of_the_configuration_is_not_taken_back_by_word(talk_with: MakeTalk) -> None:
    talk = await talk_with(groups={"rooms": [{"topic": FRUIT, "leader": "lin", "excluded": ["榴莲"]}]})
    await talk.verify(("林姐", "取消不推 榴莲", sees("写在配置里")))


async def test_members_may_set_no_rules(talk: Conversation) -> None:
    await talk.verify(
        ("小美", "不推 草莓", NOTHING, "ignored/talk"),
        ("小美", "置顶 草莓", NOTHING, "command/refused_role"),
        ("小美", "取消置顶 草莓", NOTHING, "command/refused_role"),
    )


async def test_the_neutral_list_comes_in_private_with_all_it_owes(talk: Conversation) -> None:
    text = await listed(talk, "小美", "全部商品")
    for fact in (
        FRUIT,
        "新的在前",
        "第 1 页",
        "全部商品 2",
        "全部商品 按销量",
        "林姐的团购助手千群",
        "退订",
        "谁来看都是这一份",
    ):
        assert fact in text
    assert len(goods(text)) == 10


async def test_the_list_is_the_same_for_everybody_whatever_they_refused_or_ordered(talk: Conversation) -> None:
    texts = [await listed(talk, who, "全部商品") for who in ("小美", "老周", "林姐")]
    await talk.verify(("老周", "关闭个性化", sees("已关闭")), ("老周", "有草莓吗", sees("草莓")))
    await talk.say("老周", "A1 2份")
    coded = [await listed(talk, who, "全部商品 按时间") for who in ("小美", "老周")]
    assert len(set(texts)) == 1
    assert len(set(coded)) == 1
    prices = [re.sub(r"^\S+", "", line) for line in goods(texts[0])]
    assert prices == [re.sub(r"^\S+", "", line) for line in goods(coded[0])]


def on_sale_here(row: dict[str, Any], now: datetime) -> bool:
    """Tell by the feed's own columns whether a product is sold and delivered in 阳光小区 now."""
    area = not row["neighbourhoods"] or "阳光小区" in row["neighbourhoods"]
    begun = row["on_sale_from"] is None or row["on_sale_from"] <= now
    ended = row["on_sale_to"] is not None and row["on_sale_to"] <= now
    return area and begun and not ended and row["state"] == "on_sale" and row["stock"] != 0


async def every_page(talk: Conversation, who: str) -> list[str]:
    """Return the pages of the list, as long as each says that there is another."""
    pages: list[str] = []
    while not pages or f"“全部商品 {len(pages) + 1}”" in pages[-1]:
        pages.append(await listed(talk, who, f"全部商品 {len(pages) + 1}"))
    return pages


async def test_the_pages_hold_every_product_that_may_be_shown_here_once(talk: Conversation) -> None:
    pages = await every_page(talk, "小美")
    lines = [line for page in pages for line in goods(page)]
    assert len(set(lines)) == len(lines)
    assert all(len(goods(page)) == 10 for page in pages[:-1])
    forbidden = talk.settings.recommender.forbidden_words
    here = [
        row
        for row in talk.shop.rows
        if on_sale_here(row, talk.clock.now()) and not any(word in row["title"] + row["category"] for word in forbidden)
    ]
    assert len(lines) == len(here)
    newest_first = sorted(here, key=lambda row: row["id"], reverse=True)
    assert [row["title"] for row, line in zip(newest_first, lines, strict=True) if f" {row['title']}" not in line] == []
    assert await listed(talk, "小美", "全部商品 999") == pages[-1]
    assert "下一页" not in pages[-1]


async def test_the_list_leaves_out_what_is_excluded_or_not_delivered(talk: Conversation) -> None:
    await talk.verify(("林姐", "不推 草莓", sees("不再推")))
    everything = "".join(await every_page(talk, "小美"))
    assert "草莓" not in everything
    elsewhere = [row for row in talk.shop.rows if row["neighbourhoods"] and "阳光小区" not in row["neighbourhoods"]]
    assert elsewhere
    assert [row["title"] for row in elsewhere if f" {row['title']}" in everything] == []


async def test_by_sales_what_this_group_ordered_most_comes_first_with_its_code(talk: Conversation) -> None:
    await talk.verify(
        ("小美", "有草莓吗", sees("草莓")), ("小美", "A2 3份", sees("✓ 小美")), ("老周", "A1 1份", sees("✓ 老周"))
    )
    lines = goods(await listed(talk, "阿强", "全部商品 按销量"))
    assert [line.split()[0] for line in lines[:2]] == ["A2", "A1"]
    assert "A2" in await listed(talk, "阿强", "全部商品 按销量 1")
    talk.room = MOTHERS
    other = goods(await listed(talk, "苏珊", "全部商品 按销量"))
    assert other == goods(await listed(talk, "苏珊", "全部商品"))


async def test_the_list_is_a_right_at_every_level_and_when_paused(talk: Conversation) -> None:
    await talk.verify(
        ("林姐", "级别 0", sees("0 级")), ("林姐", "暂停", sees("暂停")), ("小美", "退订", sees("已退订"))
    )
    assert goods(await listed(talk, "小美", "全部商品"))


async def test_in_private_a_member_of_several_groups_names_one(talk: Conversation) -> None:
    which: Seen = told("豆豆妈", "全部商品 " + FRUIT, MOTHERS)
    await talk.verify(
        ("豆豆妈", "全部商品", which, "command/unknown_word"),
        ("豆豆妈", "全部商品 2 宝妈", told("豆豆妈", MOTHERS, "第 2 页"), "command/done"),
        ("小美", "全部商品", told("小美", FRUIT)),
        ("路人", "全部商品", told("路人", "没有找到您的群")),
        room="",
    )


@pytest.mark.parametrize("text", ["全部商品都涨价了", "全部商品 都涨价了", "所有商品 打折吗", "全部商品 按"])
async def test_talk_about_all_goods_is_no_word(talk: Conversation, text: str) -> None:
    await talk.verify(("小美", text, NOTHING))
