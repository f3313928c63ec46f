"""Numbers and units as members write them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.outcomes import Reason
from orders.amounts import amount_of
from orders.quantities import contents, not_numbers, quantity_at
from orders.scanning import Kind, scan
from orders.state import Item

NUMBERS = [
    ("2", "2", ""),
    ("两盒", "2", "盒"),
    ("俩", "2", ""),
    ("仨", "3", ""),
    ("十五份", "15", "份"),
    ("一百二", "120", ""),
    ("半斤", "0.5", "斤"),
    ("斤半", "1.5", "斤"),
    ("一斤半", "1.5", "斤"),
    ("三斤二两", "3.2", "斤"),
    ("3两", "3", "两"),
    ("二两", "2", "两"),
    ("2kg", "2", "公斤"),
    ("500g", "500", "克"),
    ("2分", "2", "份"),
    ("一打", "1", "打"),
    ("+2", "2", ""),
    ("×2盒", "2", "盒"),
]


@pytest.mark.parametrize(("text", "value", "unit"), NUMBERS)
def test_a_number_with_its_unit(text: str, value: str, unit: str) -> None:
    quantity = quantity_at(text, 0)
    assert quantity is not None
    assert (quantity.value, quantity.unit, quantity.end) == (Decimal(value), unit, len(text))


PLACES = "3栋502 3-502 3#502 3号楼2单元502 a座1203 七号楼 e区".split()  # noqa: SIM905 - read as members write them
FIGURES = "6.8号 8:30 13800000000 第二份 59.9元 2个人 600ml xl码".split()  # noqa: SIM905
NAMES = "三文鱼 四季豆 五花肉 八宝粥 千层饼 一起".split()  # noqa: SIM905


@pytest.mark.parametrize("text", [*PLACES, *FIGURES, *NAMES])
def test_never_a_quantity(text: str) -> None:
    assert not [token for token in scan(text) if token.kind is Kind.QUANTITY]


def test_words_that_begin_with_a_number_begin_with_one() -> None:
    assert all(word[0] in "一二两三四五六七八九十百千万半" for word in not_numbers())


def test_what_a_specification_holds() -> None:
    assert contents("125g*6盒") == {"盒": 6, "克": 750}
    assert contents("5斤/箱")["斤"] == 5
    assert contents("24罐装")["罐"] == 24
    assert contents("18枚/板")["枚"] == 18


SOLD = [
    ("盒", "3斤", "6斤", "2"),
    ("盒", "3斤", "2斤", Reason.UNIT_MISMATCH),
    ("盒", "", "2份", "2"),
    ("盒", "", "半份", Reason.FRACTION_OF_PIECE),
    ("盒", "", "2斤", Reason.UNIT_MISMATCH),
    ("斤", "", "2公斤", "4"),
    ("斤", "", "3两", "0.3"),
    ("公斤", "", "1斤", "0.5"),
    ("只", "", "一对", "2"),
    ("罐", "", "半打", "6"),
    ("双", "", "一双", "1"),
    ("盒", "", "一对", Reason.UNIT_MISMATCH),
    ("板", "30枚/板", "60个", "2"),
    ("箱", "600ml*24瓶", "48瓶", "2"),
    ("份", "", "100份", Reason.OVER_LIMIT),
    ("份", "", "0份", Reason.BELOW_MINIMUM),
    ("份", "", "几份", Reason.IMPRECISE_QUANTITY),
]


@pytest.mark.parametrize(("unit", "specification", "said", "wanted"), SOLD)
def test_the_amount_in_the_unit_of_the_item(unit: str, specification: str, said: str, wanted: str | Reason) -> None:
    quantity = quantity_at(said, 0)
    assert quantity is not None
    amount = amount_of(Item(1, 1, 1, "1", "某物", unit, specification), quantity)
    assert amount == (wanted if isinstance(wanted, Reason) else Decimal(wanted))


@given(st.text(max_size=60))
def test_scanning_loses_nothing(text: str) -> None:
    tokens = scan(text)
    assert "".join(token.text for token in tokens) == text
    assert [token.start for token in tokens[1:]] == [token.end for token in tokens[:-1]]
