"""Sums of an order book add up whichever way they are cut."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from orders import totals
from orders.state import Offer, Payment
from tests.orders.books import fruit, neighbours, order


def test_by_item() -> None:
    found = [
        (one.item.title, one.amount.quantity, one.amount.money, one.people) for one in totals.by_item(neighbours())
    ]
    assert found == [
        ("丹东草莓", 3, Decimal("179.70"), 2),
        ("蓝莓", 9, Decimal("405.00"), 2),
        ("沃柑", 5, Decimal("139.90"), 1),
    ]


def test_by_person_in_the_order_of_arrival_without_those_who_cancelled() -> None:
    found = totals.by_person(neighbours())
    assert [(one.member, one.amount.quantity, str(one.amount.money), one.payment) for one in found] == [
        ("mei", 7, "259.70", Payment.UNPAID),
        ("wang", 1, "59.90", Payment.PAID),
        ("li", 4, "180.00", Payment.CLAIMED),
        ("zhao", 5, "225.00", Payment.UNPAID),
    ]
    assert len({one.code for one in found}) == 4


def test_what_is_for_others_comes_after_ones_own() -> None:
    (mei, *_) = totals.by_person(neighbours())
    assert [(one.key.item, one.key.for_whom) for one in mei.lines] == [(1, ""), (3, ""), (3, "10栋301张奶奶")]


def test_by_building_goes_where_the_goods_go() -> None:
    found = [(one.building, one.amount.quantity, one.people) for one in totals.by_building(neighbours())]
    assert found == [("2号楼", 9, 2), ("3栋", 5, 1), ("10栋", 2, 1), ("11栋", 1, 1)]


def test_the_same_building_in_two_groups_is_two_buildings() -> None:
    offer = replace(fruit(), group_ids=(1, 2))
    order(offer, 1, "a", "1", "3栋小美", group_id=1)
    order(offer, 1, "b", "2", "3号楼阿强", group_id=2)
    assert [(one.group_id, one.amount.quantity) for one in totals.by_building(offer)] == [(1, 1), (2, 2)]


def test_progress_counts_buyers_and_pieces() -> None:
    offer = replace(neighbours(), minimum_people=6)
    found = totals.progress(offer)
    assert (found.people, found.pieces, found.missing_people, found.missing_pieces) == (4, 17, 2, 3)
    assert not found.reached
    assert totals.progress(replace(offer, minimum_people=4, minimum_pieces=17)).reached


def test_without_a_minimum_it_is_always_reached() -> None:
    found = totals.progress(replace(fruit(), minimum_pieces=None))
    assert found.reached
    assert not found.has_minimum


def test_what_has_no_price_is_told_apart() -> None:
    offer = neighbours()
    offer.items[2].price = None
    assert totals.whole(offer) == (Decimal(17), Decimal("319.60"), Decimal(9))
    (blueberries,) = [one for one in totals.by_item(offer) if one.item.id == 2]
    assert not blueberries.amount.priced


def test_who_owes() -> None:
    assert [one.member for one in totals.owing(neighbours())] == ["mei", "li", "zhao"]
    assert [one.member for one in totals.unpaid(neighbours())] == ["mei", "zhao"]


_LINES = st.lists(
    st.tuples(
        st.integers(1, 3),
        st.sampled_from(["mei", "wang", "li", "~老赵"]),
        st.integers(0, 12),
        st.sampled_from(["", "我妈", "3栋王姐", "5-201"]),
        st.sampled_from(["小美", "3栋502", "A座7", "12号楼 老赵"]),
        st.sampled_from([1, 2]),
    ),
    max_size=25,
)


def _book(lines: list[tuple[int, str, int, str, str, int]]) -> Offer:
    offer = replace(fruit(), group_ids=(1, 2))
    for item, member, quantity, whom, name, group_id in lines:
        order(offer, item, member, str(quantity), name, for_whom=whom, group_id=group_id)
    return offer


@given(_LINES)
def test_every_cut_adds_up_to_the_book(lines: list[tuple[int, str, int, str, str, int]]) -> None:
    offer = _book(lines)
    whole = totals.whole(offer)
    assert whole.quantity == sum(line.quantity for line in offer.lines.values())
    for cut in (totals.by_item(offer), totals.by_person(offer), totals.by_building(offer)):
        assert sum(one.amount.quantity for one in cut) == whole.quantity
        assert sum(one.amount.money for one in cut) == whole.money
    assert totals.progress(offer).pieces == whole.quantity
