"""Whole ways from the text of a message to products, put together from other libraries, each as quick as it gets."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from benchmarks.corpus import Corpus, Filter
from benchmarks.naive import WANTS, NaiveBot
from benchmarks.peers import Bm25s, Masks
from benchmarks.products import AREAS
from benchmarks.report import ROOT
from benchmarks.words import Cut, rjieba_cut
from bot.cli.learning import TRAINING_FILES
from catalog.repository import OnSale
from recommender.labelled import read_labelled
from recommender.terms import document_terms

LIMIT = 3
Numbers = npt.NDArray[np.int32]
HERE = Filter(area=0)
"""All messages come from groups of one neighbourhood."""
_SAID = frozenset(
    [
        *"的了吗呢呀啊吧有卖买想我要点个份求哪能没团用完吃请问谁块钱千群",
        *(
            "想买",
            "想要",
            "我要",
            "推荐",
            "哪里",
            "有没有",
            "还有",
            "家里",
            "用完",
            "吃完",
            "请问",
            "谁家",
            "以内",
            "左右",
        ),
        *("多少", "多少钱", "见底"),
    ]
)
"""Words of asking, which are looked for in no title."""
_NO_WORD = re.compile(r"[\W\d]+\Z")


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
    """rjieba, a decision, bm25s over our terms; raises ``MissingPeer``.

    With ``learned`` every message is cut and a linear model over its words decides, trained by scikit-learn on the
    lines that ours are trained on and read as a dictionary of weights. Without, one regular expression decides, and
    only what it lets through is cut.
    """

    def __init__(self, shop: Shop, *, learned: bool) -> None:
        self._cut = rjieba_cut()
        self._search = Bm25s(shop.corpus, shop.masks)
        self._vocabulary, self._mask = shop.corpus.vocabulary, shop.masks.of(HERE)
        self._weights = _word_weights(self._cut) if learned else {}

    def answer(self, texts: Sequence[str]) -> list[list[int] | None]:
        return [self._one(_uniform(text)) for text in texts]

    def needs(self, texts: Sequence[str]) -> list[bool]:
        return [self._wanting(_uniform(text)) is not None for text in texts]

    def ranked(self, query: str, limit: int) -> list[int]:
        return self._search.top((self._terms(self._cut(query)), None), limit)

    def _one(self, text: str) -> list[int] | None:
        words = self._wanting(text)
        return None if words is None else self._search.top((self._terms(words), self._mask), LIMIT)

    def _wanting(self, text: str) -> list[str] | None:
        """Return the words of a need, None for talk."""
        if not self._weights:
            return self._cut(text) if WANTS.search(text) else None
        words = self._cut(text)
        of, score, before = self._weights.get, self._weights[""], "^"
        for word in words:
            score += of(word, 0.0) + of(before + word, 0.0)
            before = word
        return words if score > 0 else None

    def _terms(self, words: Sequence[str]) -> Numbers:
        kept = [word for word in words if word not in _SAID and not _NO_WORD.match(word)]
        known = {self._vocabulary.get(term, -1) for term in document_terms(kept)} - {-1}
        return np.fromiter(known, np.int32, len(known))


def _word_weights(cut: Cut) -> dict[str, float]:
    """Return the weights of words and pairs of words for a need; that of the empty word is where the sum begins."""
    from sklearn.feature_extraction.text import CountVectorizer  # noqa: PLC0415 - heavy, only for this peer
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415

    labelled = read_labelled([ROOT / "tests" / "data" / name for name in TRAINING_FILES])
    talk = (ROOT / "tests" / "data" / "talk.jsonl").read_text(encoding="utf-8").splitlines()
    said = [(line.text, line.active) for line in labelled] + [(json.loads(line)["text"], False) for line in talk]

    def features(text: str) -> list[str]:
        words = cut(_uniform(text))
        return [*words, *map(str.__add__, ["^", *words], words)]

    counting = CountVectorizer(analyzer=features, binary=True)
    model = LogisticRegression(C=3.0, max_iter=500).fit(
        counting.fit_transform(text for text, _ in said), [active for _, active in said]
    )
    weights = dict(zip(counting.get_feature_names_out().tolist(), model.coef_[0].tolist(), strict=True))
    return weights | {"": float(model.intercept_[0])}


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
