"""The newest documents in compiled code: a text is cut, its terms are hashed and filed in one call.

The plain counterpart is ``recommender.newest.PlainNewest``. A vocabulary leads from the hash of a term to its latest
posting, and each posting to the one before it of the same term::

    slots       hash of 草莓 → 7          postings  place  before  document  times
                hash of 草   → 5                      5      1        3        1
                                                      7      2        3        2   twice or more in document 3
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from copy import copy
from typing import Any

import numpy as np
import numpy.typing as npt

from recommender.compiled.cutting import STEP, Cutter, cut_into
from recommender.compiled.jit import compiled
from recommender.compiled.packed import Memory, packed, part, seen_part
from recommender.compiled.terms import SINGLE, TERMS_A_CHARACTER, hashes_of, terms_into
from recommender.compiled.text_index import CompiledIndex
from recommender.compiled.trie import CELL
from recommender.compiled.vocabulary import SLOT, Slots, grown, place_of, term_of
from recommender.index import LONGEST_TEXT, REPEATED
from recommender.newest import Gain

_CODES, _TEXT_BOUNDS, _BOUNDS, _ENDS, _WORDS, _ROUTE, _HASHES, _KINDS = range(8)
"""Parts of the scratch memory."""
_BEFORE, _DOCUMENT, _TIMES = range(3)
"""Columns of a posting: the place of the one before it (-1: none), its document, how often the term stands there."""
_COLUMNS = 3
_FIRST_SLOTS, _FIRST_POSTINGS = 1 << 13, 1 << 13
_AGAIN = 1 + REPEATED


class CompiledNewest:
    """The newest documents beside a large index, cut with its cutter."""

    def __init__(self, large: CompiledIndex, cutter: Cutter) -> None:
        self._large = large
        self._dictionary = cutter.trie.numbers, cutter.trie.cells.view(np.int64), cutter.unknown
        self._gain = Gain(large.mean_length)
        self._gains = array("d")
        self._have_slots(np.zeros(_FIRST_SLOTS, SLOT))
        self._postings = np.empty((_FIRST_POSTINGS, _COLUMNS), np.int32)
        self._terms, self._used = 0, 0
        self._have_scratch(0)

    def __len__(self) -> int:
        return len(self._gains)

    def __deepcopy__(self, memo: dict[int, Any]) -> CompiledNewest:
        """Return a copy with memory of its own, for who keeps an old shelf."""
        copied = copy(self)
        copied._gains, copied._postings = self._gains[:], self._postings.copy()
        copied._have_slots(self._slots.copy())
        copied._have_scratch(self._room)
        return copied

    def add(self, text: str) -> list[int]:
        """Take in a document; return where each of its words ends."""
        raw = text[:LONGEST_TEXT].encode("utf-32-le", "surrogatepass")
        characters = len(raw) // 4
        self._make_room(characters)
        self._codes[: len(raw)] = raw
        terms, used, tokens = file_text(
            *(self._scratch, characters, *self._dictionary, self._table, self._postings),
            *(self._used, len(self._gains)),
        )
        self._gains.append(self._gain.of(used - self._used))
        self._terms, self._used = self._terms + terms, used
        return self._ends[:tokens].tolist()

    def scores(self, terms: Mapping[str, float]) -> npt.NDArray[np.float64]:
        """Return the score of each document, 0 where no term is in it."""
        hashes, scores = hashes_of(list(terms)), np.zeros(len(self._gains))
        weights = np.fromiter(terms.values(), float, len(terms)) * self._large.rarities(hashes)
        weigh_newest(self._slots, self._postings, hashes, weights, scores)
        scores *= self._gains
        return scores

    def _make_room(self, characters: int) -> None:
        """Make room for one more text: at most half of the vocabulary's places are taken."""
        if characters > self._room:
            self._have_scratch(max(2 * self._room, characters))
        most = TERMS_A_CHARACTER * characters
        while len(self._slots) < 2 * (self._terms + most):
            self._have_slots(grown(self._slots))
        if len(self._postings) < self._used + most:
            self._postings = np.concatenate([self._postings, np.empty((self._used + most, _COLUMNS), np.int32)])

    def _have_slots(self, slots: Slots) -> None:
        """File into these slots: looking at records as whole numbers takes a microsecond, so it is done here once."""
        self._slots, self._table = slots, slots.view(np.int64)

    def _have_scratch(self, characters: int) -> None:
        self._room, self._scratch = characters, _scratch(characters)
        self._codes = seen_part(self._scratch, _CODES, np.uint8).data
        self._ends = seen_part(self._scratch, _ENDS, np.int32).data


def _scratch(characters: int) -> Memory:
    """Return what cutting a text of so many characters and hashing its terms is written on."""
    whole, terms = np.zeros(characters, np.int32), TERMS_A_CHARACTER * characters
    return packed(
        [
            *(whole, np.zeros(2, np.int64), np.zeros(2, np.int64), whole, whole, np.zeros(characters + 1, STEP)),
            *(np.zeros(terms, np.uint64), np.zeros(terms, np.uint8)),
        ]
    )


@compiled
def file_text(scratch, characters, numbers, cells, unknown, table, postings, used, document):
    """File the text in the scratch memory; return how many new terms it has, all postings now, and its tokens."""
    slots = table.view(SLOT)
    codes, ends, words = part(scratch, _CODES).view(np.uint32), part(scratch, _ENDS), part(scratch, _WORDS)
    text_bounds, bounds = part(scratch, _TEXT_BOUNDS), part(scratch, _BOUNDS)
    hashes, kinds = part(scratch, _HASHES).view(np.uint64), part(scratch, _KINDS).view(np.uint8)
    text_bounds[1] = characters
    tokens = cut_into(
        *(codes, text_bounds, numbers, cells.view(CELL), unknown),
        *(part(scratch, _ROUTE).view(STEP), ends.view(np.int32), words.view(np.int32), bounds),
    )
    found = terms_into(codes, 0, characters, ends.view(np.int32), 0, tokens, hashes, kinds)
    new, first = 0, used
    for place in range(found):
        if kinds[place] == SINGLE:
            continue
        slot = place_of(slots, hashes[place])
        latest = np.int64(-1)
        if slots[slot]["hash"]:
            latest = slots[slot]["term"]
            if latest >= first:
                postings[latest, _TIMES] = 2
                continue
        else:
            new += 1
        postings[used, _BEFORE], postings[used, _DOCUMENT], postings[used, _TIMES] = latest, document, 1
        slots[slot]["term"], slots[slot]["hash"] = used, hashes[place]
        used += 1
    return new, used, tokens


@compiled
def weigh_newest(slots, postings, hashes, weights, scores):
    """Add up what terms with these hashes weigh in each document; one that is filed meanwhile has no place yet."""
    for place in range(len(hashes)):
        posting = term_of(slots, hashes[place])
        while 0 <= posting < len(postings):
            times = _AGAIN if postings[posting, _TIMES] > 1 else 1.0
            if postings[posting, _DOCUMENT] < len(scores):
                scores[postings[posting, _DOCUMENT]] += weights[place] * times
            posting = np.int64(postings[posting, _BEFORE])
