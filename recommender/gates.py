"""Which rules can match a text at all: told from a few strings in it, so that the others need not be tried. Pure.

    strings of the text         rules that want one of them
    ───────────────────         ──────────────────────────────────────────────
    哪里  …………………………………………►  asking where (and one of 买 卖 有 besides)
    没了  …………………………………………►  running out, and what blocks it
    罐    …………………………………………►  vessels: 罐|瓶|桶 does match, nobody need try
    (always)  ……………………………►  patterns of which nothing can be said

Most lines hold the strings of a handful of the two hundred patterns. What each wants, and what is enough for it, is
worked out from the pattern itself (``necessities``); ``tests/recommender/test_gates.py`` holds it against the patterns.
Where there is a compiler, ``compiled.gates`` looks at a whole batch.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from recommender.necessities import LONGEST, Alternative, Strings, necessities, sufficiencies

if TYPE_CHECKING:
    from recommender.compiled.gates import Looker

_KEPT = 2_000
"""Texts of a batch whose look is remembered: it is read in rounds, each of which asks about all its masks."""
_CHOICES = 1_000
"""Sets of rules that are remembered."""
_T = TypeVar("_T")


class Look(NamedTuple):
    """What was told of a text: bit i of ``may`` is set where pattern i may match, of ``must`` where it surely does."""

    may: int
    must: int


class Gate:
    """Tells which of the patterns that were put behind it may match a text."""

    def __init__(self) -> None:
        self.wanted: list[Sequence[Alternative]] = []
        """By pattern, what it wants: of one alternative a string of each set; nothing where that is empty."""
        self.enough: list[Strings] = []
        """By pattern, strings each of which it matches; none where nobody asks for them."""
        self._ahead: dict[str, Look] = {}
        self._looked_at = lru_cache(_KEPT)(self.plain_look)
        self._memos: list[Callable[[], None]] = [self._looked_at.cache_clear]

    def guard(self, rules: Iterable[_T], pattern: Callable[[_T], re.Pattern[str]]) -> Callable[[str], Sequence[_T]]:
        """Put the patterns of rules behind the gate; return what tells the rules that may match, in their order."""
        every = tuple(rules)
        first, mask = self._added([pattern(rule) for rule in every], sure=False)
        chosen = _chooser(every)
        return lambda text: chosen(self.look(text).may >> first & mask)

    def finder(
        self,
        rules: Iterable[_T],
        patterns: Iterable[re.Pattern[str]],
        holds: Callable[[_T, str], bool] | None = None,
    ) -> Callable[[str], Sequence[_T]]:
        """Put patterns behind the gate, one for each rule; return what tells the rules that do match, in their order.

        With ``holds`` it tells those of which this is true as well; it is asked only about rules that may match.
        """
        every = tuple(rules)
        tried = tuple(patterns)
        first, mask = self._added(tried, sure=holds is None)
        chosen = _chooser(every)

        @lru_cache(_KEPT)
        def matching(text: str) -> Sequence[_T]:
            may, must = self.look(text)
            bits = (may | must) >> first & mask
            unsure = bits if holds is not None else bits & ~(must >> first)
            while unsure:
                lowest = unsure & -unsure
                unsure ^= lowest
                place = lowest.bit_length() - 1
                if not (tried[place].search(text) is not None if holds is None else holds(every[place], text)):
                    bits ^= lowest
            return chosen(bits)

        self._memos.append(matching.cache_clear)
        return matching

    def look(self, text: str) -> Look:
        """Return what can be told of a text."""
        return self._ahead.get(text) or self._looked_at(text)

    def look_ahead(self, texts: Sequence[str]) -> None:
        """Look at a batch of texts in one go; until the next batch they are known. Needs a compiler."""
        self.forget()
        self._ahead = dict(zip(texts, self._looker.looks(texts), strict=True))

    def forget(self) -> None:
        """Forget the texts of the last batch: what people said is not kept here any longer than it serves."""
        self._ahead = {}
        for clear in self._memos:
            clear()

    @cached_property
    def _looker(self) -> Looker:
        from recommender.compiled.gates import Looker  # noqa: PLC0415 - numba, which may be missing

        return Looker.of(self)

    def _added(self, patterns: Sequence[re.Pattern[str]], *, sure: bool) -> tuple[int, int]:
        """Take in patterns; return the bit of the first, and a mask with as many bits as there are.

        ``sure`` tells that somebody will ask whether they surely match.
        """
        first = len(self.wanted)
        for told in ("_strings", "_looker"):
            self.__dict__.pop(told, None)
        self.forget()
        self.wanted += [necessities(pattern.pattern, closely=True) for pattern in patterns]
        self.enough += [sufficiencies(pattern.pattern) if sure else frozenset() for pattern in patterns]
        return first, (1 << len(patterns)) - 1

    @cached_property
    def _strings(self) -> tuple[dict[str, list[tuple[int, Alternative]]], dict[str, int], int]:
        """Return by string which patterns want it (and what besides), which it is enough for, and which want none."""
        wanting: dict[str, list[tuple[int, Alternative]]] = {}
        enough: dict[str, int] = {}
        always = 0
        for place, (alternatives, whole) in enumerate(zip(self.wanted, self.enough, strict=True)):
            for alternative in alternatives:
                if not alternative:
                    always |= 1 << place
                for string in alternative[0] if alternative else ():
                    wanting.setdefault(string, []).append((1 << place, alternative[1:]))
            for string in whole:
                enough[string] = enough.get(string, 0) | 1 << place
        return wanting, enough, always

    def plain_look(self, text: str) -> Look:
        """Work out what can be told of a text without a compiler."""
        wanting, enough, may = self._strings
        must = 0
        starts = range(len(text))
        strings = {text[start : start + length] for length in range(1, LONGEST + 1) for start in starts}
        for string in strings & enough.keys():
            must |= enough[string]
        for string in strings & wanting.keys():
            for bit, others in wanting[string]:
                if not may & bit and not any(other.isdisjoint(strings) for other in others):
                    may |= bit
        return Look(may, must)


def _chooser(every: Sequence[_T]) -> Callable[[int], Sequence[_T]]:
    """Return what tells the rules whose bits are set; most texts set the same few."""

    @lru_cache(_CHOICES)
    def chosen(bits: int) -> Sequence[_T]:
        return [rule for place, rule in enumerate(every) if bits >> place & 1] if bits else ()

    return chosen
