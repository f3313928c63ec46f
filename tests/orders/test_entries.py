"""What stands behind a nickname in a list."""

from __future__ import annotations

import time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.entries import read_entry
from tests.orders.tables import FRUIT, offer, reader

FREE = [
    ("8份晚餐", "晚餐 8 份"),
    ("晚餐一份", "晚餐 1 份"),
    ("苹果4斤,香蕉(熟点)3斤,可乐600ml*24瓶4箱,", "苹果 4 斤; 香蕉 3 斤 (熟点); 可乐600ml*24瓶 4 箱"),
    ("橙子4斤啤酒24罐装一箱", "橙子 4 斤; 啤酒24罐装 1 箱"),
    ("红和黄 各一斤", "红 1 斤; 黄 1 斤"),
    ("苹果、梨各2斤", "苹果 2 斤; 梨 2 斤"),
    ("汉堡 + 鸡翅", "汉堡 -; 鸡翅 -"),
    ("鸡腿堡", "鸡腿堡 -"),
    ("晚餐1份 少饭", "晚餐 1 份 (少饭)"),
    ("香蕉3斤(青)", "香蕉 3 斤 (青)"),
    ("2份鸡腿饭1份牛肉饭", "鸡腿饭 2 份; 牛肉饭 1 份"),
    ("晚餐几份", "晚餐 - 份"),
    ("三文鱼2份", "三文鱼 2 份"),
    ("+1", ""),
    ("", ""),
]


@pytest.mark.parametrize(("text", "wanted"), FREE)
def test_without_a_list(text: str, wanted: str) -> None:
    shown = [
        f"{one.text} {'-' if one.quantity is None else one.quantity} {one.unit}".strip()
        + (f" ({one.note})" if one.note else "")
        for one in read_entry(text)
    ]
    assert "; ".join(shown) == wanted


LISTED = [
    ("蓝莓2 沃柑小果1箱", [(13, Decimal(2)), (15, Decimal(1))]),
    ("蓝莓、红颜草莓各2盒", [(13, Decimal(2)), (12, Decimal(2))]),
    ("两盒蓝莓 3-502", [(13, Decimal(2))]),
    ("3号2份", [(13, Decimal(2))]),
    ("草莓1盒", [(None, Decimal(1))]),
    ("榴莲1个", [(None, Decimal(1))]),
]


@pytest.mark.parametrize(("text", "wanted"), LISTED)
def test_with_a_list(text: str, wanted: list[tuple[int | None, Decimal | None]]) -> None:
    items = read_entry(text, offer(1, *FRUIT).on_list, words=reader().words)
    assert [(one.item, one.quantity) for one in items] == wanted


@given(st.text(max_size=60))
def test_any_text_is_read(text: str) -> None:
    for one in read_entry(text, offer(1, *FRUIT).on_list):
        assert 0 <= one.span[0] <= one.span[1] <= len(text)


@pytest.mark.parametrize("piece", ["苹果2斤,", "各", "红各2斤,", "红和", "(", "2", "苹"])
def test_time_grows_with_length_only(piece: str) -> None:
    def cost(length: int) -> float:
        begun = time.thread_time()
        read_entry((piece * length)[:length])
        return time.thread_time() - begun

    cost(1_000)
    assert cost(32_000) < 0.2 + 20 * min(cost(4_000) for _ in range(2))
