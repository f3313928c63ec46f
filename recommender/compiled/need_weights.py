"""The weights of what is cut out of masks, summed up for a batch of messages. See ``recommender.need_features``.

Of the families ``char``, ``mask`` and ``pair`` a message has a hundred features, and the model weighs half of them.
Their names are the words of one trie, walked here from every character or word of the mask::

    root ──c──▶ char ──想──▶ ──买──▶ 想买      weights of its feature, one for each head
         ──m──▶ mask ──G──▶ ──" "──▶ ──吗──▶
         ──p──▶ pair ──还──▶ ──有──▶ ──<──▶ ──G──▶

What a message has twice counts once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import numpy.typing as npt

from recommender.compiled.batch import Batch
from recommender.compiled.jit import compiled
from recommender.compiled.trie import Trie
from recommender.masking import MaskedText
from recommender.need_features import LONGEST_GRAM, LONGEST_STRETCH, MARKED

_BETWEEN = "\uffff"
"""Stands between the words of a mask; no text has it."""
_CODE_BETWEEN = ord(_BETWEEN)
_SIGNS = (" ", "G", ",", "<")
_SPACE, _GOODS, _PAUSE, _BESIDE = range(len(MARKED), len(MARKED) + len(_SIGNS))
_NOTHING = -1


@dataclass(frozen=True, slots=True)
class CutWeights:
    """``weights`` are by number of a word of ``trie``, one column for each head; ``others`` by number of a feature.

    ``roots`` are the nodes of the families and the numbers of the characters that have a meaning of their own.
    """

    trie: Trie
    roots: npt.NDArray[np.int64]
    weights: npt.NDArray[np.float64]
    others: npt.NDArray[np.float64]

    @classmethod
    def of(cls, vocabulary: Mapping[str, int], heads: Sequence[Sequence[float]]) -> CutWeights:
        """Lay out what heads give to the features of a vocabulary, by their numbers in it."""
        prefixes = tuple(f"{family}:" for family in MARKED)
        names = {name[0] + name.partition(":")[2]: i for name, i in vocabulary.items() if name.startswith(prefixes)}
        words = sorted({*names, *(family[0] for family in MARKED), *_SIGNS})
        trie = Trie.of(words, -np.arange(1.0, len(words) + 1))
        places = [names.get(word, -1) for word in words]
        columns = np.array(heads, np.float64).reshape(len(heads), -1)
        weights = np.where(np.array(places)[:, None] < 0, 0.0, columns.T[places])
        roots = [*trie.nodes([family[0] for family in MARKED]), *trie.numbers[list(map(ord, _SIGNS))]]
        return cls(trie, np.array(roots, np.int64), np.ascontiguousarray(weights), np.ascontiguousarray(columns.T))

    def sums(self, masks: Sequence[MaskedText], few: Sequence[Sequence[int]]) -> list[list[float]]:
        """Return for each message, by head, the sum of the weights of what is cut out of its mask and of ``few``.

        ``few`` are the numbers of what else it has, each once.
        """
        batch = Batch.of([_BETWEEN.join(("^", *masked.shown, "$")) for masked in masks])
        sums = np.zeros((len(batch), self.weights.shape[1]))
        longest = int(np.diff(batch.bounds).max(initial=0))
        marks = np.zeros(len(self.weights), np.int32)
        letters, starts = np.empty(longest, np.int32), np.empty(longest + 1, np.int32)
        _sum_into(
            *(batch.codes, batch.bounds, self.trie.numbers, self.trie.cells, self.roots, self.weights),
            *(letters, starts, marks, sums),
        )
        sizes = np.fromiter(map(len, few), np.int64, len(few))
        _add_into(np.fromiter(chain.from_iterable(few), np.int64, int(sizes.sum())), sizes, self.others, sums)
        found: list[list[float]] = sums.tolist()
        return found


@compiled
def _sum_into(codes, bounds, numbers, cells, roots, weights, letters, starts, marks, sums):
    """Write the sums of each text. ``letters``, ``starts`` (of its words) and ``marks`` (by feature) are scratch."""
    for text in range(len(bounds) - 1):
        count, size = 1, 0
        starts[0] = 0
        for place in range(bounds[text], bounds[text + 1]):
            if codes[place] == _CODE_BETWEEN:
                starts[count] = size
                count += 1
            else:
                letters[size] = numbers[codes[place]]
                size += 1
        starts[count] = size
        row, mark = sums[text], text + 1
        for start in range(size):
            node = roots[0]
            for place in range(start, min(start + LONGEST_STRETCH, size)):
                node = _step(node, letters[place], cells)
                if node < 0:
                    break
                _add(node, cells, weights, marks, mark, row)
        for first in range(count):
            node = roots[1]
            for word in range(first, min(first + LONGEST_GRAM, count)):
                if word > first:
                    node = _step(node, roots[_SPACE], cells)
                node = _walk(node, letters, starts[word], starts[word + 1], cells)
                if node < 0:
                    break
                _add(node, cells, weights, marks, mark, row)
        _pairs(letters, starts, count, cells, roots, weights, marks, mark, row)


@compiled
def _add_into(features, sizes, others, sums):
    """Add the weights of features that are known by their numbers, ``sizes[i]`` of them for text i."""
    place = 0
    for text in range(len(sizes)):
        for _ in range(sizes[text]):
            for head in range(sums.shape[1]):
                sums[text, head] += others[features[place], head]
            place += 1


@compiled
def _pairs(letters, starts, count, cells, roots, weights, marks, mark, row):
    """Add the words that stand before the last or behind the first goods of their clause."""
    goods, beside = roots[_GOODS], roots[_BESIDE]
    behind_goods = _step(_step(roots[2], goods, cells), beside, cells)
    low = 1
    while low < count - 1:
        high, first, last = low, _NOTHING, _NOTHING
        while high < count - 1 and not _is(letters, starts, high, roots[_PAUSE]):
            if _is(letters, starts, high, goods):
                first = high if first < 0 else first
                last = high
            high += 1
        if first >= 0:
            for word in range(low, high):
                if _is(letters, starts, word, goods):
                    continue
                if word < last:
                    node = _walk(roots[2], letters, starts[word], starts[word + 1], cells)
                    node = _step(_step(node, beside, cells), goods, cells)
                    _add(node, cells, weights, marks, mark, row)
                if word > first:
                    node = _walk(behind_goods, letters, starts[word], starts[word + 1], cells)
                    _add(node, cells, weights, marks, mark, row)
        low = high + 1


@compiled
def _is(letters, starts, word, letter):
    """Tell whether a word is this one character."""
    return starts[word + 1] - starts[word] == 1 and letters[starts[word]] == letter


@compiled
def _walk(node, letters, start, end, cells):
    for place in range(start, end):
        node = _step(node, letters[place], cells)
    return node


@compiled
def _step(node, letter, cells):
    """Return the node that a character leads to, ``_NOTHING`` where it leads nowhere."""
    if node < 0:
        return np.int64(_NOTHING)
    following = cells[node]["base"] + letter
    return np.int64(following) if letter and cells[following]["check"] == node else np.int64(_NOTHING)


@compiled
def _add(node, cells, weights, marks, mark, row):
    """Add the weights of the feature that ends in a node, if any does and it has not been added."""
    if node < 0 or not cells[node]["weight"] < 0.0:
        return
    feature = np.int64(-cells[node]["weight"]) - 1
    if marks[feature] != mark:
        marks[feature] = mark
        for head in range(len(row)):
            row[head] += weights[feature, head]
