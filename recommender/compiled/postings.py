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
from recommender.compiled.index_memory import IndexParts, index_memory, index_parts
from recommender.compiled.jit import compiled
from recommender.compiled.lists import AGAIN, LENGTH, ROW, START, TERM, WEIGHT
from recommender.compiled.packed import Memory
from recommender.compiled.paper import Paper, best_into, scores_into
from recommender.compiled.terms import Hashes, hashes_of
from recommender.compiled.vocabulary import Slots, term_of
from recommender.index import gains_of, rarity

Table = npt.NDArray[np.int64]
WEIGHT_UNIT, GAIN_UNIT = 1 << 12, 1 << 14
"""What a weight and a gain of 1 are as whole numbers; a score of 1 is their product."""
FREQUENT = 400
"""A term in more than one of so many documents is a row of bits; ADR 20 says what that costs and saves."""


@dataclass(frozen=True, slots=True)
class Postings:
    """``size`` documents. ``memory`` is what a search reads (``index_memory``), ``parts`` the same as arrays."""

    size: int
    mean: float
    slots: Slots
    rarity: npt.NDArray[np.float32]
    memory: Memory
    parts: IndexParts

    @classmethod
    def of(cls, collected: Collector, *, frequent: int = FREQUENT) -> Postings:
        """Lay out what was collected; a term in more than one of ``frequent`` documents as bits, with 0 none."""
        lengths, frequency = collected.lengths, collected.frequency
        size = len(lengths)
        as_bits = frequency * frequent > size
        listed = np.where(as_bits, 0, frequency)
        memory = index_memory(size, len(frequency), int(listed.sum()), int(as_bits.sum()))
        parts = index_parts(memory)
        mean = float(lengths.mean()) if size else 1.0
        parts.order[:] = np.argsort(lengths.astype(np.uint16), kind="stable")
        parts.gains[:] = _gains(lengths[parts.order], mean)
        terms, starts = parts.terms, np.cumsum(listed) - listed
        terms[:, START], terms[:, LENGTH] = starts, frequency
        terms[:, ROW] = np.where(as_bits, np.cumsum(as_bits) - 1, -1)
        _find_repetitions(collected.slots, terms)
        bounds = np.zeros(size + 1, np.int64)
        np.cumsum(collected.counts, out=bounds[1:])
        _scatter(collected.terms, bounds, parts.order, terms, starts, parts.documents, parts.rows)
        return cls(size, mean, collected.slots, rarity(size, frequency).astype(np.float32), memory, parts)

    def frequencies(self, hashes: Hashes) -> npt.NDArray[np.int64]:
        """Return how many documents have each of the terms with these hashes."""
        found = np.zeros(len(hashes), np.int64)
        _count(self.slots, self.parts.terms, hashes, found)
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
        if limit != paper.limit:
            paper.lay_out(limit)
        return paper.found[: best_into(self.memory, query, allowed, paper.memory)]

    def places(self, query: Table, allowed: Bits, limit: int, paper: Paper) -> list[int]:
        """Return the same as places in what was given, without the scores."""
        if limit != paper.limit:
            paper.lay_out(limit)
        return paper.places[: best_into(self.memory, query, allowed, paper.memory)].tolist()

    def scores(self, query: Table, documents: npt.NDArray[np.int64], paper: Paper) -> npt.NDArray[np.int64]:
        """Return the scores of documents, which must ascend."""
        scores = np.empty(len(documents), np.int64)
        scores_into(self.memory, query, documents, paper.memory, scores)
        return scores

    @property
    def memory_bytes(self) -> int:
        """Return the bytes of all arrays."""
        return self.slots.nbytes + self.rarity.nbytes + self.memory.nbytes


def _gains(lengths: npt.NDArray[np.int32], mean: float) -> npt.NDArray[np.uint16]:
    return np.rint(gains_of(lengths, mean) * GAIN_UNIT).astype(np.uint16)


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
