"""A dictionary as a double-array trie: one memory access for each character that is read.

A node of the trie is a number, a cell of one array. From node ``n`` character ``c`` leads to the cell ``base[n] + c``,
and that is a child of ``n`` if ``check`` there says ``n``. Characters are numbered by how often they occur in the
dictionary, so that the children of most nodes lie close together::

    root ──草──▶ 草 (a word) ──莓──▶ 草莓 (a word)         cell     base  check  weight
         └─米──▶ 米 (a word)                               0 root      2      -     0.0   beginnings only
                                                           3 草        7      0    -8.9   a word
    number of 草 1, of 米 2, of 莓 5                       4 米        …      0    -7.4   a word
                                                          12 莓        …      3   -10.2   a word: 草莓

Source: J. Aoe, "An Efficient Digital Search Algorithm by Using a Double-Array Structure", 1989.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recommender.compiled.batch import Batch
from recommender.compiled.jit import compiled

CELL = np.dtype([("base", np.int32), ("check", np.int32), ("weight", np.float64)])
"""One cell; its three values lie side by side, so that a step touches one line of the processor's cache."""
_CODE_POINTS = 0x110000
_FREE = -1
_CLASSES = 32
"""Nodes with this many children or more look for their place from the same point on."""


@dataclass(frozen=True, slots=True)
class Trie:
    """``numbers`` is by code point the number of a character, 0 for one of no word; ``cells`` are the nodes.

    The weight of a cell is below zero where a word ends and 0 where one only goes on.
    """

    numbers: npt.NDArray[np.int32]
    cells: npt.NDArray[np.void]

    @classmethod
    def of(cls, words: Sequence[str], weights: npt.NDArray[np.float64]) -> Trie:
        """Build the trie of different words, none empty, in ascending order; weights must be below zero."""
        batch = Batch.of(words)
        numbers = _numbered(batch.codes)
        characters = numbers[batch.codes]
        cells = np.zeros(2 * len(batch.codes) + 2 * int(numbers.max(initial=0)) + 1024, CELL)
        used = _lay_out(characters, batch.bounds, weights, cells)
        return cls(numbers, cells[: used + int(numbers.max(initial=0)) + 1].copy())

    def sound(self) -> bool:
        """Tell whether every node leads to cells that exist; a file may hold anything."""
        most = int(self.numbers.max(initial=0))
        bases, size = self.cells["base"], len(self.cells)
        fits = len(self.numbers) == _CODE_POINTS and int(self.numbers.min()) >= 0 and size > most
        return fits and int(bases.min()) >= 0 and int(bases.max()) + most < size

    def node(self, word: str) -> int:
        """Return the cell in which ``word`` ends, -1 when it is no word."""
        node = 0
        for character in word:
            number = int(self.numbers[ord(character)])
            following = int(self.cells[node]["base"]) + number
            if not number or int(self.cells[following]["check"]) != node:
                return -1
            node = following
        return node if self.cells[node]["weight"] < 0 else -1

    def nodes(self, words: Sequence[str]) -> npt.NDArray[np.int32]:
        """Return the cells of many words, as ``node`` does."""
        batch = Batch.of(words)
        nodes = np.empty(len(words), np.int32)
        _find(batch.codes, batch.bounds, self.numbers, self.cells, nodes)
        return nodes


def _numbered(codes: npt.NDArray[np.uint32]) -> npt.NDArray[np.int32]:
    """Return by code point the number of a character: 1 for the commonest, 0 for one that does not occur."""
    counts = np.bincount(codes)
    found = np.flatnonzero(counts)
    numbers = np.zeros(_CODE_POINTS, np.int32)
    numbers[found[np.argsort(-counts[found], kind="stable")]] = np.arange(1, len(found) + 1)
    return numbers


@compiled
def _lay_out(characters, bounds, weights, cells):
    """Place the nodes of sorted words depth first; return the number of cells in use.

    Free cells are a list linked both ways (``after``, ``before``; cell 0 is the root and the list's head). What waits
    to be placed lies on a stack: a node with the stretch of words that begin with it.
    """
    size = len(cells)
    after = np.arange(1, size + 1).astype(np.int32)
    before = np.arange(-1, size - 1).astype(np.int32)
    cells["check"][:] = _FREE
    stack = np.empty((len(characters) + 2, 4), np.int64)  # node, first word, word behind the last, depth
    stack[0, 0], stack[0, 1], stack[0, 2], stack[0, 3] = 0, 0, len(weights), 0
    waiting, used = 1, 0
    starts = np.zeros(_CLASSES, np.int64)
    children = np.empty((size, 2), np.int64)  # number, first word
    while waiting:
        waiting -= 1
        node, low, high, depth = stack[waiting, 0], stack[waiting, 1], stack[waiting, 2], stack[waiting, 3]
        if low < high and bounds[low + 1] - bounds[low] == depth:
            cells[node]["weight"] = weights[low]
            low += 1
        count = _children(characters, bounds, low, high, depth, children)
        if not count:
            continue
        base = _place(children, count, cells, after, starts)
        cells[node]["base"] = base
        for place in range(count):
            cell = base + children[place, 0]
            cells[cell]["check"] = node
            after[before[cell]] = after[cell]
            if after[cell] < size:
                before[after[cell]] = before[cell]
            end = children[place + 1, 1] if place + 1 < count else high
            stack[waiting, 0], stack[waiting, 1] = cell, children[place, 1]
            stack[waiting, 2], stack[waiting, 3] = end, depth + 1
            waiting += 1
            used = max(used, cell)
    return used + 1


@compiled
def _children(characters, bounds, low, high, depth, children):
    """Note the numbers of the characters that follow and the first word with each; return how many there are."""
    count, last = 0, 0
    for word in range(low, high):
        number = characters[bounds[word] + depth]
        if number != last:
            children[count, 0], children[count, 1] = number, word
            count += 1
            last = number
    return count


@compiled
def _place(children, count, cells, after, starts):
    """Return a base at which every child finds its cell free.

    The first free cells are full of holes that nothing large fits into: where a node with as many children found its
    place, the search for the next one goes on. Cells taken since then still lead to the next ones.
    """
    kind = min(count, _CLASSES - 1)
    lead = children[0, 0]
    free = np.int64(after[starts[kind] if count > 1 else 0])
    while True:
        base = free - lead
        if base >= 0 and cells[free]["check"] == _FREE:
            place = 1
            while place < count and cells[base + children[place, 0]]["check"] == _FREE:
                place += 1
            if place == count:
                if count > 1:
                    starts[kind] = free
                return base
        free = after[free]


@compiled
def _find(codes, bounds, numbers, cells, nodes):
    """Write the cell in which each word ends, -1 for what is no word."""
    for word in range(len(nodes)):
        node = 0
        for place in range(bounds[word], bounds[word + 1]):
            number = numbers[codes[place]]
            following = cells[node]["base"] + number
            if number == 0 or cells[following]["check"] != node:
                node = 0
                break
            node = following
        nodes[word] = node if cells[node]["weight"] < 0.0 else -1
