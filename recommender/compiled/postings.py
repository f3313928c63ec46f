"""The text index as compiled postings: exact filtered top k without looking at every document.

    term t      documents[bounds[t]:bounds[t+1]]   ascending numbers, each with an integer weight (its impact)
                ceilings[blocks[t] + j]            the most any posting from the j-th block of 128 on weighs
    document d  numbered so that what can score high comes first (short titles before long ones)

Because the numbering follows the impact, the ceilings of a list fall as it is read. A query reads its rarest lists; a
document that only the frequent ones know cannot reach the best k any more (MaxScore), and when the ceilings of all
lists together cannot either, the search stops. Frequent lists are never read through: they are asked for single
documents, by a jump ahead from where they were asked last. Weights are integers, so that the sum does not depend on
the order and the result equals a look at every document, to the last bit and in ties.

Source: Turtle and Flood, "Query evaluation: strategies and optimizations", 1995 (MaxScore); block ceilings after Ding
and Suel, "Faster top-k document retrieval using block-max indexes", 2011.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit

Ints = npt.NDArray[np.int64]
Documents = npt.NDArray[np.int32]
Weights = npt.NDArray[np.uint16]
Bits = npt.NDArray[np.uint64]

MOST_TERMS = 64
"""Terms of one query; a need has some ten, what is longer is cut off behind its rarest."""
_BLOCK_SHIFT = 7
_END = np.int64(0x7FFF_FFFF)
_ROWS = 7
"""Rows of the scratch paper that a search writes on: six for its lists, one for what they may still add."""
_BOOT = 64
"""Documents of the rarest term that are weighed first, so that the search begins with something to beat."""


@dataclass(frozen=True, slots=True)
class Postings:
    """``size`` documents; ``heaviest[t]`` is the largest weight of term t."""

    size: int
    bounds: Ints
    documents: Documents
    weights: Weights
    blocks: Ints
    ceilings: Weights

    @classmethod
    def of(cls, size: int, bounds: Ints, documents: Documents, weights: Weights) -> Postings:
        """Take postings sorted by term and document and work out the ceilings."""
        lengths = bounds[1:] - bounds[:-1]
        blocks = np.zeros(len(bounds), np.int64)
        np.cumsum((lengths + (1 << _BLOCK_SHIFT) - 1) >> _BLOCK_SHIFT, out=blocks[1:])
        ceilings = np.zeros(int(blocks[-1]), np.uint16)
        _ceil(bounds, weights, blocks, ceilings)
        return cls(size, bounds, documents, weights, blocks, ceilings)

    def top(self, terms: Ints, factors: Ints, allowed: Bits, limit: int) -> tuple[Documents, Ints]:
        """Return the best ``limit`` allowed documents and their scores, best first, ties by number.

        ``factors`` are whole numbers that the weights of each term are multiplied with; ``allowed`` has a bit for each
        document. A document that shares no term is not found.
        """
        best, scores = np.empty(limit, np.int32), np.empty(limit, np.int64)
        scratch = np.empty((_ROWS, MOST_TERMS + 1), np.int64)
        arrays = (self.bounds, self.documents, self.weights, self.blocks, self.ceilings)
        count = search(*arrays, terms, factors, allowed, scratch, best, scores)
        return best[:count], scores[:count]

    @property
    def memory_bytes(self) -> int:
        """Return the bytes of all arrays."""
        arrays = (self.bounds, self.documents, self.weights, self.blocks, self.ceilings)
        return sum(array.nbytes for array in arrays)


def every(size: int) -> Bits:
    """Return the bits that allow all of ``size`` documents."""
    bits = np.full((size + 63) >> 6, np.uint64(0xFFFF_FFFF_FFFF_FFFF))
    if size & 63:
        bits[-1] = np.uint64((1 << (size & 63)) - 1)
    return bits


def bits_of(documents: npt.NDArray[np.integer], size: int) -> Bits:
    """Return the bits of these documents."""
    flags = np.zeros(((size + 63) >> 6) * 64, np.bool_)
    flags[documents] = True
    return np.packbits(flags, bitorder="little").view(np.uint64)


@njit(cache=True, nogil=True)
def _ceil(bounds, weights, blocks, ceilings):
    """Fill in the largest weight from the start of each block to the end of its list."""
    for term in range(len(bounds) - 1):
        ceiling = np.uint16(0)
        place = bounds[term + 1] - 1
        for block in range(blocks[term + 1] - 1, blocks[term] - 1, -1):
            first = bounds[term] + ((block - blocks[term]) << _BLOCK_SHIFT)
            while place >= first:
                ceiling = max(ceiling, weights[place])
                place -= 1
            ceilings[block] = ceiling


@njit(cache=True, nogil=True, inline="always")
def _seek(documents, place, last, wanted):
    """Return the first place from ``place`` on whose document is not before ``wanted``: leaps, then halving."""
    if place >= last or documents[place] >= wanted:
        return place
    leap = 1
    low = place
    while low + leap < last and documents[low + leap] < wanted:
        low += leap
        leap <<= 1
    high = min(low + leap, last)
    low += 1
    while low < high:
        middle = (low + high) >> 1
        if documents[middle] < wanted:
            low = middle + 1
        else:
            high = middle
    return low


@njit(cache=True, nogil=True, inline="always")
def _keep(best, scores, count, limit, document, score):
    """Put a document behind those that score as much, dropping the worst when there are too many; return how many."""
    place = count if count < limit else limit - 1
    while place > 0 and scores[place - 1] < score:
        scores[place], best[place] = scores[place - 1], best[place - 1]
        place -= 1
    scores[place], best[place] = score, document
    return min(count + 1, limit)


@njit(cache=True, nogil=True, inline="always")
def _has(bits, document):
    return bits[document >> 6] >> np.uint64(document & 63) & np.uint64(1)


@njit(cache=True, nogil=True, inline="always")
def _added(documents, weights, place, last, factor, index, document):
    """Return what list ``index`` adds to a document, moving the list's place there."""
    at = _seek(documents, place[index], last[index], document)
    place[index] = at
    if at < last[index] and documents[at] == document:
        return np.int64(weights[at]) * factor[index]
    return np.int64(0)


@njit(cache=True, nogil=True, inline="always")
def _by_rarity(bounds, terms, factors, order):
    """Write down the places of the query's terms that have postings, the rarest first; return how many."""
    size = 0
    for index in range(min(len(terms), MOST_TERMS)):
        length = bounds[terms[index] + 1] - bounds[terms[index]]
        if length > 0 and factors[index] > 0:
            place = size
            while place > 0 and bounds[terms[order[place - 1]] + 1] - bounds[terms[order[place - 1]]] > length:
                order[place] = order[place - 1]
                place -= 1
            order[place] = index
            size += 1
    return size


@njit(cache=True, nogil=True, inline="always")
def _something_to_beat(documents, weights, place, last, factor, allowed, size, best, scores):
    """Weigh the first documents of the rarest list; return one less than the worst of the best, -1 for too few."""
    count = 0
    limit = len(best)
    first = place[0]
    for at in range(first, min(last[0], first + _BOOT)):
        document = documents[at]
        if _has(allowed, document):
            score = np.int64(0)
            for index in range(size):
                score += _added(documents, weights, place, last, factor, index, document)
            if count < limit or score > scores[limit - 1]:
                count = _keep(best, scores, count, limit, document, score)
    return scores[limit - 1] - 1 if count == limit else np.int64(-1)


@njit(cache=True, nogil=True, inline="always")
def _arrange(bounds, blocks, terms, factors, scratch):
    """Lay the query's lists out on the scratch paper, the rarest first; return how many there are."""
    order, first, place, last, factor, block, _ = scratch
    size = _by_rarity(bounds, terms, factors, order)
    for index in range(size):
        term = terms[order[index]]
        first[index] = place[index] = bounds[term]
        last[index] = bounds[term + 1]
        factor[index] = factors[order[index]]
        block[index] = blocks[term]
    return size


@njit(cache=True, nogil=True, inline="always")
def _essential(ceilings, first, place, last, factor, block, rest, size, floor):
    """Work out the most that list i and all more frequent ones can still add, ``rest[i]``.

    Returns how many lists must be read: a document that none of them has cannot pass the floor.
    """
    for index in range(size - 1, -1, -1):
        ceiling = np.int64(0)
        if place[index] < last[index]:
            ceiling = np.int64(ceilings[block[index] + ((place[index] - first[index]) >> _BLOCK_SHIFT)])
        rest[index] = rest[index + 1] + ceiling * factor[index]
    count = size
    while count > 0 and rest[count - 1] <= floor:
        count -= 1
    return count


@njit(cache=True, nogil=True, inline="always")
def _next(documents, weights, place, last, factor, essential):
    """Return the next document of the lists that are read and what they add to it, moving them on; _END at the end."""
    document = _END
    for index in range(essential):
        if place[index] < last[index]:
            document = min(document, np.int64(documents[place[index]]))
    score = np.int64(0)
    for index in range(essential):
        at = place[index]
        if at < last[index] and documents[at] == document:
            score += np.int64(weights[at]) * factor[index]
            place[index] = at + 1
    return document, score


@njit(cache=True, nogil=True)
def search(bounds, documents, weights, blocks, ceilings, terms, factors, allowed, scratch, best, scores):
    """Search for one query; write the best documents and their scores, return how many there are."""
    size = _arrange(bounds, blocks, terms, factors, scratch)
    if size == 0:
        return 0
    _, first, place, last, factor, block, rest = scratch
    limit = len(best)
    floor = _something_to_beat(documents, weights, place, last, factor, allowed, size, best, scores)
    place[:size] = first[:size]
    rest[size] = 0
    count = 0
    document = np.int64(-1)
    while document != _END:
        essential = _essential(ceilings, first, place, last, factor, block, rest, size, floor)
        if essential == 0:
            break  # what is left cannot be among the best
        seen = 0
        while seen < 1 << _BLOCK_SHIFT and rest[essential - 1] > floor:
            seen += 1
            document, score = _next(documents, weights, place, last, factor, essential)
            if document == _END:
                break
            if score + rest[essential] <= floor or not _has(allowed, document):
                continue
            index = essential
            while index < size and score + rest[index] > floor:
                score += _added(documents, weights, place, last, factor, index, document)
                index += 1
            if index == size and score > floor:
                count = _keep(best, scores, count, limit, document, score)
                if count == limit:
                    floor = max(floor, scores[limit - 1])
    return count
