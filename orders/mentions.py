"""Tells without reading a message whether anything on offer can be named in it. Pure.

The names of a thing are kept by their first two characters; those whose beginning stands in a text are looked for as a
whole. Where a word is cut, or a member is called so, is left to the reader: this may see too much, never too little.
``tests/orders/test_mentions.py`` holds it against the reader.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from operator import add

from orders.glance import Glance, Listed
from orders.naming import Words, fold, names_of
from orders.scanning import roles

_ITEMS_KEPT = 2_048


class Mentions:
    """Looks for names of what is on offer. ``words`` and ``uniform`` are those of the reader and of the glance."""

    def __init__(self, words: Words, uniform: Callable[[str], str], glance: Glance) -> None:
        self._glance = glance
        self._words = words
        self._uniform = uniform
        self._of_item = lru_cache(_ITEMS_KEPT)(self._by_beginning)

    def may_be_in(self, text: str, listed: Listed) -> bool:
        """Tell whether a uniform text may name an item of these offers, or give its code."""
        if any(code.isdecimal() for code, _ in listed.items):
            return True  # 第一个, 1号: any number may be a code
        begun = self._glance.beginnings(listed.items).intersection([*text, *map(add, text, text[1:])])
        if not begun:
            return False
        of_items = [self._of_item(code, title) for code, title in listed.items]
        return any(name in text for names in of_items for begin in names.keys() & begun for name in names[begin])

    def _by_beginning(self, code: str, title: str) -> Mapping[str, tuple[str, ...]]:
        """Return everything an item may be called; of a name in several words the first, the others may be masked."""
        called = {fold(code), *names_of(self._uniform(title), self._words).difference(roles())}
        names: dict[str, tuple[str, ...]] = {}
        for name in sorted({name.partition(" ")[0] for name in called} - {""}):
            names[name[:2]] = (*names.get(name[:2], ()), name)
        return names
