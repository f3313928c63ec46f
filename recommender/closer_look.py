"""The second look of retrieval at the products of a need: of several that fit, which one is what was said?

A need is read into objects and attributes of the lists; what a member said beyond them (冰糖心, 薄荷, 抽绳) is in the
words. The learned second look compares words and title, and a product that is clearly further from what was said than
the nearest one loses some of its score. The nearest keeps its own: whether to speak is not decided here. Pure besides
the artefact of the second look.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from recommender.forms import WordForms
from recommender.lexicon import Lexicon
from recommender.placing import placing_of
from recommender.query import QueryParts, QueryReader
from recommender.ranking import Candidate
from recommender.second_look import Found, SecondLook, packaged_weights
from recommender.segmentation import Segmenter
from recommender.shelf import Item, Shelf

_LOOKED_AT = 10
"""The best so many are looked at; three at most are shown."""
_LEVEL = 0.2
"""Who is so little further from what was said than the nearest is as near: price and popularity decide."""
_NEAR = 0.5
"""Words that even the nearest product is further from are not about products (哪里有卖, +1)."""
_SHARE = 0.3
"""Of its score, what a product loses that has nothing of what was said."""


class CloserLook:
    """Looks at candidates of one shelf. ``forms`` are other ways of writing words."""

    def __init__(self, shelf: Shelf, forms: WordForms, lexicon: Lexicon, segmenter: Segmenter) -> None:
        self._shelf = shelf
        self._reader = QueryReader(shelf.index, forms, lexicon, segmenter.cut, QueryParts(sounds=False))
        self._look = SecondLook(lexicon, segmenter.cut, packaged_weights(), placing_of(segmenter))

    def at(self, candidates: Sequence[Candidate], said: str) -> list[Candidate]:
        """Return candidates, given best first, with what the words of the message leave of their scores."""
        near = candidates[:_LOOKED_AT]
        if len(near) < 2:
            return list(candidates)
        query = self._reader.read(said)
        places = {candidate.item.id: self._shelf.number(candidate.item.id) for candidate in near}
        numbers = sorted(places.values())
        weighed = self._shelf.index.weighed(query.terms, np.array(numbers, np.int64))
        scores = dict(zip(numbers, weighed, strict=True))
        found = [_found(one.item, places[one.item.id], scores[places[one.item.id]]) for one in near]
        looks = dict(self._look.ranked(query, found, self._shelf.index))
        best = max(looks.values())
        if best < _NEAR:
            return list(candidates)
        left = [1 - _SHARE * max(0.0, 1 - looks[places[one.item.id]] / best - _LEVEL) for one in near]
        looked = [one._replace(score=one.score * share) for one, share in zip(near, left, strict=True)]
        return [*looked, *candidates[_LOOKED_AT:]]


def _found(item: Item, number: int, score: float) -> Found:
    further = f"{item.brand} {item.category.replace('/', ' ')}".lower()
    return Found(number, score, item.title.lower(), further, float(item.price), item.orders)
