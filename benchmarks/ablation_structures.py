"""The structures that make matching quick, each against the same work without it; what is found must be the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import count, islice

import numpy as np

from benchmarks import world
from benchmarks.corpus import PRICE_BOUNDS, Corpus, Filter, Question, questions
from benchmarks.peers import best_of
from benchmarks.products import AREAS, made, products
from benchmarks.report import Row, Spread
from benchmarks.stream import lines
from benchmarks.turns import Turns, Work, for_a_while, in_turns, over, rounded
from benchmarks.words import cutter, jieba_cut
from catalog.repository import OnSale
from recommender import bits
from recommender.compiled.batch import Batch
from recommender.compiled.collecting import Collector
from recommender.compiled.cutting import Cuts
from recommender.compiled.jit import compiled
from recommender.compiled.postings import FREQUENT, Paper, Postings
from recommender.index import TextIndex

BATCH = 64
LIMIT = 3
_SIZE, _QUICK_SIZE = 100_000, 10_000
_SHELF, _QUICK_SHELF = 10_000, 1_000
_ASKED = 100
"""Questions; their terms are looked up before the clock starts."""
_AT_ONCE = 10_000
_WHOLE = "as it is"


@dataclass(frozen=True, slots=True)
class Part:
    """A part that was left out: the measure of quality with and without it, and how often as long it takes without.

    ``difference`` has its interval; ``first`` is P@1 with and without the part.
    """

    where: str
    name: str
    measure: str
    kept: str
    without: str
    cost: Spread
    difference: str = ""
    first: str = ""

    def row(self) -> Row:
        """Return it as a line of the table."""
        return {
            "in": self.where,
            "without": self.name,
            "quality": self.measure,
            "as it is": self.kept,
            "without it": self.without,
            "difference [95 %]": self.difference,
            "P@1": self.first,
            "takes ×": rounded(self.cost.median),
            "× spread": self.cost.percent,
        }


def structures(rounds: int, *, quick: bool) -> list[Part]:
    """Measure every structure that can be left out or replaced."""
    return [
        *_cutting(rounds),
        *_searching(rounds, _QUICK_SIZE if quick else _SIZE),
        *_changing(rounds, _QUICK_SHELF if quick else _SHELF),
    ]


def _cutting(rounds: int) -> Iterator[Part]:
    texts = list(islice(lines(BATCH * 32), BATCH * 32))
    batches = [texts[start : start + BATCH] for start in range(0, len(texts), BATCH)]
    one_by_one, jieba = f"batches of {BATCH} (one text at a time)", "trie and compiled code (jieba itself)"
    expected = [jieba_cut(text) for text in texts]
    found = {
        _WHOLE: [words for batch in batches for words in _cut(batch).texts(batch)],
        one_by_one: [_cut_one(text) for text in texts],
        jieba: expected,
    }
    works: dict[str, Work] = {
        _WHOLE: over(_cut, batches, pieces=BATCH),
        one_by_one: over(lambda text: _cut([text]), texts),
        jieba: over(jieba_cut, texts),
    }
    same = {name: _share(one, expected) for name, one in found.items()}
    yield from _rows("cutting", "lines cut as jieba cuts", same, in_turns(works, rounds))


def _cut(texts: Sequence[str]) -> Cuts:
    return cutter().cut(Batch.of(texts))


def _cut_one(text: str) -> list[str]:
    return _cut([text]).texts([text])[0]


def _searching(rounds: int, size: int) -> Iterator[Part]:
    """Leave structures out of the search for the best three products under a filter."""
    corpus = Corpus.of(made(size))
    asked = questions(_ASKED)
    whole, lists = (_Search(corpus, _laid_out(corpus, frequent), asked) for frequent in (FREQUENT, 0))
    plain = _Plain(corpus, asked)
    ways: dict[str, Callable[[int], list[int]]] = {
        _WHOLE: lambda place: whole.best(place, whole.kept),
        "bits for frequent terms (lists only)": lambda place: lists.best(place, lists.kept),
        "the filter kept (its conditions joined for every query)": lambda place: whole.best(place, whole.joined),
        "bits for conditions (every product asked)": lambda place: whole.best(place, whole.anew),
        "early stop (every posting added up, compiled)": plain.in_machine_code,
        "all of it (numpy)": plain.in_numpy,
    }
    found = {name: list(map(way, range(_ASKED))) for name, way in ways.items()}
    same = {name: _share(one, found[_WHOLE]) for name, one in found.items()}
    turns = in_turns({name: over(way, range(_ASKED)) for name, way in ways.items()}, rounds)
    yield from _rows(f"search, {size:,} products", f"same best {LIMIT}", same, turns)


def _changing(rounds: int, size: int) -> Iterator[Part]:
    """Take a change over into the shelf, against reading the shelf anew."""
    shelf = list(products(size))
    _, recommender = world.understanding(shelf)
    turn = count(1)

    def changed() -> OnSale:
        number = next(turn)
        place = number * 7919 % size
        shelf[place] = replace(shelf[place], price=shelf[place].price + number % 7 + 1)
        return shelf[place]

    def in_place() -> OnSale:
        product = changed()
        recommender.restock([product], [])
        return product

    def anew() -> OnSale:
        product = changed()
        recommender.adopt(recommender.prepare(shelf))
        return product

    def shown(product: OnSale) -> str:
        item = recommender.shelf.get(product.id or 0)
        return "yes" if item is not None and item.price == product.price else "NO"

    ways = {_WHOLE: in_place, "changes taken over in place (shelf read anew)": anew}
    seen = {name: shown(way()) for name, way in ways.items()}
    turns = in_turns({name: for_a_while(way) for name, way in ways.items()}, rounds)
    yield from _rows(f"a price changes, {size:,} products", "is shown afterwards", seen, turns)


def _rows(where: str, measure: str, same: dict[str, str], turns: Turns) -> Iterator[Part]:
    first, *others = same
    for name in others:
        yield Part(where, name, measure, same[first], same[name], turns.ratio(first, name))


def _share(found: Sequence[object], expected: Sequence[object]) -> str:
    """Return how many of what was found, which may be fewer, are as expected."""
    return f"{sum(one == other for one, other in zip(found, expected, strict=False)) / len(found):.1%}"


class _Search:
    """The compiled search over one laying out, with the ways to come by the bits of a filter."""

    def __init__(self, corpus: Corpus, postings: Postings, asked: Sequence[Question]) -> None:
        self._corpus, self._postings, self._paper = corpus, postings, Paper()
        order = postings.order
        self._place = order.tolist()
        self._stock = bits.of_flags(corpus.in_stock[order])
        self._areas = [bits.of_flags((corpus.areas[order] >> area & 1) > 0) for area in range(len(AREAS))]
        self._tops = {top: bits.of_flags((corpus.categories == top)[order]) for top in set(corpus.categories.tolist())}
        self._bounds = {most: bits.of_flags((corpus.prices <= most * 100)[order]) for most in PRICE_BOUNDS}
        self._asked = [(postings.query(one.terms), one.filter) for one in asked if one.filter is not None]
        self.kept = cache(self.joined)

    def best(self, place: int, filtered: Callable[[Filter], bits.Bits]) -> list[int]:
        """Return the products found for the question at a place."""
        query, wanted = self._asked[place]
        found = self._postings.best_documents(query, filtered(wanted), LIMIT, self._paper)
        return [self._place[document] for document in found]

    def joined(self, wanted: Filter) -> bits.Bits:
        """Join the bits of each condition."""
        allowed = self._stock & self._areas[wanted.area]
        if wanted.category:
            allowed &= self._tops[wanted.category]
        if wanted.most is not None:
            allowed &= self._bounds[wanted.most]
        return allowed

    def anew(self, wanted: Filter) -> bits.Bits:
        """Ask every product whether it passes."""
        return bits.of_flags(self._corpus.allowed(wanted)[self._postings.order])


def _laid_out(corpus: Corpus, frequent: int) -> Postings:
    """Index the titles; terms that are ``frequent``, as ``Postings.of`` has it, as bits."""
    collector = Collector()
    for start in range(0, len(corpus), _AT_ONCE):
        batch = Batch.of(corpus.texts[start : start + _AT_ONCE])
        collector.add(batch, cutter().cut(batch))
    return Postings.of(collector, frequent=frequent)


class _Plain:
    """The plain index, which adds up every posting of every term, as it is and in machine code."""

    def __init__(self, corpus: Corpus, asked: Sequence[Question]) -> None:
        self._index = TextIndex.build(corpus.texts, _cut_one)
        flags = [corpus.allowed(one.filter) for one in asked if one.filter is not None]
        self._asked = [(one.terms, passed, bits.of_flags(passed)) for one, passed in zip(asked, flags, strict=True)]

    def in_numpy(self, place: int) -> list[int]:
        terms, _, allowed = self._asked[place]
        return [found for found, _ in self._index.top(terms, LIMIT, allowed)]

    def in_machine_code(self, place: int) -> list[int]:
        terms, allowed, _ = self._asked[place]
        index = self._index
        known = [
            (number, factor) for term, factor in terms.items() if (number := index.vocabulary.get(term)) is not None
        ]
        numbers = np.array([number for number, _ in known], np.int64)
        factors = np.array([factor for _, factor in known], np.float32)
        scores = np.zeros(index.size, np.float32)
        _add_up(numbers, factors, index.bounds, index.documents, index.weights, scores)
        return best_of(scores, allowed, LIMIT)


@compiled
def _add_up(numbers, factors, bounds, documents, weights, scores):  # type: ignore[no-untyped-def]  # compiled
    for at in range(len(numbers)):
        for posting in range(bounds[numbers[at]], bounds[numbers[at] + 1]):
            scores[documents[posting]] += weights[posting] * factors[at]
