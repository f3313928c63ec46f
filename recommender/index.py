"""The text index: BM25 over words and character 1- and 2-grams, as postings in numpy arrays.

Words alone lose to characters on short titles, characters alone lose exactness; both together are as good as either
and forgive each other's misses (``docs/adr/0005-words-and-characters-in-one-index.md``).
Source of the weighting: Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009.
"""

from __future__ import annotations

import re
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int32]

_K1 = 1.2
"""How fast a repeated term stops counting; the usual value, titles repeat little."""
_B = 0.5
"""How much a long title pays; half, since long titles in group-buying are lists of attributes, not noise."""
_RUN = re.compile(r"[㐀-鿿]+|[a-z0-9]+(?:\.[0-9]+)?")


_KEPT_PIECES = 20_000
_COUNTED_AT_ONCE = 10_000
"""Documents; their terms take some ten megabytes while they are counted."""


def terms_of(words: Sequence[str]) -> list[str]:
    """Return index terms of a cut text: words of two characters or more, bigrams, characters, Latin runs.

    Words are prefixed by ``w``, so that a word and a bigram with the same characters are two pieces of evidence.
    """
    terms = ["w" + word for word in words if len(word) > 1 and not word.isspace()]
    for run in _RUN.findall("".join(words)):
        if run[0].isascii():
            terms.append(run)
            continue
        terms.extend(run)
        terms.extend(run[place : place + 2] for place in range(len(run) - 1))
    return terms


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
        if len(self._ends) == _COUNTED_AT_ONCE:
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
            return array("i", [vocabulary.setdefault(term, len(vocabulary)) for term in terms_of(cut(piece))])

        found = _Found()
        for text in texts:
            found.add(ids(piece) for piece in text.split())
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
        rarity = np.log1p((size - frequency + 0.5) / (frequency + 0.5))
        mean = float(lengths.mean()) if size else 1.0
        norm = (_K1 * (1 - _B + _B * lengths / max(mean, 1.0))).astype(np.float32)
        weights = counts * np.float32(_K1 + 1)
        counts += norm[documents]
        weights /= counts
        weights *= rarity.astype(np.float32)[terms]
        order = np.argsort(terms, kind="stable")
        return cls(size, vocabulary, bounds, documents[order], weights[order])

    def scores(self, words: Sequence[str]) -> Floats:
        """Return the score of every document for a cut query; zero where nothing is shared."""
        scores = np.zeros(self.size, np.float32)
        for term, count in Counter(terms_of(words)).items():
            place = self.vocabulary.get(term)
            if place is not None:
                low, high = self.bounds[place], self.bounds[place + 1]
                scores[self.documents[low:high]] += self.weights[low:high] * min(count, 2)
        return scores

    def top(
        self, words: Sequence[str], limit: int, allowed: npt.NDArray[np.bool_] | None = None
    ) -> list[tuple[int, float]]:
        """Return (document, score) of the best ``limit`` documents, best first; equal scores in document order."""
        scores = self.scores(words)
        if allowed is not None:
            scores *= allowed
        found = np.flatnonzero(scores)
        if len(found) > limit:
            # the found documents only: partitioning mostly-zero scores is forty times slower in numpy 2.0-2.4
            best = np.argpartition(-scores[found], limit - 1)[:limit]
            edge = scores[found[best]].min()
            found = found[scores[found] >= edge]
        ranked = found[np.lexsort((found, -scores[found]))][:limit]
        return [(int(document), float(scores[document])) for document in ranked]

    @property
    def memory_bytes(self) -> int:
        """Return the bytes of the arrays; the vocabulary comes on top."""
        return self.bounds.nbytes + self.documents.nbytes + self.weights.nbytes
