"""Bare retrieval: titles ranked for a query, without needs, filters or a database; what ``qianqun match`` runs.

Two steps: the index sums weights over all titles, then the best fifty are looked at more closely (``second_look``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from core.text import Normaliser
from recommender.forms import WordForms
from recommender.index import LONGEST_TEXT
from recommender.indexing import index_of
from recommender.lexicon import Lexicon
from recommender.placing import placing_of
from recommender.query import LONGEST_QUERY, Query, QueryParts, QueryReader
from recommender.second_look import Found, SecondLook
from recommender.segmentation import Segmenter
from recommender.terms import TermFactors

LOOKED_AT = 50
"""Titles of the first step that the second looks at."""
_LONGEST_RAW = 8 * LONGEST_QUERY
"""Characters of a raw query that are made uniform; signs and spaces may be many."""


@dataclass(frozen=True, slots=True)
class RetrievalParts:
    """Which parts are in use; all of them, unless their effect is measured."""

    query: QueryParts = field(default_factory=QueryParts)
    second_look: bool = True


class Retrieval:
    """An index over titles. Queries and titles are made uniform first."""

    def __init__(
        self,
        titles: Sequence[str],
        aliases: Iterable[tuple[str, str, str]],
        normaliser: Normaliser,
        parts: RetrievalParts | None = None,
        second_look: SecondLook | None = None,
        further: Sequence[str] = (),
        prices: Sequence[float | None] = (),
        orders: Sequence[int | None] = (),
    ) -> None:
        """Index titles.

        What else is known, by title: ``further`` is brand, category and keywords, ``prices`` are in yuan, ``orders``
        counts those there were.
        """
        self.parts = parts or RetrievalParts()
        self._normaliser = normaliser
        aliases = tuple(aliases)
        forms = WordForms(aliases)
        lexicon = Lexicon(aliases)
        segmenter = Segmenter([*lexicon, *forms])
        self.titles = [normaliser(title[:LONGEST_TEXT]).text for title in titles]
        self._further = [normaliser(text[:LONGEST_TEXT]).text for text in further] or [""] * len(titles)
        self.prices = prices or [None] * len(titles)
        self._orders = orders or [None] * len(titles)
        self.index = index_of(map(" ".join, zip(self.titles, self._further, strict=True)), segmenter, keep_words=True)
        self.reader = QueryReader(self.index, forms, lexicon, segmenter.cut, self.parts.query)
        self.second = second_look or SecondLook.load(lexicon, segmenter.cut, placing=placing_of(segmenter))

    def with_parts(self, parts: RetrievalParts, weights: Mapping[str, float] | None = None) -> Retrieval:
        """Return the same index with other parts in use, or other weights of the second look."""
        other = copy(self)
        other.parts = parts
        other.reader = self.reader.with_parts(parts.query)
        if weights is not None:
            other.second = self.second.with_weights(weights)
        return other

    def first_step(self, query: str, limit: int) -> tuple[Query, list[Found]]:
        """Return what a query asks for and the titles that the index finds, best first."""
        read = self.reader.read(self._normaliser(query[:_LONGEST_RAW]).text)
        top = [(int(self.index.order[number]), score) for number, score in self.index.top(read.terms, limit)]
        return read, [self.found(place, score) for place, score in top]

    def found(self, place: int, score: float) -> Found:
        """Return a title as the second step looks at it; ``score`` is the first step's."""
        return Found(place, score, self.titles[place], self._further[place], self.prices[place], self._orders[place])

    def search(self, query: str, limit: int) -> list[tuple[int, float]]:
        """Return (place of the title, score) of the best ``limit`` titles, best first; scores never rise."""
        read, found = self.first_step(query, max(limit, LOOKED_AT))
        if not self.parts.second_look:
            return [(one.place, one.score) for one in found[:limit]]
        ranked = self.second.ranked(read, found[:LOOKED_AT], self.index)
        return _continued(ranked, [(one.place, one.score) for one in found[LOOKED_AT:]])[:limit]


def _continued(ranked: list[tuple[int, float]], rest: list[tuple[int, float]]) -> list[tuple[int, float]]:
    """Put what only the first step saw behind the rest, with scores that go on falling."""
    if not rest:
        return ranked
    last, first = ranked[-1][1], rest[0][1]
    return [*ranked, *((place, last * (score / first)) for place, score in rest)]


_NOTHING = TermFactors(0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
_BARE = QueryParts(filler=False, forms=False, sounds=False)

CONFIGURATIONS: Mapping[str, RetrievalParts] = MappingProxyType(
    {
        "full": RetrievalParts(),
        "first-step": RetrievalParts(second_look=False),
        "bare": RetrievalParts(_BARE, second_look=False),
        "words": RetrievalParts(replace(_BARE, factors=replace(_NOTHING, word=1, name=1, single=1)), second_look=False),
        "grams": RetrievalParts(
            replace(_BARE, factors=replace(_NOTHING, inner=1, crossing=1, character=1, name=1)), second_look=False
        ),
        "no-filler": RetrievalParts(QueryParts(filler=False)),
        "no-forms": RetrievalParts(QueryParts(forms=False)),
        "no-sounds": RetrievalParts(QueryParts(sounds=False)),
        "no-words": RetrievalParts(QueryParts(factors=TermFactors(word=0))),
        "no-bigrams": RetrievalParts(QueryParts(factors=TermFactors(inner=0, crossing=0))),
        "no-characters": RetrievalParts(QueryParts(factors=TermFactors(character=0, single=0))),
        "no-names": RetrievalParts(QueryParts(factors=TermFactors(part=0, gram=0, counted=0, amount=0))),
    }
)
"""Ways of ranking by name: everything, the steps by themselves, plain BM25, and everything without one part."""
