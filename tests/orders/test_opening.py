from __future__ import annotations

import time
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.drafts import ItemDraft, OfferDraft
from orders.folding import fold
from orders.itemlines import Trouble, examine, read_item_line, read_item_terms
from orders.opening import ALL_GROUPS, OpeningFromPush, read_opening, read_terms, reads_as_opening
from orders.state import Tier

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 23, 10, 30, tzinfo=ZONE)  # a Monday
EIGHT = NOW.replace(hour=20, minute=0)


def item(title: str, price: str | None = None, specification: str = "", **more: object) -> ItemDraft:
    amount = None if price is None else Decimal(price)
    return ItemDraft(title, price=amount, specification=specification, **more)  # type: ignore[arg-type]


def tier(quantity: int, price: str) -> Tier:
    return Tier(quantity, Decimal(price))


ITEMS = [
    ("1. 丹东草莓 3斤 59.9元 限购5", item("丹东草莓", "59.9", "3斤", limit_per_member=5)),
    ("2. 蓝莓 125g*6盒 45元 库存30", item("蓝莓", "45", "125g*6盒", stock=30)),
    ("3. 沃柑 5斤 29.9元／2份55元", item("沃柑", "29.9", "5斤", unit="份", tiers=(tier(2, "55"),))),
    (
        "沃柑 5斤 29.9元，2份55元，5份120元",
        item("沃柑", "29.9", "5斤", unit="份", tiers=(tier(2, "55"), tier(5, "120"))),
    ),
    ("沃柑 29.9元（2份55元）", item("沃柑", "29.9", unit="份", tiers=(tier(2, "55"),))),
    ("可乐 8元/瓶，3瓶20元", item("可乐", "8", unit="瓶", tiers=(tier(3, "20"),))),
    ("苹果 1斤15元 3斤40元", item("苹果", "15", unit="斤", tiers=(tier(3, "40"),))),
    ("① 鸡蛋 18枚/板 25元/板", item("鸡蛋", "25", "18枚/板", unit="板")),
    ("⑫ 鸡蛋 25元", item("鸡蛋", "25")),
    ("A. 纯牛奶250ml*12盒 59.9", item("纯牛奶", "59.9", "250ml*12盒")),
    ("B、草莓 59元", item("草莓", "59")),
    ("(4) 抽纸 24包一箱 39.9元", item("抽纸", "39.9", "24包", unit="箱")),
    ("（４）抽纸 39.9元", item("抽纸", "39.9")),
    ("1️⃣ 🍓草莓 3斤 59元", item("🍓草莓", "59", "3斤")),
    ("5号 草莓 59元", item("草莓", "59")),
    ("1 草莓 59", item("草莓", "59")),
    ("- 可乐 600ml*24瓶 48元 每人限购两箱", item("可乐", "48", "600ml*24瓶", unit="箱", limit_per_member=2)),
    ("草莓59元一盒", item("草莓", "59", unit="盒")),
    ("草莓 45元/盒", item("草莓", "45", unit="盒")),
    ("草莓 每盒45元", item("草莓", "45", unit="盒")),
    ("草莓 ¥45/盒", item("草莓", "45", unit="盒")),
    ("草莓 ￥４５．５", item("草莓", "45.5")),
    ("榴莲 1个 99元", item("榴莲", "99", unit="个")),
    ("苹果 8块5一斤", item("苹果", "8.5", unit="斤")),
    ("鸡腿堡（辣） 15元", item("鸡腿堡（辣）", "15")),
    ("蓝莓（125g*6盒） 45元", item("蓝莓", "45", "125g*6盒")),
    ("三只松鼠坚果 59元", item("三只松鼠坚果", "59")),
    ("四季豆 2斤 9.9元", item("四季豆", "9.9", "2斤")),
    ("1.5L可乐 8元", item("1.5L可乐", "8")),
    ("5斤装沃柑 29.9元 2份起", item("5斤装沃柑", "29.9", unit="份", minimum_quantity=2)),
    ("玉米 10根装 29.9元 起订2", item("玉米", "29.9", "10根装", minimum_quantity=2)),
    ("车厘子 JJ级 2.5kg 原价199 团购价169元 限量25组", item("车厘子 JJ级", "169", "2.5kg", unit="组", stock=25)),
    ("酸奶 每人最多2份 20元", item("酸奶", "20", unit="份", limit_per_member=2)),
    ("米 10斤/袋 39.9元", item("米", "39.9", "10斤/袋", unit="袋")),
    ("牛肉 ¥49.9/500g", item("牛肉", "49.9", "500g")),
    ("草莓 库存：0 20元", item("草莓", "20", stock=0)),
    ("草莓 59元 不限购 库存不限", item("草莓", "59")),
    ("草莓 5-6斤 59元", item("草莓", "59", "5-6斤")),
    ("品名：草莓 规格：3斤 价格：59元 库存：20", item("草莓", "59", "3斤", stock=20)),
    ("草莓，3斤，59元", item("草莓", "59", "3斤")),
    ("草莓", item("草莓")),
    ("Häagen 冰淇淋 39元", item("Häagen 冰淇淋", "39")),
]
TROUBLES = [
    ("", Trouble.NO_TITLE),
    ("4.", Trouble.NO_TITLE),
    ("59.9元", Trouble.NO_TITLE),
    ("草莓 59-69元", Trouble.TWO_PRICES),
    ("草莓 59元 69元", Trouble.TWO_PRICES),
    ("草莓 大果59元 小果39元", Trouble.TWO_PRICES),
    ("草莓 3斤59元 5斤89元", Trouble.TIERS),
    ("草莓 2份55元", Trouble.TIERS),
    ("可乐 8元/瓶 2箱80元", Trouble.TIERS),
    ("沃柑 29.9元 2份55元 2份50元", Trouble.TIERS),
    ("草莓 59元 买二送一", Trouble.PROMOTION),
    ("草莓 59元 第二份半价", Trouble.PROMOTION),
    ("草莓 59元 满3件9折", Trouble.PROMOTION),
    ("草莓 59元起", Trouble.PROMOTION),
    ("草莓 59元 满10份成团", Trouble.PROMOTION),
    ("草莓 59.999元", Trouble.NUMBER),
    ("草莓 0元", Trouble.NUMBER),
    ("草莓 59元 限购0", Trouble.NUMBER),
    ("草莓 59元 库存20 库存30", Trouble.NUMBER),
    ("大家快来下单啦", Trouble.SENTENCE),
    ("草莓 59元\n蓝莓 45元", Trouble.SENTENCE),
    ("草莓" * 200, Trouble.LONG),
]


@pytest.mark.parametrize(("text", "expected"), ITEMS)
def test_a_line_of_the_list_is_read(text: str, expected: ItemDraft) -> None:
    assert read_item_line(text) == expected


@pytest.mark.parametrize(("text", "trouble"), TROUBLES)
def test_a_line_that_is_not_plain_is_refused(text: str, trouble: Trouble) -> None:
    assert examine(text).trouble is trouble
    assert read_item_line(text) is None


def test_terms_of_an_item_are_read_without_a_title() -> None:
    found = read_item_terms("29.9元／2份55元 库存30")
    assert found == item("", "29.9", unit="份", tiers=(tier(2, "55"),), stock=30)
    assert read_item_terms("草莓 29.9元") is None
    assert read_item_terms("好吃") is None


def opened(text: str) -> OfferDraft:
    draft = read_opening(text, NOW, ZONE)
    assert isinstance(draft, OfferDraft)
    return draft


def keys(draft: OfferDraft) -> list[tuple[int, str]]:
    return [(fault.row, fault.text) for fault in draft.faults]


def test_the_example_of_the_issue() -> None:
    text = """开团 周末水果
1. 丹东草莓 3斤 59.9元 限购5
2. 蓝莓 125g*6盒 45元 库存30
3. 沃柑 5斤 29.9元／2份55元
满20份成团
截单 今晚8点
自提 南门驿站 明天下午"""
    assert opened(text) == OfferDraft(
        "周末水果",
        (
            item("丹东草莓", "59.9", "3斤", limit_per_member=5, position=1),
            item("蓝莓", "45", "125g*6盒", stock=30, position=2),
            item("沃柑", "29.9", "5斤", unit="份", tiers=(tier(2, "55"),), position=3),
        ),
        closes_at=EIGHT,
        minimum_pieces=20,
        pickup_place="南门驿站",
        pickup_when="明天下午",
    )


def test_an_opening_as_people_dress_it_up() -> None:
    text = """🎉开团啦🎉 周末水果

商品：
🍓草莓 3斤
59.9元/盒
库存30
蓝莓
45元
———————
满10人成团，今晚8点截单，自提南门驿站
群 阳光小区水果群、星河湾宝妈群
备注：坏果包赔
预计周四到货
大家快来"""
    draft = opened(text)
    assert draft.title == "周末水果"
    assert draft.items == (
        item("🍓草莓", "59.9", "3斤", unit="盒", stock=30, position=1),
        item("蓝莓", "45", position=2),
    )
    assert (draft.minimum_people, draft.closes_at, draft.pickup_place) == (10, EIGHT, "南门驿站")
    assert draft.groups == ("阳光小区水果群", "星河湾宝妈群")
    assert draft.note == "坏果包赔\n预计周四到货"
    assert keys(draft) == [(14, "大家快来")]


TERMS: list[tuple[str, dict[str, object]]] = [
    ("满20份成团", {"minimum_pieces": 20}),
    ("满 20 份 成团", {"minimum_pieces": 20}),
    ("20份成团", {"minimum_pieces": 20}),
    ("二十份起发", {"minimum_pieces": 20}),
    ("满10人成团", {"minimum_people": 10}),
    ("10人成团", {"minimum_people": 10}),
    ("最低10人就开团", {"minimum_people": 10}),
    ("成团人数：10", {"minimum_people": 10}),
    ("成团 满30份", {"minimum_pieces": 30}),
    ("成团 30人", {"minimum_people": 30}),
    ("截单 今晚8点", {"closes_at": EIGHT}),
    ("截单：今晚8点", {"closes_at": EIGHT}),
    ("截止时间：今天20:00", {"closes_at": EIGHT}),
    ("截团今晚八点", {"closes_at": EIGHT}),
    ("今晚8点截单", {"closes_at": EIGHT}),
    ("今晚8点准时截单！", {"closes_at": EIGHT}),
    ("今晚8点前截单", {"closes_at": EIGHT}),
    ("截單 今晚8點", {"closes_at": EIGHT}),
    ("开团时间 明天8点", {"opens_at": NOW.replace(day=24, hour=8, minute=0)}),
    ("明天8点开始", {"opens_at": NOW.replace(day=24, hour=8, minute=0)}),
    ("自提 南门驿站 明天下午", {"pickup_place": "南门驿站", "pickup_when": "明天下午"}),
    ("自提：南门驿站明天下午", {"pickup_place": "南门驿站", "pickup_when": "明天下午"}),
    ("明天下午 3号楼下自提", {"pickup_place": "3号楼下", "pickup_when": "明天下午"}),
    ("取货 周六上午10点-12点 北门", {"pickup_place": "北门", "pickup_when": "周六上午10点-12点"}),
    ("自提点：2号门岗亭", {"pickup_place": "2号门岗亭"}),
    ("自提时间：周四15:00-18:00", {"pickup_when": "周四15:00-18:00"}),
    ("自提 Mini Mart", {"pickup_place": "Mini Mart"}),
    ("备注 坏果包赔", {"note": "坏果包赔"}),
    ("群 阳光小区水果群、星河湾宝妈群", {"groups": ("阳光小区水果群", "星河湾宝妈群")}),
    ("群：阳光小区水果群 星河湾宝妈群", {"groups": ("阳光小区水果群", "星河湾宝妈群")}),
    ("群 My Fruit 群", {"groups": ("My Fruit 群",)}),
    ("所有群", {"groups": (ALL_GROUPS,)}),
    ("群 全部", {"groups": (ALL_GROUPS,)}),
    ("发到 全部群", {"groups": (ALL_GROUPS,)}),
    (
        "满20份成团，今晚8点截单，自提南门驿站",
        {"minimum_pieces": 20, "closes_at": EIGHT, "pickup_place": "南门驿站"},
    ),
    ("满20份成团 今晚8点截单", {"minimum_pieces": 20, "closes_at": EIGHT}),
]


@pytest.mark.parametrize(("line", "expected"), TERMS)
def test_a_term_is_read(line: str, expected: dict[str, object]) -> None:
    assert read_terms(line, NOW, ZONE) == OfferDraft("", **expected)  # type: ignore[arg-type]
    assert opened(f"开团 水果\n草莓 20元\n{line}") == OfferDraft("水果", (item("草莓", "20", position=1),), **expected)  # type: ignore[arg-type]


FAULTY = [
    ("截单 昨天8点", "截单 今晚8点"),
    ("截单 周五", "截单 今晚8点"),
    ("截单 今天9:00", "已经过了"),
    ("满20成团", "满20份成团"),
    ("草莓 59元 69元", "不止一个价格"),
    ("蓝莓 3斤59元 5斤89元", "2份55元"),
    ("蓝莓 59元 买一送一", "买赠"),
    ("欢迎大家", "备注"),
    ("蓝莓", "1. 草莓"),
    ("蓝莓 59.999元", "两位小数"),
    ("水果" * 600, "太长"),
]


@pytest.mark.parametrize(("line", "advice"), FAULTY)
def test_a_line_that_is_not_understood_says_what_to_write_and_the_rest_goes_on(line: str, advice: str) -> None:
    draft = opened(f"开团 水果\n草莓 20元\n{line}\n满20份成团")
    assert [fault.row for fault in draft.faults] == [3]
    assert draft.faults[0].text == line[:200]
    assert advice in draft.faults[0].advice
    assert draft.items == (item("草莓", "20", position=1),)
    assert draft.minimum_pieces == 20
    assert draft.closes_at is None


def test_a_term_that_is_said_twice_counts_once_and_is_told() -> None:
    draft = opened("开团 水果\n草莓 20元\n截单 今晚8点\n截单 今晚9点")
    assert draft.closes_at == EIGHT
    assert keys(draft) == [(4, "截单 今晚9点")]


def test_an_offer_does_not_close_before_it_opens() -> None:
    draft = opened("开团 水果\n草莓 20元\n截单 今晚8点\n开始 明天8点")
    assert draft.closes_at is None
    assert keys(draft) == [(3, "截单 今晚8点")]


def test_items_keep_the_numbers_that_members_will_type() -> None:
    assert [one.position for one in opened("开团 水果\n1. 草莓 20元\n2. 蓝莓 30元\n4. 沃柑 9元").items] == [1, 2, 4]
    assert [one.position for one in opened("开团 水果\n草莓 20元\n蓝莓 30元").items] == [1, 2]
    twice = opened("开团 水果\n1. 草莓 20元\n1. 蓝莓 30元")
    assert [one.position for one in twice.items] == [1, 2]
    assert "重新编号" in twice.faults[0].advice


def test_a_missing_number_does_not_shift_what_members_type() -> None:
    draft = opened("开团 水果\n草莓 20元\n1. 蓝莓 30元")
    assert [one.position for one in draft.items] == [1, 2]
    assert "重新编号" in draft.faults[0].advice


def test_the_title_may_stand_on_the_second_line_or_be_the_only_item() -> None:
    assert opened("开团\n周末水果\n1. 草莓 20元").title == "周末水果"
    draft = opened("开团 草莓 3斤 59元 今晚8点截单")
    assert (draft.title, draft.items, draft.closes_at) == ("草莓", (item("草莓", "59", "3斤", position=1),), EIGHT)
    assert opened("【今日开团】水果\nA. 草莓 19.9/盒\nB. 蓝莓 29.9/盒").title == "水果"
    assert opened("開團 水果\n1、草莓 20元，滿10份成團").minimum_pieces == 10


PUSHED = [
    ("开团 1 3", ("1", "3")),
    ("开团1 3", ("1", "3")),
    ("开团 A3 A4", ("A3", "A4")),
    ("开团 a3、a4", ("A3", "A4")),
    ("开团 #1 #3", ("1", "3")),
    ("开团 1号和3号", ("1", "3")),
    ("开团：３", ("3",)),
    ("@千群\u2005开团 A3", ("A3",)),
]


@pytest.mark.parametrize(("text", "codes"), PUSHED)
def test_pushed_products_are_opened_by_their_codes(text: str, codes: tuple[str, ...]) -> None:
    assert read_opening(text, NOW, ZONE) == OpeningFromPush(codes, OfferDraft(""))
    assert reads_as_opening(text)


def test_terms_go_with_pushed_products_too() -> None:
    opening = read_opening("开团 A3 A4\n截单 今晚8点\n所有群\n快来", NOW, ZONE)
    assert isinstance(opening, OpeningFromPush)
    assert (opening.terms.closes_at, opening.terms.groups) == (EIGHT, (ALL_GROUPS,))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "什么时候开团",
        "求团长开团",
        "开团了吗",
        "开团啦",
        "开团没",
        "开团？",
        "开团通知：明天",
        "开团了 今天有草莓",
        "#接龙 开团",
        "草莓",
    ],
)
def test_talk_is_no_opening(text: str) -> None:
    assert read_opening(text, NOW, ZONE) is None
    assert not reads_as_opening(text)


def test_an_opening_without_items_says_what_is_missing() -> None:
    draft = opened("开团 周末水果")
    assert draft.items == ()
    assert "没有看到商品" in draft.faults[0].advice


def test_an_opening_in_a_quotation_opens_nothing() -> None:
    quoted = "「小美：开团 水果\n草莓 20元」\n- - - - - - - - - - - -\n草莓2份"
    assert read_opening(quoted, NOW, ZONE) is None


def test_rows_count_from_the_first_line_of_the_message() -> None:
    assert keys(opened("\n\n开团 水果\n草莓 20元\n欢迎大家")) == [(5, "欢迎大家")]


PARTS = st.sampled_from(
    [
        *"开团截单自提满份元斤/／.、:：123456789 \n，①A-*x¥今晚点周群备注",
        "59.9元",
        "2份55元",
        "限购",
        "库存",
        "成团",
        "\n1. 草莓",
        "\n",
    ]
)


@given(st.lists(PARTS, max_size=60))
def test_nothing_raises_and_positions_differ(parts: list[str]) -> None:
    text = "开团 水果\n" + "".join(parts)
    read_item_line("".join(parts))
    opening = read_opening(text, NOW, ZONE)
    if isinstance(opening, OfferDraft):
        positions = [one.position for one in opening.items]
        assert len(set(positions)) == len(positions)
        assert all(one.title and (one.price is None or one.price > 0) for one in opening.items)


@given(st.text(max_size=200))
def test_folding_keeps_every_character_in_its_place(text: str) -> None:
    assert len(fold(text)) == len(text)
    read_opening(f"开团 {text}", NOW, ZONE)
    read_item_line(text)


HOSTILE = [
    "1",
    " ",
    "元",
    "1元",
    "3斤",
    "2份",
    "草莓 ",
    "满",
    "截单 ",
    "1. ",
    "(",
    "，",
    "今晚8点",
    "\n1. 草莓 20元",
    "\n截单",
    "\n草莓",
    "\n群 a、",
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_time_grows_with_length_only(piece: str) -> None:
    def cost(length: int) -> float:
        text = "开团 水果\n" + (piece * (length // len(piece) + 1))[:length]
        begun = time.thread_time()
        read_opening(text, NOW, ZONE)
        return time.thread_time() - begun

    cost(1_000)
    assert min(cost(64_000) for _ in range(2)) < 0.3 + 20 * min(cost(8_000) for _ in range(3))
