"""The visible text of chains: what is header, title, menu, example, note, entry."""

from __future__ import annotations

import time
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.text import Normaliser
from orders.chains.chain import Chain
from orders.chains.goods import Goods
from orders.chains.snapshots import advance
from orders.chains.text import read_chain
from orders.chains.xml import read_message
from orders.state import Tier

NORMALISER = Normaliser()


def read(text: str) -> Chain:
    chain = read_chain(text)
    assert chain is not None
    for entry in chain.entries:
        assert text[slice(*entry.span)] == entry.body
    return chain


def bodies(text: str) -> list[str]:
    return [entry.body for entry in read(text).entries]


def left(text: str) -> list[tuple[int, str]]:
    return [(one.row, one.reason.value) for one in read(text).left_out]


@pytest.mark.parametrize(
    ("text", "header", "title"),
    [
        ("#接龙\n周五晚餐\n\n1. 小美 1份", "#接龙", "周五晚餐"),
        ("#接龍\n週五晚餐\n\n1. 小美 1份", "#接龍", "週五晚餐"),
        ("#Group Note\nDinner\n\n1. Ann 1份", "#Group Note", "Dinner"),
        ("#接龙 周五晚餐\n1. 小美 1份", "#接龙", "周五晚餐"),
        ("＃接龙：周五晚餐\n1. 小美 1份", "＃接龙", "周五晚餐"),
        ("@所有人 晚餐来了#接龙\n\n明晚的\n1. 小美 1份", "#接龙", "明晚的"),
        ("@所有人\u2005周五晚餐 #接龙\n1. 小美 1份", "#接龙", "周五晚餐"),
        ("@所有人\n#接龙 周五晚餐\n1. 小美 1份", "#接龙", "周五晚餐"),
        ("【周五晚餐】接龙\n1. 小美 1份", "【周五晚餐】接龙", "周五晚餐"),
        ("\n\n  #接龙\n  周五晚餐\n  1. 小美 1份", "#接龙", "周五晚餐"),
        ("wxid_ab12:\n#接龙\n周五晚餐\n1. 小美 1份", "#接龙", "周五晚餐"),
        ("#接龙\r\n周五晚餐\r\n\r\n1. 小美 1份\r\n", "#接龙", "周五晚餐"),
    ],
)
def test_headers(text: str, header: str, title: str) -> None:
    chain = read(text)
    assert (chain.header, chain.title) == (header, title)
    assert len(chain.entries) == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "我们来 #接龙 吧",
        "我们来 #接龙",
        "我们来 #接龙 吧\n1. 小美 2份",
        "#接龙 吧大家",
        "#接龙",
        "接龙\n1. 小美 2份",
        "小美：#接龙\n晚餐\n1. 小美 2份",
        "「小美：#接龙\n晚餐\n1. 小美 2份」\n- - - - - - - - - - - - - - -\n+1",
        "「小美：#接龙\n晚餐\n1. 小美 2份」\n- - - - - - - - - - - - - - -\n1. 小美 2份",
        "群聊的聊天记录\n小美: #接龙\n1. 小美 2份",
        "1. 小美 2份\n2. 阿强 1份",
    ],
)
def test_no_chain(text: str) -> None:
    assert read_chain(text) is None


def test_what_is_said_below_a_quotation_counts() -> None:
    quoted = "「小美：早」\n- - - - - - - - - - - - - - -\n#接龙\n晚餐\n1. 阿强 2份"
    assert bodies(quoted) == ["阿强 2份"]


@pytest.mark.parametrize(
    "marks",
    [
        ("1. ", "2. ", "3. "),
        ("1.", "2.", "3."),
        ("1、", "2、", "3、"),
        ("1：", "2：", "3："),
        ("1) ", "2) ", "3) "),
        ("（1）", "（2）", "（3）"),
        ("(1) ", "(2) ", "(3) "),
        ("① ", "②", "③"),
        ("1️⃣ ", "2️⃣", "3️⃣"),
        ("- ", "- ", "- "),
        ("・", "・", "・"),
        ("１．", "２．", "３．"),
        ("1. ", "2、", "3："),
    ],
)
def test_marks(marks: tuple[str, str, str]) -> None:
    chain = read("#接龙\n晚餐\n\n" + "\n".join(f"{mark}{name} 1份" for mark, name in zip(marks, "甲乙丙", strict=True)))
    assert [(entry.index, entry.body) for entry in chain.entries] == [(1, "甲 1份"), (2, "乙 1份"), (3, "丙 1份")]


def test_dates_prices_and_times_are_no_marks() -> None:
    chain = read("#接龙\n6.8号周一（30元）\n10:30截单\n\n1. 2.5斤的小美 1份\n2.18栋阿强 1份")
    assert chain.title == "6.8号周一（30元）"
    assert [entry.body for entry in chain.entries] == ["2.5斤的小美 1份", "18栋阿强 1份"]
    assert chain.menu == ()


MENU = """#接龙
周末水果
 1. 丹东草莓 3斤 59.9元 限购5
 2. 蓝莓 125g*6盒 45元／2份80元 限量25组
 3. 沃柑
   29.9元
例 小美 草莓2份
送到3栋楼下

1. 小美 草莓2
2. 阿强 1号1份
3.
要取消的请在10点50前说
"""


def test_menu_example_notes_and_empty_slots_are_left_out() -> None:
    assert bodies(MENU) == ["小美 草莓2", "阿强 1号1份"]
    assert left(MENU) == [
        (3, "menu"), (4, "menu"), (5, "menu"), (6, "menu"), (7, "example"), (8, "example"), (12, "empty"), (13, "note"),
    ]  # fmt: skip


def test_the_menu_says_prices_tiers_and_limits() -> None:
    first, second, third = read(MENU).menu
    assert (first.title, first.specification, first.price, first.limit_per_member) == (
        "丹东草莓", "3斤", Decimal("59.9"), 5,
    )  # fmt: skip
    assert (second.title, second.specification, second.stock) == ("蓝莓", "125g*6盒", 25)
    assert (second.price, second.tiers) == (Decimal(45), (Tier(2, Decimal(80)),))
    assert (third.title, third.price, third.text) == ("沃柑", Decimal("29.9"), "沃柑 29.9元")


@pytest.mark.parametrize("marks", ["AB", ("1)", "2)"), ("(1)", "(2)"), ("①", "②"), ("1、", "2、"), ("1.", "2.")])
def test_marks_of_menus(marks: tuple[str, str]) -> None:
    marks = tuple(f"{mark}: " if mark.isalpha() and mark.isascii() else mark for mark in marks)  # type: ignore[assignment]
    text = f"#接龙\n午餐\n{marks[0]}牛肉饭 25元\n{marks[1]}鸡腿饭 22元\n\n1. 小美 牛肉饭\n2. 阿强 鸡腿饭2份"
    assert [item.title for item in read(text).menu] == ["牛肉饭", "鸡腿饭"]
    assert bodies(text) == ["小美 牛肉饭", "阿强 鸡腿饭2份"]


def test_two_menus_in_one_chain() -> None:
    text = "#接龙\n明天两餐\n早餐：\n1. 包子 3元\n2. 豆浆 2元\n午餐：\n1. 牛肉面 15元\n2. 盖饭 18元\n\n1. 小美 包子2个"
    assert [(item.section, item.title) for item in read(text).menu] == [
        ("早餐", "包子"), ("早餐", "豆浆"), ("午餐", "牛肉面"), ("午餐", "盖饭"),
    ]  # fmt: skip
    assert bodies(text) == ["小美 包子2个"]


def test_a_menu_without_prices_that_is_indented() -> None:
    text = "#接龙\n明天午餐\n  1. 红烧肉饭\n  2. 鸡腿饭\n\n1. 小美 鸡腿饭"
    assert [item.title for item in read(text).menu] == ["红烧肉饭", "鸡腿饭"]
    assert bodies(text) == ["小美 鸡腿饭"]
    only = read("#接龙\n明天午餐\n  1. 红烧肉饭\n  2. 鸡腿饭")
    assert only.entries == ()
    assert len(only.menu) == 2


def test_a_menu_alone() -> None:
    chain = read("#接龙\n水果\n1. 草莓 59元\n2. 蓝莓 45元")
    assert chain.entries == ()
    assert len(chain.menu) == 2


def test_entries_that_name_a_price_are_entries() -> None:
    assert bodies("#接龙\n套餐\n1. 小美 59元套餐1份\n2. 阿强 39元套餐2份") == ["小美 59元套餐1份", "阿强 39元套餐2份"]


def test_a_price_in_a_line_without_mark() -> None:
    chain = read("#接龙\n水果\n草莓 3斤 59.9元\n满50元包邮\n1. 小美 1份")
    assert [item.title for item in chain.menu] == ["草莓"]
    assert [one.reason.value for one in chain.left_out] == ["menu", "note"]


@pytest.mark.parametrize(
    "line", ["例 小美 2份", "例：小美 2份", "格式：名字+数量", "示例 小美 草莓2份", "【例】小美 2份", "例如：小美1份"]
)
def test_examples(line: str) -> None:
    assert left(f"#接龙\n晚餐\n{line}\n\n1. 阿强 1份") == [(3, "example")]
    assert bodies(f"#接龙\n晚餐\n\n1. {line}\n2. 阿强 1份") == ["阿强 1份"]


def test_numbered_notes_are_no_entries() -> None:
    text = "#接龙\n晚餐\n1、今晚10点截单\n2、明天统一送到南门\n\n1. 小美 1份\n2. 阿强 2份"
    assert bodies(text) == ["小美 1份", "阿强 2份"]
    assert left(text) == [(3, "note"), (4, "note")]


def test_goods_below_a_name() -> None:
    text = "#接龙\n水果\n1. 小美\n1、苹果2斤\n2、香蕉1斤\n2. 阿强\n- 梨3斤\n\n3. Ann\n要改的请联系团长"
    assert bodies(text) == ["小美\n1、苹果2斤\n2、香蕉1斤", "阿强\n- 梨3斤", "Ann"]
    assert left(text) == [(10, "note")]


WANTED = [
    ("小美   8份晚餐", "小美", [("晚餐", 8, "份", "")]),
    ("小美 晚餐一份", "小美", [("晚餐", 1, "份", "")]),
    ("Ann Li 晚餐1份", "Ann Li", [("晚餐", 1, "份", "")]),
    ("Sissi-CC 晚餐1份", "Sissi-CC", [("晚餐", 1, "份", "")]),
    ("小美-星河2栋", "小美-星河2栋", [("", 1, "", "")]),
    ("星河11栋-小美 少饭", "星河11栋-小美", [("", 1, "", "少饭")]),
    ("小美，E区东门", "小美", [("", 1, "", "E区东门")]),
    ("小美 （1份换红薯）", "小美", [("", 1, "", "1份换红薯")]),
    ("。 2份", "。", [("", 2, "份", "")]),
    ("~ 晚餐1份", "~", [("晚餐", 1, "份", "")]),
    ("🌸🌸 晚餐1份", "🌸🌸", [("晚餐", 1, "份", "")]),
    ("三只松鼠 2份", "三只松鼠", [("", 2, "份", "")]),
    ("八宝 2份", "八宝", [("", 2, "份", "")]),
    ("不要香菜 1份", "不要香菜", [("", 1, "份", "")]),
    ("小美 鸡腿堡", "小美", [("鸡腿堡", 1, "", "")]),
    (
        "小美 苹果4斤，香蕉（熟点）3斤，可乐600ml*24瓶4箱，",
        "小美",
        [("苹果", 4, "斤", ""), ("香蕉", 3, "斤", "熟点"), ("可乐600ml*24瓶", 4, "箱", "")],
    ),
    ("小美 橙子4斤啤酒24罐装一箱", "小美", [("橙子", 4, "斤", ""), ("啤酒24罐装", 1, "箱", "")]),
    ("小美 香蕉3斤（青）", "小美", [("香蕉", 3, "斤", "青")]),
    ("小美 红和黄 各一斤", "小美", [("红", 1, "斤", ""), ("黄", 1, "斤", "")]),
    ("小美 汉堡 + 鸡翅", "小美", [("汉堡", 1, "", ""), ("鸡翅", 1, "", "")]),
    ("小美\n苹果2斤\n香蕉1斤", "小美", [("苹果", 2, "斤", ""), ("香蕉", 1, "斤", "")]),
    ("3-502 小美 2份", "3-502 小美", [("", 2, "份", "")]),
    ("18栋小美2份", "18栋小美", [("", 2, "份", "")]),
    ("8份晚餐", "", [("晚餐", 8, "份", "")]),
    ("苹果4斤，香蕉3斤", "", [("苹果", 4, "斤", ""), ("香蕉", 3, "斤", "")]),
    ("小美2份", "小美", [("", 2, "份", "")]),
    ("小美+2", "小美", [("", 2, "", "")]),
    ("小美", "小美", [("", 1, "", "")]),
    ("小美 2", "小美", [("", 2, "", "")]),
    ("小美 2份，送到E区", "小美", [("", 2, "份", "送到E区")]),
]


@pytest.mark.parametrize(("body", "name", "wanted"), WANTED, ids=[body for body, *_ in WANTED])
def test_names_and_goods(body: str, name: str, wanted: list[tuple[str, int, str, str]]) -> None:
    said = Goods.of(NORMALISER).read(body)
    assert said.name == name
    assert [(one.text, one.quantity, one.unit, one.note) for one in said.items] == wanted


def test_known_names_and_goods_win() -> None:
    known = Goods.of(
        NORMALISER, people=["小美家", "两份快乐", "苹果妹"], menu=read("#接龙\n水果\n1. 苹果 5元\n2. 梨 6元").menu
    )
    assert known.read("小美家苹果2斤").name == "小美家"
    assert known.read("两份快乐 苹果2斤").name == "两份快乐"
    assert known.read("苹果妹 梨2斤").name == "苹果妹"
    assert known.read("苹果 2斤").name == ""
    assert known.read("阿强苹果2斤").name == "阿强"
    assert known.read("阿强 苹果2斤", ["阿强 苹果"]).name == "阿强 苹果"


def test_a_code_of_the_menu() -> None:
    chain = read("#接龙\n午餐\nA: 牛肉饭 25元\nB: 鸡腿饭 22元\n\n1. 小美 A2份\n2. 阿强 B")
    goods = Goods.of(NORMALISER, menu=chain.menu)
    said = [goods.read(entry.body).items for entry in chain.entries]
    assert [[(one.text, one.quantity) for one in items] for items in said] == [[("牛肉饭", 2)], [("鸡腿饭", 1)]]


CHAINS = st.lists(
    st.one_of(
        st.text(max_size=30),
        st.sampled_from(
            [
                "#接龙",
                "例 ",
                "1. ",
                "2、",
                "①",
                "- ",
                "小美 2份",
                " 1. 草莓 5元",
                "\n",
                "【",
                "】接龙",
                "@a #接龙",
                "30元／2份50元",
            ]
        ),
    ),
    max_size=60,
).map("".join)


@given(CHAINS)
@settings(max_examples=400)
def test_never_raises(text: str) -> None:
    for one in (text, "#接龙\n" + text, text.replace("。", "\n")):
        chain = read_message(one)
        if chain is not None:
            advance(None, chain, "a", ["小美"], {"a": ["小美"], "b": ["阿强"]}, uniform=NORMALISER)


LONG = [
    "1. 小美 2份\n", "1.", "1.\n", "1. 1、1) ",
    "\n", " ", "(", "2份", "苹果2斤，", "9", "一", "A: ", "@a ", "#接龙", "例 ", "元",
    "1. 草莓 5元／2份9元\n", "「", "- - - -\n", "1、a\n1. b\n", "A: a\n1. b\n1、c\n",
    "小美", "小美 ", "1. 小美\n苹果2斤\n",
]  # fmt: skip


@pytest.mark.parametrize("unit", LONG)
def test_time_grows_with_the_length_and_no_faster(unit: str) -> None:
    def cost(size: int) -> float:
        text = "#接龙\n" + unit * (size // len(unit))
        best = float("inf")
        for _ in range(3):
            begun = time.thread_time()
            chain = read_message(text)
            if chain is not None:
                advance(None, chain, "a", ["小美"], {"a": ["小美"]}, uniform=NORMALISER)
            best = min(best, time.thread_time() - begun)
        return best

    small, large = cost(8_000), cost(64_000)
    assert large < 8 * 2.5 * small + 0.05
