"""What one search at a time writes on, and a search from Python: few arguments, since each costs a call."""

from __future__ import annotations

import numpy as np

from recommender.compiled.index_memory import opened
from recommender.compiled.jit import compiled
from recommender.compiled.lists import LIST_COLUMNS, MOST_LISTS
from recommender.compiled.packed import Memory, part, room_for, seen_part
from recommender.compiled.search import DOCUMENT, WINDOW, search, weigh

LISTS, SUMS, FOUND, PLACES = range(4)
"""Parts of the memory."""
_USUAL = 3


class Paper:
    """Room for one search; ``found`` is (document, score) of the best, ``places`` which of the texts each of them is.

    ``limit`` says how many are looked for.
    """

    def __init__(self, limit: int = _USUAL) -> None:
        self.lay_out(limit)

    def lay_out(self, limit: int) -> None:
        """Make room for so many documents."""
        self.limit = limit
        self.memory: Memory = room_for([8 * MOST_LISTS * LIST_COLUMNS, 8 * WINDOW, 16 * limit, 8 * limit])
        self.found = seen_part(self.memory, FOUND, np.int64).reshape(limit, 2)
        self.places = seen_part(self.memory, PLACES, np.int64)


@compiled
def sums_of(sums):
    """Return what ``search`` takes as its paper."""
    return sums.view(np.int32).reshape((2, WINDOW))


@compiled
def best_into(index, query, allowed, paper):
    """Find the best documents; return how many there are."""
    terms, documents, rows, gains, order = opened(index)
    found, places = part(paper, FOUND).reshape((-1, 2)), part(paper, PLACES)
    lists = part(paper, LISTS).reshape((MOST_LISTS, LIST_COLUMNS))
    count = search(terms, documents, rows, gains, query, allowed, lists, sums_of(part(paper, SUMS)), found)
    for place in range(count):
        places[place] = order[found[place, DOCUMENT]]
    return count


@compiled
def scores_into(index, query, asked, paper, scores):
    """Write the scores of the documents that are asked for, in ascending order."""
    terms, documents, rows, gains, _ = opened(index)
    weigh(terms, documents, rows, gains, query, asked, part(paper, LISTS).reshape((MOST_LISTS, LIST_COLUMNS)), scores)
