"""Exact filtered top k over postings, without looking at every document.

The lists of a query stand with the rarest first; ``rest[i]`` is what list i and all behind it weigh together. To be
among the best, a document must weigh more than ``need``; so it is in one of the first lists, the essential ones, after
which ``rest`` is no more than that (MaxScore)::

    lists    w猕猴桃   猕猴    红心    桃     果                      need 9.1
    weight   4.1       3.9     2.7     1.6    0.9
    rest     13.2      9.1     5.2     2.5    0.9      only 猕猴桃 is essential: nobody else reaches more than 9.1

Only essential lists are read through; the others are asked for single documents, by a bit or by a leap ahead from
where they were asked last. Gains fall with the number of the document, so ``need`` only rises, and when no list is
essential any more the search is over. It begins with the first documents of the rarest list, so as to have something to beat.

Source: Turtle and Flood, "Query evaluation: strategies and optimizations", 1995.
"""

from __future__ import annotations

import numpy as np
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

QUERY = np.dtype([("term", np.int64), ("weight", np.int64)])
"""A term of a query with its weight there."""
FOUND = np.dtype([("document", np.int64), ("score", np.int64)])
LISTS = np.dtype(
    [("place", np.int64), ("last", np.int64), ("first", np.int64), ("row", np.int64), ("weight", np.int64)]
    + [("rest", np.int64)]
)
"""A list while it is read: its next posting and its end, or its row of bits; what it weighs, and with all behind it."""
MOST_LISTS = 64
"""Lists of one query; a need has some fifteen, of a longer one the most frequent terms are left out."""
_BOOT = 32
"""Documents of the rarest list that are weighed first."""
_REPEATED = 0.3  # recommender.index.REPEATED; compiled code wants it as a constant
_END = np.int64(1 << 62)
_ALL = np.uint64(0xFFFF_FFFF_FFFF_FFFF)


@intrinsic
def _lowest(typing_context, word):  # noqa: ARG001 - numba's signature
    """Return the number of the lowest bit of a word that is not 0: one instruction."""

    def generate(context, builder, signature, arguments):  # noqa: ARG001 - the same
        return builder.cttz(arguments[0], cgutils.false_bit)

    return types.uint64(types.uint64), generate


@njit(cache=True, nogil=True)
def search(terms, documents, rows, classes, query, allowed, lists, found):
    """Find the best documents for a query; write them into ``found``, best first, and return how many there are.

    ``allowed`` are the bits of the documents that may be found, ``lists`` is scratch for ``MOST_LISTS``.
    """
    size = _arrange(terms, query, lists)
    limit = len(found)
    if size == 0 or limit == 0:
        return 0
    floor = _something_to_beat(documents, rows, classes, allowed, lists, size, found)
    count, at, kind = 0, np.int64(0), 0
    last = classes[len(classes) - 1]["first"]
    while at < last:
        while classes[kind + 1]["first"] <= at:
            kind += 1
        gain, end = classes[kind]["gain"], classes[kind + 1]["first"]
        need = floor // gain
        essential = size
        while essential > 0 and lists[essential - 1]["rest"] <= need:
            essential -= 1
        if essential == 0:
            break  # what is left cannot be among the best
        if lists[essential - 1]["row"] < 0:
            at, count = _by_lists(
                documents, rows, allowed, lists, size, essential, at, end, gain, need, floor, found, count
            )
        else:
            at, count = _by_words(
                documents, rows, allowed, lists, size, essential, at, end, gain, need, floor, found, count
            )
        if count == limit:
            floor = max(floor, found[limit - 1]["score"])
    return count


@njit(cache=True, nogil=True)
def weigh(terms, documents, rows, classes, query, asked, lists, scores):
    """Write the scores of the documents that are asked for, in ascending order."""
    size = _arrange(terms, query, lists)
    kind = 0
    for place in range(len(asked)):
        document = np.int64(asked[place])
        while classes[kind + 1]["first"] <= document:
            kind += 1
        weight = _completed(documents, rows, lists, 0, size, document, np.int64(0), np.int64(-1))
        scores[place] = weight * classes[kind]["gain"]


@njit(cache=True, nogil=True)
def _arrange(terms, query, lists):
    """Lay out the lists of a query and of its terms' repetitions; return how many there are.

    Those come first that are short for their weight, rows of bits behind all others.
    """
    size = 0
    for place in range(len(query)):
        term, weight = query[place]["term"], query[place]["weight"]
        if term < 0 or weight <= 0:
            continue
        size = _insert(terms, term, weight, lists, size)
        again = np.int64(terms[term]["again"])
        if again >= 0:
            size = _insert(terms, again, np.int64(np.rint(weight * _REPEATED)), lists, size)
    rest = np.int64(0)
    for place in range(size - 1, -1, -1):
        rest += lists[place]["weight"]
        lists[place]["rest"] = rest
    return size


@njit(cache=True, nogil=True)
def _insert(terms, term, weight, lists, size):
    """Put a list where it belongs; when there are too many, the last one goes. Return how many there are."""
    length, row = np.int64(terms[term]["length"]), np.int64(terms[term]["row"])
    if length == 0 or weight == 0:
        return size
    place = size
    while place > 0 and _before(row, length, weight, lists[place - 1]):
        place -= 1
    if place == len(lists):
        return size
    for other in range(min(size, len(lists) - 1), place, -1):
        lists[other] = lists[other - 1]
    start = terms[term]["start"]
    lists[place]["place"] = lists[place]["first"] = start
    lists[place]["last"] = start + length  # of a row as well: its length is what it is sorted by
    lists[place]["row"], lists[place]["weight"] = row, weight
    return min(size + 1, len(lists))


@njit(cache=True, nogil=True, inline="always")
def _before(row, length, weight, other):
    if (row < 0) != (other["row"] < 0):
        return row < 0
    return length * other["weight"] < (other["last"] - other["first"]) * weight


@njit(cache=True, nogil=True)
def _something_to_beat(documents, rows, classes, allowed, lists, size, found):
    """Weigh the first allowed documents of the heaviest list; return one less than the worst of the best, or -1.

    Where that list is too short, those of the next ones follow.
    """
    heaviest = 0
    for place in range(size):
        if lists[place]["row"] < 0 and lists[place]["weight"] > lists[heaviest]["weight"]:
            heaviest = place
    limit, count = len(found), 0
    count = _sample(documents, rows, classes, allowed, lists, size, heaviest, found, count)
    place = 0
    while place < size and count < limit:
        if place != heaviest:
            count = _sample(documents, rows, classes, allowed, lists, size, place, found, count)
        place += 1
    for place in range(size):
        lists[place]["place"] = lists[place]["first"]
    return found[limit - 1]["score"] - 1 if count == limit else np.int64(-1)


@njit(cache=True, nogil=True)
def _sample(documents, rows, classes, allowed, lists, size, chosen, found, count):
    """Weigh the first allowed documents of one list; return how many are among the best now."""
    if lists[chosen]["row"] >= 0:
        return count
    limit, kind, seen = len(found), 0, 0
    for place in range(size):
        lists[place]["place"] = lists[place]["first"]
    at, last = lists[chosen]["first"], lists[chosen]["last"]
    enough = lists[0]["rest"] * classes[0]["gain"]
    while at < last and (seen < _BOOT or count < limit):
        document = np.int64(documents[at])
        at += 1
        if not _has(allowed, document):
            continue
        seen += 1
        while classes[kind + 1]["first"] <= document:
            kind += 1
        weight = _completed(documents, rows, lists, 0, size, document, np.int64(0), np.int64(-1))
        known = False
        for place in range(count):
            known |= found[place]["document"] == document
        if not known:
            count = _keep(found, count, document, weight * classes[kind]["gain"])
        enough = lists[0]["rest"] * classes[kind]["gain"]
        if count == limit and found[limit - 1]["score"] >= enough:
            break  # all of them have every term: nothing better can follow
    return count


@njit(cache=True, nogil=True, inline="always")
def _has(bits, document):
    return bits[document >> 6] >> np.uint64(document & 63) & np.uint64(1)


@njit(cache=True, nogil=True, inline="always")
def _keep(found, count, document, score):
    """Put a document behind those that score as much, dropping the worst when there are too many; return how many."""
    limit = len(found)
    if count == limit and score <= found[limit - 1]["score"]:
        return count
    place = count if count < limit else limit - 1
    while place > 0 and found[place - 1]["score"] < score:
        found[place]["score"], found[place]["document"] = found[place - 1]["score"], found[place - 1]["document"]
        place -= 1
    found[place]["score"], found[place]["document"] = score, document
    return min(count + 1, limit)


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
def _completed(documents, rows, lists, first, size, document, weight, need):
    """Add what the lists from ``first`` on weigh in a document; stop at -1 when it cannot weigh more than ``need``."""
    for place in range(first, size):
        if weight + lists[place]["rest"] <= need:
            return np.int64(-1)
        row = lists[place]["row"]
        if row >= 0:
            if _has(rows[row], document):
                weight += lists[place]["weight"]
            continue
        at, last = lists[place]["place"], lists[place]["last"]
        at = _seek(documents, at, last, document)
        lists[place]["place"] = at
        if at < last and documents[at] == document:
            weight += lists[place]["weight"]
    return weight


@njit(cache=True, nogil=True)
def _by_lists(documents, rows, allowed, lists, size, essential, at, end, gain, need, floor, found, count):
    """Go through the documents of the essential lists up to the class's end, or to one that raises the floor.

    Return where to go on, and how many documents are among the best.
    """
    limit = len(found)
    rest = lists[essential]["rest"] if essential < size else np.int64(0)
    for place in range(essential):
        lists[place]["place"] = _seek(documents, lists[place]["place"], lists[place]["last"], at)
    while True:
        document = _END
        for place in range(essential):
            if lists[place]["place"] < lists[place]["last"]:
                document = min(document, np.int64(documents[lists[place]["place"]]))
        if document >= end:
            return document, count
        weight = np.int64(0)
        for place in range(essential):
            here = lists[place]["place"]
            if here < lists[place]["last"] and documents[here] == document:
                weight += lists[place]["weight"]
                lists[place]["place"] = here + 1
        if weight + rest <= need or not _has(allowed, document):
            continue
        weight = _completed(documents, rows, lists, essential, size, document, weight, need)
        if weight > need:
            count = _keep(found, count, document, weight * gain)
            if count == limit and found[limit - 1]["score"] > floor:
                return document + 1, count


@njit(cache=True, nogil=True)
def _by_words(documents, rows, allowed, lists, size, essential, at, end, gain, need, floor, found, count):
    """Do the same where rows of bits are essential: 64 documents at a time."""
    limit = len(found)
    for word in range(at >> 6, ((end - 1) >> 6) + 1):
        low = np.int64(word) << 6
        bits = np.uint64(0)
        for place in range(essential):
            if lists[place]["row"] >= 0:
                bits |= rows[lists[place]["row"], word]
            else:
                bits |= _list_bits(documents, lists, place, low, max(low, at))
        bits &= allowed[word]
        if at > low:
            bits &= _ALL << np.uint64(at - low)
        if end < low + 64:
            bits &= (np.uint64(1) << np.uint64(end - low)) - np.uint64(1)
        while bits:
            document = low + np.int64(_lowest(bits))
            bits &= bits - np.uint64(1)
            weight = _completed(documents, rows, lists, 0, size, document, np.int64(0), need)
            if weight > need:
                count = _keep(found, count, document, weight * gain)
                if count == limit and found[limit - 1]["score"] > floor:
                    return document + 1, count
    return end, count


@njit(cache=True, nogil=True, inline="always")
def _list_bits(documents, lists, place, low, wanted):
    """Return the documents of a list within the 64 from ``low`` on as bits; the list's place stays before them."""
    here, last = lists[place]["place"], lists[place]["last"]
    here = _seek(documents, here, last, wanted)
    lists[place]["place"] = here
    bits = np.uint64(0)
    while here < last and documents[here] < low + 64:
        bits |= np.uint64(1) << np.uint64(documents[here] - low)
        here += 1
    return bits
