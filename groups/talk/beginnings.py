"""Telling by its first two characters that a text is none of some words, as nearly all talk is. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from groups.talk.words import JOINTS

KEPT = 16_384
"""Beginnings whose answer its reader remembers; talk has some thousands."""


class Beginnings:
    """How words begin. Build it once, and remember what it says.

    ``fold`` makes a character read as in the words. ``skipped`` matches what a reader of words leaves out in front of
    them. Between its characters a word may be spaced and punctuated (退 订).
    """

    def __init__(self, words: Iterable[str], fold: Callable[[str], str], skipped: re.Pattern[str]) -> None:
        begun = frozenset(word[:2] for word in words)
        self._fold = fold
        self._skipped = skipped
        self._begun = begun
        self._first = frozenset(word[0] for word in begun)

    def may_begin(self, beginning: str) -> bool:
        """Tell by the first two characters of a text whether a word can begin it; false only where none does."""
        folded = self._fold(beginning)[:2]
        if not folded:
            return False
        if folded in self._begun or folded[0] in self._begun or self._skipped.match(folded):
            return True
        return folded[0] in self._first and (len(folded) == 1 or JOINTS.match(folded, 1) is not None)
