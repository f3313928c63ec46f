from __future__ import annotations

import json
import time
from decimal import Decimal
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.templates import render
from groups.talk import hearing
from groups.talk import words as group_words
from orders import words
from orders.words import (
    Audience,
    Field,
    OrderWord,
    OrderWordKind,
    UnknownOrderWord,
    audience,
    forms,
    may_be_word,
    parse,
)

K = OrderWordKind
W = OrderWord

WORDS = [
    ("统计", W(K.LIST)),
    ("统计！", W(K.LIST)),
    ("统 计", W(K.LIST)),
    ("統計", W(K.LIST)),
    ("统记", W(K.LIST)),
    ("接龙", W(K.LIST)),
    ("名单", W(K.LIST)),
    ("统计 周末水果", W(K.LIST, title="周末水果")),
    ("统计：周末水果", W(K.LIST, title="周末水果")),
    ("统计 My Fruit 团", W(K.LIST, title="My Fruit 团")),
    ("团", W(K.OFFERS)),
    ("在开的团", W(K.OFFERS)),
    ("有哪些团？", W(K.OFFERS)),
    ("未付", W(K.UNPAID)),
    ("谁没付？", W(K.UNPAID)),
    ("未付 周末水果", W(K.UNPAID, title="周末水果")),
    ("催单", W(K.REMIND)),
    ("催款 周末水果", W(K.REMIND, title="周末水果")),
    ("到货", W(K.ARRIVED)),
    ("到货了！", W(K.ARRIVED)),
    ("到货 周末水果", W(K.ARRIVED, title="周末水果")),
    ("导出", W(K.EXPORT)),
    ("导出Excel", W(K.EXPORT)),
    ("导出 周末水果", W(K.EXPORT, title="周末水果")),
    ("截单", W(K.CLOSE)),
    ("截单。", W(K.CLOSE)),
    ("截單", W(K.CLOSE)),
    ("截丹", W(K.CLOSE)),
    ("截单 周末水果", W(K.CLOSE, title="周末水果")),
    ("截单 早餐团", W(K.CLOSE, title="早餐团")),
    ("截单 今晚8点", W(K.CHANGE, field=Field.CLOSES, text="截单 今晚8点")),
    ("截单：明天中午12点", W(K.CHANGE, field=Field.CLOSES, text="截单 明天中午12点")),
    ("截单 半小时后", W(K.CHANGE, field=Field.CLOSES, text="截单 半小时后")),
    ("改截单 今晚9点", W(K.CHANGE, field=Field.CLOSES, text="截单 今晚9点")),
    ("改截单 周末水果 今晚9点", W(K.CHANGE, title="周末水果", field=Field.CLOSES, text="截单 今晚9点")),
    ("改自提 北门 周六", W(K.CHANGE, field=Field.PICKUP, text="自提 北门 周六")),
    ("改自提时间 周六下午", W(K.CHANGE, field=Field.PICKUP, text="自提时间 周六下午")),
    ("改成团 满30份", W(K.CHANGE, field=Field.MINIMUM, text="成团 满30份")),
    ("改备注 坏果包赔", W(K.CHANGE, field=Field.NOTE, text="备注 坏果包赔")),
    ("改价 1 39.9", W(K.CHANGE, field=Field.PRICE, item="1", text="39.9")),
    ("改价 1 ３９．９元", W(K.CHANGE, field=Field.PRICE, item="1", text="39.9")),
    ("改价1 39.9", W(K.CHANGE, field=Field.PRICE, item="1", text="39.9")),
    ("改价 A3 ¥45", W(K.CHANGE, field=Field.PRICE, item="A3", text="45")),
    ("改价 1号改为39.9", W(K.CHANGE, field=Field.PRICE, item="1号", text="39.9")),
    ("改价 丹东草莓 39.9元", W(K.CHANGE, field=Field.PRICE, item="丹东草莓", text="39.9")),
    ("改价 草莓39.9", W(K.CHANGE, field=Field.PRICE, item="草莓", text="39.9")),
    ("改价 39.9", W(K.CHANGE, field=Field.PRICE, text="39.9")),
    ("改库存 1 50", W(K.CHANGE, field=Field.STOCK, item="1", text="50")),
    ("改库存 草莓50份", W(K.CHANGE, field=Field.STOCK, item="草莓", text="50")),
    ("改限购 1 2", W(K.CHANGE, field=Field.LIMIT, item="1", text="2")),
    ("改限购 1 不限", W(K.CHANGE, field=Field.LIMIT, item="1", text="0")),
    ("下架 2", W(K.CHANGE, field=Field.OFF, item="2")),
    ("下架2", W(K.CHANGE, field=Field.OFF, item="2")),
    ("下架 草莓", W(K.CHANGE, field=Field.OFF, item="草莓")),
    ("上架 2", W(K.CHANGE, field=Field.ON, item="2")),
    ("加品 蓝莓 125g*6盒 45元 库存30", W(K.ADD_ITEM, text="蓝莓 125g*6盒 45元 库存30")),
    ("加品：4. 蓝莓 45元\n5. 草莓 20元", W(K.ADD_ITEM, text="4. 蓝莓 45元\n5. 草莓 20元")),
    ("取消团 周末水果", W(K.CANCEL_OFFER, title="周末水果")),
    ("复制团", W(K.COPY)),
    ("复制团 周末水果", W(K.COPY, title="周末水果")),
    ("再开 周末水果", W(K.COPY, title="周末水果")),
    ("收款 小美", W(K.CONFIRM_PAID, member="小美")),
    ("已收 @小美\u2005", W(K.CONFIRM_PAID, member="小美")),
    ("已收 3栋502-小美", W(K.CONFIRM_PAID, member="3栋502-小美")),
    ("核销 8231", W(K.HAND_OVER, member="8231")),
    ("核销8231", W(K.HAND_OVER, member="8231")),
    ("核销 小美", W(K.HAND_OVER, member="小美")),
    ("核销 Ann Li", W(K.HAND_OVER, member="Ann Li")),
    ("退款 小美 20", W(K.REFUND, member="小美", amount=Decimal(20))),
    ("退款 小美 20.5元 坏果 两盒", W(K.REFUND, member="小美", amount=Decimal("20.5"), text="坏果 两盒")),
    ("退款 Ann Li ¥5 少发", W(K.REFUND, member="Ann Li", amount=Decimal(5), text="少发")),
    ("退款 007 20", W(K.REFUND, member="007", amount=Decimal(20))),
    ("代 小美 草莓2份", W(K.PLACE, member="小美", text="小美 草莓2份")),
    ("代 @小美\u2005草莓2份", W(K.PLACE, member="小美", text="小美 草莓2份")),
    ("代：小美 取消", W(K.PLACE, member="小美", text="小美 取消")),
    ("代下单 小美\n草莓2份\n蓝莓1份", W(K.PLACE, member="小美", text="小美 草莓2份\n蓝莓1份")),
    ("代 Ann Li 晚餐1份", W(K.PLACE, member="Ann", text="Ann Li 晚餐1份")),
    ("撤销", W(K.UNDO)),
    ("撤销上一条", W(K.UNDO)),
    ("撤销 小美", W(K.UNDO, member="小美")),
    ("我的订单", W(K.MY_ORDERS)),
    ("我订了什么？", W(K.MY_ORDERS)),
    ("确认", W(K.CONFIRM)),
    ("取消操作", W(K.DECLINE)),
    ("开团 1 3", W(K.OPEN, text="开团 1 3")),
    ("开团 A3 A4\n截单 今晚8点", W(K.OPEN, text="开团 A3 A4\n截单 今晚8点")),
    ("开团 草莓 3斤 59元", W(K.OPEN, text="开团 草莓 3斤 59元")),
    ("开团 周末水果\n1. 草莓", W(K.OPEN, text="开团 周末水果\n1. 草莓")),
    ("开团啦 周末水果\n草莓 20元", W(K.OPEN, text="开团啦 周末水果\n草莓 20元")),
    ("🎉今日开团🎉\n草莓 20元", W(K.OPEN, text="🎉今日开团🎉\n草莓 20元")),
]
TALK = [
    *(
        "到货了吗",
        "到货没",
        "到货了吗？",
        "截单了没",
        "截单了吗",
        "什么时候开团",
        "求团长开团",
        "开团了吗",
        "开团没",
        "开团啦",
        "开团吧",
    ),
    *(
        "统计局",
        "统计学好难",
        "导出来看看",
        "导出到哪里了",
        "代驾",
        "代购奶粉吗",
        "代购",
        "代表大家谢谢团长",
        "催单员",
        "催单短信好烦",
    ),
    *(
        "取消",
        "取消吧",
        "取消2份",
        "不要了",
        "算了",
        "团长好",
        "团购",
        "团团",
        "截单了，没订的等下次",
        "马上截单",
        "8点截单",
        "截单倒计时",
    ),
    *(
        "到货了大家来拿",
        "到货 了吗",
        "货到了",
        "已收到",
        "已收",
        "收款码发一下",
        "收款到账",
        "退款到账了",
        "退款了吗",
        "退款？",
        "核销了吗",
    ),
    *(
        "代3栋王姐2份",
        "代王姐要两份",
        "我的订单呢",
        "我的订单什么时候到",
        "确认一下",
        "确认收货",
        "同意",
        "不用",
        "不用了",
        "撤销不了",
        "撤了",
    ),
    *(
        "名单 发我一下",
        "订单 有问题",
        "接龙 在上面",
        "#接龙",
        "#接龙 水果\n1. 小美 草莓",
        "接龙接错了",
        "再开一个吧",
        "再开",
        "改天再说",
    ),
    *(
        "改成3份",
        "改为3",
        "上架了吗",
        "下架了",
        "下架 了",
        "未付的快付",
        "加一",
        "加品质好的",
        "开团通知",
        "开团了 今天有草莓",
        "收单 了没",
    ),
    *(
        "统计 一下大家要多少",
        "截单?",
        "核销 小美？",
        "代 小美 草莓有吗？",
        "到货\n大家来取",
        "",
        "。",
        "？",
        "草莓2份",
        "+1",
    ),
]
UNKNOWN = [
    ("开团", K.OPEN),
    ("开团 周末水果", K.OPEN),
    ("截单 周五", K.CLOSE),
    ("截单 今晚", K.CLOSE),
    ("改截单 明天", K.CHANGE),
    ("改价", K.CHANGE),
    ("改价 草莓", K.CHANGE),
    ("改价 1 29.9元／2份55元", K.CHANGE),
    ("改库存 1 2.5", K.CHANGE),
    ("改成团 多一点", K.CHANGE),
    ("下架", K.CHANGE),
    ("加品", K.ADD_ITEM),
    ("加品 蓝莓 59元 69元", K.ADD_ITEM),
    ("加品 蓝莓 45元\n草莓 59元 买一送一", K.ADD_ITEM),
    ("取消团", K.CANCEL_OFFER),
    ("核销", K.HAND_OVER),
    ("收款", K.CONFIRM_PAID),
    ("退款", K.REFUND),
    ("退款 小美", K.REFUND),
    ("退款 小美 0元", K.REFUND),
    ("代下单 小美", K.PLACE),
]
ADDRESSED = [
    ("@千群\u2005截单", W(K.CLOSE)),
    ("@千群 统计 周末水果", W(K.LIST, title="周末水果")),
    ("请帮我统计一下", W(K.LIST)),
    ("麻烦导出一下", W(K.EXPORT)),
    ("帮我截单吧", W(K.CLOSE)),
    ("导出来看看", UnknownOrderWord("导出来看看", K.EXPORT)),
    ("帮我核销", UnknownOrderWord("帮我核销", K.HAND_OVER)),
    ("统计数据", UnknownOrderWord("统计数据", K.LIST)),
    ("到货了吗", None),
    ("什么时候开团", None),
    ("你好", None),
    ("同意", None),
    ("暂停", None),
    ("帮助", None),
    ("退订", None),
]


@pytest.mark.parametrize(("text", "word"), WORDS)
def test_a_word_is_heard(text: str, word: OrderWord) -> None:
    assert parse(text, addressed=False) == word
    assert parse(text, addressed=True) == word


@pytest.mark.parametrize("text", TALK)
def test_talk_is_no_word(text: str) -> None:
    assert parse(text, addressed=False) is None


@pytest.mark.parametrize(("text", "advice"), UNKNOWN)
def test_a_word_that_went_wrong_gets_a_line_of_help(text: str, advice: OrderWordKind) -> None:
    assert parse(text, addressed=False) == UnknownOrderWord(text, advice)
    assert render("orders", "word_help", key=advice)


@pytest.mark.parametrize(("text", "word"), ADDRESSED)
def test_politeness_is_heard_where_the_bot_is_addressed(text: str, word: OrderWord | UnknownOrderWord | None) -> None:
    assert parse(text, addressed=True) == word


@pytest.mark.parametrize("text", ["截单", "统计 周末水果", "核销 8231"])
def test_a_word_behind_a_quotation_counts_and_one_inside_does_not(text: str) -> None:
    line = "- - - - - - - - - - - - - - -"
    assert parse(f"「小美：草莓2份」\n{line}\n{text}", addressed=False) == parse(text, addressed=False)
    assert parse(f"「团长：{text}」\n{line}\n好的", addressed=False) is None


@pytest.mark.parametrize("kind", list(OrderWordKind))
def test_every_kind_has_forms_and_an_audience(kind: OrderWordKind) -> None:
    assert forms(kind)
    members = {K.MY_ORDERS}
    assert (audience(kind) is Audience.EVERYONE) == (kind in members)


@pytest.mark.parametrize("form", [form for kind in OrderWordKind for form in forms(kind)])
def test_no_word_is_one_of_the_groups_too(form: str) -> None:
    assert not isinstance(hearing.parse(form, False), group_words.Word)
    assert not isinstance(hearing.parse(form, True), group_words.Word)


GROUP_WORDS = [
    *("暂停", "恢复", "级别3", "标签", "同意", "不用", "不同意", "需求", "帮助", "退订", "td", "不要推荐"),
    *("关闭个性化", "打开个性化", "为什么推荐"),
]


@pytest.mark.parametrize("text", GROUP_WORDS)
def test_no_word_of_the_groups_is_one_here(text: str) -> None:
    assert parse(text, addressed=True) is None


PIECES = [form for kind in OrderWordKind for form in forms(kind)]
PARTS = st.sampled_from([*PIECES, *" \n:：，。？1239.草莓小美元份@\u2005吗了", "今晚8点", "「", "」\n------\n"])


@given(st.lists(PARTS, max_size=12), st.booleans())
def test_nothing_raises(parts: list[str], addressed: bool) -> None:
    word = parse("".join(parts), addressed=addressed)
    assert not isinstance(word, UnknownOrderWord) or word.text


@given(st.text(max_size=60), st.sampled_from(PIECES))
def test_no_text_behind_a_word_raises(text: str, form: str) -> None:
    parse(f"{form} {text}", addressed=False)
    parse(text, addressed=True)


@given(st.sampled_from(PIECES), st.sampled_from(["吗", "吗？", "了没", "没有", "？", "什么时候"]))
def test_a_question_changes_nothing(form: str, tail: str) -> None:
    word = parse(f"{form}{tail}", addressed=False)
    asks = {K.LIST, K.OFFERS, K.UNPAID, K.MY_ORDERS}
    assert word is None or (isinstance(word, OrderWord) and word.kind in asks)


@pytest.mark.parametrize(
    "piece",
    ["截单 ", "代 小美 ", "@a ", "改价 1 ", "退款 a ", "1", " ", "开团 ", "加品 草莓 ", "\n", "开团\n草莓 1元\n"],
)
def test_time_grows_with_length_only(piece: str) -> None:
    def cost(length: int) -> float:
        text = (piece * (length // len(piece) + 1))[:length]
        begun = time.thread_time()
        parse(text, addressed=True)
        return time.thread_time() - begun

    cost(1_000)
    assert min(cost(64_000) for _ in range(2)) < 0.2 + 20 * min(cost(8_000) for _ in range(3))


_PIECES = (
    *(form for kind in OrderWordKind for form in forms(kind)),
    *("開團", "开囤", "今日", "@所有人 ", "@店长\u2005", "「小美：好」\n- - - - - -\n", "草莓 59.9元", "改价1 29"),
    *" ，,。！!?\n～；、\u2005\u200b#1团統計订單Ａ我谁的了",
)


@given(st.lists(st.sampled_from(_PIECES), max_size=6).map("".join))
def test_no_word_is_overlooked_by_how_it_begins(text: str) -> None:
    with patch.object(words, "_may_begin", return_value=True):
        read = parse(text, addressed=False)
    assert parse(text, addressed=False) == read
    assert read is None or may_be_word(text)


def test_nearly_all_talk_begins_like_no_word() -> None:
    lines = (Path(__file__).parents[1] / "data" / "talk.jsonl").read_text(encoding="utf-8").splitlines()
    assert sum(may_be_word(json.loads(line)["text"]) for line in lines) < 0.05 * len(lines)
