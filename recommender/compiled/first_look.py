"""The first look of a search: a few documents that are hard to beat, so that the search soon leaves lists aside.

First the beginning of the heaviest list is looked at. Often that is all: these documents have every term, and nothing
else comes near. Where many documents are left to look at, lists are narrowed down to what they share, the heaviest
first, as long as enough documents remain::

    红心猕猴桃汁    红心          820 documents  ┐
                    猕猴桃         90            ┴ 12  ┐
                    汁          1,400                  ┴ 0, so it is passed over: 12 documents with 红心 and 猕猴桃

and then again beginning with the lists that were passed over, as the best may have those and not the others.
"""

from __future__ import annotations

import numpy as np

from recommender.compiled.jit import compiled
from recommender.compiled.lists import BITS, FIRST, LAST, PLACE, REST, WEIGHS
from recommender.compiled.stepping import (
    DOCUMENT,
    SCORE,
    has,
    in_row,
    keep,
    next_in_both,
    seek,
    to_the_beginning,
    weighed,
)

_BOOT = 4
"""Documents of a list that are weighed at least."""
_SHARED = 128
"""Documents that narrowing begins with; twice as many hardly find better ones."""
_ROUNDS = 3
"""How often lists are narrowed down; more find nothing."""


@compiled
def something_to_beat(documents, rows, gains, allowed, lists, size, found):
    """Weigh the first allowed documents of the heaviest list; return one less than the worst of the best, or -1.

    Where that list is too short, those of the next ones follow. Return also whether these are the best of all: when
    nothing behind them in that list can be better, nor anything that is not in it.
    """
    heaviest = 0
    for place in range(size):
        if lists[place, BITS] < 0 and lists[place, WEIGHS] > lists[heaviest, WEIGHS]:
            heaviest = place
    limit, count = len(found), 0
    count, all_seen = _sample(documents, rows, gains, allowed, lists, size, heaviest, found, count)
    if all_seen and count == limit:
        without = (lists[0, REST] - lists[heaviest, WEIGHS]) * np.int64(gains[0])
        if without < found[limit - 1, SCORE]:
            return found[limit - 1, SCORE] - 1, True
    place = 0
    while place < size and count < limit:
        if place != heaviest:
            count, _ = _sample(documents, rows, gains, allowed, lists, size, place, found, count)
        place += 1
    to_the_beginning(lists, size)
    return found[limit - 1, SCORE] - 1 if count == limit else np.int64(-1), False


@compiled
def _sample(documents, rows, gains, allowed, lists, size, chosen, found, count):
    """Weigh the first allowed documents of one list; return how many are among the best now.

    Return also whether nothing behind them in the list can be better.
    """
    limit, seen, most = len(found), 0, lists[0, REST]
    to_the_beginning(lists, size)
    at, last, row = lists[chosen, FIRST], lists[chosen, LAST], lists[chosen, BITS]
    document, end = np.int64(-1), np.int64(len(gains))
    while seen < _BOOT or count < limit:
        if row >= 0:
            document = next_in_both(rows, row, allowed, document + 1, end)
        else:
            document = np.int64(documents[at]) if at < last else end
            at += 1
        if document == end:
            return count, True
        if row < 0 and not has(allowed, document):
            continue
        seen += 1
        count = _weigh_one(documents, rows, gains, lists, size, document, found, count)
        if count == limit and found[limit - 1, SCORE] >= most * gains[document]:
            return count, True  # all of them have every term
    return count, False


@compiled
def _weigh_one(documents, rows, gains, lists, size, document, found, count):
    """Weigh a document unless it is among the best already; return how many are now."""
    for place in range(count):
        if found[place, DOCUMENT] == document:
            return count
    gain = np.int64(gains[document])
    weight = weighed(documents, rows, lists, 0, size, document, np.int64(0), gain, np.int64(-1), True)
    return keep(found, count, document, weight * gain)


@compiled
def more_to_beat(documents, rows, gains, allowed, lists, size, taken, found, paper):
    """Weigh documents that share heavy lists, those in ``taken`` last; return these and the lists that were shared.

    ``found`` is full; ``paper`` has room for twice ``_SHARED`` documents and for the lists.
    """
    limit, order = len(found), paper[2 * _SHARED :]
    if taken == 0:
        _by_weight(lists, size, order)
    begin, count, more = _narrowed(documents, rows, allowed, lists, size, order, taken, limit, paper)
    to_the_beginning(lists, size)
    for place in range(begin, begin + min(count, max(limit, _BOOT))):
        _weigh_one(documents, rows, gains, lists, size, np.int64(paper[place]), found, limit)
    to_the_beginning(lists, size)
    return taken | more


@compiled
def _by_weight(lists, size, order):
    """Note the places of the lists, the heaviest first."""
    for one in range(size):
        place = one
        while place > 0 and lists[order[place - 1], WEIGHS] < lists[one, WEIGHS]:
            order[place] = order[place - 1]
            place -= 1
        order[place] = one


@compiled
def _narrowed(documents, rows, allowed, lists, size, order, taken, least, paper):
    """Write documents that share many lists onto the paper, those in ``taken`` last.

    Return where they begin, how many there are, and the lists they share as bits.
    """
    begin, other, count, shared = 0, _SHARED, 0, np.uint64(0)
    for later in range(2):
        for one in range(size):
            place = np.int64(order[one])
            bit = np.uint64(1) << np.uint64(place)
            if (taken & bit != 0) != (later == 1):
                continue
            if count:
                kept = _in_list_too(documents, rows, lists, place, paper, begin, count, other)
            else:
                kept = _first_of(documents, rows, allowed, lists, place, paper, other)
            if kept >= least:
                begin, other, count = other, begin, kept
                shared |= bit
                if count <= _BOOT:
                    return begin, count, shared
    return begin, count, shared


@compiled
def _first_of(documents, rows, allowed, lists, place, paper, begin):
    """Write the first allowed documents of a list; return how many."""
    count, row, size = 0, lists[place, BITS], np.int64(len(allowed)) << 6
    if row >= 0:
        document = next_in_both(rows, row, allowed, np.int64(0), size)
        while document < size and count < _SHARED:
            paper[begin + count] = document
            count += 1
            document = next_in_both(rows, row, allowed, document + 1, size)
        return count
    for at in range(lists[place, FIRST], lists[place, LAST]):
        if has(allowed, documents[at]):
            paper[begin + count] = documents[at]
            count += 1
            if count == _SHARED:
                break
    return count


@compiled
def _in_list_too(documents, rows, lists, place, paper, begin, count, other):
    """Write those of the documents that are in one more list; return how many."""
    kept, row = 0, lists[place, BITS]
    at, last = lists[place, FIRST], lists[place, LAST]
    for one in range(begin, begin + count):
        document = paper[one]
        if row >= 0:
            there = in_row(rows, row, document)
        else:
            at = seek(documents, at, last, document)
            there = at < last and documents[at] == document
        paper[other + kept] = document
        kept += there
    return kept
