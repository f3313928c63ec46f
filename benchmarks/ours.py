"""Our own ways behind the same small calls as the peers': what a table measures is named and plugged in here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np

from benchmarks import world
from benchmarks.answering import HERE, LIMIT, Answering, Shop
from benchmarks.corpus import Corpus, Question, question
from benchmarks.peers import Masks, Search
from benchmarks.products import AREAS
from benchmarks.words import cutter
from catalog.aliases import AliasTable
from catalog.repository import OnSale
from core.outcomes import Outcome
from core.text import Normaliser
from recommender import bits
from recommender.compiled.batch import Batch
from recommender.compiled.collecting import Collector
from recommender.compiled.cutting import Cuts
from recommender.compiled.path import Path, Rows, Walk, Wanted, Workspace
from recommender.compiled.postings import Postings
from recommender.compiled.search import QUERY
from recommender.index import TextIndex
from recommender.lexicon import Lexicon
from recommender.query import LONGEST_QUERY
from recommender.readings import NeedClass
from recommender.retrieval import Retrieval
from recommender.screening import packaged_screen

COMPILED = "ours, compiled"
PLAIN = "ours, plain numpy"
_AT_ONCE = 10_000
BOT = "ours, the bot as it runs"


def cut_batch(texts: list[str]) -> Cuts:
    """Cut a batch as the path uses it: where each word ends and which word it is."""
    return cutter().cut(Batch.of(texts))


def cut_to_strings(texts: list[str]) -> list[list[str]]:
    """Cut a batch into strings, as a caller in Python wants them."""
    return cutter().cut(Batch.of(texts)).texts(texts)


def cut_one(text: str) -> list[str]:
    """Cut one text into strings."""
    return cut_to_strings([text])[0]


class Plain:
    """``TextIndex``: the reference, and the way without a compiler."""

    def __init__(self, corpus: Corpus, masks: Masks) -> None:
        self._masks = masks
        self.index = TextIndex.build(corpus.texts, cut_one)

    def asked(self, question: Question) -> Any:
        mask = self._masks.of(question.filter)
        return question.terms, None if mask is None else mask > 0

    def top(self, asked: Any, limit: int) -> list[int]:
        terms, allowed = asked
        return [place for place, _ in self.index.top(terms, limit, allowed)]


class Compiled:
    """``Postings``: compiled, exact, with bits for filters and frequent terms."""

    def __init__(self, corpus: Corpus, masks: Masks) -> None:
        self._masks = masks
        self.postings = compiled_postings(corpus.texts)
        self._all = bits.every(len(corpus))
        self.place = self.postings.order.tolist()

    def asked(self, question: Question) -> Any:
        mask = self._masks.of(question.filter)
        allowed = self._all if mask is None else bits.of_flags(mask[self.postings.order] > 0)
        return self.postings.query(question.terms), allowed

    def top(self, asked: Any, limit: int) -> list[int]:
        query, allowed = asked
        place = self.place
        return [place[document] for document in self.postings.best(query, allowed, limit)["document"].tolist()]


def compiled_postings(texts: Sequence[str]) -> Postings:
    """Cut uniform texts and lay them out as postings."""
    collector = Collector()
    for start in range(0, len(texts), _AT_ONCE):
        batch = Batch.of(texts[start : start + _AT_ONCE])
        collector.add(batch, cutter().cut(batch))
    return Postings.of(collector)


def searches() -> dict[str, Callable[[Corpus, Masks], Search]]:
    """Return our compiled searches by name, the one first that the peers are set against."""
    return {COMPILED: Compiled}


class CompiledPath:
    """Text to products in compiled code: uniform, cut, glanced at, the query of what is wanted, the filtered best."""

    def __init__(self, shop: Shop) -> None:
        aliases = tuple(AliasTable.load())
        lexicon = Lexicon(aliases)
        normaliser = Normaliser({alias: word for alias, word, kind in aliases if kind == "emoji"})
        screen = packaged_screen()
        if screen is None:
            raise RuntimeError("the packaged screen cannot be used; its file is named in the log")
        search = Compiled(shop.corpus, shop.masks)
        self._postings, self._place, self._need = search.postings, search.place, screen.need
        _, self._here = search.asked(Question("", {}, HERE))
        self._everybody = bits.every(len(shop.corpus))
        wanted = Wanted.of(lexicon, cutter(), self._rows_of)
        self._path = Path(normaliser, cutter(), lexicon, screen, wanted)
        self._room = cache(lambda texts: Workspace.of(texts, texts * LONGEST_QUERY))

    def answer(self, texts: Sequence[str]) -> list[list[int] | None]:
        answers: list[list[int] | None] = [None] * len(texts)
        for place, rows in self._walk(texts).queries():
            answers[place] = self._best(rows, self._here, LIMIT)
        return answers

    def needs(self, texts: Sequence[str]) -> list[bool]:
        return [bool(self._walk([text]).seen["certainty"][0] >= self._need) for text in texts]

    def ranked(self, query: str, limit: int) -> list[int]:
        for _, rows in self._walk([f"求推荐{query}"]).queries():
            return self._best(rows, self._everybody, limit)
        return []

    def _walk(self, texts: Sequence[str]) -> Walk:
        return self._path.walk(texts, self._room(len(texts)))

    def _rows_of(self, word: str) -> Rows:
        query = self._postings.query(question(word).terms)
        return query[query["term"] >= 0].view(np.int64).reshape(-1, 2)

    def _best(self, rows: Rows, allowed: bits.Bits, limit: int) -> list[int]:
        found = self._postings.best(rows.reshape(-1).view(QUERY), allowed, limit)
        return [self._place[document] for document in found["document"].tolist()]


class TheBot:
    """What the running bot does with messages in memory: the whole reading, the ranking, the policy."""

    def __init__(self, products: Sequence[OnSale]) -> None:
        self._normaliser, self._recommender = world.understanding(products)
        self._place = {product.id: place for place, product in enumerate(products)}
        self._rooms = world.rooms(AREAS[HERE.area])
        self._said = 0
        self._retrieval: Retrieval | None = None
        self._titles = [product.title for product in products]

    def answer(self, texts: Sequence[str]) -> list[list[int] | None]:
        answers: list[list[int] | None] = []
        for text in texts:
            decision = world.decide(self._said, text, self._normaliser, self._recommender, self._rooms)
            self._said += 1
            found = [self._place[pick.item.id] for pick in decision.picks]
            answers.append(found if decision.outcome is Outcome.NEED else None)
        return answers

    def needs(self, texts: Sequence[str]) -> list[bool]:
        readings = [self._recommender.read(self._normaliser(text)) for text in texts]
        return [reading.need is not None and reading.need.need_class is not NeedClass.IMPLICIT for reading in readings]

    def ranked(self, query: str, limit: int) -> list[int]:
        if self._retrieval is None:
            self._retrieval = Retrieval(self._titles, tuple(AliasTable.load()), self._normaliser)
        return [place for place, _ in self._retrieval.search(query, limit)]


def answering() -> dict[str, Callable[[Shop], Answering]]:
    """Return our whole ways from text to products by name, the one first that the peers are set against."""
    return {COMPILED: CompiledPath, BOT: lambda shop: TheBot(shop.products)}
