"""The structures that make matching quick, each against the same work without it; what is found must be the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import numpy as np

from benchmarks import ours, world
from benchmarks.corpus import Corpus, Question, questions
from benchmarks.peers import Masks, best_of
from benchmarks.products import made, products
from benchmarks.report import Spread
from benchmarks.stream import lines
from benchmarks.turns import Turns, Work, for_a_while, in_turns, over
from benchmarks.words import jieba_cut
from recommender import bits
from recommender.compiled.jit import compiled
from recommender.compiled.postings import Postings

BATCH = 64
LIMIT = 3
_SIZE, _QUICK_SIZE = 100_000, 10_000
_SHELF, _QUICK_SHELF = 10_000, 1_000
_ASKED = 500
_SLOW_ASKED = 50
"""Questions of a way that looks at every document."""
_WHOLE = "as it is"


@dataclass(frozen=True, slots=True)
class Structure:
    """A structure that was left out: what stays the same without it, and how often as long it takes."""

    where: str
    name: str
    measure: str
    kept: str
    without: str
    cost: Spread


def structures(rounds: int, *, quick: bool) -> list[Structure]:
    """Measure every structure that can be left out or replaced."""
    return [
        *_cutting(rounds),
        *_searching(rounds, _QUICK_SIZE if quick else _SIZE),
        *_changing(rounds, _QUICK_SHELF if quick else _SHELF),
    ]


def _cutting(rounds: int) -> Iterator[Structure]:
    texts = list(islice(lines(BATCH * 32), BATCH * 32))
    batches = [texts[start : start + BATCH] for start in range(0, len(texts), BATCH)]
    expected = [jieba_cut(text) for text in texts]
    works: dict[str, Work] = {
        _WHOLE: over(ours.cut_batch, batches, pieces=BATCH),
        f"batches of {BATCH} (one text at a time)": over(lambda text: ours.cut_batch([text]), texts),
        "trie and compiled code (jieba itself)": over(jieba_cut, texts),
    }
    found = {
        _WHOLE: [words for batch in batches for words in ours.cut_to_strings(batch)],
        f"batches of {BATCH} (one text at a time)": [ours.cut_one(text) for text in texts],
        "trie and compiled code (jieba itself)": expected,
    }
    same = {name: _share(one, expected) for name, one in found.items()}
    yield from _rows("cutting", "lines cut as jieba cuts", same, in_turns(works, rounds))


def _searching(rounds: int, size: int) -> Iterator[Structure]:
    """Leave structures out of the search for the best three of 100,000 products under a filter."""
    corpus = Corpus.of(made(size))
    masks = Masks(corpus)
    asked = questions(_ASKED)
    whole, plain = ours.Compiled(corpus, masks), ours.Plain(corpus, masks)
    lists = ours.Compiled(corpus, masks, frequent=0)
    every = _EveryDocument(plain)
    anew = _FilterAnew(corpus, whole.postings)
    ready = [whole.asked(one) for one in asked]
    searches: dict[str, tuple[Callable[[Any], list[int]], Sequence[Any]]] = {
        _WHOLE: (lambda one: whole.top(one, LIMIT), ready),
        "rows of bits for frequent terms (lists only)": (
            lambda one: lists.top(one, LIMIT),
            list(map(lists.asked, asked)),
        ),
        "early stop (every posting of the query added up, compiled)": (
            every.top,
            list(map(plain.asked, asked))[:_SLOW_ASKED],
        ),
        "compiled code and early stop (numpy)": (
            lambda one: plain.top(one, LIMIT),
            list(map(plain.asked, asked))[:_SLOW_ASKED],
        ),
        "the filter kept as bits (bits of each condition joined for every query)": (
            anew.joined,
            [(query, one) for (query, _), one in zip(ready, asked, strict=True)],
        ),
        "bits for conditions (each product asked, for every query)": (
            anew.from_columns,
            [(query, one) for (query, _), one in zip(ready, asked, strict=True)][:_SLOW_ASKED],
        ),
    }
    found = {name: [top(one) for one in some] for name, (top, some) in searches.items()}
    same = {name: _share(one, found[_WHOLE]) for name, one in found.items()}
    turns = in_turns({name: over(top, some) for name, (top, some) in searches.items()}, rounds)
    yield from _rows(f"search, {size:,} products", f"same best {LIMIT}", same, turns)


def _changing(rounds: int, size: int) -> Iterator[Structure]:
    """Take a change over into the shelf, against reading the shelf anew."""
    shelf = list(products(size))
    _, recommender = world.understanding(shelf)
    turn = iter(range(1 << 40))

    def changed() -> Any:
        number = next(turn)
        product = shelf[number * 7919 % size]
        return replace(product, price=product.price + number % 100 + 1)

    def anew() -> None:
        recommender.adopt(recommender.prepare(shelf))

    works: dict[str, Work] = {
        _WHOLE: for_a_while(lambda: recommender.restock([changed()], [])),
        "changes taken over in place (shelf read anew)": for_a_while(anew),
    }
    seen = dict.fromkeys(works, "100.0%")
    yield from _rows(f"a price changes, {size:,} products", "changes seen at once", seen, in_turns(works, rounds))


def _rows(where: str, measure: str, same: dict[str, str], turns: Turns) -> Iterator[Structure]:
    first, *others = same
    for name in others:
        yield Structure(where, name, measure, same[first], same[name], turns.ratio(first, name))


def _share(found: Sequence[object], expected: Sequence[object]) -> str:
    """Return how many of what was found, which may be fewer, are as expected."""
    return f"{sum(one == other for one, other in zip(found, expected, strict=False)) / len(found):.1%}"


class _EveryDocument:
    """The plain index in machine code: every posting of every term is added up, then three times the highest sum."""

    def __init__(self, plain: ours.Plain) -> None:
        self._index = plain.index

    def top(self, asked: tuple[dict[str, float], Any]) -> list[int]:
        terms, allowed = asked
        index = self._index
        known = [(place, factor) for term, factor in terms.items() if (place := index.vocabulary.get(term)) is not None]
        places = np.array([place for place, _ in known], np.int64)
        factors = np.array([factor for _, factor in known], np.float32)
        scores = np.zeros(index.size, np.float32)
        _add_up(places, factors, index.bounds, index.documents, index.weights, scores)
        return best_of(scores, allowed, LIMIT)


@compiled
def _add_up(places, factors, bounds, documents, weights, scores):  # type: ignore[no-untyped-def]  # compiled
    for at in range(len(places)):
        for posting in range(bounds[places[at]], bounds[places[at] + 1]):
            scores[documents[posting]] += weights[posting] * factors[at]


class _FilterAnew:
    """The compiled search with its filter worked out for every query."""

    def __init__(self, corpus: Corpus, postings: Postings) -> None:
        self._corpus, self._postings, self._place = corpus, postings, postings.order.tolist()
        order = postings.order
        self._stock = bits.of_flags(corpus.in_stock[order])
        self._areas = [bits.of_flags((corpus.areas[order] >> area & 1) > 0) for area in range(8)]
        self._tops = {
            top: bits.of_flags(corpus.categories[order] == top) for top in np.unique(corpus.categories).tolist()
        }
        self._bounds = {most: bits.of_flags(corpus.prices[order] <= most * 100) for most in (20, 50, 100)}

    def joined(self, asked: tuple[Any, Question]) -> list[int]:
        """Join the bits of each condition."""
        query, question = asked
        wanted = question.filter
        assert wanted is not None
        allowed = self._stock & self._areas[wanted.area]
        if wanted.category:
            allowed &= self._tops[wanted.category]
        if wanted.most is not None:
            allowed &= self._bounds[wanted.most]
        return self._best(query, allowed)

    def from_columns(self, asked: tuple[Any, Question]) -> list[int]:
        """Ask every product whether it passes."""
        query, question = asked
        assert question.filter is not None
        return self._best(query, bits.of_flags(self._corpus.allowed(question.filter)[self._postings.order]))

    def _best(self, query: Any, allowed: bits.Bits) -> list[int]:
        return ours.places(self._postings.best(query, allowed, LIMIT), self._place)
