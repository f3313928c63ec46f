"""The lists of a query, laid out for a search: the rarest first, each with what it weighs. See ``search``."""

from __future__ import annotations

import numpy as np

from recommender.compiled.jit import compiled

START, LENGTH, ROW, AGAIN = range(4)
"""Columns of a term: where its documents begin, how many, its row of bits (-1: a list), its repetition (-1: none)."""
TERM, WEIGHT = range(2)
"""Columns of a query: the number of a term, -1 for one of no document, and what it weighs."""
PLACE, LAST, FIRST, BITS, WEIGHS, REST = range(6)
"""Columns of a list while it is read: its next posting, its end and begin, its row of bits (-1: none), what it weighs,
and what it weighs together with all behind it."""
HEAD = FIRST
"""The next document of a list that is read one by one; the beginning of the list is not needed any more then."""
LIST_COLUMNS = 6
MOST_LISTS = 64
"""Lists of one query; a need has some fifteen, of a longer one the most frequent terms are left out."""
_REPEATED = 0.3  # recommender.index.REPEATED; compiled code wants it as a constant


@compiled
def arrange(terms, query, lists):
    """Lay out the lists of a query and of its terms' repetitions; return how many there are.

    Those come first that are short for their weight, rows of bits behind all others.
    """
    size = 0
    for place in range(len(query)):
        term, weight = query[place, TERM], query[place, WEIGHT]
        if term < 0 or weight <= 0:
            continue
        size = _insert(terms, term, weight, lists, size)
        again = np.int64(terms[term, AGAIN])
        if again >= 0:
            size = _insert(terms, again, np.int64(np.rint(weight * _REPEATED)), lists, size)
    rest = np.int64(0)
    for place in range(size - 1, -1, -1):
        rest += lists[place, WEIGHS]
        lists[place, REST] = rest
    return size


@compiled
def _insert(terms, term, weight, lists, size):
    """Put a list where it belongs; when there are too many, the last one goes. Return how many there are."""
    length, row = np.int64(terms[term, LENGTH]), np.int64(terms[term, ROW])
    if length == 0 or weight == 0:
        return size
    place = size
    while place > 0 and _before(row, length, weight, lists, place - 1):
        place -= 1
    if place == len(lists):
        return size
    for other in range(min(size, len(lists) - 1), place, -1):
        for column in range(LIST_COLUMNS):
            lists[other, column] = lists[other - 1, column]
    start = np.int64(terms[term, START])
    lists[place, PLACE] = lists[place, FIRST] = start
    lists[place, LAST] = start + length  # of a row as well: its length is what it is sorted by
    lists[place, BITS], lists[place, WEIGHS] = row, weight
    return min(size + 1, len(lists))


@compiled
def _before(row, length, weight, lists, other):
    if (row < 0) != (lists[other, BITS] < 0):
        return row < 0
    return length * lists[other, WEIGHS] < (lists[other, LAST] - lists[other, FIRST]) * weight


@compiled
def touch(terms, documents, queries):
    """Load the beginnings of the lists of several queries; return nothing of use.

    A search waits for the memory again and again, each time for one place. Here nothing waits for anything before it,
    so that the processor loads many places at once, and the searches find them in its cache.
    """
    touched = np.int64(0)
    for place in range(len(queries)):
        term = queries[place, TERM]
        for one in (term, np.int64(terms[term, AGAIN])):
            if one >= 0 and terms[one, START] < len(documents):
                touched += documents[terms[one, START]]
    return touched
