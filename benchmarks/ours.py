"""Our own ways behind the same small calls as the peers': what a table measures is named and plugged in here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks import world
from benchmarks.answering import HERE, Answering, Shop
from benchmarks.corpus import Corpus, Filter, Question, question
from benchmarks.peers import Masks, Search
from benchmarks.products import AREAS
from benchmarks.words import cutter
from catalog.aliases import AliasTable
from catalog.repository import OnSale
from core.outcomes import Outcome
from core.text import Normaliser
from recommender import bits
from recommender.compiled.batch import Batch
from recommender.compiled.cutting import Cuts
from recommender.compiled.path import Path
from recommender.compiled.postings import Paper
from recommender.compiled.text_index import CompiledIndex
from recommender.compiled.wanted import Rows
from recommender.compiled.workspace import Workspace
from recommender.index import TextIndex
from recommender.lexicon import Lexicon
from recommender.readings import NeedClass
from recommender.retrieval import Retrieval
from recommender.screening import packaged_screen

COMPILED = "ours, compiled"
PLAIN = "ours, plain numpy"
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
        return question.terms, _bits(self._masks, question.filter, self.index.order)

    def top(self, asked: Any, limit: int) -> list[int]:
        return [place for place, _ in self.index.top(asked[0], limit, asked[1])]


class Compiled:
    """``CompiledIndex``: compiled postings, exact, with bits for filters and frequent terms."""

    def __init__(self, corpus: Corpus, masks: Masks) -> None:
        self._masks = masks
        self.postings = compiled_index(corpus.texts).postings
        self._paper = Paper()
        self._places = self.postings.order.tolist()

    def asked(self, question: Question) -> Any:
        allowed = _bits(self._masks, question.filter, self.postings.order)
        return self.postings.query(question.terms), allowed

    def top(self, asked: Any, limit: int) -> list[int]:
        places = self._places
        return [places[document] for document in self.postings.best_documents(*asked, limit, self._paper)]


def compiled_index(texts: Sequence[str]) -> CompiledIndex:
    """Cut uniform texts and index them."""
    return CompiledIndex.build(texts, cutter())


def _bits(masks: Masks, wanted: Filter | None, order: npt.NDArray[np.integer]) -> bits.Bits:
    """Return a filter as bits by document."""
    mask = masks.of(wanted)
    return bits.every(len(order)) if mask is None else bits.of_flags(mask[order] > 0)


def searches() -> dict[str, Callable[[Corpus, Masks], Search]]:
    """Return our compiled searches by name, the one first that the peers are set against."""
    return {COMPILED: Compiled}


class CompiledPath:
    """Text to products in compiled code: uniform, cut, glanced at, the query of what is wanted, the filtered best."""

    def __init__(self, shop: Shop) -> None:
        aliases = tuple(AliasTable.load())
        normaliser = Normaliser({alias: word for alias, word, kind in aliases if kind == "emoji"})
        screen = packaged_screen()
        if screen is None:
            raise RuntimeError("the packaged screen cannot be used; the log names its file")
        self._need = screen.need
        self._search = Compiled(shop.corpus, shop.masks)
        self._here = self._search.asked(Question("", {}, HERE))[1]
        self._everybody = bits.every(len(shop.corpus))
        self._path = Path.of(normaliser, cutter(), Lexicon(aliases), screen, self._rows_of)
        self._room = Workspace()

    def answer(self, texts: Sequence[str]) -> list[list[int] | None]:
        if len(texts) == 1:
            return [self._path.answer_one(texts[0], self._search.postings, self._here, self._room)]
        return self._path.answer(texts, self._search.postings, self._here, self._room)

    def needs(self, texts: Sequence[str]) -> list[bool]:
        return [certainty >= self._need for certainty in self._path.walk(texts, self._room).seen["certainty"].tolist()]

    def ranked(self, query: str, limit: int) -> list[int]:
        """Rank as for a message that asks for the query; a bare one is no need."""
        asking, room = [f"求推荐{query}"], Workspace(limit=limit)
        return self._path.answer(asking, self._search.postings, self._everybody, room)[0] or []

    def _rows_of(self, word: str) -> Rows:
        query = self._search.postings.query(question(word).terms)
        return query[query[:, 0] >= 0]


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
