"""Bare retrieval: titles ranked for a query, without needs, filters or a database; what ``qianqun match`` runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from core.text import Normaliser
from recommender.index import TextIndex
from recommender.lexicon import Lexicon
from recommender.segmentation import Segmenter


class Retrieval:
    """An index over titles. Queries and titles are made uniform; known aliases in a query are searched as well."""

    def __init__(self, titles: Sequence[str], aliases: Iterable[tuple[str, str, str]], normaliser: Normaliser) -> None:
        self._normaliser = normaliser
        self._lexicon = Lexicon(aliases)
        self._segmenter = Segmenter(self._lexicon)
        self._index = TextIndex.build((normaliser(title).text for title in titles), self._segmenter.cut)

    def search(self, query: str, limit: int) -> list[tuple[int, float]]:
        """Return (place of the title, score) of the best ``limit`` titles, best first."""
        words = self._segmenter.cut(self._normaliser(query).text)
        also = [kept for word in words if (kept := self._lexicon.canonical(word)) != word]
        return self._index.top([*words, *(part for kept in also for part in (" ", kept))], limit)
