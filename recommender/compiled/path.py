"""From raw texts to the best documents in one compiled call: uniform → cut → glance → what is wanted → search.

::

    raw text   Ａ２奶粉，有吗？       folds     by code point what it becomes on the quick way (``core.text``);
    uniform    a2奶粉,有吗?                    texts with a character that has none go the ``Normaliser``'s long way
    tokens     a2 奶粉 , 有 吗 ?     glance    how likely a need, and what it could be (``screening``)
    query      terms of a2 and 奶粉   wanted    by word the rows of its terms, found once when the path is built
    found      the best 3             search    in the postings that the rows belong to, of what is allowed

The rows of a query are the index's own: what it makes of a word's terms (number, weight) is asked once for each word of
the lexicon. So a query is put together by copying, and goes to the index's search as it is. This path decides by the
screen alone; the bot reads what the screen lets through (``recommender.needs``) and is right more often.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from core.quick_signs import QuickSigns
from core.text import Normaliser
from recommender.bits import Bits
from recommender.compiled.cutting import STEP, Cutter, cut_into
from recommender.compiled.folding import LONG_WAY, folded
from recommender.compiled.jit import compiled
from recommender.compiled.lent import lent
from recommender.compiled.lists import LIST_COLUMNS, touch
from recommender.compiled.packed import packed, part
from recommender.compiled.postings import Postings
from recommender.compiled.screening import GLANCE, ROW, RUN, SYMBOL, Screener, glance_into
from recommender.compiled.search import WINDOW, search
from recommender.compiled.stepping import DOCUMENT
from recommender.compiled.trie import CELL
from recommender.compiled.wanted import Rows, Wanted, ask
from recommender.compiled.workspace import (
    ANSWERED,
    BEST,
    BOUNDS,
    CODES,
    COUNT,
    ENDS,
    FOLDING,
    FOUND,
    LIMIT,
    LISTS,
    QUERIES,
    QUERY_BOUNDS,
    ROUTE,
    SEEN,
    SETTINGS,
    SUMS,
    TEXT,
    TEXT_BOUNDS,
    WORDS,
    Workspace,
)
from recommender.lexicon import Lexicon
from recommender.screening import Screen, Sign

_FOLDS, _NUMBERS, _CELLS, _LETTERS, _SYMBOLS, _RUNS, _TABLE, _PLACES, _WORD_BOUNDS, _WORD_ROWS, _FIGURES = range(11)
"""Parts of the tables."""
_UNKNOWN, _NEED = range(2)
"""Places of the figures."""
_GOODS = int(Sign.GOODS)
_ENCODING = "utf-32-le"
_END, _NO_END = "\0", "\1"
"""Ends a text where several stand side by side, and what takes its place inside a text: both mean nothing."""
_END_CODE = ord(_END)


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

    def copy(self) -> Walk:
        """Return the same apart from any workspace."""
        return Walk(self.seen.copy(), self.rows[: self.bounds[-1]].copy(), self.bounds.copy())

    def merged(self, other: Walk, places: Sequence[int]) -> Walk:
        """Return this with what became of some texts in another walk in its place."""
        seen = self.seen.copy()
        seen[list(places)] = other.seen
        parts = [self.rows[begin:end] for begin, end in pairwise(self.bounds.tolist())]
        for place, (begin, end) in zip(places, pairwise(other.bounds.tolist()), strict=True):
            parts[place] = other.rows[begin:end]
        bounds = np.fromiter(accumulate(map(len, parts), initial=0), np.int64, len(parts) + 1)
        return Walk(seen, np.concatenate(parts), bounds)


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
        self._quick_signs = QuickSigns(folds)
        self._tables = packed(
            [
                *(np.array(folds, np.uint32), cutter.trie.numbers, cutter.trie.cells),
                *(screener.letters, screener.symbols, screener.cells, screener.table),
                *(wanted.places, wanted.bounds, wanted.rows, np.array([cutter.unknown, need])),
            ]
        )

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

    def answer(self, raws: Sequence[str], postings: Postings, allowed: Bits, room: Workspace) -> list[list[int] | None]:
        """Return for each text the best allowed documents, best first; None for one without a need.

        A document is its place in what the index was given; ties go to the lower number in the index. ``room`` says how
        many are found and is the caller's for as long as it likes.
        """
        index = _index_of(postings, allowed)
        needs, long = answer_into(self._laid_out(raws, room), len(raws), room.memory, self._tables, *index)
        answers: list[list[int] | None] = [None] * len(raws)
        if needs:
            for row in room.answered[:needs].tolist():
                answers[row[TEXT]] = row[BEST : BEST + row[COUNT]]
        if long:
            places = _long_ones(room, len(raws))
            with room.unfolded():
                codes = _side_by_side([self._uniform(raws[place]) for place in places], room)
                needs, _ = answer_into(codes, len(places), room.memory, self._tables, *index)
            for row in room.answered[:needs].tolist():
                answers[places[row[TEXT]]] = row[BEST : BEST + row[COUNT]]
        return answers

    def answer_one(self, raw: str, postings: Postings, allowed: Bits, room: Workspace) -> list[int] | None:
        """Return the answer to one text, with less around it than a batch of one has."""
        codes = (self._quick_signs(raw) if "[" in raw or "@" in raw else raw).encode(_ENCODING, "surrogatepass")
        if len(codes) > room.bytes:
            room.fit(1, len(codes) >> 2)
        needs, long = answer_into(codes, 1, room.memory, self._tables, *_index_of(postings, allowed))
        if long:
            return self.answer([raw], postings, allowed, room)[0]
        if not needs:
            return None
        row = room.first.tolist()
        return row[BEST : BEST + row[COUNT]]

    def walk(self, raws: Sequence[str], room: Workspace) -> Walk:
        """Take raw texts to their queries; what is returned lies in ``room`` until the next call with it."""
        long = walk_into(self._laid_out(raws, room), len(raws), room.memory, self._tables)
        if not long:
            return _walked(room, len(raws))
        places = _long_ones(room, len(raws))
        quick = _walked(room, len(raws)).copy()
        with room.unfolded():
            codes = _side_by_side([self._uniform(raws[place]) for place in places], room)
            walk_into(codes, len(places), room.memory, self._tables)
        return quick.merged(_walked(room, len(places)), places)

    def _laid_out(self, raws: Sequence[str], room: Workspace) -> bytes:
        """Return the code points of raw texts; where there are faces and mentions, without them."""
        return _encoded(self._quick_signs.each(_joined(raws), _END), len(raws), room)


def _index_of(postings: Postings, allowed: Bits) -> tuple[npt.NDArray[Any], ...]:
    """Return what ``answer_into`` searches in."""
    return postings.terms, postings.documents, postings.rows, postings.gains, postings.order, allowed


def _side_by_side(texts: Sequence[str], room: Workspace) -> bytes:
    """Return the code points of texts, with ``_END`` between them."""
    return _encoded(_joined(texts), len(texts), room)


def _joined(texts: Sequence[str]) -> str:
    """Return texts with ``_END`` between them and nowhere else."""
    joined = _END.join(texts)
    if joined.count(_END) >= max(len(texts), 1):
        return _END.join([text.replace(_END, _NO_END) for text in texts])
    return joined


def _encoded(joined: str, count: int, room: Workspace) -> bytes:
    codes = joined.encode(_ENCODING, "surrogatepass")
    room.fit(count, len(codes) >> 2)
    return codes


def _long_ones(room: Workspace, count: int) -> list[int]:
    """Return the places of the texts that have to go the long way."""
    return np.flatnonzero(room.seen["signs"][:count] == LONG_WAY).tolist()


def _walked(room: Workspace, count: int) -> Walk:
    return Walk(room.seen[:count], room.queries, room.query_bounds[: count + 1])


@compiled
def walk_into(raw, texts, memory, tables):
    """Write what is seen of each text and its query; a text that has to go the long way is seen as ``LONG_WAY``.

    ``raw`` are the bytes of all texts as UTF-32, each but the last ended by ``_END``. Return how many have to go the
    long way.
    """
    codes, bounds, text_bounds = part(memory, CODES).view(np.uint32), part(memory, BOUNDS), part(memory, TEXT_BOUNDS)
    ends, words = part(memory, ENDS).view(np.int32), part(memory, WORDS).view(np.int32)
    seen, query_bounds = part(memory, SEEN).view(GLANCE), part(memory, QUERY_BOUNDS)
    figures = part(tables, _FIGURES).view(np.float64)
    long = _uniform(raw, texts, memory, part(tables, _FOLDS).view(np.uint32), codes, text_bounds, query_bounds)
    cut_into(
        *(codes, text_bounds[: texts + 1], part(tables, _NUMBERS).view(np.int32), part(tables, _CELLS).view(CELL)),
        *(figures[_UNKNOWN], part(memory, ROUTE).view(STEP), ends, words, bounds),
    )
    glance_into(
        *(codes, text_bounds[: texts + 1], ends, words, bounds, part(tables, _LETTERS).view(np.uint8)),
        *(part(tables, _SYMBOLS).view(SYMBOL), part(tables, _RUNS).view(RUN), part(tables, _TABLE).view(ROW), seen),
    )
    queries, rows = part(memory, QUERIES).reshape((-1, 2)), part(tables, _WORD_ROWS).reshape((-1, 2))
    places, word_bounds = part(tables, _PLACES).view(np.int32), part(tables, _WORD_BOUNDS).view(np.int32)
    count = 0
    for text in range(texts):
        if query_bounds[text + 1] == LONG_WAY:
            seen[text]["signs"] = LONG_WAY
            seen[text]["certainty"] = 0.0
        elif seen[text]["certainty"] >= figures[_NEED] and seen[text]["signs"] & _GOODS:
            count = ask(words, bounds[text], bounds[text + 1], places, word_bounds, rows, queries, count)
        query_bounds[text + 1] = count
    return long


@compiled
def _uniform(raw, texts, memory, folds, codes, text_bounds, query_bounds):
    """Write uniform texts side by side and their bounds; mark those for the long way, return how many there are."""
    given = np.frombuffer(raw, np.uint32)
    folding, long, start = part(memory, SETTINGS)[FOLDING], 0, 0
    for text in range(texts):
        stop = start
        if text == texts - 1:
            stop = len(given)
        else:
            while given[stop] != _END_CODE:
                stop += 1
        begin = text_bounds[text]
        if folding:
            end = folded(given, start, stop, folds, codes, begin)
        else:
            end = begin + stop - start
            codes[begin:end] = given[start:stop]
        query_bounds[text + 1] = min(end, 0)
        text_bounds[text + 1] = max(end, begin)
        long += end == LONG_WAY
        start = stop + 1
    return long


@compiled
def answer_into(raw, texts, memory, tables, terms, documents, rows, gains, order, allowed):
    """Do the same, and search for each need; return how many there are, and how many texts have to go the long way."""
    long = walk_into(raw, texts, memory, tables)
    memory, order, allowed = lent(memory), lent(order), lent(allowed)
    terms, documents, rows, gains = lent(terms), lent(documents), lent(rows), lent(gains)
    queries, query_bounds = part(memory, QUERIES).reshape((-1, 2)), part(memory, QUERY_BOUNDS)
    lists = part(memory, LISTS).reshape((-1, LIST_COLUMNS))
    sums = part(memory, SUMS).view(np.int32).reshape((2, WINDOW))
    limit, needs = part(memory, SETTINGS)[LIMIT], 0
    answered = part(memory, ANSWERED).reshape((-1, BEST + limit))
    found = part(memory, FOUND).reshape((-1, 2))
    answered[0, 0] = touch(terms, documents, queries[: query_bounds[texts]])  # or it would be left out
    for text in range(texts):
        query = queries[query_bounds[text] : query_bounds[text + 1]]
        if len(query):
            count = search(terms, documents, rows, gains, query, allowed, lists, sums, found)
            answered[needs, TEXT], answered[needs, COUNT] = text, count
            for place in range(count):
                answered[needs, BEST + place] = order[found[place, DOCUMENT]]
            needs += 1
    return needs, long
