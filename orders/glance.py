"""Tells at a glance that a message says nothing to the order book, as most talk does beside an open offer. Pure.

An order needs a number, a thing on offer, or a word that speaks of orders by itself (取消, 我也要, 已付, 同上).
Without any of them ``replies`` reads nothing, whatever else is said. So only the beginnings of these are looked for,
and what is left is read in full. ``tests/orders/test_glance.py`` holds the glance against the reader.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from operator import add

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
def _telling() -> frozenset[str]:
    return frozenset({_BARE_VERB, *(word for word, role in roles().items() if role in _TELLING)})


@cache
def _telling_words() -> re.Pattern[str]:
    """Return the pattern of a telling word, as a choice of first characters: these ``re`` looks for at once."""
    return re.compile("|".join(first + one_of(rests) for first, rests in _by_first(_telling()).items()))


@cache
def _numbers() -> re.Pattern[str]:
    """Return the pattern of a numeral, where it is no part of another word (一起)."""
    apart = "|".join(f"(?<={first}){one_of(rests)}" for first, rests in _by_first(not_numbers() - _telling()).items())
    return re.compile(rf"[\d#{NUMERALS}](?:(?<=[+*×x \-\d{NUMERALS}].)|(?!{apart}))", re.DOTALL)


def _by_first(words: Iterable[str]) -> dict[str, frozenset[str]]:
    rests: defaultdict[str, set[str]] = defaultdict(set)
    for word in words:
        rests[re.escape(word[0])].add(word[1:])
    return {first: frozenset(rest) for first, rest in sorted(rests.items())}


@dataclass(frozen=True, slots=True, eq=False)
class Listed:
    """What a group's offers list, as (code, title), and who has a line there: a note alone goes on one's own line.

    ``buyers`` are contact ids of who ordered or typed an order. Where ``for_others`` somebody ordered for a person by
    name, who may be anybody.
    """

    items: tuple[tuple[str, str], ...]
    buyers: frozenset[str] = frozenset()
    for_others: bool = False

    @classmethod
    def by(cls, offers: Iterable[Offer]) -> Listed:
        """Return what these offers list."""
        offers = list(offers)
        items = tuple((item.code, item.title) for offer in offers for item in offer.items.values())
        lines = [(key, line) for offer in offers for key, line in offer.lines.items()]
        buyers = frozenset(person for key, line in lines for person in (key.member, line.said_by))
        return cls(items, buyers, any(key.for_whom for key, _ in lines))

    def may_hold_line_of(self, member: str) -> bool:
        """Tell whether a line may be this member's."""
        return self.for_others or member in self.buyers


class Glance:
    """Looks at messages beside offers. ``words`` and ``uniform`` are those of the reader."""

    def __init__(self, words: Words, uniform: Callable[[str], str]) -> None:
        self._words = words
        self._uniform = uniform
        self._of_item = lru_cache(_TITLES_KEPT)(self._beginnings)
        self._of_list = lru_cache(_LISTS_KEPT)(self._together)

    def may_order(self, text: str, member: str, listed: Listed) -> bool:
        """Tell whether what a member says, made uniform, can be about these offers; false only where it is not."""
        if _numbers().search(text) is not None or _telling_words().search(text) is not None:
            return True
        begins = self._of_list(listed)
        if not begins.isdisjoint(text) or not begins.isdisjoint(map(add, text, text[1:])):
            return True
        return listed.may_hold_line_of(member) and may_hold_note(text)

    def _beginnings(self, code: str, title: str) -> frozenset[str]:
        """Return the first two characters of everything an item may be called, or the only one."""
        called = {fold(code), *names_of(self._uniform(title), self._words)}
        return frozenset(name[:2] for name in called if name)

    def _together(self, listed: Listed) -> frozenset[str]:
        return frozenset[str]().union(*(self._of_item(code, title) for code, title in listed.items))
