"""The usual way to write such a bot: jieba, one regular expression, TF-IDF over all titles, cosine similarity.

Peers are given their best form: jieba with its dictionary loaded, the matrix kept sparse, the best three by three
times ``argmax`` instead of a sort, and the comparison only for lines that the expression lets through.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from catalog.repository import OnSale

WANTS = re.compile(
    r"哪里能买|哪有卖|有卖|想买|想要|我要|求推荐|推荐|有没有|还有吗|有.{1,6}吗|用完了|吃完了|没了|见底|团吗|的团|多少钱"
)
_THRESHOLD = 0.1


@dataclass(frozen=True, slots=True)
class NaiveAnswer:
    """What the naive way would push."""

    text: str
    products: tuple[int, ...]


class NaiveBot:
    """Reads a text and answers at once."""

    def __init__(self, products: Sequence[OnSale], area: str = "") -> None:
        """Read the titles; with ``area`` only what is delivered there is shown."""
        import jieba  # noqa: PLC0415 - heavy; only the process that measures the naive way loads it
        from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415
        from sklearn.metrics.pairwise import cosine_similarity  # noqa: PLC0415

        jieba.setLogLevel("ERROR")
        jieba.initialize()
        self._cosine = cosine_similarity
        self._products = products
        self._shown = [
            product.stock != 0 and (not area or not product.neighbourhoods or area in product.neighbourhoods)
            for product in products
        ]
        self._vectorizer = TfidfVectorizer(tokenizer=jieba.lcut, token_pattern=None, lowercase=True)
        self._matrix: Any = self._vectorizer.fit_transform(product.title for product in products)

    def answer(self, raw: str) -> NaiveAnswer | None:
        """Return the push for a message, or None when it seems to be talk."""
        text = unicodedata.normalize("NFKC", raw).lower()
        if WANTS.search(text) is None:
            return None
        best = self._best(text, 3, self._shown)
        if not best:
            return None
        shown = "；".join(f"{self._products[place].title} {self._products[place].price}元" for place in best)
        return NaiveAnswer(f"为你找到：{shown}", tuple(best))

    def ranked(self, query: str, limit: int) -> list[int]:
        """Return the places of the best titles for a query, whoever may have them."""
        return self._best(query, limit, [True] * len(self._products), 0.0)

    def _best(self, text: str, limit: int, shown: Sequence[bool], least: float = _THRESHOLD) -> list[int]:
        scores = self._cosine(self._vectorizer.transform([text]), self._matrix).ravel()
        best: list[int] = []
        while len(best) < limit:
            place = int(scores.argmax())
            if scores[place] <= least:
                break
            if shown[place]:
                best.append(place)
            scores[place] = 0.0
        return best
