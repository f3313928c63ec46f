"""The text index as compiled postings: which documents have a term, and what that is worth.

A score is a whole number: what the terms of the query weigh that a document has, times the document's gain::

    score(d) = gain(length of d) × Σ weight(t)          BM25 for terms that count once; short texts gain more

Documents are numbered by their length, so that gains only fall with the number::

    classes    first  0     1,200   9,800  …  size      documents of one length stand side by side and gain the same
               gain   1.10  1.08    1.06
    term t     documents[start : start + length]        ascending numbers; or, when it is frequent,
               bits[row]                                a bit for each document

``search`` finds the best of them. Whole numbers make the sum independent of its order, so that the result equals a
look at every document in ties too.
Source of the weighting: Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit

from recommender.bits import Bits
from recommender.compiled.collecting import REPETITION, Collector
from recommender.compiled.search import FOUND, LISTS, MOST_LISTS, QUERY, search, weigh
from recommender.compiled.terms import hashes_of
from recommender.compiled.vocabulary import Slots, term_of
from recommender.index import REPEATED, gains_of, rarity

TERM = np.dtype([("start", np.int64), ("length", np.int32), ("row", np.int32), ("rarity", np.float32), ("again", np.int32)])
"""A term: its documents as a list or a row of bits (-1), its rarity, and the number of its repetition (-1)."""
CLASS = np.dtype([("first", np.int64), ("gain", np.int64)])
WEIGHT_UNIT, GAIN_UNIT = 1 << 12, 1 << 14
"""What a weight and a gain of 1 are as whole numbers; a score of 1 is their product."""
FREQUENT = 32
"""A term in more than one of so many documents takes less room as bits than as a list."""


@dataclass(frozen=True, slots=True)
class Postings:
    """``size`` documents. ``order[d]`` is the place of document d in what was given."""

    size: int
    mean: float
    slots: Slots
    terms: npt.NDArray[np.void]
    documents: npt.NDArray[np.int32]
    rows: npt.NDArray[np.uint64]
    classes: npt.NDArray[np.void]
    order: npt.NDArray[np.int32]

    @classmethod
    def of(cls, collected: Collector, *, frequent: int = FREQUENT) -> Postings:
        """Lay out what was collected; a term in more than one of ``frequent`` documents as bits, with 0 none."""
        lengths, frequency = collected.lengths, collected.frequency
        size = len(lengths)
        order = np.argsort(lengths.astype(np.uint16), kind="stable").astype(np.int32)
        mean = float(lengths.mean()) if size else 1.0
        terms = np.zeros(len(frequency), TERM)
        terms["length"] = frequency
        terms["rarity"] = rarity(size, frequency)
        _find_repetitions(collected.slots, terms["again"])
        as_bits = frequency * frequent > size
        terms["row"] = np.where(as_bits, np.cumsum(as_bits) - 1, -1)
        listed = np.where(as_bits, 0, frequency)
        terms["start"] = np.cumsum(listed) - listed
        documents = np.empty(int(listed.sum()), np.int32)
        rows = np.zeros((int(as_bits.sum()), -(-size // 64)), np.uint64)
        bounds = np.zeros(size + 1, np.int64)
        np.cumsum(collected.counts, out=bounds[1:])
        _scatter(collected.terms, bounds, order, terms, terms["start"].copy(), documents, rows)
        return cls(size, mean, collected.slots, terms, documents, rows, _classes(lengths[order], mean), order)

    def number(self, term: str) -> int:
        """Return the number of a term, -1 when no document has it."""
        return int(term_of(self.slots, hashes_of([term])[0]))

    def query(self, terms: Mapping[str, float]) -> npt.NDArray[np.void]:
        """Return a query as ``search`` wants it: a ``QUERY`` for each term with its factor."""
        query = np.zeros(len(terms), QUERY)
        _look_up(self.slots, self.terms, hashes_of(list(terms)), np.fromiter(terms.values(), float, len(terms)), query)
        return query

    def best(self, query: npt.NDArray[np.void], allowed: Bits, limit: int) -> npt.NDArray[np.void]:
        """Return the best allowed documents as ``FOUND``, best first, ties by number; only those that share a term."""
        found = np.empty(limit, FOUND)
        lists = np.empty(MOST_LISTS, LISTS)
        count = search(self.terms, self.documents, self.rows, self.classes, query, allowed, lists, found)
        return found[:count]

    def scores(self, query: npt.NDArray[np.void], documents: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return the scores of documents, which must ascend."""
        scores = np.empty(len(documents), np.int64)
        lists = np.empty(MOST_LISTS, LISTS)
        weigh(self.terms, self.documents, self.rows, self.classes, query, documents, lists, scores)
        return scores

    @property
    def memory_bytes(self) -> int:
        """Return the bytes of all arrays."""
        arrays = (self.slots, self.terms, self.documents, self.rows, self.classes, self.order)
        return sum(array.nbytes for array in arrays)


def _classes(lengths: npt.NDArray[np.int32], mean: float) -> npt.NDArray[np.void]:
    """Return the classes of ascending lengths, with one behind the last that begins where the documents end."""
    different, first = np.unique(lengths, return_index=True)
    classes = np.zeros(len(different) + 1, CLASS)
    classes["first"] = [*first, len(lengths)]
    classes["gain"][:-1] = np.rint(gains_of(different, mean) * GAIN_UNIT)
    return classes


@njit(cache=True, nogil=True)
def _find_repetitions(slots, again):
    """Note for each term the number of its repetition, -1 for none."""
    again[:] = -1
    for place in range(len(slots)):
        if slots[place]["hash"]:
            again[slots[place]["term"]] = term_of(slots, slots[place]["hash"] ^ REPETITION)


@njit(cache=True, nogil=True)
def _scatter(collected, bounds, order, terms, places, documents, rows):
    """Write each document, in the order of their numbers, into the lists and rows of its terms."""
    for document in range(len(order)):
        given = order[document]
        for at in range(bounds[given], bounds[given + 1]):
            term = collected[at]
            row = terms[term]["row"]
            if row >= 0:
                rows[row, document >> 6] |= np.uint64(1) << np.uint64(document & 63)
            else:
                documents[places[term]] = document
                places[term] += 1


@njit(cache=True, nogil=True)
def _look_up(slots, terms, hashes, factors, query):
    """Note the numbers of the terms and what they weigh; a factor too small to count weighs nothing."""
    for place in range(len(hashes)):
        term = term_of(slots, hashes[place])
        query[place]["term"] = term
        weight = factors[place] * terms[term]["rarity"] * WEIGHT_UNIT if term >= 0 else 0.0
        query[place]["weight"] = np.int64(np.rint(weight))
