"""What members type about orders they have: more, less, another, none."""

from __future__ import annotations

import pytest

from core.outcomes import Reason
from tests.orders.tables import FRUIT, STRAWBERRY, offer, read, short, table

HAS_TWO = [
    ("再加一份", "add 11 1"),
    ("再来一份", "add 11 1"),
    ("再要2盒", "add 11 2"),
    ("追加1份", "add 11 1"),
    ("还要一份", "add 11 1"),
    ("改成3份", "set 11 3"),
    ("改为3", "set 11 3"),
    ("总共3份", "set 11 3"),
    ("一共要3份", "set 11 3"),
    ("不是2份是3份", "set 11 3"),
    ("加到5份", "set 11 5"),
    ("草莓改成3份", "set 11 3"),
    ("草莓3份", "set 11 3"),
    ("不要了", "cancel 11 all"),
    ("取消", "cancel 11 all"),
    ("算了", "cancel 11 all"),
    ("退出", "cancel 11 all"),
    ("先不买了", "cancel 11 all"),
    ("划掉", "cancel 11 all"),
    ("撤了", "cancel 11 all"),
    ("取消1份", "cancel 11 1"),
    ("少要一份", "cancel 11 1"),
    ("退出1", "cancel 11 all"),
    ("取消草莓", "cancel 11 all"),
    ("草莓不要了", "cancel 11 all"),
    ("不要草莓了", "cancel 11 all"),
    ("不好意思，草莓不要了", "cancel 11 all"),
    ("已付", "paid 1"),
    ("付了", "paid 1"),
    ("转了", "paid 1"),
    ("草莓钱转了", "paid 1"),
    ("少冰", "set 11 2 (少冰)"),
    ("取消退款", "-"),
    ("电视不要了有人要吗", "-"),
    ("电视不要了", "-"),
]


@pytest.mark.parametrize(("raw", "wanted"), HAS_TWO)
def test_a_member_with_two_boxes(raw: str, wanted: str) -> None:
    assert short(read(raw, table(offer(1, *STRAWBERRY), lines=[(11, "2")]))) == wanted


NOTHING = [("不要了", "-"), ("取消", "-"), ("取消2份", "-"), ("已付", "-"), ("少冰", "-"), ("再来一份", "add 11 1")]


@pytest.mark.parametrize(("raw", "wanted"), NOTHING)
def test_a_member_with_nothing(raw: str, wanted: str) -> None:
    assert short(read(raw, table(offer(1, *STRAWBERRY)))) == wanted


MORE = [
    ("换成小果", "cancel 14 all; set 15 2"),
    ("沃柑大果换成小果", "cancel 14 all; set 15 2"),
    ("沃柑大果换成蓝莓3盒", "cancel 14 all; set 13 3"),
    ("沃柑不要了", "cancel 14 all"),
    ("不要沃柑大果了，蓝莓2盒", "cancel 14 all; add 13 2"),
]


@pytest.mark.parametrize(("raw", "wanted"), MORE)
def test_another_item(raw: str, wanted: str) -> None:
    assert short(read(raw, table(offer(1, *FRUIT), lines=[(14, "2")]))) == wanted


def test_restating_says_so() -> None:
    reading = read("草莓3份", table(offer(1, *STRAWBERRY), lines=[(11, "2")]))
    assert reading.reason is Reason.RESTATED
    assert reading.edits[0].restated


def test_a_cancellation_in_two_offers_is_confirmed() -> None:
    two = (offer(1, *STRAWBERRY), offer(2, ("1", "土鸡蛋", "板")))
    assert short(read("不要了", table(*two, lines=[(11, "2"), (21, "1")]))) == "ask confirm_all"
    assert short(read("不要了", table(*two, lines=[(11, "2"), (21, "1")], quoted=[21]))) == "cancel 21 all"


def test_the_line_of_somebody_else_stays_apart() -> None:
    assert short(read("帮我妈也来一份", table(offer(1, *STRAWBERRY), lines=[(11, "2")]))) == "add 11 1 @我妈"
    assert (
        short(read("帮我妈改成3份", table(offer(1, *STRAWBERRY), lines=[(11, "2"), (11, "1", "我妈")])))
        == "set 11 3 @我妈"
    )
