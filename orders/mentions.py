"""Tells without reading a message whether anything on offer can be named in it. Pure.

The names of a list are kept by their first two characters, and whatever stands in a text at all is compared with the
whole name. Where a word is cut, or a member is called so, is left to the reader: this may see too much, never too
little. ``tests/orders/test_mentions.py`` holds it against the reader.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from itertools import pairwise

from orders.naming import Words, fold, names_of
from orders.scanning import roles
from orders.state import Offer

_TITLES_KEPT = 4_096
_LISTS_KEPT = 512


class Mentions:
    """Looks for names of what is on offer. ``words`` and ``uniform`` are those of the reader."""

    def __init__(self, words: Words, uniform: Callable[[str], str]) -> None:
        self._words = words
        self._uniform = uniform
        self._of_item = lru_cache(_TITLES_KEPT)(self._names)
        self._of_list = lru_cache(_LISTS_KEPT)(self._together)

    def may_be_in(self, text: str, offers: Iterable[Offer]) -> bool:
        """Tell whether a uniform text may name an item of these offers, or give its code."""
        listed = tuple((item.code, item.title) for offer in offers for item in offer.items.values())
        if any(code.isdecimal() for code, _ in listed):
            return True  # 第一个, 1号: any number may be a code
        names = self._of_list(listed)
        places = enumerate(map("".join, pairwise(text)))
        if any(pair in names and text.startswith(names[pair], place) for place, pair in places):
            return True
        return not names.keys().isdisjoint(text)

    def _names(self, code: str, title: str) -> frozenset[str]:
        """Return everything an item may be called: of a name in several words the first, the others may be masked."""
        names = names_of(self._uniform(title), self._words)
        return frozenset(name.partition(" ")[0] for name in {fold(code), *names.difference(roles())}) - {""}

    def _together(self, listed: tuple[tuple[str, str], ...]) -> Mapping[str, tuple[str, ...]]:
        names: dict[str, tuple[str, ...]] = {}
        for name in sorted(frozenset[str]().union(*(self._of_item(code, title) for code, title in listed))):
            names[name[:2]] = (*names.get(name[:2], ()), name)
        return names
