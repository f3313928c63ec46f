"""Every example that the specification gives, and the lines the project promises."""

from __future__ import annotations

from decimal import Decimal

import pytest

from core.outcomes import Outcome, Reason
from recommender.lexicon import Lexicon
from recommender.needs import NeedClass
from tests.recommender.conftest import Read

NEEDS = [
    ("哪里能买到甜一点的玉米", NeedClass.WHERE_TO_BUY, "玉米"),
    ("这附近有卖绿豆糕的吗", NeedClass.WHERE_TO_BUY, "绿豆糕"),
    ("想买点排骨炖汤", NeedClass.WANT, "排骨"),
    ("我想囤两箱牛奶", NeedClass.WANT, "牛奶"),
    ("🍓还有吗", NeedClass.WANT, "草莓"),
    ("家里大米快见底了", NeedClass.RUN_OUT, "大米"),
    ("纸巾没了", NeedClass.RUN_OUT, "纸巾"),
    ("宝宝尿不湿快用完了", NeedClass.RUN_OUT, "尿不湿"),
    ("求推荐儿童防晒", NeedClass.ADVICE, "防晒"),
    ("什么牌子的洗衣液好", NeedClass.ADVICE, "洗衣液"),
    ("有人拼车厘子吗", NeedClass.GROUP_BUY, "车厘子"),
    ("求团长开个鸡蛋团", NeedClass.GROUP_BUY, "鸡蛋"),
    ("蹲一个榴莲", NeedClass.GROUP_BUY, "榴莲"),
    ("上次的苹果什么时候再团", NeedClass.GROUP_BUY, "苹果"),
    ("车厘子太贵了有便宜的吗", NeedClass.WANT, "车厘子"),
    ("车厘子贵是贵还是想买", NeedClass.WANT, "车厘子"),
]

TALK = [
    ("我都快吃完了", {Reason.TALK}),
    ("吃完了吗", {Reason.TALK}),
    ("你在哪买的票", {Reason.PAST}),
    ("推荐部电影", {Reason.TALK, Reason.QUESTION}),
    ("介绍个对象", {Reason.TALK, Reason.QUESTION}),
    ("她说想买", {Reason.REPORTED_SPEECH}),
    ("她说想买个锅", {Reason.REPORTED_SPEECH}),
    ("牛奶已经买了", {Reason.DONE_ALREADY}),
    ("不用买牛奶了", {Reason.DONE_ALREADY, Reason.NEGATED}),
    ("太贵了不买了", {Reason.NEGATED}),
    ("草莓", {Reason.TALK}),
    ("草莓多少钱", {Reason.QUESTION, Reason.TALK}),
]


@pytest.mark.parametrize(("text", "need_class", "term"), NEEDS)
def test_a_need(text: str, need_class: NeedClass, term: str, read: Read, lexicon: Lexicon) -> None:
    need = read(text).need
    assert need is not None
    assert (need.need_class, need.terms[0]) == (need_class, lexicon.canonical(term))


@pytest.mark.parametrize(("text", "reasons"), TALK)
def test_no_need_and_why(text: str, reasons: set[Reason], read: Read) -> None:
    reading = read(text)
    assert reading.need is None
    assert reading.reason in reasons


@pytest.mark.parametrize(("text", "reason"), [("上次的草莓坏了两盒", Reason.COMPLAINT), ("这米真香", Reason.PRAISE)])
def test_opinions_are_kept_and_linked(text: str, reason: Reason, read: Read) -> None:
    reading = read(text)
    assert (reading.outcome, reading.reason) == (Outcome.OPINION, reason)
    assert reading.opinion_about


@pytest.mark.parametrize("text", ["家里来客人了", "孩子下周开学"])
def test_hints_are_only_recorded(text: str, read: Read) -> None:
    reading = read(text)
    assert reading.need is not None
    assert (reading.need.need_class, reading.reason) == (NeedClass.IMPLICIT, Reason.RECORDED)


@pytest.mark.parametrize("text", ["想买草霉", "想买caomei", "想買草莓", "想买🍓"])
def test_the_ways_of_writing_one_word(text: str, read: Read) -> None:
    need = read(text).need
    assert need is not None
    assert need.terms == ("草莓",)


def test_budget_of_the_promised_line(read: Read) -> None:
    need = read("求推荐儿童防晒,五十以内").need
    assert need is not None
    assert need.constraints.price_max == Decimal(50)
    assert "儿童" in need.constraints.attributes
