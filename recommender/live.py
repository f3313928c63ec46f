"""A text index that takes further documents at once: the large one as it was built, and beside it the newest ones.

    large (compiled, fixed)       documents 0 … n-1
    newest (grows)                documents n, n+1, …

A change costs what cutting and counting one text costs, whatever the size of the catalogue. The newest are weighed by
the rarities and the mean length of the large index, so that scores compare; what is out of date is left out by the
filter of the query. When the newest are many (``overgrown``), everything is built anew beside the messages.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from recommender.bits import Bits, having
from recommender.index import Index
from recommender.newest import Newest

_LEAST, _SHARE = 256, 64
"""The newest are many when there are more than so many of them, and more than one for so many documents."""
_KEPT_RARITIES = 5_000
"""Terms whose rarity is remembered: the same goods are asked for again and again."""


class LiveIndex:
    """An index with what came since it was built."""

    def __init__(self, large: Index, newest: Newest) -> None:
        self._large = large
        self._newest = newest
        self._many = max(_LEAST, large.size // _SHARE)
        self._rarity = lru_cache(_KEPT_RARITIES)(large.rarity)  # the large index never changes

    def add(self, text: str) -> list[int]:
        """Take in a document with the next number, ``LONGEST_TEXT`` characters of it; return where its words end."""
        return self._newest.add(text)

    @property
    def overgrown(self) -> bool:
        """Tell whether it is time to build the index anew."""
        return len(self._newest) > self._many

    def frequency(self, term: str) -> int:
        """Return how many documents of the large index have a term."""
        return self._large.frequency(term)

    def rarity(self, term: str) -> float:
        """Return how much a term tells in the large index."""
        return self._rarity(term)

    def words(self) -> Iterable[str]:
        """Return the words of the large index, where they were kept."""
        return self._large.words()

    def top(self, terms: Mapping[str, float], limit: int, allowed: Bits) -> list[tuple[int, float]]:
        """Return (document, score) of the best allowed documents, best first; equal scores by number.

        ``allowed`` has bits for the newest as well.
        """
        found = self._large.top(terms, limit, allowed)
        if len(self._newest):
            scores = self._newest.scores(terms)
            numbers = np.flatnonzero(scores) + self._large.size
            numbers = numbers[having(allowed, numbers)]
            newest = zip(numbers.tolist(), scores[numbers - self._large.size].tolist(), strict=True)
            found = sorted([*found, *newest], key=lambda pair: (-pair[1], pair[0]))[:limit]
        return found

    def weighed(self, terms: Mapping[str, float], documents: npt.NDArray[np.int64]) -> list[float]:
        """Return the scores of documents; their numbers must ascend."""
        within = int(np.searchsorted(documents, self._large.size))
        scores: list[float] = self._large.weighed(terms, documents[:within]).tolist()
        if within < len(documents):
            scores += self._newest.scores(terms)[documents[within:] - self._large.size].tolist()
        return scores
