"""Tells without reading a message whether anything on offer can be named in it. Pure.

The names of a thing are kept by their first two characters; those whose beginning stands in a text are looked for as a
whole. Where a word is cut, or a member is called so, is left to the reader: this may see too much, never too little.
``tests/orders/test_mentions.py`` holds it against the reader.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from operator import add

from orders.glance import Listed
from orders.naming import Words, fold, names_of
from orders.scanning import roles

_ITEMS_KEPT = 2_048
_LISTS_KEPT = 512


class Mentions:
    """Looks for names of what is on offer. ``words`` and ``uniform`` are those of the reader."""

    def __init__(self, words: Words, uniform: Callable[[str], str]) -> None:
        self._words = words
        self._uniform = uniform
        self._of_item = lru_cache(_ITEMS_KEPT)(self._by_beginning)
        self._of_list = lru_cache(_LISTS_KEPT)(self._together)

    def may_be_in(self, text: str, listed: Listed) -> bool:
        """Tell whether a uniform text may name an item of these offers, or give its code."""
        if any(code.isdecimal() for code, _ in listed.items):
            return True  # 第一个, 1号: any number may be a code
        names = self._of_list(listed)
        begun = names.keys() & {*text, *map(add, text, text[1:])}
        return any(name in text for begin in begun for name in names[begin])

    def _together(self, listed: Listed) -> Mapping[str, tuple[str, ...]]:
        names: dict[str, tuple[str, ...]] = {}
        for code, title in listed.items:
            for begin, called in self._of_item(code, title).items():
                names[begin] = names.get(begin, ()) + called
        return names

    def _by_beginning(self, code: str, title: str) -> Mapping[str, tuple[str, ...]]:
        """Return everything an item may be called; of a name in several words the first, the others may be masked."""
        called = {fold(code), *names_of(self._uniform(title), self._words).difference(roles())}
        names: dict[str, tuple[str, ...]] = {}
        for name in sorted({name.partition(" ")[0] for name in called} - {""}):
            names[name[:2]] = (*names.get(name[:2], ()), name)
        return names
