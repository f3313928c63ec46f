"""Our own ways behind the same small calls as the peers': what a table measures is named and plugged in here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from benchmarks import world
from benchmarks.answering import HERE, Answering, Shop
from benchmarks.corpus import Corpus, Question
from benchmarks.peers import Masks, Search
from benchmarks.products import AREAS
from benchmarks.words import cutter
from catalog.aliases import AliasTable
from catalog.repository import OnSale
from core.outcomes import Outcome
from recommender import bits
from recommender.compiled.batch import Batch
from recommender.compiled.collecting import Collector
from recommender.compiled.cutting import Cuts
from recommender.compiled.postings import Postings
from recommender.index import TextIndex
from recommender.readings import NeedClass
from recommender.retrieval import Retrieval

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
        self._place = self.postings.order.tolist()

    def asked(self, question: Question) -> Any:
        mask = self._masks.of(question.filter)
        allowed = self._all if mask is None else bits.of_flags(mask[self.postings.order] > 0)
        return self.postings.query(question.terms), allowed

    def top(self, asked: Any, limit: int) -> list[int]:
        query, allowed = asked
        place = self._place
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
    return {BOT: lambda shop: TheBot(shop.products)}
