"""Word segmentation in batches: jieba's dictionary and algorithm, token for token, over a double-array trie.

For each stretch of Chinese characters, letters and digits the most probable way through the words of the dictionary
is found from right to left, as jieba does in exact mode without its hidden Markov model; letters and digits that are
no words are joined. ``tests/recommender/compiled/test_cutting.py`` holds it against jieba itself.
Source: jieba 0.42.1, https://github.com/fxsjy/jieba.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recommender.compiled.batch import Batch
from recommender.compiled.jit import compiled
from recommender.compiled.trie import Trie

NO_WORD = -1
STEP = np.dtype([("score", np.float64), ("length", np.int32), ("node", np.int32)])
"""The best way from a character on: its score, the length of its first word, and that word's node."""
_HAN_FIRST, _HAN_LAST = 0x4E00, 0x9FD5
_JOINED = np.zeros(128, np.bool_)
_JOINED[[ord(character) for character in "+#&._%-"]] = True
_RETURN, _LINE_FEED = 13, 10


@dataclass(frozen=True, slots=True)
class Cuts:
    """The words of a batch: text i has the tokens ``bounds[i]`` to ``bounds[i + 1]``.

    ``ends`` says where each ends in the codes of the batch; it begins where the one before it ended. ``words`` is the
    number of each token's word (its cell in the trie), ``NO_WORD`` for one that is in no dictionary.
    """

    ends: npt.NDArray[np.int32]
    words: npt.NDArray[np.int32]
    bounds: npt.NDArray[np.int64]

    def texts(self, texts: Sequence[str]) -> list[list[str]]:
        """Return the words of each text as strings; ``texts`` are what the batch was made of."""
        ends, bounds = self.ends.tolist(), self.bounds.tolist()
        found: list[list[str]] = []
        offset = 0
        for place, text in enumerate(texts):
            words = []
            start = 0
            for end in ends[bounds[place] : bounds[place + 1]]:
                words.append(text[start : end - offset])
                start = end - offset
            offset += len(text)
            found.append(words)
        return found


@dataclass(frozen=True, slots=True)
class Cutter:
    """Cuts batches with one dictionary. ``unknown`` is the weight of a character that is no word."""

    trie: Trie
    unknown: float

    @classmethod
    def of(cls, frequencies: Mapping[str, int], total: int) -> Cutter:
        """Make a cutter of words with their frequencies; those without any are beginnings of others, as in jieba."""
        words = sorted(word for word, frequency in frequencies.items() if frequency)
        return cls.weighted(words, np.fromiter(map(frequencies.__getitem__, words), np.int64, len(words)), total)

    @classmethod
    def weighted(cls, words: Sequence[str], frequencies: npt.NDArray[np.int64], total: int) -> Cutter:
        """Make a cutter of words in ascending order with their frequencies, all above zero."""
        whole = math.log(total)
        values, places = np.unique(frequencies, return_inverse=True)
        weights = np.array([math.log(value) - whole for value in values.tolist()], np.float64)
        return cls(Trie.of(words, weights[places]), math.log(1) - whole)

    def cut(self, batch: Batch) -> Cuts:
        """Cut every text of a batch."""
        size = len(batch.codes)
        ends, words = np.empty(size, np.int32), np.empty(size, np.int32)
        bounds = np.zeros(len(batch.bounds), np.int64)
        route = np.empty(size + 1, STEP)
        count = cut_into(
            *(batch.codes, batch.bounds, self.trie.numbers, self.trie.cells, self.unknown),
            *(route, ends, words, bounds),
        )
        return Cuts(ends[:count], words[:count], bounds)

    def number(self, word: str) -> int:
        """Return the number that ``Cuts.words`` has for a word, ``NO_WORD`` when it is in no dictionary."""
        return self.trie.node(word)


@compiled
def cut_into(codes, text_bounds, numbers, cells, unknown, route, ends, words, bounds):
    """Cut texts into ``ends``, ``words`` and ``bounds``; return the number of tokens. ``route`` is scratch.

    There are no more tokens than characters; so, until the words of a block are written, ``ends`` holds the numbers of
    its characters.
    """
    count = 0
    for text in range(len(text_bounds) - 1):
        place, end = text_bounds[text], text_bounds[text + 1]
        while place < end:
            block = place
            while block < end and _in_block(codes[block]):
                ends[block] = numbers[codes[block]]
                block += 1
            if block > place:
                _find_route(ends, place, block, cells, unknown, route)
                count = _follow_route(codes, place, block, route, ends, words, count)
                place = block
                continue
            paired = codes[place] == _RETURN and place + 1 < end and codes[place + 1] == _LINE_FEED
            words[count] = NO_WORD if paired else _single(codes[place], numbers, cells)
            place += 2 if paired else 1
            ends[count] = place
            count += 1
        bounds[text + 1] = count
    return count


@compiled
def _find_route(numbers, low, high, cells, unknown, route):
    """Note for each character of a block, from the last to the first, the best way from it to the block's end.

    ``numbers`` are those of the characters. Of equally good ways the longer word wins. A character that is no word and
    begins none counts as ``unknown``. Cells are counted without a sign: numba looks behind a sign at each access.
    """
    route[high]["score"] = behind = 0.0
    root = np.uint64(cells[0]["base"])
    for start in range(high - 1, low - 1, -1):
        score, length, found = unknown + behind, 1, np.int64(NO_WORD)
        node, place, following = np.uint64(0), start, root + np.uint64(numbers[start])
        while numbers[place] and np.uint64(cells[following]["check"]) == node:
            node = following
            place += 1
            weight = cells[node]["weight"]
            if weight < 0.0:
                total = weight + route[place]["score"]
                if found == NO_WORD or total >= score:
                    score, length, found = total, place - start, np.int64(node)
            if place == high:
                break
            following = np.uint64(cells[node]["base"]) + np.uint64(numbers[place])
        behind = score
        route[start]["score"] = score
        route[start]["length"] = length
        route[start]["node"] = found


@compiled
def _follow_route(codes, low, high, route, ends, words, count):
    """Write the words of a block, single letters and digits joined; return the number of tokens now."""
    place, joining = low, False
    while place < high:
        length = route[place]["length"]
        alone = length == 1 and _letter_or_digit(codes[place])
        if alone and joining:
            ends[count - 1] = place + 1
            words[count - 1] = NO_WORD
        else:
            ends[count] = place + length
            words[count] = route[place]["node"]
            count += 1
        joining = alone
        place += length
    return count


@compiled
def _in_block(code):
    if code < 128:
        return _letter_or_digit(code) or _JOINED[code]
    return _HAN_FIRST <= code <= _HAN_LAST


@compiled
def _letter_or_digit(code):
    return 48 <= code <= 57 or 65 <= code <= 90 or 97 <= code <= 122


@compiled
def _single(code, numbers, cells):
    """Return the node of a character that stands outside of blocks, if it is a word."""
    number = numbers[code]
    node = cells[0]["base"] + number
    return node if number and cells[node]["check"] == 0 and cells[node]["weight"] < 0.0 else NO_WORD
