"""Segmentation of many texts at once: jieba's dictionary and algorithm over a double-array trie, compiled.

Exact mode without the hidden Markov model, token for token what jieba 0.42.1 gives: a text is split into blocks of
word characters; within a block the likeliest path through all dictionary words is found from the right (the sum of
log frequencies, computed in jieba's own order, so that equal paths are equal to the last bit; of two equal ones the
longer first word wins); letters and digits left over singly are joined. What lies between blocks is one token a
character, but for a carriage return with its line feed.

    texts   [ a b c | d e ]   flat code points, one array for the batch
    bounds  [ 0, 3, 5 ]       where each text begins
    ends    [ 2, 3, 5 ]       where each token ends, in the flat array: the result

Source: jieba 0.42.1 (``Tokenizer.cut``, MIT), https://github.com/fxsjy/jieba.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit

from recommender.compiled.trie import ROOT, Trie

Points = npt.NDArray[np.uint32]
Ints = npt.NDArray[np.int64]

_WORD_CHARACTER = re.compile(r"[\u4E00-\u9FD5a-zA-Z0-9+#&\._%\-]")
_JOINED = re.compile(r"[a-zA-Z0-9]")
_OTHER, _IN_WORD, _LETTER = 0, 1, 2
_LINE_FEED, _RETURN = 10, 13
_NO_WORD = 0.0
"""The weight of a beginning; a word's is the logarithm of a share, below zero."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Texts as one array of code points; text i is ``points[bounds[i]:bounds[i + 1]]``."""

    points: Points
    bounds: Ints

    @classmethod
    def of(cls, texts: Sequence[str]) -> Batch:
        """Lay texts behind each other."""
        bounds = np.zeros(len(texts) + 1, np.int64)
        np.cumsum(np.fromiter(map(len, texts), np.int64, len(texts)), out=bounds[1:])
        return cls(np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), np.uint32), bounds)


CELL = np.dtype([("base", np.int32), ("check", np.int32), ("weight", np.float64)], align=True)
"""A trie's cell with its word's weight beside it: one step is one place in memory."""


@dataclass(frozen=True, slots=True)
class Cutter:
    """A dictionary ready to cut with.

    A cell's ``weight`` is its word's log probability, 0 where words only begin so. ``word[cell]`` is the
    number of the word in the order of the dictionary, -1 for a beginning only; ``unknown`` is the weight of a character
    of no word.
    """

    trie: Trie
    cells: npt.NDArray[np.void]
    word: npt.NDArray[np.int32]
    classes: npt.NDArray[np.uint8]
    unknown: float

    @classmethod
    def of(cls, frequencies: Mapping[str, int], total: int) -> Cutter:
        """Build from jieba's ``FREQ`` (word → frequency, 0 for a beginning) and its ``total``."""
        words = list(frequencies)
        trie = Trie.build(words)
        log_total = math.log(total)
        counts = np.fromiter(frequencies.values(), np.int64, len(words))
        known = np.flatnonzero(counts)
        logs = {count: math.log(count) - log_total for count in set(counts[known].tolist())}
        cells = np.zeros(len(trie.base), CELL)
        cells["base"], cells["check"], cells["weight"] = trie.base, trie.check, _NO_WORD
        cells["weight"][trie.node[known]] = [logs[count] for count in counts[known].tolist()]
        word = np.full(len(trie.base), -1, np.int32)
        word[trie.node[known]] = known
        return cls(trie, cells, word, _classes(), math.log(1) - log_total)

    def cut(self, text: str) -> list[str]:
        """Return the words of one text; joined they are the text again."""
        return self.cut_all([text])[0]

    def cut_all(self, texts: Sequence[str]) -> list[list[str]]:
        """Return the words of each text."""
        batch = Batch.of(texts)
        ends, counts = self.ends(batch)
        cut: list[list[str]] = []
        place = 0
        for index, text in enumerate(texts):
            offset = int(batch.bounds[index])
            stops = [int(end) - offset for end in ends[place : place + int(counts[index])]]
            place += len(stops)
            cut.append([text[low:high] for low, high in zip([0, *stops], stops, strict=False)])
        return cut

    def ends(self, batch: Batch) -> tuple[Ints, Ints]:
        """Return where each token ends in the batch's array, and how many tokens each text has."""
        ends: Ints
        counts: Ints
        ends, counts = _ends(batch.points, batch.bounds, self.trie.codes, self.cells, self.classes, self.unknown)
        return ends, counts


def _classes() -> npt.NDArray[np.uint8]:
    """Return the class of every code point, as jieba's expressions have it."""
    classes = np.zeros(0x110000, np.uint8)
    for point in range(0x10000):
        char = chr(point)
        if _WORD_CHARACTER.match(char):
            classes[point] = _LETTER if _JOINED.match(char) else _IN_WORD
    return classes


@njit(cache=True, nogil=True)
def _ends(points, bounds, codes, cells, classes, unknown):
    """Cut every text block by block."""
    size = len(points)
    ends = np.empty(size, np.int64)
    counts = np.zeros(len(bounds) - 1, np.int64)
    letters = np.empty(size, np.int32)
    for place in range(size):
        letters[place] = codes[points[place]]
    best = np.empty(size + 1, np.float64)
    reach = np.empty(size + 1, np.int64)
    found = 0
    for index in range(len(bounds) - 1):
        before = found
        place, last = bounds[index], bounds[index + 1]
        while place < last:
            if classes[points[place]] == _OTHER:
                if points[place] == _RETURN and place + 1 < last and points[place + 1] == _LINE_FEED:
                    place += 1
                place += 1
                ends[found] = place
                found += 1
                continue
            stop = place
            while stop < last and classes[points[stop]] != _OTHER:
                stop += 1
            _route(letters, place, stop, cells, unknown, best, reach)
            found = _emit(points, place, stop, classes, reach, ends, found)
            place = stop
        counts[index] = found - before
    return ends[:found].copy(), counts


@njit(cache=True, nogil=True, inline="always")
def _route(letters, start, stop, cells, unknown, best, reach):
    """Find the likeliest path from every character to the block's end; ``reach`` is where its first word ends."""
    best[stop] = 0.0
    for place in range(stop - 1, start - 1, -1):
        chosen = place + 1
        score = unknown + best[chosen]
        nothing = True
        cell = ROOT
        end = place
        while end < stop:
            step = cells[cell].base + letters[end]
            if letters[end] == 0 or step >= len(cells) or cells[step].check != cell:
                break
            cell = step
            end += 1
            value = cells[cell].weight
            if value < _NO_WORD:
                total = value + best[end]
                if nothing or total >= score:
                    score, chosen, nothing = total, end, False
        best[place], reach[place] = score, chosen


@njit(cache=True, nogil=True, inline="always")
def _emit(points, start, stop, classes, reach, ends, found):
    """Follow the path and note the ends of its words; single letters and digits in a row are one token."""
    place = start
    joining = False
    while place < stop:
        end = reach[place]
        if end == place + 1 and classes[points[place]] == _LETTER:
            joining = True
        else:
            if joining:
                ends[found] = place
                found += 1
                joining = False
            ends[found] = end
            found += 1
        place = end
    if joining:
        ends[found] = stop
        found += 1
    return found
