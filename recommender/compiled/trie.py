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


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _lay_out(letters, starts, lengths, order, alphabet):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Place node after node, depth first over the sorted words; a node is the range of words that share a beginning.

    Free cells are a doubly linked list (``after``, ``before``), so that placing a node's children skips what is taken.
    """
    size = int(len(letters) * _SPARE) + 2 * alphabet + 16
    base = np.zeros(size, np.int32)
    check = np.full(size, _FREE, np.int32)
    after = np.arange(1, size + 1).astype(np.int32)
    before = np.arange(-1, size - 1).astype(np.int32)
    node = np.full(len(order), -1, np.int32)
    head = after[ROOT]  # the first free cell; the root is taken
    before[head] = -1
    check[ROOT] = -2
    capacity = 1024
    stack = np.empty((capacity, 4), np.int64)  # low, high, depth, cell
    stack[0] = (0, len(order), 0, ROOT)
    height = 1
    children = np.empty(alphabet + 1, np.int64)
    bounds = np.empty(alphabet + 2, np.int64)
    resume = np.zeros(_CLASSES, np.int64)
    while height:
        height -= 1
        low, high, depth, cell = stack[height]
        while low < high and lengths[order[low]] == depth:
            node[order[low]] = cell
            low += 1
        count = 0
        place = low
        smallest = np.int64(alphabet)
        while place < high:
            letter = letters[starts[order[place]] + depth]
            children[count] = letter
            bounds[count] = place
            smallest = min(smallest, letter)
            count += 1
            place += 1
            while place < high and letters[starts[order[place]] + depth] == letter:
                place += 1
        bounds[count] = high
        if not count:
            continue
        size_class = min(count, _CLASSES - 1)
        free = head if count == 1 else max(head, resume[size_class])
        while free < len(check) and check[free] != _FREE:
            free += 1
        while True:
            if free + alphabet + 1 >= len(check):
                old = len(check)
                base = np.concatenate((base, np.zeros(old, np.int32)))
                check = np.concatenate((check, np.full(old, _FREE, np.int32)))
                after = np.concatenate((after, np.arange(old + 1, 2 * old + 1).astype(np.int32)))
                before = np.concatenate((before, np.arange(old - 1, 2 * old - 1).astype(np.int32)))
            start = free - smallest
            fits = start > 0
            index = 0
            while fits and index < count:
                fits = check[start + children[index]] == _FREE
                index += 1
            if fits:
                break
            free = after[free]
        base[cell] = start
        resume[size_class] = free
        if height + count > capacity:
            grown = np.empty((2 * capacity + count, 4), np.int64)
            grown[:height] = stack[:height]
            stack, capacity = grown, 2 * capacity + count
        for index in range(count):
            taken = start + children[index]
            check[taken] = cell
            follower, leader = after[taken], before[taken]
            if leader < 0:
                head = follower
            else:
                after[leader] = follower
            if follower < len(before):
                before[follower] = leader
            stack[height] = (bounds[index], bounds[index + 1], depth + 1, taken)
            height += 1
    last = len(check)
    while check[last - 1] == _FREE:
        last -= 1
    return base[:last].copy(), check[:last].copy(), node
