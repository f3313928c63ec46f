"""Steps through the lists of a query: whether a document is in them, what they weigh in it, which are the best.

A list is looked through from its next posting on and never backwards, unless it is asked to stay where it is.
"""

from __future__ import annotations

import numpy as np
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from recommender.compiled.jit import compiled
from recommender.compiled.lists import BITS, FIRST, LAST, PLACE, REST, WEIGHS

DOCUMENT, SCORE = range(2)
"""Columns of what is found."""


@intrinsic
def lowest(typing_context, word):
    """Return the number of the lowest bit of a word that is not 0: one instruction."""

    def generate(context, builder, signature, arguments):
        return builder.cttz(arguments[0], cgutils.false_bit)

    return types.uint64(types.uint64), generate


@compiled
def has(bits, document):
    """Tell whether a set has a document."""
    return bits[document >> 6] >> np.uint64(document & 63) & np.uint64(1) != 0


@compiled
def in_row(rows, row, document):
    """Tell whether a row has a document; to take the row out first would cost counting references to it."""
    return rows[row, document >> 6] >> np.uint64(document & 63) & np.uint64(1) != 0


@compiled
def next_in_both(rows, row, allowed, document, end):
    """Return the first allowed document of a row that is not before one, ``end`` when there is none."""
    beyond = (end + 63) >> 6
    word = document >> 6
    if word < beyond:
        bits = rows[row, word] & allowed[word] & ~np.uint64(0) << np.uint64(document & 63)
        while not bits and word + 1 < beyond:
            word += 1
            bits = rows[row, word] & allowed[word]
        if bits:
            return (word << 6) + np.int64(lowest(bits))
    return end


@compiled
def seek(documents, place, last, wanted):
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


@compiled
def to_the_beginning(lists, size):
    """Begin with all lists anew."""
    for place in range(size):
        lists[place, PLACE] = lists[place, FIRST]


@compiled
def weighed(documents, rows, lists, first, size, document, weight, gain, floor, moving):
    """Return what a document weighs with the lists from ``first`` on, or too little for a score above the floor.

    ``moving`` leaves the lists where the document is: whoever asks for documents in ascending order finds the next one
    sooner.
    """
    for place in range(first, size):
        if (weight + lists[place, REST]) * gain <= floor:
            break
        row = lists[place, BITS]
        if row >= 0:
            if in_row(rows, row, document):
                weight += lists[place, WEIGHS]
            continue
        last = lists[place, LAST]
        at = seek(documents, lists[place, PLACE], last, document)
        if moving:
            lists[place, PLACE] = at
        if at < last and documents[at] == document:
            weight += lists[place, WEIGHS]
    return weight


@compiled
def keep(found, count, document, score):
    """Put a document where it belongs, ties by number, dropping the worst when there are too many; return how many."""
    limit = len(found)
    place = count
    while place > 0 and _better(document, score, found, place - 1):
        if place < limit:
            found[place, SCORE], found[place, DOCUMENT] = found[place - 1, SCORE], found[place - 1, DOCUMENT]
        place -= 1
    if place < limit:
        found[place, SCORE], found[place, DOCUMENT] = score, document
    return min(count + 1, limit)


@compiled
def _better(document, score, found, other):
    return score > found[other, SCORE] or (score == found[other, SCORE] and document < found[other, DOCUMENT])
