"""The glance at a batch: how likely each text is a need, and what it could be at all. See ``recommender.screening``.

The mask is never written down. Each token gives symbols, numbers of the characters that stand in any run; runs are the
words of a trie (``trie``), and with every symbol three of them grow by one::

    tokens   想买   草莓   ?              letters  by word: 草莓 is goods, so its one symbol is that of G
    symbols  ^ 想 买  G    ? $            symbols  by character; 0 for one that stands in no run
    runs at G   G · 买G · 想买G          cells    of the trie, with a weight and a place in the table
    score    Σ weights                    table    the sets of bits, then the demands: which bits make which sign

There is no branch in it: a run that does not exist leads to the last cell, which weighs nothing and leads nowhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import and_

import numpy as np
import numpy.typing as npt

from recommender.compiled.batch import Batch
from recommender.compiled.cutting import NO_WORD, Cuts, Cutter
from recommender.compiled.jit import compiled
from recommender.compiled.trie import Trie
from recommender.lexicon import Lexicon, WordKind
from recommender.masking import GLUED_VERBS, PAUSES
from recommender.screening import LENGTHS, MOST_BITS, SHORT, Screen, Sign

GLANCE = np.dtype([("certainty", np.float64), ("signs", np.int64)])
"""What is seen of one text: ``recommender.screening.Glance`` as numbers."""
RUN = np.dtype([("base", np.int32), ("check", np.int32), ("weight", np.float32), ("row", np.int32)])
"""A cell of the trie of runs; ``row`` is where its bits stand in the table, 0 for none."""
SYMBOL = np.dtype([("inside", np.uint16), ("alone", np.uint16)])
"""Of a character inside a longer token, and as a token of its own, where some are a pause."""
ROW = np.dtype([("low", np.uint64), ("high", np.uint64), ("sign", np.int64), ("figure", np.float64)])
"""A set of bits in two halves; the sign that it makes, 0 where it is no demand. ``figure`` is a list of its own."""
_KINDS = (WordKind.GOODS, WordKind.NOT_SOLD, WordKind.ATTRIBUTE, WordKind.BRAND, WordKind.WHOM)
_GLUED = len(_KINDS) + 1
"""The letter of a verb that the dictionary joins with goods (囤米): the verb's own symbol, then goods."""
_HALF = 0xFFFFFFFFFFFFFFFF
_BIAS, _SLOPE, _OFFSET, _DEMANDS, _WORDED, _SHARED, _START, _END, _SYMBOLS = range(9)
_WEIGHTS = _SYMBOLS + _GLUED + 1
"""Places of the figures; the symbols of the kinds and the weights of the lengths are several."""
_STEPS = np.array(LENGTHS, np.int64)
_GOODS, _WORDING, _NARROWING = int(Sign.GOODS), int(Sign.WORDING), int(Sign.NARROWING)


@dataclass(frozen=True, slots=True)
class Screener:
    """A screen for the words of one cutter.

    ``letters`` is by the number of a word its kind: 0 none, then the order of the lexicon's kinds, then a glued verb.
    ``table`` has first the sets of bits that runs show, then the demands, those of ``WORDING`` last, then the bits that
    all of these share (the cue's). Its figures are bias, slope, offset, where the demands begin, those of ``WORDING``
    and the shared bits, the symbols of start and end, those of the kinds, and the weights of the lengths. It is one
    array because every array costs a call a quarter of a microsecond.
    """

    letters: npt.NDArray[np.uint8]
    symbols: npt.NDArray[np.void]
    cells: npt.NDArray[np.void]
    table: npt.NDArray[np.void]

    @classmethod
    def of(cls, screen: Screen, lexicon: Lexicon, cutter: Cutter) -> Screener:
        """Lay the tables of a screen out for compiled code."""
        bits = screen.signs.bits
        runs = sorted(screen.weights.keys() | bits.keys() | set("^$,"))
        trie = Trie.of(runs, -np.arange(1.0, len(runs) + 1))
        sets = sorted({0, *bits.values()})
        rows_of = {shown: place for place, shown in enumerate(sets)}
        kinds = [trie.numbers[ord(kind.value)] for kind in _KINDS]
        worded = [shown for sign, shown in screen.signs.demands if sign is Sign.WORDING]
        demands = [(shown, int(sign)) for sign, shown in screen.signs.demands if sign is not Sign.WORDING]
        rows: list[tuple[int, int]] = [
            *((shown, 0) for shown in sets),
            *demands,
            *((shown, _WORDING) for shown in worded),
        ]
        rows.append((reduce(and_, worded, (1 << MOST_BITS) - 1), 0))
        begin = len(sets)
        figures = [
            *(screen.bias, screen.slope, screen.offset, begin, begin + len(demands), len(rows) - 1),
            *(trie.numbers[ord("^")], trie.numbers[ord("$")], 0, *kinds, kinds[0], *screen.lengths),
        ]
        return cls(
            letters_of(lexicon, cutter),
            _symbols(trie.numbers),
            _cells(trie, [(screen.weights.get(run, 0.0), rows_of[bits.get(run, 0)]) for run in runs]),
            _table(rows, figures),
        )

    def glances(self, batch: Batch, cuts: Cuts) -> npt.NDArray[np.void]:
        """Return what is seen of each text of a batch, as an array of ``GLANCE``."""
        seen = np.empty(len(batch), GLANCE)
        glance_into(
            *(batch.codes, batch.bounds, cuts.ends, cuts.words, cuts.bounds),
            *(self.letters, self.symbols, self.cells, self.table, seen),
        )
        return seen


def letters_of(lexicon: Lexicon, cutter: Cutter) -> npt.NDArray[np.uint8]:
    """Return by the number of a word what it is."""
    words = [(text, word) for text in lexicon if (word := lexicon.get(text)) is not None]
    goods = [text for text, word in words if word.kind is WordKind.GOODS]
    glued = [verb + text for verb in GLUED_VERBS for text in goods]
    letters = np.zeros(len(cutter.trie.cells) + 1, np.uint8)  # the last cell takes what is in no dictionary
    letters[cutter.trie.nodes(glued)] = _GLUED
    letters[cutter.trie.nodes([text for text, _ in words])] = [_KINDS.index(word.kind) + 1 for _, word in words]
    return letters[:-1]


def _symbols(numbers: npt.NDArray[np.int32]) -> npt.NDArray[np.void]:
    """Return the symbols of the code points up to the last that has any."""
    symbols = np.zeros(max(int(np.flatnonzero(numbers).max()), *map(ord, PAUSES)) + 1, SYMBOL)
    symbols["inside"] = numbers[: len(symbols)]
    for kind in _KINDS:
        symbols["inside"][ord(kind.value)] = 0  # letters of the mask are no characters of a text
    symbols["alone"] = symbols["inside"]
    for character in PAUSES:
        symbols["alone"][ord(character)] = numbers[ord(",")]
    return symbols


def _cells(trie: Trie, runs: Sequence[tuple[float, int]]) -> npt.NDArray[np.void]:
    """Return the cells of a trie with (weight, row) of its words, and the cell behind them that leads nowhere.

    In the trie the weight of a word is the number of its run, counted from 1, below zero.
    """
    cells = np.zeros(len(trie.cells) + 1, RUN)
    cells["base"][:-1], cells["check"][:-1] = trie.cells["base"], trie.cells["check"]
    cells["check"][-1] = NO_WORD
    ends = np.flatnonzero(trie.cells["weight"] < 0)
    for cell, place in zip(ends.tolist(), (-trie.cells["weight"][ends]).astype(int).tolist(), strict=True):
        cells["weight"][cell], cells["row"][cell] = runs[place - 1]
    return cells


def _table(rows: Sequence[tuple[int, int]], figures: Sequence[float]) -> npt.NDArray[np.void]:
    table = np.zeros(max(len(rows), len(figures)), ROW)
    for place, (bits, sign) in enumerate(rows):
        table["low"][place], table["high"][place] = _halves(bits)
        table["sign"][place] = sign
    table["figure"][: len(figures)] = figures
    return table


def _halves(bits: int) -> tuple[int, int]:
    if bits >> MOST_BITS:
        raise ValueError(f"a screen has more than {MOST_BITS} bits; the table of signs must give out fewer")
    return bits & _HALF, bits >> 64


@compiled
def glance_into(codes, text_bounds, ends, words, token_bounds, letters, symbols, cells, table, seen):
    """Write what is seen of each text into ``seen``."""
    figures = table["figure"]
    for text in range(len(text_bounds) - 1):
        first, last = token_bounds[text], token_bounds[text + 1]
        score, low, high, length = _sums(
            codes, text_bounds[text], ends, words, first, last, letters, symbols, cells, table
        )
        step = 0
        while step < len(_STEPS) - 1 and length > _STEPS[step]:
            step += 1
        score = figures[_SLOPE] * (score + figures[_WEIGHTS + step]) + figures[_OFFSET]
        seen[text]["certainty"] = 1.0 / (1.0 + np.exp(-score))
        seen[text]["signs"] = _signs(low, high, length, table)


@compiled
def _sums(codes, start, ends, words, first, last, letters, symbols, cells, table):
    """Return the score of one text, the bits that it shows (low and high half), and the length of its mask."""
    figures = table["figure"]
    nowhere = len(cells) - 1
    score, low, high, length = figures[_BIAS], np.uint64(0), np.uint64(0), 0
    one, two = _step(0, np.int64(figures[_START]), cells, nowhere), nowhere
    score += cells[one]["weight"]
    for token in range(first, last + 1):
        end, letter = start + 1, 0
        if token < last:
            end = ends[token]
            letter = letters[words[token]] if words[token] != NO_WORD else 0
        shown = 1 if 0 < letter < _GLUED else 2 if letter == _GLUED else end - start
        for place in range(shown):
            if token == last:
                symbol = np.int64(figures[_END])
            elif letter and place == shown - 1:
                symbol = np.int64(figures[_SYMBOLS + letter])
            else:
                symbol = _symbol(codes[start + place], end - start == 1, symbols)
            three = _step(two, symbol, cells, nowhere)
            two = _step(one, symbol, cells, nowhere)
            one = _step(0, symbol, cells, nowhere)
            score += cells[one]["weight"] + cells[two]["weight"] + cells[three]["weight"]
            first_row, second_row, third_row = (
                table[cells[one]["row"]],
                table[cells[two]["row"]],
                table[cells[three]["row"]],
            )
            low |= first_row["low"] | second_row["low"] | third_row["low"]
            high |= first_row["high"] | second_row["high"] | third_row["high"]
        length += shown
        start = end
    return score, low, high, length - 1


@compiled
def _step(node, symbol, cells, nowhere):
    """Return the cell of a run that is one symbol longer, the last cell when there is none."""
    cell = cells[node]["base"] + symbol
    return cell if cells[cell]["check"] == node else nowhere


@compiled
def _symbol(code, alone, symbols):
    if code >= len(symbols):
        return np.int64(0)
    return np.int64(symbols[code]["alone"] if alone else symbols[code]["inside"])


@compiled
def _signs(low, high, length, table):
    """Return the signs that bits and length make."""
    figures = table["figure"]
    worded, shared = np.int64(figures[_WORDED]), np.int64(figures[_SHARED])
    signs = 0
    for place in range(np.int64(figures[_DEMANDS]), worded):
        if _shows(low, high, table[place]):
            signs |= table[place]["sign"]
    if not signs & _GOODS and _shows(low, high, table[shared]):
        for place in range(worded, shared):
            if _shows(low, high, table[place]):
                signs |= _WORDING
                break
    if length > SHORT:
        signs &= ~_NARROWING
    return signs


@compiled
def _shows(low, high, row):
    return low & row["low"] == row["low"] and high & row["high"] == row["high"]
