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

from recommender.bits import Bits
from recommender.compiled.collecting import REPETITION, Collector
from recommender.compiled.jit import compiled
from recommender.compiled.lent import lent
from recommender.compiled.lists import AGAIN, LENGTH, LIST_COLUMNS, MOST_LISTS, ROW, START, TERM, WEIGHT
from recommender.compiled.packed import Memory, packed, part, seen_part
from recommender.compiled.search import WINDOW, search, weigh
from recommender.compiled.stepping import DOCUMENT
from recommender.compiled.terms import Hashes, hashes_of
from recommender.compiled.vocabulary import Slots, term_of
from recommender.index import gains_of, rarity

Table = npt.NDArray[np.int64]
WEIGHT_UNIT, GAIN_UNIT = 1 << 12, 1 << 14
"""What a weight and a gain of 1 are as whole numbers; a score of 1 is their product."""
FREQUENT = 400
"""A term in more than one of so many documents is a row of bits; ADR 20 says what that costs and saves."""
_LISTS, _SUMS, _FOUND = range(3)
"""Parts of the paper."""


class Paper:
    """What one search at a time writes on; ``found`` has room for the best, ``documents`` is its first column."""

    def __init__(self, limit: int = 3) -> None:
        self.fit(limit)

    def fit(self, limit: int) -> None:
        """Make room for so many documents."""
        self.limit = limit
        lists, sums = np.zeros((MOST_LISTS, LIST_COLUMNS), np.int64), np.zeros((2, WINDOW), np.int32)
        self.memory: Memory = packed([lists, sums, np.zeros((limit, 2), np.int64)])
        self.sums = seen_part(self.memory, _SUMS, np.int32).reshape(2, WINDOW)
        self.found = seen_part(self.memory, _FOUND, np.int64).reshape(limit, 2)
        self.documents = self.found[:, DOCUMENT]


@dataclass(frozen=True, slots=True)
class Postings:
    """``size`` documents. ``order[d]`` is the place of document d in what was given."""

    size: int
    mean: float
    slots: Slots
    terms: npt.NDArray[np.int32]
    rarity: npt.NDArray[np.float32]
    documents: npt.NDArray[np.int32]
    rows: npt.NDArray[np.uint64]
    gains: npt.NDArray[np.uint16]
    order: npt.NDArray[np.int32]

    @classmethod
    def of(cls, collected: Collector, *, frequent: int = FREQUENT) -> Postings:
        """Lay out what was collected; a term in more than one of ``frequent`` documents as bits, with 0 none."""
        lengths, frequency = collected.lengths, collected.frequency
        size = len(lengths)
        order = np.argsort(lengths.astype(np.uint16), kind="stable").astype(np.int32)
        mean = float(lengths.mean()) if size else 1.0
        terms = np.zeros((len(frequency), 4), np.int32)
        terms[:, LENGTH] = frequency
        _find_repetitions(collected.slots, terms)
        as_bits = frequency * frequent > size
        terms[:, ROW] = np.where(as_bits, np.cumsum(as_bits) - 1, -1)
        listed = np.where(as_bits, 0, frequency)
        starts = np.cumsum(listed) - listed
        terms[:, START] = starts
        documents = np.empty(int(listed.sum()), np.int32)
        rows = np.zeros((int(as_bits.sum()), -(-size // 64)), np.uint64)
        bounds = np.zeros(size + 1, np.int64)
        np.cumsum(collected.counts, out=bounds[1:])
        _scatter(collected.terms, bounds, order, terms, starts, documents, rows)
        rarities = rarity(size, frequency).astype(np.float32)
        return cls(
            *(size, mean, collected.slots, terms, rarities, documents, rows, _gains(lengths[order], mean), order)
        )

    def frequencies(self, hashes: Hashes) -> npt.NDArray[np.int64]:
        """Return how many documents have each of the terms with these hashes."""
        found = np.zeros(len(hashes), np.int64)
        _count(self.slots, self.terms, hashes, found)
        return found

    def query(self, terms: Mapping[str, float]) -> Table:
        """Return a query as ``search`` wants it, a row for each term with its factor."""
        query = np.zeros((len(terms), 2), np.int64)
        factors = np.fromiter(terms.values(), float, len(terms))
        _look_up(self.slots, self.rarity, hashes_of(list(terms)), factors, query)
        return query

    def best(self, query: Table, allowed: Bits, limit: int, paper: Paper) -> Table:
        """Return (document, score) of the best allowed documents, best first, ties by number.

        A document that shares no term is not found. What is returned lies on the paper until the next search.
        """
        count = self._search(query, allowed, limit, paper)
        return paper.found[:count]

    def best_documents(self, query: Table, allowed: Bits, limit: int, paper: Paper) -> list[int]:
        """Return the best allowed documents without their scores."""
        count = self._search(query, allowed, limit, paper)
        found: list[int] = paper.documents.tolist()
        return found[:count]  # a third of the time of a part as a list

    def _search(self, query: Table, allowed: Bits, limit: int, paper: Paper) -> int:
        """Write the best onto the paper; return how many there are."""
        if limit != paper.limit:
            paper.fit(limit)
        count: int = _find(self.terms, self.documents, self.rows, self.gains, query, allowed, paper.memory)
        return count

    def scores(self, query: Table, documents: npt.NDArray[np.int64], paper: Paper) -> npt.NDArray[np.int64]:
        """Return the scores of documents, which must ascend."""
        scores = np.empty(len(documents), np.int64)
        _weigh(self.terms, self.documents, self.rows, self.gains, query, documents, paper.memory, scores)
        return scores

    @property
    def memory_bytes(self) -> int:
        """Return the bytes of all arrays."""
        arrays = (self.slots, self.terms, self.rarity, self.documents, self.rows, self.gains, self.order)
        return sum(array.nbytes for array in arrays)


def _gains(lengths: npt.NDArray[np.int32], mean: float) -> npt.NDArray[np.uint16]:
    return np.rint(gains_of(lengths, mean) * GAIN_UNIT).astype(np.uint16)


@compiled
def _find(terms, documents, rows, gains, query, allowed, memory):
    """Find the best documents; return how many there are."""
    paper = lent(memory)
    lists, found = part(paper, _LISTS).reshape((-1, LIST_COLUMNS)), part(paper, _FOUND).reshape((-1, 2))
    sums = part(paper, _SUMS).view(np.int32).reshape((2, WINDOW))
    terms, documents, rows, gains = lent(terms), lent(documents), lent(rows), lent(gains)
    return search(terms, documents, rows, gains, lent(query), lent(allowed), lists, sums, found)


@compiled
def _weigh(terms, documents, rows, gains, query, asked, memory, scores):
    """Write the scores of the documents that are asked for, in ascending order."""
    lists = part(lent(memory), _LISTS).reshape((-1, LIST_COLUMNS))
    terms, documents, rows, gains = lent(terms), lent(documents), lent(rows), lent(gains)
    weigh(terms, documents, rows, gains, lent(query), lent(asked), lists, lent(scores))


@compiled
def _find_repetitions(slots, terms):
    """Note for each term the number of its repetition, -1 for none."""
    for place in range(len(slots)):
        if slots[place]["hash"]:
            terms[slots[place]["term"], AGAIN] = term_of(slots, slots[place]["hash"] ^ REPETITION)


@compiled
def _scatter(collected, bounds, order, terms, places, documents, rows):
    """Write each document, in the order of their numbers, into the lists and rows of its terms."""
    for document in range(len(order)):
        given = order[document]
        for at in range(bounds[given], bounds[given + 1]):
            term = collected[at]
            row = terms[term, ROW]
            if row >= 0:
                rows[row, document >> 6] |= np.uint64(1) << np.uint64(document & 63)
            else:
                documents[places[term]] = document
                places[term] += 1


@compiled
def _count(slots, terms, hashes, found):
    for place in range(len(hashes)):
        term = term_of(slots, hashes[place])
        if term >= 0:
            found[place] = terms[term, LENGTH]


@compiled
def _look_up(slots, rarities, hashes, factors, query):
    """Note the numbers of the terms and what they weigh: 1 at least, where every document has the term."""
    for place in range(len(hashes)):
        term = term_of(slots, hashes[place])
        query[place, TERM] = term
        if term >= 0 and factors[place] > 0:
            query[place, WEIGHT] = max(np.int64(np.rint(factors[place] * rarities[term] * WEIGHT_UNIT)), 1)
