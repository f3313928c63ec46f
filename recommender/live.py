"""A text index that takes further documents at once: the large one as it was built, and beside it the newest ones.

    large (compiled, fixed)       documents 0 … n-1
    newest (a dictionary)         草莓 → [(n, once), (n+3, again)]      documents n, n+1, …

A change costs what cutting and counting one text costs, whatever the size of the catalogue. The newest are weighed by
the rarities and the mean length of the large index, so that scores compare; what is out of date is left out by the
filter of the query. When the newest are many (``overgrown``), everything is built anew beside the messages.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from itertools import chain

import numpy as np
import numpy.typing as npt

from recommender.bits import Bits, has
from recommender.index import LONGEST_TEXT, REPEATED, Index, gains_of
from recommender.terms import document_terms

_KEPT_PIECES, _KEPT_LENGTHS = 5_000, 200
"""Pieces of text that repeat over products (brands, categories, sizes), and how many terms texts have."""
_LEAST, _SHARE = 256, 64
"""The newest are many when there are more than so many of them, and more than one for so many documents."""


class LiveIndex:
    """An index with what came since it was built. ``cut`` segments one piece of text."""

    def __init__(self, large: Index, cut: Callable[[str], list[str]]) -> None:
        self._large = large
        self._terms = lru_cache(_KEPT_PIECES)(lambda piece: document_terms(cut(piece)))
        self._gain = lru_cache(_KEPT_LENGTHS)(lambda length: float(gains_of(np.array(length), large.mean_length)))
        self._newest: dict[str, list[tuple[int, float]]] = {}
        self._gains: list[float] = []

    def add(self, text: str) -> int:
        """Take in a document; return its number."""
        number = self._large.size + len(self._gains)
        bag = Counter(chain.from_iterable(map(self._terms, text[:LONGEST_TEXT].split())))
        for term, count in bag.items():
            self._newest.setdefault(term, []).append((number, 1 + REPEATED if count > 1 else 1.0))
        self._gains.append(self._gain(len(bag)))
        return number

    @property
    def overgrown(self) -> bool:
        """Tell whether it is time to build the index anew."""
        return len(self._gains) > max(_LEAST, self._large.size // _SHARE)

    def frequency(self, term: str) -> int:
        """Return how many documents of the large index have a term."""
        return self._large.frequency(term)

    def rarity(self, term: str) -> float:
        """Return how much a term tells in the large index."""
        return self._large.rarity(term)

    def words(self) -> Iterable[str]:
        """Return the words of the large index, where they were kept."""
        return self._large.words()

    def top(self, terms: Mapping[str, float], limit: int, allowed: Bits) -> list[tuple[int, float]]:
        """Return (document, score) of the best allowed documents, best first; equal scores by number.

        ``allowed`` has bits for the newest as well.
        """
        found = self._large.top(terms, limit, allowed)
        if self._gains:
            newest = [(number, score) for number, score in self._scores(terms).items() if has(allowed, number)]
            found = sorted([*found, *newest], key=lambda pair: (-pair[1], pair[0]))[:limit]
        return found

    def weighed(self, terms: Mapping[str, float], documents: npt.NDArray[np.int64]) -> list[float]:
        """Return the scores of documents; their numbers must ascend."""
        within = int(np.searchsorted(documents, self._large.size))
        scores: list[float] = self._large.weighed(terms, documents[:within]).tolist()
        if within < len(documents):
            newest = self._scores(terms)
            scores += [newest.get(number, 0.0) for number in documents[within:].tolist()]
        return scores

    def _scores(self, terms: Mapping[str, float]) -> dict[int, float]:
        """Return the scores of the newest documents that share a term."""
        scores: dict[int, float] = {}
        for term, factor in terms.items():
            holders = self._newest.get(term)
            if holders is None:
                continue
            weight = factor * self._large.rarity(term)
            for number, times in holders:
                scores[number] = scores.get(number, 0.0) + weight * times
        return {number: score * self._gains[number - self._large.size] for number, score in scores.items()}
