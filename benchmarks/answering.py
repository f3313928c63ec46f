"""Whole ways from the text of a message to products, put together from other libraries, each as quick as it gets."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from benchmarks.corpus import Corpus, Filter
from benchmarks.naive import WANTS, NaiveBot
from benchmarks.peers import Bm25s, Masks
from benchmarks.products import AREAS
from benchmarks.words import rjieba_cut
from catalog.repository import OnSale
from recommender.terms import document_terms

LIMIT = 3
HERE = Filter(area=0)
"""All messages come from groups of one neighbourhood."""
_SAID = frozenset(
    "的 了 吗 呢 呀 啊 吧 有 卖 买 想 想买 想要 我 我要 要 点 个 份 求 推荐 哪里 哪 能 有没有 还有 家里 没 团 用完 用 完 吃完 吃 请问 请 问 "
    "谁家 谁 以内 块 左右 多少 钱 多少钱 见底 千 群 @ , . ? ! ， 。 ？ ！".split()
) | {" "}
"""Words of asking, which are looked for in no title."""
_FIGURE = re.compile(r"\d+\Z")


@dataclass(frozen=True, slots=True)
class Shop:
    """The same products as rows and as a corpus, place by place."""

    products: Sequence[OnSale]
    corpus: Corpus
    masks: Masks


class Answering(Protocol):
    """A way to answer messages."""

    def answer(self, texts: Sequence[str]) -> list[list[int] | None]:
        """Return for each message the places of the products for it, best first; None for one without a need."""

    def needs(self, texts: Sequence[str]) -> list[bool]:
        """Tell of each message whether it is taken for a need."""

    def ranked(self, query: str, limit: int) -> list[int]:
        """Return the places of the best titles for a query, whoever may have them."""


class RjiebaBm25s:
    """rjieba, one regular expression, bm25s over our terms; raises ``MissingPeer``.

    With ``cut_all`` every message is cut, as whoever decides over words must do; without, only what the expression
    lets through.
    """

    def __init__(self, shop: Shop, *, cut_all: bool) -> None:
        self._cut, self._cut_all = rjieba_cut(), cut_all
        self._search = Bm25s(shop.corpus, shop.masks)
        self._vocabulary, self._mask = shop.corpus.vocabulary, shop.masks.of(HERE)

    def answer(self, texts: Sequence[str]) -> list[list[int] | None]:
        return [self._one(_uniform(text)) for text in texts]

    def needs(self, texts: Sequence[str]) -> list[bool]:
        return [WANTS.search(_uniform(text)) is not None for text in texts]

    def ranked(self, query: str, limit: int) -> list[int]:
        return self._search.top((self._terms(self._cut(query)), None), limit)

    def _one(self, text: str) -> list[int] | None:
        words = self._cut(text) if self._cut_all else []
        if WANTS.search(text) is None:
            return None
        return self._search.top((self._terms(words or self._cut(text)), self._mask), LIMIT)

    def _terms(self, words: Sequence[str]) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
        kept = [word for word in words if word not in _SAID and not _FIGURE.match(word)]
        known = {self._vocabulary.get(term, -1) for term in document_terms(kept)} - {-1}
        return np.fromiter(known, np.int32, len(known))


class JiebaCosine:
    """The naive way: jieba, one regular expression, ``TfidfVectorizer`` and ``cosine_similarity`` over all titles."""

    def __init__(self, shop: Shop) -> None:
        self._bot = NaiveBot(shop.products, AREAS[HERE.area])

    def answer(self, texts: Sequence[str]) -> list[list[int] | None]:
        answers = map(self._bot.answer, texts)
        return [None if answer is None else list(answer.products) for answer in answers]

    def needs(self, texts: Sequence[str]) -> list[bool]:
        return [WANTS.search(_uniform(text)) is not None for text in texts]

    def ranked(self, query: str, limit: int) -> list[int]:
        return self._bot.ranked(query, limit)


def _uniform(text: str) -> str:
    return unicodedata.normalize("NFKC", text).lower()
