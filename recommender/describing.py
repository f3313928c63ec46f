"""What a product is: the words that name it, what it is said to be, for whom it is made. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Hashable, Mapping, Sequence
from functools import lru_cache
from itertools import accumulate
from sys import intern
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar

from recommender.heads import category_kinds, product_kinds, title_words
from recommender.lexicon import Lexicon, WordKind
from recommender.segmentation import CutAll, Segmenter

_KEPT_PIECES, _KEPT_CATEGORIES = 20_000, 5_000
"""Cut pieces of text that are remembered, and what categories say of their products."""
_GAP = re.compile(r"(\s)")
_NARROWING = frozenset({WordKind.ATTRIBUTE, WordKind.WHOM})
_Value = TypeVar("_Value", bound=Hashable)


class Description(NamedTuple):
    """How well each word names a product, what it is said to be, and for whom it is made."""

    kinds: Mapping[str, float]
    attributes: frozenset[str]
    whom: frozenset[str]


NOT_READ = Description(MappingProxyType({}), frozenset(), frozenset())


class Describer:
    """Reads what products are from their words; equal values are kept once."""

    def __init__(self, segmenter: Segmenter, lexicon: Lexicon) -> None:
        self._segmenter, self._lexicon = segmenter, lexicon
        self._kept: dict[Hashable, Any] = {}
        self._category = lru_cache(_KEPT_CATEGORIES)(lambda path: category_kinds(path, segmenter.cut, lexicon))
        self.words = segmenter.cut_all if segmenter.cutter is not None else _cut_by_pieces(segmenter)

    words: CutAll
    """Cuts texts as the index reads them."""

    def described(self, title: str, category: str, keywords: Collection[str], words: Sequence[str]) -> Description:
        """Return what a product is; ``words`` are those of everything the index reads of it, the title first."""
        known = [word for word in map(self._lexicon.get, words) if word is not None and word.kind in _NARROWING]
        kinds = product_kinds(self._title_words(title, words), self._category(category), keywords, self._lexicon)
        return Description(
            {intern(kind): quality for kind, quality in kinds.items()},
            self.once(frozenset([intern(word.canonical) for word in known])),
            self.once(frozenset([intern(word.canonical) for word in known if word.kind is WordKind.WHOM])),
        )

    def once(self, value: _Value) -> _Value:
        """Return the equal value that was given first, so that many products share it."""
        kept: _Value = self._kept.setdefault(value, value)
        return kept

    def _title_words(self, title: str, words: Sequence[str]) -> Sequence[str]:
        """Return the words of a title, which are the first ones of what the index reads."""
        if "+" in title:
            return title_words(title, self._segmenter.cut)
        length = len(title.lower())
        for count, end in enumerate(accumulate(map(len, words)), 1):
            if end >= length:
                return words[:count] if length else ()
        return words


def _cut_by_pieces(segmenter: Segmenter) -> CutAll:
    """Cut texts piece by piece: pieces repeat over products, and without a compiler it pays to cut each once."""
    cut = lru_cache(_KEPT_PIECES)(segmenter.cut)
    return lambda texts: [[word for piece in _GAP.split(text) for word in cut(piece)] for text in texts]
