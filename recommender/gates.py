"""Which rules can match a text at all: told from a few strings in it, so that the others need not be tried. Pure.

    strings of the text         rules that want one of them
    ───────────────────         ──────────────────────────────────────────────
    哪里  …………………………………………►  asking where (and one of 买 卖 有 besides)
    没了  …………………………………………►  running out, and what blocks it
    (always)  ……………………………►  patterns of which nothing can be said

Most lines hold the strings of a handful of the two hundred patterns. What each wants is worked out from the pattern
itself (``necessities``); ``tests/recommender/test_gates.py`` holds it against the patterns.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import TypeVar

from recommender.necessities import LONGEST, Strings, necessities

_KEPT = 8
"""Texts whose answer is remembered: reading one message asks many times about its mask and parts of it."""
_T = TypeVar("_T")


class Gate:
    """Tells which of the patterns that were put behind it may match a text."""

    def __init__(self) -> None:
        self._count = 0
        self._always = 0
        self._wanting: dict[str, list[tuple[int, tuple[Strings, ...]]]] = {}
        self._open = lru_cache(_KEPT)(self._look)

    def guard(self, rules: Iterable[_T], pattern: Callable[[_T], re.Pattern[str]]) -> Callable[[str], Sequence[_T]]:
        """Put the patterns of rules behind the gate; return what tells the rules that may match, in their order."""
        every, first = tuple(rules), self._count
        for rule in every:
            self._add(pattern(rule))
        mask = (1 << len(every)) - 1

        def may_match(text: str) -> Sequence[_T]:
            bits = self._open(text) >> first & mask
            found = []
            while bits:
                lowest = bits & -bits
                found.append(every[lowest.bit_length() - 1])
                bits ^= lowest
            return found

        return may_match

    def _add(self, pattern: re.Pattern[str]) -> None:
        bit = 1 << self._count
        self._count += 1
        for alternative in necessities(pattern.pattern):
            if not alternative:
                self._always |= bit
            for string in alternative[0] if alternative else ():
                self._wanting.setdefault(string, []).append((bit, alternative[1:]))

    def _look(self, text: str) -> int:
        """Return a number whose bit i says whether pattern i may match."""
        starts = range(len(text))
        strings = {text[start : start + length] for length in range(1, LONGEST + 1) for start in starts}
        found = self._always
        for string in self._wanting.keys() & strings:
            for bit, others in self._wanting[string]:
                if found & bit:
                    continue
                for other in others:
                    if other.isdisjoint(strings):
                        break
                else:
                    found |= bit
        return found
