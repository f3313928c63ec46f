"""From raw texts to queries in one compiled call: uniform → cut → glance → the terms of what is wanted.

::

    raw text   Ａ２奶粉，有吗？          folds      by code point what it becomes on the quick way (``core.text``)
    uniform    a2奶粉,有吗?             long way   texts with a character that has no fold: the ``Normaliser`` takes them
    tokens     a2 奶粉 , 有 吗 ?        glance     how likely a need, and what it could be (``screening``)
    query      terms of a2 and 奶粉      wanted     by word the rows of its terms, found once when the path is built

The rows of a query are the index's own: what it makes of a word's terms (number, weight) is asked once for each word of
the lexicon. So a query is put together by copying, and goes to the index's search as it is. This path decides by the
screen alone; the bot reads what the screen lets through (``recommender.needs``) and is right more often.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.text import Normaliser
from recommender.compiled.batch import Batch
from recommender.compiled.cutting import NO_WORD, STEP, Cutter, cut_into
from recommender.compiled.jit import compiled
from recommender.compiled.screening import GLANCE, Screener, glance_into
from recommender.lexicon import Lexicon, WordKind
from recommender.masking import GLUED_VERBS
from recommender.screening import Screen

Rows = npt.NDArray[np.int64]
"""A query: (number of the term, its weight) in each row, as the index's search takes it."""
LONG_WAY = -1
"""Instead of signs: the text has to be made uniform by the ``Normaliser`` first."""
MOST_ROWS = 64
"""Rows of one query; what a member names beyond that is a list, not a need."""
_WANTED = frozenset({WordKind.GOODS, WordKind.ATTRIBUTE, WordKind.BRAND})
_SPACE, _POINT = ord(" "), ord(".")


@dataclass(frozen=True, slots=True)
class Wanted:
    """The rows of each wanted word: those of word w are ``rows[bounds[p]:bounds[p + 1]]`` with p = ``places[w]``.

    ``places`` is -1 for a word that names nothing wanted.
    """

    places: npt.NDArray[np.int32]
    bounds: npt.NDArray[np.int32]
    rows: Rows

    @classmethod
    def of(cls, lexicon: Lexicon, cutter: Cutter, rows_of: Callable[[str], Rows]) -> Wanted:
        """Ask for the rows of every word for goods, attributes and brands, by its kept form."""
        places = np.full(len(cutter.trie.cells), NO_WORD, np.int32)
        kept: dict[str, int] = {}
        rows: list[Rows] = []
        for text in lexicon:
            word = lexicon.get(text)
            if word is None or word.kind not in _WANTED:
                continue
            if word.canonical not in kept:
                kept[word.canonical] = len(rows)
                rows.append(rows_of(word.canonical))
            for form in (text, *(verb + text for verb in GLUED_VERBS if word.kind is WordKind.GOODS)):
                node = cutter.number(form)
                if node != NO_WORD and (form == text or lexicon.get(form) is None):
                    places[node] = kept[word.canonical]
        bounds = np.zeros(len(rows) + 1, np.int32)
        np.cumsum([len(one) for one in rows], out=bounds[1:])
        return cls(places, bounds, np.concatenate([np.empty((0, 2), np.int64), *rows]))


@dataclass(frozen=True, slots=True)
class Workspace:
    """Room for the results of a call: for ``texts`` texts with ``characters`` characters in all. One for each thread."""

    codes: npt.NDArray[np.uint32]
    route: npt.NDArray[np.void]
    ends: npt.NDArray[np.int32]
    words: npt.NDArray[np.int32]
    bounds: npt.NDArray[np.int64]
    seen: npt.NDArray[np.void]
    queries: Rows
    query_bounds: npt.NDArray[np.int64]

    @classmethod
    def of(cls, texts: int, characters: int) -> Workspace:
        """Make room."""
        return cls(
            np.empty(characters, np.uint32),
            np.empty(characters + 1, STEP),
            np.empty(characters, np.int32),
            np.empty(characters, np.int32),
            np.zeros(texts + 1, np.int64),
            np.empty(texts, GLANCE),
            np.empty((texts * MOST_ROWS, 2), np.int64),
            np.zeros(texts + 1, np.int64),
        )


@dataclass(frozen=True, slots=True)
class Walk:
    """What became of a batch: what was seen of each text, and the query of text i, ``rows[bounds[i]:bounds[i + 1]]``."""

    seen: npt.NDArray[np.void]
    rows: Rows
    bounds: npt.NDArray[np.int64]

    def queries(self) -> Iterator[tuple[int, Rows]]:
        """Yield place and query of each text that is a need for something known."""
        for place in np.flatnonzero(np.diff(self.bounds)).tolist():
            yield place, self.rows[self.bounds[place] : self.bounds[place + 1]]


class Path:
    """The compiled path with one dictionary, one screen and one index."""

    def __init__(self, normaliser: Normaliser, cutter: Cutter, lexicon: Lexicon, screen: Screen, wanted: Wanted) -> None:
        self._normaliser = normaliser
        self._folds = np.array(normaliser.folds(), np.uint32)
        self._cutter = cutter
        self._screener = Screener.of(screen, lexicon, cutter)
        self._wanted = wanted
        self._need = screen.need

    def walk(self, raws: Sequence[str], room: Workspace | None = None) -> Walk:
        """Take raw texts to their queries. ``room`` must be large enough; its content is the result's until reused."""
        batch = Batch.of(raws)
        room = room or Workspace.of(len(batch), len(batch.codes))
        self._run(batch, room, folding=True)
        seen = room.seen[: len(batch)]
        long = np.flatnonzero(seen["signs"] == LONG_WAY).tolist()
        if not long:
            return Walk(seen, room.queries, room.query_bounds)
        return self._merged(raws, Walk(seen, room.queries, room.query_bounds), long)

    def _run(self, batch: Batch, room: Workspace, *, folding: bool) -> None:
        trie, screener, wanted = self._cutter.trie, self._screener, self._wanted
        path_into(
            *(batch.codes, batch.bounds, folding, self._folds, trie.numbers, trie.cells, self._cutter.unknown),
            *(screener.letters, screener.symbols, screener.cells, screener.table, self._need),
            *(wanted.places, wanted.bounds, wanted.rows, room.codes, room.route, room.ends, room.words, room.bounds),
            *(room.seen, room.queries, room.query_bounds),
        )

    def _merged(self, raws: Sequence[str], quick: Walk, long: Sequence[int]) -> Walk:
        """Take some texts the long way and put what became of them in its place."""
        batch = Batch.of([self._normaliser(raws[place]).text for place in long])
        room = Workspace.of(len(batch), len(batch.codes))
        self._run(batch, room, folding=False)
        seen = quick.seen.copy()
        seen[np.array(long)] = room.seen
        parts = [quick.rows[quick.bounds[place] : quick.bounds[place + 1]] for place in range(len(raws))]
        for number, place in enumerate(long):
            parts[place] = room.queries[room.query_bounds[number] : room.query_bounds[number + 1]]
        bounds = np.zeros(len(raws) + 1, np.int64)
        np.cumsum([len(part) for part in parts], out=bounds[1:])
        return Walk(seen, np.concatenate(parts), bounds)


@compiled
def path_into(
    raw,
    raw_bounds,
    folding,
    folds,
    numbers,
    cells,
    unknown,
    letters,
    symbols,
    runs,
    table,
    need,
    places,
    word_bounds,
    word_rows,
    codes,
    route,
    ends,
    words,
    bounds,
    seen,
    queries,
    query_bounds,
):
    """Write what is seen of each text and its query; a text that has to go the long way is seen as ``LONG_WAY``."""
    for text in range(len(raw_bounds) - 1):
        quick = _fold(raw, raw_bounds[text], raw_bounds[text + 1], folds, codes, folding)
        query_bounds[text + 1] = 0 if quick else LONG_WAY
    cut_into(codes, raw_bounds, numbers, cells, unknown, route, ends, words, bounds)
    glance_into(codes, raw_bounds, ends, words, bounds, letters, symbols, runs, table, seen)
    count = 0
    for text in range(len(raw_bounds) - 1):
        if query_bounds[text + 1] == LONG_WAY:
            seen[text]["signs"] = LONG_WAY
            seen[text]["certainty"] = 0.0
        elif seen[text]["certainty"] >= need:
            count = _ask(words, bounds[text], bounds[text + 1], places, word_bounds, word_rows, queries, count)
        query_bounds[text + 1] = count


@compiled
def _fold(raw, start, end, folds, codes, folding):
    """Make a text uniform character by character; tell whether that was enough.

    As the gate of ``core.text`` has it: a space stands between two other characters, a point before a digit.
    """
    if not folding:
        codes[start:end] = raw[start:end]
        return True
    before = _SPACE
    quick = True
    for place in range(start, end):
        code = np.uint32(0) if raw[place] >= len(folds) else folds[raw[place]]
        codes[place] = code
        apart = code == _SPACE or code == _POINT
        if code == 0 or (apart and (before == _SPACE or before == _POINT)):
            quick = False
        if before == _POINT and not 48 <= code <= 57:
            quick = False
        before = np.int64(code)
    return quick and (start == end or (before != _SPACE and before != _POINT))


@compiled
def _ask(words, first, last, places, word_bounds, word_rows, queries, count):
    """Write the rows of the wanted words of a text behind ``count``, each term once; return the count now."""
    begin = count
    for token in range(first, last):
        place = places[words[token]] if words[token] != NO_WORD else NO_WORD
        if place == NO_WORD:
            continue
        for row in range(word_bounds[place], word_bounds[place + 1]):
            known = begin
            while known < count and queries[known, 0] != word_rows[row, 0]:
                known += 1
            if known < count:
                queries[known, 1] = max(queries[known, 1], word_rows[row, 1])
            elif count - begin < MOST_ROWS:
                queries[count, 0], queries[count, 1] = word_rows[row, 0], word_rows[row, 1]
                count += 1
    return count
