"""What groups, members and leaders read of an offer, word for word."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from core.outcomes import Outcome
from core.text import Normaliser
from orders import lists
from orders.replies import ReplyReader
from orders.saying import closing_words, money_words, quantity_words
from orders.state import Item, Offer, OfferKind, OfferState, Payment, Tier
from orders.table import Table
from tests.orders.books import NOW, SHANGHAI, fruit, neighbours, order


def _said(text: str) -> list[str]:
    return text.split("\n")


def _local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("at", "words"),
    [
        ("2026-11-22T20:00", "今晚 8 点"),
        ("2026-11-22T20:30", "今天 20:30"),
        ("2026-11-22T12:00", "今天中午 12 点"),
        ("2026-11-22T15:00", "今天下午 3 点"),
        ("2026-11-23T00:00", "今晚 24 点"),
        ("2026-11-23T00:30", "明天 0:30"),
        ("2026-11-23T02:00", "明天凌晨 2 点"),
        ("2026-11-23T09:00", "明天上午 9 点"),
        ("2026-11-23T18:30", "明天 18:30"),
        ("2026-11-23T21:00", "明晚 9 点"),
        ("2026-11-24T20:00", "后天晚上 8 点"),
        ("2026-11-25T12:00", "11月25日 12:00"),
        ("2026-12-01T00:00", "11月30日 24:00"),
        ("2026-11-21T20:00", "昨晚 8 点"),
        ("2027-01-05T12:00", "1月5日 12:00"),
        ("2027-08-05T12:00", "2027年8月5日 12:00"),
    ],
)
def test_times_are_said_as_people_say_them(at: str, words: str) -> None:
    assert closing_words(_local(at), NOW, SHANGHAI) == words


def test_two_days_over_new_year_need_no_year() -> None:
    assert closing_words(_local("2027-01-01T20:00"), _local("2026-12-31T09:00"), SHANGHAI) == "明晚 8 点"


def test_numbers_carry_no_idle_zeros() -> None:
    assert [quantity_words(Decimal(text), "斤") for text in ("2.00", "0.50", "100", "0")] == [
        "2 斤", "0.5 斤", "100 斤", "0 斤",
    ]  # fmt: skip
    assert quantity_words(Decimal(2)) == "2 份"
    assert money_words(Decimal("1200.00")) == "1200 元"


def test_an_offer_is_announced() -> None:
    assert _said(lists.offer_text(replace(fruit(), note="坏果包赔"), NOW, SHANGHAI, "小林")) == [
        "📣 开团啦：周末水果",
        "1. 丹东草莓（3斤）59.9 元/盒，每人限 5 盒",
        "2. 蓝莓（125g*6盒）45 元/盒，共 30 盒",
        "3. 沃柑（5斤）29.9 元/份，2 份共 55 元",
        "满 20 份成团",
        "今晚 8 点截单",
        "自提：南门驿站，明天下午",
        "坏果包赔",
        "怎么订：直接回复“1号2盒”或“沃柑 2份”；不要了回复“取消”。",
        "小林的团购助手千群 · 不想被打扰请回复“退订”",
    ]


def test_an_offer_says_only_what_is_known() -> None:
    item = Item(1, 7, 1, "A3", "云南蓝莓 125g*6盒", "盒", "125g*6盒")
    offer = replace(
        fruit(),
        title="蓝莓",
        items={1: item},
        closes_at=None,
        minimum_pieces=None,
        pickup_place="",
        pickup_when="",
    )
    assert _said(lists.offer_text(offer, NOW, SHANGHAI)) == [
        "📣 开团啦：蓝莓",
        "A3. 云南蓝莓 125g*6盒",
        "怎么订：直接回复“+1”或“云南蓝莓 125g*6盒 2盒”；不要了回复“取消”。",
        "团购助手千群 · 不想被打扰请回复“退订”",
    ]


def test_every_term_of_an_item_is_said() -> None:
    item = Item(
        1, 7, 1, "1", "面粉", "袋", "5kg", Decimal(30), (Tier(10, Decimal("27.5"), bundle=False),),
        stock=Decimal(40), taken=Decimal(8), limit_per_member=20, minimum_quantity=2,
    )  # fmt: skip
    assert lists.item_line(item) == ("1. 面粉（5kg）30 元/袋，满 10 袋每袋 27.5 元，2 袋起订，每人限 20 袋，还剩 32 袋")
    item.taken = Decimal(40)
    assert lists.item_line(item).endswith("，已订完")


def test_a_draft_is_announced_as_one() -> None:
    offer = replace(fruit(OfferState.DRAFT), opens_at=NOW + timedelta(hours=5), minimum_people=8)
    text = _said(lists.offer_text(offer, NOW, SHANGHAI))
    assert text[0] == "【预告】周末水果"
    assert text[4:7] == ["满 8 人、20 份成团", "今天下午 3 点开团", "今晚 8 点截单"]


def test_the_list_in_the_group() -> None:
    assert _said(lists.list_text(neighbours(), NOW, SHANGHAI)) == [
        "【周末水果】大家订的：",
        "1. 小美：丹东草莓 ×2 盒，沃柑 ×3 份，沃柑 ×2 份（给张奶奶）",
        "2. 王姐：丹东草莓 ×1 盒",
        "3. 李哥：蓝莓 ×4 盒",
        "4. 老赵：蓝莓 ×5 盒",
        "合计：丹东草莓 3 盒，蓝莓 9 盒，沃柑 5 份",
        "4 人已订 17 份，还差 3 份成团",
        "今晚 8 点截单",
    ]


def test_a_long_list_is_cut_and_says_how_many_more() -> None:
    text = _said(lists.list_text(neighbours(OfferState.SUCCEEDED), NOW, SHANGHAI, most=2))
    assert text == [
        "【周末水果】4 人订了：",
        "1. 小美：丹东草莓 ×2 盒，沃柑 ×3 份，沃柑 ×2 份（给张奶奶）",
        "2. 王姐：丹东草莓 ×1 盒",
        "…后面还有 2 人",
        "合计：丹东草莓 3 盒，蓝莓 9 盒，沃柑 5 份",
        "已截单",
    ]


def test_an_empty_list_invites() -> None:
    text = lists.list_text(fruit(), NOW, SHANGHAI)
    assert _said(text) == ["【周末水果】还没有人订，来做第一个吧", "今晚 8 点截单"]


def test_a_group_reads_only_its_own_peoples_names() -> None:
    offer = replace(neighbours(), group_ids=(1, 2))
    order(offer, 1, "qian", "1", "钱姐", group_id=2)
    text = lists.list_text(offer, NOW, SHANGHAI, group_id=2)
    assert _said(text)[:3] == ["【周末水果】大家订的：", "1. 钱姐：丹东草莓 ×1 盒", "其他群还有 4 人"]
    offer.state = OfferState.SUCCEEDED
    assert "小美" not in lists.remind_text(offer, NOW, SHANGHAI, group_id=2)


@pytest.mark.parametrize(
    ("people", "pieces", "line"),
    [
        (None, None, "【周末水果】4 人已订 17 份"),
        (None, 20, "【周末水果】4 人已订 17 份，还差 3 份成团"),
        (6, None, "【周末水果】4 人已订 17 份，还差 2 人成团"),
        (6, 20, "【周末水果】4 人已订 17 份，还差 2 人、3 份成团"),
        (4, 17, "【周末水果】4 人已订 17 份，已成团"),
    ],
)
def test_the_progress_line(people: int | None, pieces: int | None, line: str) -> None:
    assert lists.progress_line(replace(neighbours(), minimum_people=people, minimum_pieces=pieces)) == line


def test_progress_is_counted_in_the_unit_that_all_items_share() -> None:
    offer = fruit()
    del offer.items[3]
    order(offer, 1, "mei", "2")
    assert lists.progress_line(offer) == "【周末水果】1 人已订 2 盒，还差 18 盒成团"


def test_a_push_has_no_progress_line() -> None:
    assert not lists.progress_line(replace(neighbours(), kind=OfferKind.PUSH))


def test_the_closing_is_told() -> None:
    reached = replace(neighbours(OfferState.SUCCEEDED), minimum_pieces=15)
    assert _said(lists.closed_text(reached, NOW, SHANGHAI)) == [
        "【周末水果】截单了，成团啦 🎉",
        "4 人共订 17 份：",
        "· 丹东草莓 3 盒",
        "· 蓝莓 9 盒",
        "· 沃柑 5 份",
        "自提：南门驿站，明天下午",
        "到货了在群里说一声。",
    ]
    assert _said(lists.closed_text(neighbours(OfferState.FAILED), NOW, SHANGHAI)) == [
        "【周末水果】截单了，可惜没成团，还差 3 份。",
        "这次不发货，没付的不用付，付过的请找团长退。谢谢大家！",
    ]
    nobody = replace(fruit(OfferState.FAILED), minimum_pieces=None)
    assert lists.closed_text(nobody, NOW, SHANGHAI) == "【周末水果】截单了，这次没有人订，下次再约。"
    plain = replace(neighbours(OfferState.SUCCEEDED), minimum_pieces=None)
    assert _said(lists.closed_text(plain, NOW, SHANGHAI))[0] == "【周末水果】截单了，谢谢大家 🎉"


def test_my_orders_in_private_hold_the_code() -> None:
    text = lists.my_orders_text([neighbours(OfferState.ARRIVED)], "mei", "3栋502-小美", private=True)
    assert _said(text) == [
        "3栋502-小美，您的订单：",
        "【周末水果】已到货",
        "· 丹东草莓 ×2 盒，119.8 元（要红一点的）",
        "· 沃柑 ×3 份，84.9 元",
        "· 沃柑 ×2 份（给10栋301张奶奶），55 元（软的）",
        "合计 259.7 元，还没付款",
        "取货码 1137，自提：南门驿站，明天下午",
    ]


def test_my_orders_in_the_group_hide_the_code_and_the_room() -> None:
    offers = [neighbours(), replace(neighbours(OfferState.FAILED), title="上周水果")]
    assert _said(lists.my_orders_text(offers, "li", "2号楼1单元1203李哥", private=False)) == [
        "李哥，您的订单：",
        "【周末水果】进行中",
        "· 蓝莓 ×4 盒，180 元",
        "合计 180 元，您说已付，等团长确认",
        "自提：南门驿站，明天下午",
        "【上周水果】没有成团",
        "· 蓝莓 ×4 盒，180 元",
        "不用付了，付过的请找团长退",
        "取货码在群里不显示，私聊我说“我的订单”就能看到。",
    ]


def test_without_orders_it_says_so() -> None:
    assert lists.my_orders_text([neighbours()], "ann", "Ann Li", private=False) == "Ann Li，您现在没有订单。"


def test_without_prices_nobody_is_asked_for_money() -> None:
    offer = neighbours(OfferState.SUCCEEDED)
    for item in offer.items.values():
        item.price = None
    text = _said(lists.my_orders_text([offer], "wang", "王姐", private=True))
    assert text[1:] == [
        "【周末水果】已成团，等到货",
        "· 丹东草莓 ×1 盒",
        "价格请问团长",
        "取货码 1274，自提：南门驿站，明天下午",
    ]
    assert lists.unpaid_text(offer, private=True) == "【周末水果】都付清了。"
    assert lists.remind_text(offer, NOW, SHANGHAI) == "【周末水果】都付过了，谢谢大家。"


def test_the_leader_reads_who_has_not_paid() -> None:
    offer = neighbours(OfferState.ARRIVED)
    offer.buyers["zhao"] = replace(offer.buyers["zhao"], handed_over_at=NOW)
    assert _said(lists.unpaid_text(offer, private=True)) == [
        "【周末水果】还有 3 人没付清，共 664.7 元：",
        "1. 3栋502-小美 259.7 元",
        "2. 2号楼1单元1203李哥 180 元（自己说已付，待您确认）",
        "3. 老赵 13800001234 225 元（货已取走）",
    ]
    assert "13800001234" not in lists.unpaid_text(offer, private=False)


SENDER = "团购助手千群 · 不想被打扰请回复“退订”"


def test_a_reminder_before_the_closing_says_how_to_order() -> None:
    assert _said(lists.remind_text(neighbours(), NOW, SHANGHAI)) == [
        "【周末水果】今晚 8 点截单，想要的抓紧：直接回复“1号2盒”就行。",
        "4 人已订 17 份，还差 3 份成团",
        SENDER,
    ]


def test_a_reminder_of_the_money_leaves_out_who_says_they_paid() -> None:
    offer = neighbours(OfferState.SUCCEEDED)
    what_to_do = "还没付款，麻烦付给团长，付好回复“已付”。想看自己的金额，说“我的订单”。"
    assert lists.remind_text(offer, NOW, SHANGHAI) == f"【周末水果】小美、老赵{what_to_do}\n{SENDER}"
    assert lists.remind_text(offer, NOW, SHANGHAI, most=1) == f"【周末水果】小美 等 2 人{what_to_do}\n{SENDER}"
    for member, buyer in offer.buyers.items():
        offer.buyers[member] = replace(buyer, payment=Payment.PAID)
    assert lists.remind_text(offer, NOW, SHANGHAI) == "【周末水果】都付过了，谢谢大家。"


def test_arrival_and_hand_over() -> None:
    assert _said(lists.arrived_text(neighbours(OfferState.ARRIVED))) == [
        "【周末水果】到货啦！",
        "取货：南门驿站，明天下午",
        "来取时报一下取货码；私聊我说“我的订单”就能看到自己的码。",
    ]
    offer = neighbours(OfferState.ARRIVED)
    assert lists.handed_over_text(offer, "wang", private=False) == "✓ 王姐 已取货：丹东草莓 ×1 盒"
    assert _said(lists.handed_over_text(offer, "li", private=True)) == [
        "✓ 2号楼1单元1203李哥 已取货：蓝莓 ×4 盒",
        "还没付款：180 元（自己说已付）",
    ]


def test_the_open_offers_of_a_group() -> None:
    offer = neighbours()
    offer.items[2].taken = Decimal(30)
    assert _said(lists.offers_text([offer, fruit(OfferState.CLOSED)], NOW, SHANGHAI)) == [
        "正在开的团：",
        "【周末水果】今晚 8 点截单",
        "1. 丹东草莓 59.9 元/盒",
        "2. 蓝莓 45 元/盒（已订完）",
        "3. 沃柑 29.9 元/份",
        "要订直接回复，例如“1号2盒”。",
    ]
    assert lists.offers_text([], NOW, SHANGHAI) == "现在没有正在开的团。"


_IN_A_GROUP: list[Callable[[Offer], str]] = [
    lambda offer: lists.offer_text(offer, NOW, SHANGHAI),
    lambda offer: lists.list_text(offer, NOW, SHANGHAI),
    lambda offer: lists.closed_text(offer, NOW, SHANGHAI),
    lambda offer: lists.my_orders_text([offer], "mei", "3栋502-小美", private=False),
    lambda offer: lists.my_orders_text([offer], "zhao", "老赵 13800001234", private=False),
    lambda offer: lists.unpaid_text(offer, private=False),
    lambda offer: lists.remind_text(offer, NOW, SHANGHAI),
    lists.arrived_text,
    lambda offer: lists.handed_over_text(offer, "mei", private=False),
    lambda offer: lists.offers_text([offer], NOW, SHANGHAI),
    lists.progress_line,
]


@pytest.mark.parametrize("state", list(OfferState))
@pytest.mark.parametrize("say", _IN_A_GROUP)
def test_no_group_ever_reads_a_room_a_phone_number_or_a_code(say: Callable[[Offer], str], state: OfferState) -> None:
    offer = neighbours(state)
    text = say(offer)
    secrets = ["502", "301", "1203", "801", "13800001234", *(buyer.code for buyer in offer.buyers.values())]
    assert not [secret for secret in secrets if secret in text]
    assert "\n\n" not in text
    assert not re.search(r"[，、]$|None|\{|\}| {2}", text, re.MULTILINE)


def test_what_an_announcement_tells_people_to_reply_is_an_order() -> None:
    offer = fruit()
    single = replace(offer, items={2: offer.items[2]})
    pushed = replace(single, kind=OfferKind.PUSH, items={2: replace(offer.items[2], code="A3")})
    reader, uniform = ReplyReader(frozenset(), ()), Normaliser()
    for one in (offer, single, pushed):
        (told,) = [line for line in _said(lists.offer_text(one, NOW, SHANGHAI)) if line.startswith("怎么订")]
        replies = re.findall("“(.+?)”", told)[:-1]
        assert len(replies) == 2
        for reply in replies:
            table = Table(offers=(one,), member="mei", at=NOW, bare=tuple(one.items))
            reading = reader.read(uniform(reply), table)
            assert reading.outcome is Outcome.ORDER, reply
            assert [edit.quantity for edit in reading.edits] in ([1], [2]), reply
