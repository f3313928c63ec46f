"""Room for what a walk of the compiled path writes, kept from call to call."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt

from recommender.compiled.cutting import STEP
from recommender.compiled.lists import LIST_COLUMNS, MOST_LISTS
from recommender.compiled.packed import Memory, packed, seen_part
from recommender.compiled.screening import GLANCE
from recommender.compiled.search import WINDOW
from recommender.compiled.wanted import MOST_ROWS

TEXT_BOUNDS, BOUNDS, QUERY_BOUNDS, SEEN, QUERIES, ROUTE, CODES, ENDS, WORDS = range(9)
ANSWERED, FOUND, LISTS, SUMS, SETTINGS = range(9, 14)
"""Parts of the memory."""
FOLDING, LIMIT = range(2)
"""Places of the settings: whether texts are to be made uniform, how many documents are found for a need."""
TEXT, COUNT, BEST = range(3)
"""Columns of what is answered: which text it is, how many were found for it, and from there on where they are."""
LEAST = 3


class Workspace:
    """Room for a batch, one for each thread; it grows with the batches. ``limit`` documents are found for each need.

    What Python reads of it: ``seen`` and ``query_bounds`` by text, ``queries``; and of the texts that are needs, one
    behind the other, ``answered``; ``first`` is that of the first need. ``bytes`` is the room for the characters as
    UTF-32.
    """

    def __init__(self, texts: int = 1, characters: int = 64, limit: int = LEAST) -> None:
        self.limit = limit
        self._lay_out(texts, characters, folding=True)

    def fit(self, texts: int, characters: int) -> None:
        """Make sure that so many texts with so many characters in all have room."""
        if texts > self._texts or characters > self._characters:
            folding = bool(self.settings[FOLDING])
            self._lay_out(max(texts, self._texts), max(characters, self._characters), folding=folding)

    @contextmanager
    def unfolded(self) -> Iterator[None]:
        """While this lasts, texts are taken as they are: they are uniform."""
        self.settings[FOLDING] = False
        try:
            yield
        finally:
            self.settings[FOLDING] = True

    def _lay_out(self, texts: int, characters: int, *, folding: bool) -> None:
        self._texts, self._characters = texts, characters
        bounds = np.zeros(texts + 1, np.int64)
        whole = np.zeros(characters, np.int32)
        self.memory: Memory = packed(
            [
                *(bounds, bounds, bounds, np.zeros(texts, GLANCE)),
                *(np.zeros((texts, MOST_ROWS, 2), np.int64), np.zeros(characters + 1, STEP), whole, whole, whole),
                *(np.zeros((texts, BEST + self.limit), np.int64), np.zeros((self.limit, 2), np.int64)),
                *(np.zeros((MOST_LISTS, LIST_COLUMNS), np.int64), np.zeros((2, WINDOW), np.int32)),
                np.array([folding, self.limit], np.int64),
            ]
        )
        self.seen = self._part(SEEN, GLANCE)
        self.queries = self._part(QUERIES).reshape(-1, 2)
        self.query_bounds = self._part(QUERY_BOUNDS)
        self.answered = self._part(ANSWERED).reshape(texts, BEST + self.limit)
        self.first = self.answered[0]
        self.bytes = 4 * characters
        self.settings = self._part(SETTINGS)

    def _part(self, number: int, kind: Any = np.int64) -> npt.NDArray[Any]:
        return seen_part(self.memory, number, kind)
