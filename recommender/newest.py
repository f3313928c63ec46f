"""What came since an index was built: documents beside the large one, found as soon as they are added.

This is the plain way, a dictionary; ``compiled.newest`` gives the same scores, faster::

    草莓 → [(0, once), (3, again)]      草 → [(0, once), …]      documents 0, 1, … in the order in which they came

The rarities and the mean length are those of the large index, so that scores compare.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from functools import lru_cache
from itertools import accumulate
from typing import Protocol

import numpy as np
import numpy.typing as npt

from recommender.index import LONGEST_TEXT, REPEATED, Index, gains_of
from recommender.terms import document_terms

_KEPT_LENGTHS = 200
"""How many different terms texts have."""


class Newest(Protocol):
    """Takes documents in and scores them; ``PlainNewest`` or ``compiled.newest.CompiledNewest``."""

    def __len__(self) -> int:
        """Return how many documents there are."""

    def add(self, text: str) -> list[int]:
        """Take in a document; return where each of its words ends. Behind ``LONGEST_TEXT`` nothing is read."""

    def scores(self, terms: Mapping[str, float]) -> npt.NDArray[np.float64]:
        """Return the score of each document for terms with their factors, 0 where none of them is in it."""


class Gain:
    """What a term gains in texts of so many different terms, with the mean of the large index."""

    def __init__(self, mean: float) -> None:
        self.of: Callable[[int], float] = lru_cache(_KEPT_LENGTHS)(
            lambda length: float(gains_of(np.array(length), mean))
        )


class PlainNewest:
    """The newest documents in a dictionary. ``cut`` segments a text."""

    def __init__(self, large: Index, cut: Callable[[str], list[str]]) -> None:
        self._large, self._cut = large, cut
        self._gain = Gain(large.mean_length)
        self._holders: dict[str, list[tuple[int, float]]] = {}
        self._gains: list[float] = []

    def __len__(self) -> int:
        return len(self._gains)

    def add(self, text: str) -> list[int]:
        """Take in a document; return where each of its words ends."""
        text = text[:LONGEST_TEXT]
        bag = Counter(term for piece in text.split() for term in document_terms(self._cut(piece)))
        for term, count in bag.items():
            times = 1 + REPEATED if count > 1 else 1.0
            self._holders.setdefault(term, []).append((len(self._gains), times))
        self._gains.append(self._gain.of(len(bag)))
        return list(accumulate(map(len, self._cut(text))))

    def scores(self, terms: Mapping[str, float]) -> npt.NDArray[np.float64]:
        """Return the score of each document, 0 where no term is in it."""
        scores = np.zeros(len(self._gains))
        for term, factor in terms.items():
            holders = self._holders.get(term)
            if holders is None:
                continue
            weight = factor * self._large.rarity(term)
            for number, times in holders:
                scores[number] += weight * times
        scores *= self._gains
        return scores
