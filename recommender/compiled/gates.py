"""The gates of the rules at a batch of texts: which patterns may match, which surely do. See ``recommender.gates``.

Every run of one to three characters that a pattern wants is a word of a trie. A text marks the sets that its runs are
in, then every demand looks whether its sets are marked::

    text  哪里有卖G     runs      哪里 ─► set 4       demands   set 4 & set 9 ─► pattern 17 may match
                                  卖   ─► set 9                 set 5         ─► pattern 23 does
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recommender.compiled.batch import Batch
from recommender.compiled.jit import compiled
from recommender.compiled.trie import Trie
from recommender.gates import Gate, Look
from recommender.necessities import LONGEST, Strings

_WORD = 64
"""Patterns whose bits are one number."""
_SETS = 3
"""Sets that a demand has room for, as many as an alternative has."""
_NO_SET = 0
"""The set that every text marks."""


@dataclass(frozen=True, slots=True)
class Looker:
    """A gate laid out for compiled code.

    The words of ``trie`` are the strings; by the number of a string ``bounds`` says which stretch of ``sets`` are the
    sets that it is in. A row of ``demands`` is a pattern, 1 where it then surely matches, and the sets that must be
    marked. ``patterns`` is how many there are.
    """

    trie: Trie
    bounds: npt.NDArray[np.int32]
    sets: npt.NDArray[np.int32]
    demands: npt.NDArray[np.int32]
    patterns: int

    @classmethod
    def of(cls, gate: Gate) -> Looker:
        """Lay a gate out."""
        numbers: dict[Strings, int] = {}
        demands = []
        for pattern, alternatives in enumerate(gate.wanted):
            single = frozenset().union(*(one[0] for one in alternatives if len(one) == 1))
            wanted = [one for one in alternatives if len(one) != 1]
            for sets in [*wanted, *([(single,)] if single else [])]:
                chosen = [numbers.setdefault(strings, len(numbers) + 1) for strings in sets[:_SETS]]
                demands.append((pattern, 0, *chosen, *[_NO_SET] * (_SETS - len(chosen))))
        for pattern, strings in enumerate(gate.enough):
            if strings:
                chosen = [numbers.setdefault(strings, len(numbers) + 1)]
                demands.append((pattern, 1, *chosen, *[_NO_SET] * (_SETS - 1)))
        of_string: dict[str, list[int]] = {}
        for strings, number in numbers.items():
            for string in strings:
                of_string.setdefault(string, []).append(number)
        words = sorted(of_string)
        sizes = [len(of_string[word]) for word in words]
        return cls(
            Trie.of(words, -np.arange(1.0, len(words) + 1)),
            np.cumsum([0, *sizes], dtype=np.int32),
            np.array([number for word in words for number in of_string[word]], np.int32),
            np.array(demands, np.int32),
            len(gate.wanted),
        )

    def looks(self, texts: Sequence[str]) -> list[Look]:
        """Return what can be told of each text."""
        batch = Batch.of(texts)
        width = -(-self.patterns // _WORD)
        looks = np.zeros((len(texts), 2, width), np.uint64)
        marks = np.zeros(int(self.sets.max(initial=0)) + 1, np.int32)
        _look_into(
            *(self.trie.numbers[batch.codes], batch.bounds, self.trie.cells),
            *(self.bounds, self.sets, self.demands, marks, looks),
        )
        data, size = looks.tobytes(), width * _WORD // 8
        bits = [int.from_bytes(data[start : start + size], "little") for start in range(0, len(data), size)]
        return list(map(Look, bits[::2], bits[1::2]))


@compiled
def _look_into(letters, text_bounds, cells, bounds, sets, demands, marks, looks):
    """Write into ``looks`` by text the bits of what may match, and of what does; ``marks`` is scratch."""
    for text in range(len(text_bounds) - 1):
        mark = text + 1
        marks[_NO_SET] = mark
        end = text_bounds[text + 1]
        for start in range(text_bounds[text], end):
            node = 0
            for place in range(start, min(start + LONGEST, end)):
                following = cells[node]["base"] + letters[place]
                if letters[place] == 0 or cells[following]["check"] != node:
                    break
                node = following
                if cells[node]["weight"] < 0.0:
                    string = np.int64(-cells[node]["weight"]) - 1
                    for one in range(bounds[string], bounds[string + 1]):
                        marks[sets[one]] = mark
        for row in range(len(demands)):
            if marks[demands[row, 2]] == mark and marks[demands[row, 3]] == mark and marks[demands[row, 4]] == mark:
                pattern = demands[row, 0]
                looks[text, demands[row, 1], pattern // _WORD] |= np.uint64(1) << np.uint64(pattern % _WORD)
