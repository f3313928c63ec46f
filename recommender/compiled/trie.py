"""A double-array trie: all words and their beginnings in two integer arrays, one step per character.

    cell     0     1     2     3    ...          base[s] + code(c) = t  is the cell behind character c,
    base     1     7     0     12                and it is a step of s only if check[t] = s.
    check   -1     0     0     1                 One addition and one comparison a character, no hashing.

Characters are first numbered by how many words hold them (``codes``), so that frequent ones lie close together and
the arrays stay dense. Source: Aoe, "An efficient digital search algorithm by using a double-array structure", 1989.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit

Ints = npt.NDArray[np.int32]

ROOT = 0
_FREE = -1
_SPARE = 1.3
"""Cells for each node at the start; the arrays grow when they fill up."""
_CLASSES = 32
"""Nodes are classed by how many children they have; a class goes on looking where its last node was placed."""
_PLANES = 0x110000
"""Code points of Unicode."""


@dataclass(frozen=True, slots=True)
class Trie:
    """``codes[code point]`` is the character's number, 0 for one that no word holds.

    ``node[i]`` is the cell of the i-th word, in the order in which they were given; an array of that length by cell
    holds whatever is to be known of words.
    """

    codes: Ints
    base: Ints
    check: Ints
    node: Ints

    @classmethod
    def build(cls, words: Sequence[str]) -> Trie:
        """Lay out the trie of these words (no empty one, none twice); half a million take about a second."""
        lengths = np.fromiter(map(len, words), np.int64, len(words))
        points = np.frombuffer("".join(words).encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.int64)
        codes = _number(points)
        order = sorted(range(len(words)), key=words.__getitem__)
        starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
        base, check, node = _lay_out(codes[points], starts, lengths, np.array(order, np.int64), int(codes.max()) + 1)
        return cls(codes, base, check, node)

    def find(self, word: str) -> int:
        """Return the cell behind the last character, or -1 where no word begins so. The plain way, for tests."""
        cell = ROOT
        for char in word:
            code = int(self.codes[ord(char)])
            step = int(self.base[cell]) + code
            if not code or step >= len(self.check) or self.check[step] != cell:
                return -1
            cell = step
        return cell


def _number(points: npt.NDArray[np.int64]) -> Ints:
    """Number the characters from 1 on, the most frequent first."""
    seen = np.bincount(points, minlength=_PLANES)
    present = np.flatnonzero(seen)
    codes = np.zeros(_PLANES, np.int32)
    codes[present[np.argsort(-seen[present], kind="stable")]] = np.arange(1, len(present) + 1, dtype=np.int32)
    return codes


@njit(cache=True, nogil=True)
def _lay_out(letters, starts, lengths, order, alphabet):
    """Place node after node, depth first over the sorted words; a node is the range of words that share a beginning.

    Free cells are a doubly linked list (``after``, ``before``), so that placing a node's children skips what is taken.
    """
    size = int(len(letters) * _SPARE) + 2 * alphabet + 16
    after, before = _links(0, size)
    cells = (np.zeros(size, np.int32), np.full(size, _FREE, np.int32), after, before)
    head = np.int64(ROOT + 1)  # the first free cell
    cells[1][ROOT] = ROOT
    node = np.full(len(order), -1, np.int32)
    stack = np.empty((1024, 4), np.int64)  # low, high, depth, cell
    stack[0] = (0, len(order), 0, ROOT)
    height = 1
    children = np.empty(alphabet + 1, np.int64)
    limits = np.empty(alphabet + 2, np.int64)
    resume = np.zeros(_CLASSES, np.int64)
    while height:
        height -= 1
        low, high, depth, cell = stack[height]
        while low < high and lengths[order[low]] == depth:
            node[order[low]] = cell
            low += 1
        count = _children(letters, starts, order, low, high, depth, children, limits)
        if not count:
            continue
        start, head, cells = _place(cells, head, children, count, alphabet, resume)
        cells[0][cell] = start
        if height + count > len(stack):
            stack = np.concatenate((stack, np.empty((len(stack) + count, 4), np.int64)))
        for index in range(count):
            cells[1][start + children[index]] = cell
            stack[height] = (limits[index], limits[index + 1], depth + 1, start + children[index])
            height += 1
    last = len(cells[1])
    while cells[1][last - 1] == _FREE:
        last -= 1
    return cells[0][:last].copy(), cells[1][:last].copy(), node


@njit(cache=True, nogil=True)
def _links(low, high):
    """Return the list of free cells from ``low`` to ``high``: the next one and the one before."""
    return np.arange(low + 1, high + 1).astype(np.int32), np.arange(low - 1, high - 1).astype(np.int32)


@njit(cache=True, nogil=True)
def _children(letters, starts, order, low, high, depth, children, limits):
    """Write down the characters that follow a beginning, and where the words of each begin; return how many."""
    count = 0
    place = low
    while place < high:
        letter = letters[starts[order[place]] + depth]
        children[count], limits[count] = letter, place
        count += 1
        while place < high and letters[starts[order[place]] + depth] == letter:
            place += 1
    limits[count] = high
    return count


@njit(cache=True, nogil=True)
def _place(cells, head, children, count, alphabet, resume):
    """Find room for a node's children and take it; return where it begins, the first free cell, and the arrays."""
    base, check, after, before = cells
    smallest = children[:count].min()
    size_class = min(count, _CLASSES - 1)
    free = np.int64(head if count == 1 else max(head, resume[size_class]))
    while free < len(check) and check[free] != _FREE:
        free += 1
    while True:
        if free + alphabet + 1 >= len(check):
            old = len(check)
            next_links, last_links = _links(old, 2 * old)
            base = np.concatenate((base, np.zeros(old, np.int32)))
            check = np.concatenate((check, np.full(old, _FREE, np.int32)))
            after, before = np.concatenate((after, next_links)), np.concatenate((before, last_links))
        start = free - smallest
        fits = start > 0
        index = 0
        while fits and index < count:
            fits = check[start + children[index]] == _FREE
            index += 1
        if fits:
            break
        free = np.int64(after[free])
    resume[size_class] = free
    for index in range(count):
        taken = start + children[index]
        check[taken] = ROOT  # taken; the caller says by whom
        follower, leader = after[taken], before[taken]
        if taken == head:
            head = np.int64(follower)
        elif leader >= 0:
            after[leader] = follower
        if follower < len(before):
            before[follower] = leader
    return start, head, (base, check, after, before)
