"""Tells at a glance that a message says nothing to the order book, as most talk does beside an open offer. Pure.

An order needs a number, a thing on offer, or a word that speaks of orders by itself (取消, 我也要, 已付, 同上).
Without any of them ``replies`` reads nothing, whatever else is said. So only the beginnings of these are looked for,
and what is left is read in full. ``tests/orders/test_glance.py`` holds the glance against the reader.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache, lru_cache
from itertools import pairwise

from orders.naming import Words, fold, names_of
from orders.quantities import NUMERALS, not_numbers, one_of
from orders.scanning import may_hold_note, roles
from orders.state import Offer

_TELLING = frozenset({"paid", "ditto", "cancel", "me_too", "plus_one", "imprecise"})
"""Parts of words that make something of a message without a number and without a thing on offer."""
_BARE_VERB = "我要"
_TITLES_KEPT = 4_096
_LISTS_KEPT = 512


@cache
def _signs() -> re.Pattern[str]:
    """Return the pattern of a numeral, where it is no part of another word (一起), or of a telling word."""
    words = frozenset(word for word, role in roles().items() if role in _TELLING)
    apart = rf"(?<![+*×x \-\d{NUMERALS}])(?={one_of(not_numbers() - words)})"
    return re.compile(rf"(?!{apart})[\d#{NUMERALS}]|{one_of(words | {_BARE_VERB})}")


class Glance:
    """Looks at messages beside offers. ``words`` and ``uniform`` are those of the reader."""

    def __init__(self, words: Words, uniform: Callable[[str], str]) -> None:
        self._words = words
        self._uniform = uniform
        self._of_item = lru_cache(_TITLES_KEPT)(self._beginnings)
        self._of_list = lru_cache(_LISTS_KEPT)(self._together)

    def may_order(self, text: str, offers: Iterable[Offer]) -> bool:
        """Tell whether a uniform text can be about these offers; false only where the reader would read nothing."""
        if _signs().search(text) is not None:
            return True
        offers = list(offers)
        listed = tuple((item.code, item.title) for offer in offers for item in offer.items.values())
        begins = self._of_list(listed)
        if not begins.isdisjoint(text) or not begins.isdisjoint(map("".join, pairwise(text))):
            return True
        return any(offer.lines for offer in offers) and may_hold_note(text)

    def _beginnings(self, code: str, title: str) -> frozenset[str]:
        """Return the first two characters of everything an item may be called, or the only one."""
        called = {fold(code), *names_of(self._uniform(title), self._words)}
        return frozenset(name[:2] for name in called if name)

    def _together(self, listed: tuple[tuple[str, str], ...]) -> frozenset[str]:
        return frozenset[str]().union(*(self._of_item(code, title) for code, title in listed))
