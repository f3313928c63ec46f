"""The text index: BM25 over words and character 1- and 2-grams, as postings in numpy arrays.

Words alone lose to characters on short titles, characters alone lose exactness; both together are as good as either
and forgive each other's misses (``docs/adr/0005-words-and-characters-in-one-index.md``).
Source of the weighting: Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int32]

_K1 = 1.2
"""How fast a repeated term stops counting; the usual value, titles repeat little."""
_B = 0.5
"""How much a long title pays; half, since long titles in group-buying are lists of attributes, not noise."""
_RUN = re.compile(r"[㐀-鿿]+|[a-z0-9]+(?:\.[0-9]+)?")
_WORD_WEIGHT = 1.0
_BIGRAM_WEIGHT = 1.0
_CHARACTER_WEIGHT = 0.4
"""A single character says little (米 in 厘米); it only breaks ties and catches misspelt words."""


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


def _importance(term: str) -> float:
    if len(term) == 1:
        return _CHARACTER_WEIGHT
    return _WORD_WEIGHT if term[0] == "w" else _BIGRAM_WEIGHT


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
        """Index documents in the order given; ``cut`` segments one text."""
        vocabulary: dict[str, int] = {}
        term_ids: list[int] = []
        counts: list[int] = []
        lengths: list[int] = []
        for text in texts:
            bag = Counter(terms_of(cut(text)))
            lengths.append(len(bag))
            for term, count in bag.items():
                term_ids.append(vocabulary.setdefault(term, len(vocabulary)))
                counts.append(count)
        return cls._weigh(
            vocabulary, np.array(term_ids, np.int32), np.array(counts, np.float32), np.array(lengths, np.int64)
        )

    @classmethod
    def _weigh(
        cls, vocabulary: dict[str, int], terms: Ints, counts: Floats, lengths: npt.NDArray[np.int64]
    ) -> TextIndex:
        size = len(lengths)
        documents = np.repeat(np.arange(size, dtype=np.int32), lengths)
        order = np.argsort(terms, kind="stable")
        frequency = np.bincount(terms, minlength=len(vocabulary)).astype(np.int64)
        bounds = np.concatenate([np.zeros(1, np.int64), np.cumsum(frequency)])
        rarity = np.log1p((size - frequency + 0.5) / (frequency + 0.5))
        importance = np.fromiter(map(_importance, vocabulary), np.float64, len(vocabulary))
        mean = float(lengths.mean()) if size else 1.0
        norm = _K1 * (1 - _B + _B * lengths / max(mean, 1.0))
        saturated = counts * (_K1 + 1) / (counts + norm[documents])
        weights = (saturated * (rarity * importance)[terms]).astype(np.float32)
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
