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
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, NamedTuple, Protocol

import numpy as np

from recommender.bits import Bits, bytes_of, drop, of_documents, put

_STEPS = tuple(Decimal(step) for step in (1, 2, 5, 10, 20, 30, 50, 80, 100, 200, 500, 1000, 2000, 5000))
"""Yuan."""
_STEP_KEYS = tuple(("price", str(step)) for step in _STEPS)
_KEPT_BYTES = 16 << 20
_KEPT_ALIKE = 20_000
_ROOM = 1 << 12
"""Documents that can be added before the sets grow."""
_STOCK, _EVERYWHERE = ("stock", ""), ("everywhere", "")
_Key = tuple[str, str]
_Alike = frozenset[str] | str | int
"""What products are filtered by: neighbourhoods, a category, how many steps the price is above."""


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


class Where(NamedTuple):
    """Neighbourhoods of a group and the categories that it allows, all when there are none."""

    neighbourhoods: tuple[str, ...]
    categories: tuple[str, ...]


class Filters:
    """Sets of documents by what they are filtered by."""

    def __init__(self, products: Sequence[Shown]) -> None:
        self._size = len(products) + _ROOM
        members: dict[_Key, list[int]] = defaultdict(list)
        for number, product in enumerate(products):
            if _in_stock(product):
                members[_STOCK].append(number)
            for value in _alike(product):
                for key in _keys(value):
                    members[key].append(number)
        self._sets = {key: of_documents(np.array(numbers), self._size) for key, numbers in members.items()}
        self._bytes = {key: bytes_of(bits) for key, bits in self._sets.items()}
        self._alike: dict[_Alike, tuple[memoryview, ...]] = {}
        self._kept: dict[Where, Bits] = {}

    def __deepcopy__(self, memo: dict[int, Any]) -> Filters:
        """Return a copy with sets of its own, for who keeps an old shelf."""
        copied = Filters(())
        copied._size = self._size
        copied._sets = {key: bits.copy() for key, bits in self._sets.items()}
        copied._bytes = {key: bytes_of(bits) for key, bits in copied._sets.items()}
        return copied

    def put(self, number: int, product: Shown) -> None:
        """Take in a new document."""
        if number >= self._size:
            self._grow(number)
        self._kept.clear()
        put(self._sets_of(product), number)

    def change(self, number: int, before: Shown, after: Shown) -> None:
        """Take over what changed of a document with the same words: its stock, its price, where it is delivered."""
        self._kept.clear()
        if _in_stock(before) != _in_stock(after):
            (put if _in_stock(after) else drop)([self._bytes_of(_STOCK)], number)
        if before.price != after.price:
            old, new = bisect_left(_STEPS, before.price), bisect_left(_STEPS, after.price)
            steps = map(self._bytes_of, _STEP_KEYS[min(old, new) : max(old, new)])
            (put if new < old else drop)(steps, number)
        if before.neighbourhoods != after.neighbourhoods:
            drop(map(self._bytes_of, _keys(before.neighbourhoods)), number)
            put(map(self._bytes_of, _keys(after.neighbourhoods)), number)

    def replace(self, old: int, before: Shown, number: int, after: Shown) -> None:
        """Take in a new document in the place of an old one; ``before`` is what that was put in as."""
        if number >= self._size:
            self._grow(number)
        self._kept.clear()
        sets = self._sets_of(before)
        drop(sets, old)
        same = before.price == after.price and _in_stock(before) == _in_stock(after)
        same = same and before.category == after.category and before.neighbourhoods == after.neighbourhoods
        put(sets if same else self._sets_of(after), number)

    def shown(self, where: Where, price_max: Decimal | None = None) -> Bits:
        """Return what may be shown in a place up to a price; not to be written on."""
        bits = self._kept.get(where)
        if bits is None:
            if (len(self._kept) + 1) * self._size // 8 > _KEPT_BYTES:
                self._kept.clear()
            bits = self._kept[where] = self._made(where)
        if price_max is None:
            return bits
        step = bisect_left(_STEPS, price_max)  # the first that is no less
        return bits if step == len(_STEPS) else bits & self._set(_STEP_KEYS[step])

    def _sets_of(self, product: Shown) -> list[memoryview]:
        """Return the sets that a product is in, to write on."""
        known = self._alike
        sets = [self._bytes_of(_STOCK)] if _in_stock(product) else []
        for value in _alike(product):
            found = known.get(value)
            if found is None:
                if len(known) > _KEPT_ALIKE:
                    known.clear()
                found = known[value] = tuple(map(self._bytes_of, _keys(value)))
            sets += found
        return sets

    def _bytes_of(self, key: _Key) -> memoryview:
        """Return the bytes of a set, to write on."""
        found = self._bytes.get(key)
        if found is None:
            self._sets[key] = np.zeros(-(-self._size // 64), np.uint64)
            found = self._bytes[key] = bytes_of(self._sets[key])
        return found

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
        self._bytes = {key: bytes_of(bits) for key, bits in self._sets.items()}
        self._alike.clear()


def _keys(value: _Alike) -> Iterable[_Key]:
    """Return the sets that all products with these neighbourhoods, this category or this price are in."""
    if isinstance(value, str):
        parts = value.split("/")
        return [("category", "/".join(parts[:depth])) for depth in range(1, len(parts) + 1)]
    if isinstance(value, int):
        return _STEP_KEYS[value:]
    return [("neighbourhood", neighbourhood) for neighbourhood in value] or [_EVERYWHERE]


def _alike(product: Shown) -> tuple[_Alike, ...]:
    return product.neighbourhoods, product.category, bisect_left(_STEPS, product.price)


def _in_stock(product: Shown) -> bool:
    return product.stock is None or product.stock > 0
