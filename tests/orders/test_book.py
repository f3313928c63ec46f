"""The book of one offer: limits, stock, lines that are somebody else's, and sums that always agree."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.outcomes import Reason
from orders.book import By, Rung, ring_up
from orders.edits import Change, Edit
from orders.state import LineKey, Offer, OfferState
from tests.orders.books import NOW, fruit

STRAWBERRY, BLUEBERRY, ORANGE = 1, 2, 3


def by(member: str = "xiaomei", *, late: bool = False, names: frozenset[str] = frozenset()) -> By:
    return By(member, member, member, 1, NOW, 1, names=names, late=late)


def code(used: frozenset[str]) -> str:
    return str(1000 + len(used))


def ring(offer: Offer, *edits: Edit, who: By | None = None, products: dict[int, Decimal] | None = None) -> Rung:
    return ring_up(offer, edits, who or by(), products=products or {}, make_code=code)


def add(item: int, quantity: float, **values: str) -> Edit:
    return Edit(item, Change.ADD, Decimal(str(quantity)), **values)  # type: ignore[arg-type]


def test_an_order_stands_in_the_book_with_its_buyer_and_its_ledger() -> None:
    offer = fruit()
    rung = ring(offer, add(STRAWBERRY, 2), add(BLUEBERRY, 1, note="熟一点"))
    assert {key.item: line.quantity for key, line in offer.lines.items()} == {STRAWBERRY: 2, BLUEBERRY: 1}
    assert offer.lines[LineKey(BLUEBERRY, "xiaomei")].note == "熟一点"
    assert offer.buyers["xiaomei"].code == "1000"
    assert [(row["delta"], row["total"]) for row in rung.ledger] == [(2, 2), (1, 1)]
    assert offer.items[BLUEBERRY].taken == 1


@pytest.mark.parametrize(
    ("edit", "reason", "left"),
    [
        (add(STRAWBERRY, 6), Reason.OVER_LIMIT, 5),
        (add(BLUEBERRY, 31), Reason.OVER_STOCK, 30),
        (add(ORANGE, 100), Reason.OVER_LIMIT, 99),
    ],
)
def test_what_cannot_be_had_is_refused_with_what_is_left(edit: Edit, reason: Reason, left: int) -> None:
    offer = fruit()
    rung = ring(offer, edit)
    assert [(one.reason, one.left) for one in rung.refused] == [(reason, left)]
    assert not offer.lines
    assert not offer.buyers
    assert not rung.ledger


def test_what_can_be_had_of_one_message_goes_in_and_the_rest_is_refused() -> None:
    offer = fruit()
    rung = ring(offer, add(STRAWBERRY, 9), add(ORANGE, 2))
    assert [one.item.id for one in rung.applied] == [ORANGE]
    assert [one.item.id for one in rung.refused] == [STRAWBERRY]


def test_the_supplier_s_stock_counts_beside_the_offer_s_own() -> None:
    offer = fruit()
    offer.items[ORANGE].product_id = 9
    rung = ring(offer, add(ORANGE, 3), add(ORANGE, 2), products={9: Decimal(4)})
    assert [one.after for one in rung.applied] == [3]
    assert [(one.reason, one.left) for one in rung.refused] == [(Reason.OVER_STOCK, 1)]
    assert rung.allocated == {9: 3}


def test_fewer_can_be_had_even_when_nothing_is_left() -> None:
    offer = fruit()
    ring(offer, add(BLUEBERRY, 30))
    ring(offer, Edit(BLUEBERRY, Change.SET, Decimal(10)), Edit(BLUEBERRY, Change.CANCEL, Decimal(4)))
    assert offer.lines[LineKey(BLUEBERRY, "xiaomei")].quantity == 6
    assert offer.items[BLUEBERRY].taken == 6
    ring(offer, Edit(BLUEBERRY, Change.CANCEL))
    assert offer.items[BLUEBERRY].taken == 0


def test_below_the_minimum_is_refused_but_a_cancellation_is_not() -> None:
    offer = fruit()
    offer.items[ORANGE].minimum_quantity = 3
    assert ring(offer, add(ORANGE, 2)).refused[0].reason is Reason.BELOW_MINIMUM
    ring(offer, add(ORANGE, 3))
    assert not ring(offer, Edit(ORANGE, Change.CANCEL)).refused


def test_a_closed_offer_takes_nothing_but_the_leader_s_word() -> None:
    offer = fruit(OfferState.SUCCEEDED)
    assert ring(offer, add(ORANGE, 1)).refused[0].reason is Reason.AFTER_CLOSING
    assert ring(offer, add(ORANGE, 1), who=by(late=True)).applied


def test_what_was_ordered_for_somebody_can_be_cancelled_by_both() -> None:
    for who in (by(), by("wangjie", names=frozenset({"3栋王姐"}))):
        offer = fruit()
        ring(offer, add(ORANGE, 2, for_whom="3栋王姐"))
        ring(offer, Edit(ORANGE, Change.CANCEL, None, "3栋王姐"), who=who)
        assert offer.lines[LineKey(ORANGE, "xiaomei", "3栋王姐")].quantity == 0, who.member


def test_what_a_leader_placed_is_the_member_s_to_cancel() -> None:
    offer = fruit()
    ring(offer, add(ORANGE, 2), who=By("~王姐", "王姐", "leader", 1, NOW))
    ring(offer, Edit(ORANGE, Change.CANCEL), who=by("leader"))
    assert offer.lines[LineKey(ORANGE, "~王姐")].quantity == 0


def test_a_stranger_cannot_cancel_what_others_ordered() -> None:
    offer = fruit()
    ring(offer, add(ORANGE, 2))
    ring(offer, Edit(ORANGE, Change.CANCEL), who=by("laozhou"))
    assert offer.lines[LineKey(ORANGE, "xiaomei")].quantity == 2


quantities = st.integers(0, 40).map(Decimal)
edits = st.builds(
    Edit,
    st.sampled_from([STRAWBERRY, BLUEBERRY, ORANGE]),
    st.sampled_from(Change),
    st.none() | quantities,
    st.sampled_from(["", "我妈"]),
)
messages = st.lists(st.tuples(st.sampled_from(["a", "b", "c"]), st.lists(edits, max_size=3)), max_size=30)


@given(messages)
def test_the_ledger_sums_to_the_book_and_the_book_never_exceeds_the_stock(
    said: list[tuple[str, list[Edit]]],
) -> None:
    offer = fruit()
    offer.items[ORANGE].product_id = 9
    ledger: defaultdict[LineKey, Decimal] = defaultdict(Decimal)
    supplied = Decimal(25)
    for member, asked in said:
        rung = ring(offer, *asked, who=by(member), products={9: supplied})
        supplied -= rung.allocated.get(9, Decimal(0))
        for row in rung.ledger:
            key = LineKey(row["item_id"], row["member"], row["for_whom"])
            ledger[key] += row["delta"]
            assert ledger[key] == row["total"]
    assert {key: line.quantity for key, line in offer.lines.items()} == dict(ledger)
    assert supplied >= 0
    for item in offer.items.values():
        taken = sum((line.quantity for key, line in offer.lines.items() if key.item == item.id), Decimal(0))
        assert item.taken == taken
        assert item.stock is None or taken <= item.stock
