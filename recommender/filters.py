"""What may be shown where, as bits: in stock, delivered to a neighbourhood, in a category, not above a price. Pure.

    in stock         1 1 0 1 1 1 …      what may be shown in a group of 阳光小区 that allows 水果:
    everywhere       1 0 1 1 0 0 …      in stock AND (everywhere OR 阳光小区) AND 水果
    阳光小区         0 0 0 0 1 0 …
    水果             1 1 1 0 1 0 …      水果/浆果 is within 水果
    up to 20 yuan    0 1 1 0 1 0 …      a step above the bound that was asked for; the price itself is compared later

The set of a group is made once and kept until a product changes. It may hold what ``ranking.allowed`` still drops
(times of sale, exclusions, words), never the other way round.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

import numpy as np

from recommender.bits import Bits, of_documents, put

_STEPS = tuple(Decimal(step) for step in (1, 2, 5, 10, 20, 30, 50, 80, 100, 200, 500, 1000, 2000, 5000))
"""Yuan."""
_STEP_KEYS = tuple(("price", str(step)) for step in _STEPS)
_KEPT_BYTES = 16 << 20
_ROOM = 1 << 12
"""Documents that can be added before the sets grow."""
_STOCK, _EVERYWHERE = ("stock", ""), ("everywhere", "")
_Key = tuple[str, str]


class Shown(Protocol):
    """What filters look at of a product."""

    @property
    def category(self) -> str:
        """Return the path of the category."""

    @property
    def price(self) -> Decimal:
        """Return the price in yuan."""

    @property
    def stock(self) -> int | None:
        """Return how many there are; None is as many as wanted."""

    @property
    def neighbourhoods(self) -> frozenset[str]:
        """Return where it is delivered; empty is everywhere."""


@dataclass(frozen=True, slots=True)
class Where:
    """Neighbourhoods of a group and the categories that it allows, all when there are none."""

    neighbourhoods: tuple[str, ...]
    categories: tuple[str, ...]


class Filters:
    """Sets of documents by what they are filtered by."""

    def __init__(self, products: Sequence[Shown]) -> None:
        self._size = len(products) + _ROOM
        members: dict[_Key, list[int]] = defaultdict(list)
        for number, product in enumerate(products):
            for key in _keys(product):
                members[key].append(number)
        self._sets = {key: of_documents(np.array(numbers), self._size) for key, numbers in members.items()}
        self._kept: dict[Where, Bits] = {}

    def put(self, number: int, product: Shown) -> None:
        """Take in a new document."""
        if number >= self._size:
            self._grow(number)
        self._kept.clear()
        for key in _keys(product):
            put(self._set_of(key), number, member=True)

    def change(self, number: int, before: Shown, after: Shown) -> None:
        """Take over what changed of a document with the same words: its stock, its price, where it is delivered."""
        self._kept.clear()
        if _in_stock(before) != _in_stock(after):
            put(self._set_of(_STOCK), number, member=_in_stock(after))
        if before.price != after.price:
            old, new = bisect_left(_STEPS, before.price), bisect_left(_STEPS, after.price)
            for step in _STEP_KEYS[min(old, new) : max(old, new)]:
                put(self._set_of(step), number, member=new < old)
        if before.neighbourhoods != after.neighbourhoods:
            for key in _places(before):
                put(self._sets[key], number, member=False)
            for key in _places(after):
                put(self._set_of(key), number, member=True)

    def retire(self, number: int, product: Shown) -> None:
        """Take a document out again; ``product`` is what it was put in as."""
        self._kept.clear()
        for key in _keys(product):
            put(self._sets[key], number, member=False)

    def shown(self, where: Where, price_max: Decimal | None = None) -> Bits:
        """Return what may be shown in a place up to a price; not to be written on."""
        bits = self._kept.get(where)
        if bits is None:
            if (len(self._kept) + 1) * self._size // 8 > _KEPT_BYTES:
                self._kept.clear()
            bits = self._kept[where] = self._made(where)
        step = next((step for step in _STEPS if price_max is not None and price_max <= step), None)
        return bits if step is None else bits & self._set(("price", str(step)))

    def _set_of(self, key: _Key) -> Bits:
        """Return a set to write on."""
        if key not in self._sets:
            self._sets[key] = np.zeros(-(-self._size // 64), np.uint64)
        return self._sets[key]

    def _made(self, where: Where) -> Bits:
        here = self._set(_EVERYWHERE).copy()
        for neighbourhood in where.neighbourhoods:
            here |= self._set(("neighbourhood", neighbourhood))
        if where.categories:
            within = np.zeros_like(here)
            for category in where.categories:
                within |= self._set(("category", category))
            here &= within
        here &= self._set(_STOCK)
        return here

    def _set(self, key: _Key) -> Bits:
        bits = self._sets.get(key)
        return np.zeros(-(-self._size // 64), np.uint64) if bits is None else bits

    def _grow(self, number: int) -> None:
        words = -(-self._size // 64)
        self._size = number + number // 8 + _ROOM
        for key, bits in self._sets.items():
            self._sets[key] = np.concatenate([bits, np.zeros(-(-self._size // 64) - words, np.uint64)])


def _keys(product: Shown) -> Iterator[_Key]:
    """Yield the sets that a product is in."""
    if _in_stock(product):
        yield _STOCK
    yield from _places(product)
    parts = product.category.split("/")
    for depth in range(1, len(parts) + 1):
        yield "category", "/".join(parts[:depth])
    yield from _STEP_KEYS[bisect_left(_STEPS, product.price) :]


def _places(product: Shown) -> Iterable[_Key]:
    if not product.neighbourhoods:
        return (_EVERYWHERE,)
    return [("neighbourhood", neighbourhood) for neighbourhood in product.neighbourhoods]


def _in_stock(product: Shown) -> bool:
    return product.stock is None or product.stock > 0
