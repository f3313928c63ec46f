"""Collects the terms of documents as they come, by number, before they are laid out as postings.

Each document gives every different term once. A term that stands there twice or more gives one more, its repetition,
whose hash is ``REPETITION`` away: what BM25 calls term frequency becomes a list of its own, and every list weighs the
same in all documents of a length::

    草莓 草莓酱   →   草 莓 草莓 w草莓 … | again: 草 莓 草莓         lengths: 7 without the repetitions
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from recommender.compiled.batch import Batch
from recommender.compiled.cutting import Cuts
from recommender.compiled.jit import compiled
from recommender.compiled.terms import SINGLE, TERMS_A_CHARACTER, WORD, terms_into
from recommender.compiled.vocabulary import Slots, empty, grown, place_of

REPETITION = np.uint64(0x5851_F42D_4C95_7F2D)
Terms = npt.NDArray[np.int32]

HOLDERS = np.dtype([("last", np.int32), ("count", np.int32)])
"""Of a term: the last document that has it, -1 for none yet, and how many have it; side by side for the cache."""
STATE = np.dtype([("terms", np.int64), ("written", np.int64), ("words", np.int64)])
"""How many terms the vocabulary has, how many were written of this batch, and how many words were new in it."""


class Collector:
    """Reads batches of cut documents. With ``keep_words`` the words among the terms are kept as strings."""

    def __init__(self, *, keep_words: bool = False) -> None:
        self.slots: Slots = empty()
        self.words: list[str] = []
        self._keep_words = keep_words
        self._holders = _holders(len(self.slots) // 2)
        self._terms: list[Terms] = []
        self._counts: list[Terms] = []
        self._lengths: list[Terms] = []
        self._size = 0
        self._known = 0

    def add(self, batch: Batch, cuts: Cuts) -> None:
        """Read the documents of a batch."""
        size = len(batch)
        longest = int((batch.bounds[1:] - batch.bounds[:-1]).max(initial=0))
        room = TERMS_A_CHARACTER * longest
        scratch = (np.empty(room, np.uint64), np.empty(room, np.uint8))
        terms = np.empty(TERMS_A_CHARACTER * len(batch.codes), np.int32)
        counts, lengths = np.empty(size, np.int32), np.empty(size, np.int32)
        new_words = np.empty((len(cuts.ends) + 1, 2), np.int64)
        state = np.zeros(1, STATE)
        state[0]["terms"] = self._known
        document = 0
        while True:
            document = collect(
                *(batch.codes, batch.bounds, cuts.ends, cuts.bounds, document, self._size, *scratch),
                *(self.slots, self._holders, terms, counts, lengths, new_words, state),
            )
            if document == size:
                break
            self._make_room(int(state[0]["terms"]) + room)
        self._known = int(state[0]["terms"])
        self._size += size
        self._terms.append(terms[: int(state[0]["written"])].copy())
        self._counts.append(counts)
        self._lengths.append(lengths)
        if self._keep_words:
            self.words.extend(_texts(batch, new_words[: int(state[0]["words"])]))

    @property
    def frequency(self) -> npt.NDArray[np.int64]:
        """Return by term how many documents have it."""
        return self._holders["count"][: self._known].astype(np.int64)

    @property
    def terms(self) -> Terms:
        """Return the terms of all documents one after the other."""
        return np.concatenate(self._terms) if self._terms else np.empty(0, np.int32)

    @property
    def counts(self) -> Terms:
        """Return by document how many of ``terms`` are its own."""
        return np.concatenate(self._counts) if self._counts else np.empty(0, np.int32)

    @property
    def lengths(self) -> Terms:
        """Return by document how many different terms it has, repetitions not counted."""
        return np.concatenate(self._lengths) if self._lengths else np.empty(0, np.int32)

    def _make_room(self, most: int) -> None:
        """Make room for the terms of at least one more document: at most half of the vocabulary's places are taken."""
        while len(self.slots) < 2 * most:
            self.slots = grown(self.slots)
        more = len(self.slots) // 2 - len(self._holders)
        if more > 0:
            self._holders = np.concatenate([self._holders, _holders(more)])


def _holders(terms: int) -> npt.NDArray[np.void]:
    holders = np.zeros(terms, HOLDERS)
    holders["last"] = -1
    return holders


def _texts(batch: Batch, places: npt.NDArray[np.int64]) -> Iterator[str]:
    for low, high in places.tolist():
        yield batch.codes[low:high].tobytes().decode("utf-32-le", "surrogatepass")


@compiled
def collect(
    codes, bounds, ends, token_bounds, document, before, hashes, kinds,
    slots, holders, terms, counts, lengths, new_words, state,
):  # fmt: skip
    """Read documents from ``document`` on; return the first that was not read, for want of room for new terms."""
    while document < len(counts):
        low, high = bounds[document], bounds[document + 1]
        first, last = token_bounds[document], token_bounds[document + 1]
        if 2 * (state[0]["terms"] + TERMS_A_CHARACTER * (high - low)) > len(slots):
            break
        found = terms_into(codes, low, high, ends, first, last, hashes, kinds)
        written = state[0]["written"]
        token, start, length = first, low, 0
        for place in range(found):
            if kinds[place] == SINGLE:
                continue
            known = state[0]["terms"]
            term = _numbered(slots, hashes[place], state)
            if kinds[place] == WORD:
                while ends[token] - start < 2 or codes[start] < 128:
                    start = ends[token]
                    token += 1
                if term == known:
                    new_words[state[0]["words"], 0], new_words[state[0]["words"], 1] = start, ends[token]
                    state[0]["words"] += 1
                start = ends[token]
                token += 1
            if holders[term]["last"] != before + document:
                length += 1
            else:
                term = _numbered(slots, hashes[place] ^ REPETITION, state)
                if holders[term]["last"] == before + document:
                    continue
            holders[term]["last"] = before + document
            holders[term]["count"] += 1
            terms[state[0]["written"]] = term
            state[0]["written"] += 1
        lengths[document] = length
        counts[document] = state[0]["written"] - written
        document += 1
    return document


@compiled
def _numbered(slots, value, state):
    """Return the number of the term with this hash; a new one gets the next."""
    place = place_of(slots, value)
    if not slots[place]["hash"]:
        slots[place]["hash"], slots[place]["term"] = value, state[0]["terms"]
        state[0]["terms"] += 1
    return slots[place]["term"]
