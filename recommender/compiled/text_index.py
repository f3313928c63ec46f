"""The compiled text index as the program uses it: what ``recommender.index.TextIndex`` does, by ``Postings``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from threading import local

import numpy as np
import numpy.typing as npt

from recommender.bits import Bits, every
from recommender.compiled.batch import Batch
from recommender.compiled.collecting import Collector
from recommender.compiled.cutting import Cutter
from recommender.compiled.postings import GAIN_UNIT, WEIGHT_UNIT, Paper, Postings
from recommender.compiled.terms import Hashes, hashes_of
from recommender.index import LONGEST_TEXT, rarity

_BATCH_TEXTS, _BATCH_CHARACTERS = 8_192, 1 << 20
"""How much is cut and counted at once: some megabytes of terms."""
_UNIT = float(WEIGHT_UNIT * GAIN_UNIT)


class CompiledIndex:
    """An index over texts; safe to be asked by several threads. ``order[d]`` is which of the texts document d is."""

    def __init__(self, postings: Postings, words: Iterable[str] = ()) -> None:
        self.postings = postings
        self._words = tuple(words)
        self._all = every(postings.size)
        self._local = local()

    @classmethod
    def build(cls, texts: Iterable[str], cutter: Cutter, *, keep_words: bool = False) -> CompiledIndex:
        """Index texts; a million titles take some three seconds. ``keep_words`` is for who looks words up by sound."""
        collector = Collector(keep_words=keep_words)
        for some in _batches(texts):
            batch = Batch.of(some)
            collector.add(batch, cutter.cut(batch))
        return cls(Postings.of(collector), collector.words)

    @property
    def size(self) -> int:
        """Return the number of documents."""
        return self.postings.size

    @property
    def order(self) -> npt.NDArray[np.int32]:
        """Return by document which of the texts it is."""
        return self.postings.order

    @property
    def mean_length(self) -> float:
        """Return the mean number of different terms of a document."""
        return self.postings.mean

    def words(self) -> Iterable[str]:
        """Return the words of two characters and more, where they were kept."""
        return self._words

    def frequency(self, term: str) -> int:
        """Return how many documents have a term."""
        return int(self.postings.frequencies(hashes_of([term]))[0])

    def rarity(self, term: str) -> float:
        """Return how much a term tells: BM25's inverse document frequency, highest for a term of no document."""
        return float(self.rarities(hashes_of([term]))[0])

    def rarities(self, hashes: Hashes) -> npt.NDArray[np.float64]:
        """Return how much each of the terms with these hashes tells."""
        return rarity(self.size, self.postings.frequencies(hashes))

    def top(self, terms: Mapping[str, float], limit: int, allowed: Bits | None = None) -> list[tuple[int, float]]:
        """Return (document, score) of the best ``limit`` allowed documents, best first; equal scores by number."""
        limit = min(limit, self.size)
        found = self.postings.best(
            self.postings.query(terms), self._all if allowed is None else allowed, limit, self._paper()
        )
        return [(document, score / _UNIT) for document, score in found.tolist()]

    def weighed(self, terms: Mapping[str, float], documents: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """Return the scores of documents; their numbers must ascend."""
        return self.postings.scores(self.postings.query(terms), documents, self._paper()) / _UNIT

    @property
    def memory_bytes(self) -> int:
        """Return the bytes of all arrays."""
        return self.postings.memory_bytes

    def _paper(self) -> Paper:
        paper: Paper | None = getattr(self._local, "paper", None)
        if paper is None:
            paper = self._local.paper = Paper()
        return paper


def _batches(texts: Iterable[str]) -> Iterator[list[str]]:
    some: list[str] = []
    characters = 0
    for text in texts:
        read = text[:LONGEST_TEXT]
        some.append(read)
        characters += len(read)
        if len(some) == _BATCH_TEXTS or characters > _BATCH_CHARACTERS:
            yield some
            some, characters = [], 0
    if some:
        yield some
