"""Exact filtered top k over postings, without looking at every document.

The lists of a query stand with the rarest first; ``rest[i]`` is what list i and all behind it weigh together. To be
among the best, a document must weigh more than ``need``; so it is in one of the first lists, the essential ones, after
which ``rest`` is no more than that (MaxScore)::

    lists    w猕猴桃   猕猴    红心    桃     果                      need 9.1
    weight   4.1       3.9     2.7     1.6    0.9
    rest     13.2      9.1     5.2     2.5    0.9      only 猕猴桃 is essential: nobody else reaches more than 9.1

Where the essential lists have few documents, these are looked at one by one. Else documents are looked at in windows.
The essential lists of a window are read through, and others that are short beside them; their weights are added up on
paper, and a document whose sum crosses the line is asked for in the remaining lists, by a bit or by a leap ahead. Gains
fall with the number of the document, so ``need`` only rises, and when no list is essential any more the search is over.
It begins with a few documents of the heaviest list, for something to beat.

Source: Turtle and Flood, "Query evaluation: strategies and optimizations", 1995.
"""

from __future__ import annotations

import numpy as np

from recommender.compiled.jit import compiled
from recommender.compiled.lists import BITS, FIRST, HEAD, LAST, PLACE, REST, WEIGHS, arrange
from recommender.compiled.stepping import (
    DOCUMENT,
    SCORE,
    has,
    keep,
    lowest,
    next_in_both,
    seek,
    to_the_beginning,
    weighed,
)

WINDOW = 1 << 16
"""Documents that are looked at together; their sums stay in the processor's second cache."""
_FIRST_WINDOW = 1 << 10
_BOOT = 4
"""Documents of the heaviest list that are weighed first."""
_CHEAPER = 4
"""To ask a list for one document costs as much as to read so many postings."""
_FEW = 512
"""Documents of essential lists that are looked at one by one; where there are more, windows are quicker."""


@compiled
def search(terms, documents, rows, gains, query, allowed, lists, paper, found):
    """Find the best documents for a query; write them into ``found``, best first, and return how many there are.

    ``allowed`` are the bits of the documents that may be found. ``lists`` has room for ``MOST_LISTS``; ``paper`` is two
    rows of ``WINDOW`` whole numbers, the first of them noughts, as it is left again. All arrays are to be lent ones.
    """
    size = arrange(terms, query, lists)
    limit = len(found)
    if size == 0 or limit == 0:
        return 0
    floor, settled = _something_to_beat(documents, rows, gains, allowed, lists, size, found)
    if settled:
        return limit
    essential = _essential(lists, size, floor // gains[0])
    if _few(lists, essential):
        return _one_by_one(documents, rows, gains, allowed, lists, essential, size, floor, found)
    count, low, width = 0, np.int64(0), np.int64(_FIRST_WINDOW)
    while low < len(gains):
        need = floor // gains[low]
        essential = _essential(lists, size, need)
        if essential == 0:
            break  # what is left cannot be among the best
        high = min(low + width, len(gains))
        read = _also_read(lists, essential, size)
        written = _read(documents, rows, allowed, lists, read, low, high, paper)
        count = _judge(documents, rows, gains, allowed, lists, read, size, low, written, floor, paper, found, count)
        if count == limit:
            floor = max(floor, found[limit - 1, SCORE])
        low, width = high, min(4 * width, WINDOW)
    return count


@compiled
def weigh(terms, documents, rows, gains, query, asked, lists, scores):
    """Write the scores of the documents that are asked for, in ascending order."""
    size = arrange(terms, query, lists)
    for place in range(len(asked)):
        document = np.int64(asked[place])
        gain = np.int64(gains[document])
        weight = weighed(documents, rows, lists, 0, size, document, np.int64(0), gain, np.int64(-1), True)
        scores[place] = weight * gain


@compiled
def _something_to_beat(documents, rows, gains, allowed, lists, size, found):
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
        known = False
        for place in range(count):
            known |= found[place, DOCUMENT] == document
        if not known:
            gain = np.int64(gains[document])
            weight = weighed(documents, rows, lists, 0, size, document, np.int64(0), gain, np.int64(-1), True)
            count = keep(found, count, document, weight * gain)
        if count == limit and found[limit - 1, SCORE] >= most * gains[document]:
            return count, True  # all of them have every term
    return count, False


@compiled
def _essential(lists, size, need):
    """Return how many of the first lists a document must be in one of, to weigh more than ``need``."""
    while size > 0 and lists[size - 1, REST] <= need:
        size -= 1
    return size


@compiled
def _few(lists, essential):
    """Tell whether the essential lists are short enough to look at their documents one by one."""
    postings = np.int64(0)
    for place in range(essential):
        if lists[place, BITS] >= 0:
            return False
        postings += lists[place, LAST] - lists[place, FIRST]
    return postings <= _FEW


@compiled
def _one_by_one(documents, rows, gains, allowed, lists, essential, size, floor, found):
    """Look at the documents of the essential lists in ascending order; return how many are among the best."""
    count, limit, end = 0, len(found), np.int64(len(gains))
    for place in range(essential):
        lists[place, HEAD] = documents[lists[place, PLACE]]
    while essential > 0:
        document = lists[0, HEAD]
        for place in range(1, essential):
            document = min(document, lists[place, HEAD])
        if document == end:
            break
        weight = np.int64(0)
        for place in range(essential):
            if lists[place, HEAD] == document:
                weight += lists[place, WEIGHS]
                at = lists[place, PLACE] + 1
                lists[place, PLACE] = at
                lists[place, HEAD] = documents[at] if at < lists[place, LAST] else end
        gain = np.int64(gains[document])
        if lists[0, REST] * gain <= floor:
            break  # nor can what follows be among the best: gains fall
        if not has(allowed, document):
            continue
        weight = weighed(documents, rows, lists, essential, size, document, weight, gain, floor, True)
        if weight * gain > floor:
            count = keep(found, count, document, weight * gain)
            if count == limit and found[limit - 1, SCORE] > floor:
                floor = found[limit - 1, SCORE]
                essential = _essential(lists, essential, floor // gain)
    return count


@compiled
def _also_read(lists, essential, size):
    """Return how many lists to read through: the essential ones, and those that are cheaper read than asked.

    A row of bits is quick to ask, and slow to read: most of its words are noughts.
    """
    read, length = essential, np.int64(0)
    for place in range(essential):
        length += lists[place, LAST] - lists[place, FIRST]
    while read < size and lists[read, BITS] < 0 and lists[read, LAST] - lists[read, FIRST] <= _CHEAPER * length:
        read += 1
    return read


@compiled
def _read(documents, rows, allowed, lists, read, low, high, paper):
    """Add up what documents of a window weigh in the lists that are read; return how many of them have weight now.

    Those are noted in the second row of the paper.
    """
    written = 0
    for place in range(read):
        weight = lists[place, WEIGHS]
        if lists[place, BITS] >= 0:
            written = _read_row(rows[lists[place, BITS]], allowed, weight, low, high, paper, written)
            continue
        at, last = seek(documents, lists[place, PLACE], lists[place, LAST], low), lists[place, LAST]
        while at < last and documents[at] < high:
            written = _add(weight, documents[at] - low, paper, written)
            at += 1
        lists[place, PLACE] = at
    return written


@compiled
def _read_row(row, allowed, weight, low, high, paper, written):
    """Do the same with a row of bits; windows begin with a word."""
    for word in range(low >> 6, (high + 63) >> 6):
        bits = row[word] & allowed[word]
        first = (np.int64(word) << 6) - low
        while bits:
            written = _add(weight, first + np.int64(lowest(bits)), paper, written)
            bits &= bits - np.uint64(1)
    return written


@compiled
def _add(weight, here, paper, written):
    before = paper[0, here]
    paper[0, here] = before + weight
    if before == 0:
        paper[1, written] = here
        written += 1
    return written


@compiled
def _judge(documents, rows, gains, allowed, lists, read, size, low, written, floor, paper, found, count):
    """Ask the lists that were not read for what may be among the best; return how many are among them now.

    The paper has noughts again afterwards.
    """
    need = floor // gains[low]
    line = max(need - (lists[read, REST] if read < size else 0), 0)
    for place in range(written):
        here = paper[1, place]
        weight = np.int64(paper[0, here])
        paper[0, here] = 0
        document = low + np.int64(here)
        if weight <= line or not has(allowed, document):
            continue
        gain = np.int64(gains[document])
        weight = weighed(documents, rows, lists, read, size, document, weight, gain, floor, False)
        if weight * gain > floor:
            count = keep(found, count, document, weight * gain)
    return count
