"""The text index: BM25 over words, character 1- and 2-grams, names and amounts, as postings in numpy arrays.

This is the plain way; ``compiled.text_index`` gives the same answers, many times faster on large catalogues.

Words alone lose to characters on short titles, characters alone lose exactness; both together are as good as either
and forgive each other's misses (``docs/adr/0005-words-and-characters-in-one-index.md``). A score is a sum over the
terms of the query: its factor there times the weight of (term, document), and nothing else.
Source of the weighting: Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np
import numpy.typing as npt

from recommender.bits import Bits, flags_of
from recommender.terms import document_terms

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int32]

K1 = 0.8
"""How fast a repeated term stops counting; titles that repeat a word do so to be found, not because they mean it."""
B = 0.4
"""How much a long title pays; less than half, since long titles are lists of attributes, not noise."""
REPEATED = 0.3
"""What a term that stands in a text twice or more weighs on top: BM25's saturation for a second mention, which lies
between 0.24 and 0.36 of the first, and nothing for a third. So a repetition is a term of its own, and a term weighs
the same in all texts of a length; on the queries of ``benchmarks match_quality`` nDCG@10 is the same to 0.0004, without
the second mention it is 0.004 to 0.010 lower."""
LONGEST_TEXT = 1000
"""Characters of a document that are read: what stands behind them is no title."""

_KEPT_PIECES = 20_000
_COUNTED_AT_ONCE = 10_000
"""Documents; their terms take some ten megabytes while they are counted."""
_TERMS_AT_ONCE = 2_000_000


class TermStatistics(Protocol):
    """What an index knows of the terms of its documents."""

    def words(self) -> Iterable[str]:
        """Return the words of two characters and more that the texts are made of, where they were kept."""

    def frequency(self, term: str) -> int:
        """Return how many documents have a term."""

    def rarity(self, term: str) -> float:
        """Return how much a term tells: BM25's inverse document frequency."""


class Index(TermStatistics, Protocol):
    """What finds texts: ``TextIndex`` in numpy, or ``compiled.text_index.CompiledIndex``; ``indexing`` chooses.

    Documents are numbered as suits the index; ``order[d]`` is which of the texts given document d is.
    """

    @property
    def size(self) -> int:
        """Return the number of documents."""

    @property
    def order(self) -> Ints:
        """Return by document which of the texts it is."""

    @property
    def mean_length(self) -> float:
        """Return the mean number of different terms of a document."""

    def top(self, terms: Mapping[str, float], limit: int, allowed: Bits | None = None) -> list[tuple[int, float]]:
        """Return (document, score) of the best allowed documents, best first; equal scores in document order."""

    def weighed(self, terms: Mapping[str, float], documents: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """Return the scores of some documents; their numbers must ascend."""


class _Found:
    """Collects the terms of documents as they come and counts them by many documents at once."""

    def __init__(self) -> None:
        self._terms = array("i")
        self._ends: list[int] = []
        self._counted: list[tuple[Ints, Floats, npt.NDArray[np.int64]]] = []

    def add(self, pieces: Iterable[array[int]]) -> None:
        for piece in pieces:
            self._terms.extend(piece)
        self._ends.append(len(self._terms))
        if len(self._ends) == _COUNTED_AT_ONCE or len(self._terms) > _TERMS_AT_ONCE:
            self._count()

    def counted(self) -> tuple[Ints, Floats, npt.NDArray[np.int64]]:
        """Return the different terms of all documents one after the other, how often each, how many by document."""
        self._count()
        terms, counts, lengths = zip(*self._counted, strict=True)
        return np.concatenate(terms), np.concatenate(counts), np.concatenate(lengths)

    def _count(self) -> None:
        size = len(self._ends)
        terms = np.array(self._terms, np.int64)
        ends = np.array([0, *self._ends], np.int64)
        documents = np.repeat(np.arange(size), ends[1:] - ends[:-1])
        width = int(terms.max(initial=0)) + 1
        keys, counts = np.unique(documents * width + terms, return_counts=True)
        lengths = np.bincount(keys // width, minlength=size)
        self._counted.append(((keys % width).astype(np.int32), counts.astype(np.float32), lengths))
        self._terms, self._ends = array("i"), []


@dataclass(frozen=True, slots=True)
class TextIndex:
    """Postings of n documents: term t's documents are ``documents[bounds[t]:bounds[t+1]]``, each with its weight."""

    size: int
    mean_length: float
    vocabulary: dict[str, int]
    bounds: npt.NDArray[np.int64]
    documents: Ints
    weights: Floats

    @classmethod
    def build(cls, texts: Iterable[str], cut: Callable[[str], list[str]]) -> TextIndex:
        """Index documents in the order given; ``cut`` segments one piece of text between two spaces.

        Pieces repeat over a catalogue (brands, categories, sizes) and no term goes over a space: each is read once.
        """
        vocabulary: dict[str, int] = {}

        @lru_cache(_KEPT_PIECES)
        def ids(piece: str) -> array[int]:
            return array("i", [vocabulary.setdefault(term, len(vocabulary)) for term in document_terms(cut(piece))])

        found = _Found()
        for text in texts:
            found.add(ids(piece) for piece in text[:LONGEST_TEXT].split())
        terms, counts, lengths = found.counted()
        return cls._weigh(vocabulary, terms, counts, lengths)

    @classmethod
    def _weigh(
        cls, vocabulary: dict[str, int], terms: Ints, counts: Floats, lengths: npt.NDArray[np.int64]
    ) -> TextIndex:
        """Turn counts into weights, in single precision and in place: at 100,000 products each array is 15 MB."""
        size = len(lengths)
        documents = np.repeat(np.arange(size, dtype=np.int32), lengths)
        frequency = np.bincount(terms, minlength=len(vocabulary)).astype(np.int64)
        bounds = np.concatenate([np.zeros(1, np.int64), np.cumsum(frequency)])
        mean = float(lengths.mean()) if size else 1.0
        weights = np.where(counts > 1, np.float32(1 + REPEATED), np.float32(1))
        weights *= gains_of(lengths, mean).astype(np.float32)[documents]
        weights *= rarity(size, frequency).astype(np.float32)[terms]
        order = np.argsort(terms, kind="stable")
        return cls(size, mean, vocabulary, bounds, documents[order], weights[order])

    def frequency(self, term: str) -> int:
        """Return how many documents have a term."""
        place = self.vocabulary.get(term)
        return 0 if place is None else int(self.bounds[place + 1] - self.bounds[place])

    def rarity(self, term: str) -> float:
        """Return how much a term tells: BM25's inverse document frequency, highest for a term of no document."""
        return float(rarity(self.size, np.array(self.frequency(term))))

    def weighted(self, terms: Mapping[str, float]) -> Floats:
        """Return the score of every document for terms with their factors."""
        scores = np.zeros(self.size, np.float32)
        for term, factor in terms.items():
            place = self.vocabulary.get(term)
            if place is not None:
                low, high = self.bounds[place], self.bounds[place + 1]
                scores[self.documents[low:high]] += self.weights[low:high] * np.float32(factor)
        return scores

    def top(self, terms: Mapping[str, float], limit: int, allowed: Bits | None = None) -> list[tuple[int, float]]:
        """Return (document, score) of the best ``limit`` documents, best first; equal scores in document order."""
        scores = self.weighted(terms)
        if allowed is not None:
            scores *= flags_of(allowed, self.size)
        return [(document, float(scores[document])) for document in best_places(scores, limit)]

    def weighed(self, terms: Mapping[str, float], documents: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """Return the scores of some documents."""
        return self.weighted(terms)[documents].astype(np.float64)

    @property
    def order(self) -> Ints:
        """Return by document which of the texts it is: here they stay in the order given."""
        return np.arange(self.size, dtype=np.int32)

    def words(self) -> Iterable[str]:
        """Return the words of two characters and more that the texts are made of."""
        return (term[1:] for term in self.vocabulary if term[0] == "w" and len(term) > 2)

    @property
    def memory_bytes(self) -> int:
        """Return the bytes of the arrays; the vocabulary comes on top."""
        return self.bounds.nbytes + self.documents.nbytes + self.weights.nbytes


def best_places(scores: Floats, limit: int) -> list[int]:
    """Return the places of the highest scores above zero, best first; equal scores in order of place."""
    found = np.flatnonzero(scores)
    if len(found) > limit:
        # the found documents only: partitioning mostly-zero scores is forty times slower in numpy 2.0-2.4
        best = np.argpartition(-scores[found], limit - 1)[:limit]
        edge = scores[found[best]].min()
        found = found[scores[found] >= edge]
    ranked = found[np.lexsort((found, -scores[found]))][:limit]
    return [int(place) for place in ranked]


def rarity(size: int, frequency: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Return BM25's inverse document frequency in the form that never falls below zero."""
    return np.log1p((size - frequency + 0.5) / (frequency + 0.5))


def gains_of(lengths: npt.NDArray[np.integer], mean: float) -> npt.NDArray[np.float64]:
    """Return what a term gains in texts of so many different terms, 1 at the mean length: short texts gain more."""
    gains: npt.NDArray[np.float64] = (K1 + 1) / (1 + K1 * (1 - B + B * lengths.astype(np.float64) / max(mean, 1.0)))
    return gains
