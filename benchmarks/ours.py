"""Our own ways behind the same small calls as the peers': what a table measures is named and plugged in here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks.corpus import Corpus, Question
from benchmarks.peers import Masks, Search
from benchmarks.words import cutter
from recommender.compiled.batch import Batch
from recommender.compiled.cutting import Cuts
from recommender.index import TextIndex

COMPILED = "ours, compiled"
PLAIN = "ours, plain numpy"


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


def searches() -> dict[str, Callable[[Corpus, Masks], Search]]:
    """Return our compiled searches by name, the one first that the peers are set against."""
    return {}
