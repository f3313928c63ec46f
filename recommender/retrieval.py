"""Bare retrieval: titles ranked for a query, without needs, filters or a database; what ``qianqun match`` runs.

Two steps: the index sums weights over all titles, then the best fifty are looked at more closely (``second_look``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from core.text import Normaliser
from recommender.forms import WordForms
from recommender.index import LONGEST_TEXT, TextIndex
from recommender.lexicon import Lexicon
from recommender.query import QueryParts, QueryReader
from recommender.second_look import SecondLook
from recommender.segmentation import Segmenter

LOOKED_AT = 50
"""Titles of the first step that the second looks at."""


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
    ) -> None:
        self.parts = parts or RetrievalParts()
        self._normaliser = normaliser
        aliases = tuple(aliases)
        forms = WordForms(aliases)
        lexicon = Lexicon(aliases)
        segmenter = Segmenter(lexicon)
        for synonym in forms:
            segmenter.add(synonym)
        self._titles = [normaliser(title[:LONGEST_TEXT]).text for title in titles]
        self.index = TextIndex.build(self._titles, segmenter.cut)
        self.reader = QueryReader(self.index, forms, lexicon, segmenter.cut, self.parts.query)
        self._second = second_look or SecondLook.load(lexicon, segmenter.cut)

    def search(self, query: str, limit: int) -> list[tuple[int, float]]:
        """Return (place of the title, score) of the best ``limit`` titles, best first; scores never rise."""
        read = self.reader.read(self._normaliser(query).text)
        found = self.index.top(read.terms, max(limit, LOOKED_AT))
        if not self.parts.second_look:
            return found[:limit]
        near = [(place, score, self._titles[place]) for place, score in found[:LOOKED_AT]]
        ranked = self._second.ranked(read, near, self.index)
        return _continued(ranked, found[LOOKED_AT:])[:limit]


def _continued(ranked: list[tuple[int, float]], rest: list[tuple[int, float]]) -> list[tuple[int, float]]:
    """Put what only the first step saw behind the rest, with scores that go on falling."""
    if not rest:
        return ranked
    scale = ranked[-1][1] / max(rest[0][1], 1e-9)
    return [*ranked, *((place, score * scale) for place, score in rest)]
