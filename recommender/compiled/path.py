"""From raw texts to queries in one compiled call: uniform → cut → glance → the terms of what is wanted.

::

    raw text   Ａ２奶粉，有吗？       folds     by code point what it becomes on the quick way (``core.text``);
    uniform    a2奶粉,有吗?                    texts with a character that has none go the ``Normaliser``'s long way
    tokens     a2 奶粉 , 有 吗 ?     glance    how likely a need, and what it could be (``screening``)
    query      terms of a2 and 奶粉   wanted    by word the rows of its terms, found once when the path is built

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
from recommender.screening import Screen, Sign

Rows = npt.NDArray[np.int64]
"""A query: (number of the term, its weight) in each row, as the index's search takes it."""
LONG_WAY = -1
"""Instead of signs: the text has to be made uniform by the ``Normaliser`` first."""
MOST_ROWS = 64
"""Rows of one query; what a member names beyond that is a list, not a need."""
_GOODS = int(Sign.GOODS)
_WANTED = frozenset({WordKind.GOODS, WordKind.ATTRIBUTE, WordKind.BRAND})
_SPACE, _POINT, _LINE_FEED = ord(" "), ord("."), ord("\n")
_GAPS, _APART = (_SPACE, _LINE_FEED), (_SPACE, _POINT)


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
        """Ask for the rows of every word for goods, attributes and brands, by its kept form.

        ``rows_of`` gives what the index's search takes, such as ``postings.query(reader.read(word).terms)`` with the
        ``QueryReader``: other forms of the word are in it. A term below zero is in no document and left out.
        """
        named = [(text, word) for text in lexicon if (word := lexicon.get(text)) is not None and word.kind in _WANTED]
        kept = {text: place for place, text in enumerate(dict.fromkeys(word.canonical for _, word in named))}
        rows = [found[found[:, 0] >= 0] for found in map(rows_of, kept)]
        places = np.full(len(cutter.trie.cells) + 1, NO_WORD, np.int32)  # the last cell takes what is in no dictionary
        goods = [(text, kept[word.canonical]) for text, word in named if word.kind is WordKind.GOODS]
        for verb in GLUED_VERBS:
            places[cutter.trie.nodes([verb + text for text, _ in goods])] = [place for _, place in goods]
        places[cutter.trie.nodes(list(lexicon))] = NO_WORD
        places[cutter.trie.nodes([text for text, _ in named])] = [kept[word.canonical] for _, word in named]
        bounds = np.zeros(len(rows) + 1, np.int32)
        np.cumsum([len(one) for one in rows], out=bounds[1:])
        return cls(places[:-1], bounds, np.concatenate([np.empty((0, 2), np.int64), *rows]))


@dataclass(frozen=True, slots=True)
class Workspace:
    """Room for the results of a call, for so many texts with so many characters in all. One for each thread."""

    raw_bounds: npt.NDArray[np.int64]
    codes: npt.NDArray[np.uint32]
    text_bounds: npt.NDArray[np.int64]
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
            np.zeros(texts + 1, np.int64),
            np.empty(characters, np.uint32),
            np.zeros(texts + 1, np.int64),
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
    """What became of a batch: what was seen of each text; ``rows[bounds[i]:bounds[i + 1]]`` is the query of text i."""

    seen: npt.NDArray[np.void]
    rows: Rows
    bounds: npt.NDArray[np.int64]

    def queries(self) -> Iterator[tuple[int, Rows]]:
        """Yield place and query of each text that is a need for something known."""
        for place in np.flatnonzero(np.diff(self.bounds)).tolist():
            yield place, self.rows[self.bounds[place] : self.bounds[place + 1]]


class Path:
    """The compiled path with one dictionary, one screen and one index.

    ``uniform`` makes a text uniform the long way, ``folds`` are the code points of the quick way; from ``need`` on a
    certainty makes a need of a text that names goods.
    """

    def __init__(
        self,
        uniform: Callable[[str], str],
        folds: Sequence[int],
        cutter: Cutter,
        screener: Screener,
        wanted: Wanted,
        need: float,
    ) -> None:
        self._uniform = uniform
        self._folds = np.array(folds, np.uint32)
        self._cutter = cutter
        self._screener = screener
        self._wanted = wanted
        self._need = need

    @classmethod
    def of(
        cls, normaliser: Normaliser, cutter: Cutter, lexicon: Lexicon, screen: Screen, rows_of: Callable[[str], Rows]
    ) -> Path:
        """Make the path for the words of a lexicon; ``rows_of`` is what the index makes of a word of a query."""
        return cls(
            lambda raw: normaliser(raw).text,
            normaliser.folds(),
            cutter,
            Screener.of(screen, lexicon, cutter),
            Wanted.of(lexicon, cutter, rows_of),
            screen.need,
        )

    def walk(self, raws: Sequence[str]) -> Walk:
        """Take raw texts to their queries.

        Texts with faces and mentions are sure to go the long way; what is uniform stays so on the quick way, so that
        the batch is run once for all of them.
        """
        raws = [self._uniform(raw) if "[" in raw or "@" in raw else raw for raw in raws]
        batch = Batch.of(raws)
        room = Workspace.of(len(batch), len(batch.codes))
        self._run(batch.codes, batch.bounds, room, folding=True)
        walk = Walk(room.seen, room.queries, room.query_bounds)
        long = np.flatnonzero(room.seen["signs"] == LONG_WAY).tolist()
        return self._merged(raws, walk, long) if long else walk

    def step(self, raw: str, room: Workspace) -> tuple[float, int, Rows]:
        """Take one raw text to its query in the least time; return certainty, signs and query.

        ``room`` is the caller's for as long as it likes; the query lies in it until the next call with it.
        """
        if len(raw) > len(room.codes):
            room = Workspace.of(1, len(raw))
        self._one(raw, room, folding=True)
        certainty, signs = room.seen[0].item()
        if signs == LONG_WAY:
            uniform = self._uniform(raw)
            if len(uniform) > len(room.codes):
                room = Workspace.of(1, len(uniform))
            self._one(uniform, room, folding=False)
            certainty, signs = room.seen[0].item()
        return certainty, signs, room.queries[: room.query_bounds[1]]

    def _one(self, text: str, room: Workspace, *, folding: bool) -> None:
        codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
        room.raw_bounds[1] = len(codes)
        self._run(codes, room.raw_bounds, room, folding=folding)

    def _run(
        self, codes: npt.NDArray[np.uint32], bounds: npt.NDArray[np.int64], room: Workspace, *, folding: bool
    ) -> None:
        trie, screener, wanted = self._cutter.trie, self._screener, self._wanted
        path_into(
            *(codes, bounds, folding, self._folds, trie.numbers, trie.cells, self._cutter.unknown),
            *(screener.letters, screener.symbols, screener.cells, screener.table, self._need),
            *(wanted.places, wanted.bounds, wanted.rows, room.codes, room.text_bounds),
            *(room.route, room.ends, room.words, room.bounds, room.seen, room.queries, room.query_bounds),
        )

    def _merged(self, raws: Sequence[str], quick: Walk, long: Sequence[int]) -> Walk:
        """Take some texts the long way and put what became of them in its place."""
        batch = Batch.of([self._uniform(raws[place]) for place in long])
        room = Workspace.of(len(batch), len(batch.codes))
        self._run(batch.codes, batch.bounds, room, folding=False)
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
    text_bounds,
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
        begin = text_bounds[text]
        if folding:
            end = _folded(raw, raw_bounds[text], raw_bounds[text + 1], folds, codes, begin)
        else:
            end = begin + raw_bounds[text + 1] - raw_bounds[text]
            codes[begin:end] = raw[raw_bounds[text] : raw_bounds[text + 1]]
        query_bounds[text + 1] = min(end, 0)
        text_bounds[text + 1] = max(end, begin)
    cut_into(codes, text_bounds, numbers, cells, unknown, route, ends, words, bounds)
    glance_into(codes, text_bounds, ends, words, bounds, letters, symbols, runs, table, seen)
    count = 0
    for text in range(len(raw_bounds) - 1):
        if query_bounds[text + 1] == LONG_WAY:
            seen[text]["signs"] = LONG_WAY
            seen[text]["certainty"] = 0.0
        elif seen[text]["certainty"] >= need and seen[text]["signs"] & _GOODS:
            count = _ask(words, bounds[text], bounds[text + 1], places, word_bounds, word_rows, queries, count)
        query_bounds[text + 1] = count


@compiled
def _folded(raw, start, stop, folds, codes, end):
    """Write a text made uniform behind ``end``; return the end now, ``LONG_WAY`` where that was not enough.

    As the gate of ``core.text`` has it: gaps at the ends are cut off, another space stands alone between two
    characters, a point before a digit.
    """
    while start < stop and _gap(_fold(raw[start], folds)):
        start += 1
    while start < stop and _gap(_fold(raw[stop - 1], folds)):
        stop -= 1
    before = np.uint32(_SPACE)
    for place in range(start, stop):
        code = _fold(raw[place], folds)
        if code in (0, _LINE_FEED) or (code in _APART and before in _APART):
            return LONG_WAY
        if before == _POINT and not 48 <= code <= 57:
            return LONG_WAY
        codes[end] = code
        end += 1
        before = code
    return end if before != _POINT else LONG_WAY


@compiled
def _fold(code, folds):
    return folds[code] if code < len(folds) else np.uint32(0)


@compiled
def _gap(code):
    return code in _GAPS


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
