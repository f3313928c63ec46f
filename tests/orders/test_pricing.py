"""What a quantity costs: bundles, prices from a quantity on, fractions; and that there is one price for everyone."""

from __future__ import annotations

import inspect
from decimal import Decimal
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.pricing import price_of
from orders.state import Item, Tier
from orders.totals import by_person
from tests.orders.books import fruit, order


def _item(price: str | None = "29.90", *tiers: Tier) -> Item:
    return Item(1, 1, 1, "1", "沃柑", "份", "5斤", None if price is None else Decimal(price), tiers)


TWO_FOR_55 = Tier(2, Decimal(55))


@pytest.mark.parametrize(
    ("quantity", "cost"),
    [
        ("0", "0.00"),
        ("1", "29.90"),
        ("2", "55.00"),
        ("3", "84.90"),
        ("4", "110.00"),
        ("5", "139.90"),
        ("99", "2724.90"),
    ],
)
def test_any_number_of_bundles_and_the_rest_as_singles(quantity: str, cost: str) -> None:
    assert str(price_of(_item("29.90", TWO_FOR_55), Decimal(quantity))) == cost


def test_bundles_of_several_sizes_mix_to_the_lowest_sum() -> None:
    item = _item("10", Tier(3, Decimal(24)), Tier(5, Decimal(41)))
    assert [str(price_of(item, Decimal(count))) for count in (3, 5, 6, 8, 9, 10)] == [
        "24.00", "41.00", "48.00", "65.00", "72.00", "82.00",
    ]  # fmt: skip


def test_a_bundle_dearer_than_singles_is_never_used() -> None:
    assert price_of(_item("10", Tier(2, Decimal(25))), Decimal(4)) == Decimal("40.00")


def test_a_price_from_a_quantity_on_holds_for_every_piece() -> None:
    item = _item("10", Tier(3, Decimal(9), bundle=False), Tier(10, Decimal(8), bundle=False))
    assert [price_of(item, Decimal(count)) for count in (2, 3, 9, 10)] == [20, 27, 81, 80]


def test_half_a_pound_costs_half() -> None:
    assert str(price_of(_item("12.50"), Decimal("0.5"))) == "6.25"
    assert str(price_of(_item("29.90", TWO_FOR_55), Decimal("2.5"))) == "69.95"
    assert str(price_of(_item("0.33"), Decimal("0.5"))) == "0.17"


def test_without_a_price_there_is_no_cost() -> None:
    assert price_of(_item(None, TWO_FOR_55), Decimal(2)) is None


def test_a_huge_quantity_does_not_take_long() -> None:
    item = _item("10", Tier(7, Decimal(60)), Tier(11, Decimal(99)))
    few = price_of(item, Decimal(500))
    assert few is not None
    assert price_of(item, Decimal(500 + 7 * 10**8)) == few + 60 * 10**8


def test_the_price_knows_nothing_of_the_member() -> None:
    assert list(inspect.signature(price_of).parameters) == ["item", "quantity"]


def test_everybody_pays_the_same() -> None:
    offer = fruit()
    for number, name in enumerate(("小美", "团长", "3栋502", "iPhone 用户", "新人")):
        order(offer, 3, f"m{number}", "3", name)
    assert {person.amount.money for person in by_person(offer)} == {Decimal("84.90")}


_MONEY = st.decimals("0.01", "500", places=2)
_ITEMS = st.builds(
    lambda price, tiers: _item(str(price), *tiers),
    _MONEY,
    st.lists(st.builds(Tier, st.integers(2, 9), _MONEY, st.booleans()), max_size=3).map(tuple),
)


@given(_ITEMS, st.integers(1, 60), st.integers(1, 60))
def test_ordering_together_is_never_dearer_than_apart_nor_than_singles(item: Item, one: int, other: int) -> None:
    together, first, second = (price_of(item, Decimal(count)) for count in (one + other, one, other))
    assert together is not None
    assert first is not None
    assert second is not None
    assert item.price is not None
    assert together <= first + second
    assert 0 <= together <= item.price * (one + other)


@given(_ITEMS, st.integers(1, 20))
def test_the_cost_is_the_lowest_of_all_mixes(item: Item, count: int) -> None:
    assert item.price is not None
    single = min([item.price, *(tier.price for tier in item.tiers if not tier.bundle and tier.quantity <= count)])
    bundles = [tier for tier in item.tiers if tier.bundle]
    mixes = (
        (sum(n * tier.quantity for n, tier in zip(mix, bundles, strict=True)), mix)
        for mix in product(*(range(count // tier.quantity + 1) for tier in bundles))
    )
    lowest = min(
        sum((n * tier.price for n, tier in zip(mix, bundles, strict=True)), Decimal(0)) + (count - pieces) * single
        for pieces, mix in mixes
        if pieces <= count
    )
    assert price_of(item, Decimal(count)) == lowest
