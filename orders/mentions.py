"""Tells without reading a message whether anything on offer can be named in it. Pure.

The names of a thing are kept by their first two characters; those whose beginning stands in a text are looked for as a
whole. Where a word is cut, or a member is called so, is left to the reader: this may see too much, never too little.
``tests/orders/test_mentions.py`` holds it against the reader.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from itertools import pairwise

from orders.naming import Words, fold, names_of
from orders.scanning import roles
from orders.state import Offer

_ITEMS_KEPT = 2_048


class Mentions:
    """Looks for names of what is on offer. ``words`` and ``uniform`` are those of the reader."""

    def __init__(self, words: Words, uniform: Callable[[str], str]) -> None:
        self._words = words
        self._uniform = uniform
        self._names = lru_cache(_ITEMS_KEPT)(self._by_beginning)

    def may_be_in(self, text: str, offers: Iterable[Offer]) -> bool:
        """Tell whether a uniform text may name an item of these offers, or give its code."""
        begins = {*text, *map("".join, pairwise(text))}
        for item in (item for offer in offers for item in offer.items.values()):
            if item.code.isdecimal():
                return True  # 第一个, 1号: any number may be a code
            names = self._names(item.code, item.title)
            if any(name in text for begin in names.keys() & begins for name in names[begin]):
                return True
        return False

    def _by_beginning(self, code: str, title: str) -> Mapping[str, tuple[str, ...]]:
        """Return everything an item may be called; of a name in several words the first, the others may be masked."""
        called = {fold(code), *names_of(self._uniform(title), self._words).difference(roles())}
        names: dict[str, tuple[str, ...]] = {}
        for name in sorted({name.partition(" ")[0] for name in called} - {""}):
            names[name[:2]] = (*names.get(name[:2], ()), name)
        return names
