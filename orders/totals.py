"""Sums of an order book: by line, by item, by person, by building, and what is missing to the minimum. Pure.

Whatever is summed here adds up to the same book: every live line counts once, priced by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple, TypeVar

from orders.masking import building_of, building_order, room_of
from orders.pricing import price_of
from orders.state import Buyer, Item, Line, LineKey, Offer, Payment

_Key = TypeVar("_Key", bound=Hashable)


class Amount(NamedTuple):
    """How much, and for how much money. ``unpriced`` is the part of the quantity that has no price."""

    quantity: Decimal = Decimal(0)
    money: Decimal = Decimal(0)
    unpriced: Decimal = Decimal(0)

    @property
    def priced(self) -> bool:
        """Tell whether any of it has a price."""
        return self.unpriced < self.quantity


@dataclass(frozen=True, slots=True)
class BookLine:
    """One live line with the item it is of, what it costs (None: no price), and where it goes."""

    key: LineKey
    line: Line
    item: Item
    money: Decimal | None

    @property
    def building(self) -> str:
        """Return the building it goes to: where the note sends it, else of whom it is for, else of the buyer."""
        return building_of(self._address) or building_of(self.line.name)

    @property
    def room(self) -> str:
        """Return the room that goes with the building."""
        return room_of(self._address) if building_of(self._address) else room_of(self.line.name)

    @property
    def _address(self) -> str:
        if "送" in self.line.note and building_of(self.line.note):
            return self.line.note
        return self.key.for_whom


@dataclass(frozen=True, slots=True)
class ItemTotal:
    """What has been ordered of one item, and by how many buyers."""

    item: Item
    amount: Amount
    people: int


@dataclass(frozen=True, slots=True)
class PersonTotal:
    """What one buyer has ordered, for themselves and for others, and what came of it."""

    member: str
    name: str
    lines: tuple[BookLine, ...]
    amount: Amount
    code: str
    payment: Payment
    handed_over_at: datetime | None
    group_id: int


@dataclass(frozen=True, slots=True)
class BuildingTotal:
    """What goes to one building of the people of one group; an empty name is whoever wrote no building."""

    group_id: int
    building: str
    items: tuple[tuple[Item, Amount], ...]
    amount: Amount
    people: int


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an offer is. People are buyers, not those they buy for; pieces are the sum of all quantities."""

    people: int
    pieces: Decimal
    minimum_people: int | None
    minimum_pieces: int | None

    @property
    def missing_people(self) -> int:
        """Return how many buyers are missing to the minimum."""
        return max(0, (self.minimum_people or 0) - self.people)

    @property
    def missing_pieces(self) -> Decimal:
        """Return how many pieces are missing to the minimum."""
        return max(Decimal(0), (self.minimum_pieces or 0) - self.pieces)

    @property
    def has_minimum(self) -> bool:
        """Tell whether there is a minimum at all."""
        return bool(self.minimum_people or self.minimum_pieces)

    @property
    def reached(self) -> bool:
        """Tell whether every minimum is reached; without one it always is."""
        return not self.missing_people and not self.missing_pieces


def book_lines(offer: Offer) -> list[BookLine]:
    """Return the live lines of the book, in its order (of first arrival)."""
    return [
        BookLine(key, line, item, price_of(item, line.quantity))
        for key, line in offer.lines.items()
        if line.quantity > 0 and (item := offer.items.get(key.item)) is not None
    ]


def total(lines: Iterable[BookLine]) -> Amount:
    """Return the sum of lines."""
    quantity = money = unpriced = Decimal(0)
    for one in lines:
        quantity += one.line.quantity
        if one.money is None:
            unpriced += one.line.quantity
        else:
            money += one.money
    return Amount(quantity, money, unpriced)


def whole(offer: Offer) -> Amount:
    """Return the sum of the whole book."""
    return total(book_lines(offer))


def by_item(offer: Offer) -> list[ItemTotal]:
    """Return what was ordered of each item, in the order of the list; items that nobody ordered are left out."""
    groups = _grouped(book_lines(offer), lambda one: one.item.id)
    totals = [ItemTotal(lines[0].item, total(lines), _people(lines)) for lines in groups.values()]
    return sorted(totals, key=lambda one: (one.item.position, one.item.id))


def by_person(offer: Offer) -> list[PersonTotal]:
    """Return what each buyer ordered, in the order in which they came; items in the order of the list."""
    groups = _grouped(book_lines(offer), lambda one: one.key.member)
    return [_person(offer, member, lines) for member, lines in groups.items()]


def by_building(offer: Offer) -> list[BuildingTotal]:
    """Return what goes to each building, group by group, buildings by number; 3栋 and 3号楼 are one building."""
    groups = _grouped(book_lines(offer), lambda one: (one.line.group_id, building_order(one.building)))
    totals = []
    for (group_id, _), lines in sorted(groups.items(), key=lambda pair: pair[0]):
        items = sorted(_grouped(lines, lambda one: one.item.id).values(), key=lambda found: _place(found[0]))
        sums = tuple((ordered[0].item, total(ordered)) for ordered in items)
        totals.append(BuildingTotal(group_id, lines[0].building, sums, total(lines), _people(lines)))
    return totals


def progress(offer: Offer) -> Progress:
    """Return how far an offer is towards its minimum."""
    lines = book_lines(offer)
    return Progress(_people(lines), total(lines).quantity, offer.minimum_people, offer.minimum_pieces)


def owing(offer: Offer) -> list[PersonTotal]:
    """Return the buyers whose payment the leader has not confirmed, in the order in which they came."""
    return [person for person in by_person(offer) if person.payment is not Payment.PAID]


def unpaid(offer: Offer) -> list[PersonTotal]:
    """Return the buyers who owe money and have not even said that they paid."""
    return [one for one in by_person(offer) if one.payment is Payment.UNPAID and one.amount.money]


def _person(offer: Offer, member: str, lines: Sequence[BookLine]) -> PersonTotal:
    buyer = offer.buyers.get(member) or Buyer(lines[0].line.name, "", lines[0].line.group_id)
    ordered = tuple(_in_list_order(lines))
    name = buyer.name or lines[0].line.name
    payment, handed = buyer.payment, buyer.handed_over_at
    return PersonTotal(member, name, ordered, total(lines), buyer.code, payment, handed, buyer.group_id)


def _people(lines: Iterable[BookLine]) -> int:
    return len({one.key.member for one in lines})


def _in_list_order(lines: Iterable[BookLine]) -> list[BookLine]:
    """Order lines as the offer lists its items, what somebody takes for themselves before what is for others."""
    return sorted(lines, key=lambda one: (bool(one.key.for_whom), one.key.for_whom, *_place(one)))


def _place(one: BookLine) -> tuple[int, int]:
    return one.item.position, one.item.id


def _grouped(lines: Iterable[BookLine], key: Callable[[BookLine], _Key]) -> dict[_Key, list[BookLine]]:
    groups: dict[_Key, list[BookLine]] = {}
    for one in lines:
        groups.setdefault(key(one), []).append(one)
    return groups
