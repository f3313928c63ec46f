"""What every search in a table works on: the same titles, the same terms of them, the same filters and questions.

The terms are the program's own (``recommender/terms.py``), as numbers, so that no peer cuts a text while it is timed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmarks.products import AREAS, EVERYWHERE, QUALITIES, Made, goods_by_popularity, popularity
from benchmarks.words import cutter, jieba_cut
from recommender.compiled.batch import Batch
from recommender.lexicon import packaged_goods
from recommender.terms import TermFactors, document_terms, query_terms

PRICE_BOUNDS = (20, 50, 100)
"""Yuan that members name as the most they pay."""
_AT_ONCE = 10_000
_CATEGORY_SHARE, _PRICE_SHARE = 0.15, 0.15
_QUALITY_SHARE, _BRAND_SHARE = 0.3, 0.1
_FACTORS = TermFactors()


@dataclass(frozen=True, slots=True)
class Filter:
    """What a question may find: what is in stock and delivered to ``area``; a top category; a price in yuan at most."""

    area: int
    category: str = ""
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """What is looked for: the factor of each term, and the filter; None when every title may be found."""

    text: str
    terms: dict[str, float]
    filter: Filter | None = None


@dataclass(frozen=True, slots=True)
class Corpus:
    """Titles and their terms: those of title i are ``terms[bounds[i]:bounds[i + 1]]``, as often as they stand there.

    A term is its number in ``vocabulary``. ``categories`` are the top ones; ``prices`` are fen.
    """

    texts: list[str]
    vocabulary: dict[str, int]
    terms: npt.NDArray[np.int32]
    bounds: npt.NDArray[np.int64]
    areas: npt.NDArray[np.uint8]
    in_stock: npt.NDArray[np.bool_]
    categories: npt.NDArray[np.str_]
    prices: npt.NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.texts)

    @classmethod
    def of(cls, made: Made) -> Corpus:
        """Read the terms of made-up products."""
        texts = [title.lower() for title in made.titles]
        tops = np.array([category.partition("/")[0] for category in made.categories])
        return cls(texts, *_terms_of(texts), made.areas, made.in_stock, tops, made.prices)

    @classmethod
    def of_titles(cls, titles: Sequence[str]) -> Corpus:
        """Read uniform titles that can be had by everybody."""
        texts, count = list(titles), len(titles)
        areas, in_stock = np.full(count, EVERYWHERE, np.uint8), np.ones(count, np.bool_)
        return cls(texts, *_terms_of(texts), areas, in_stock, np.full(count, "", np.str_), np.zeros(count, np.int32))

    def allowed(self, wanted: Filter) -> npt.NDArray[np.bool_]:
        """Tell of each title whether a filter lets it through: the plain way that peers are checked against."""
        passed = self.in_stock & ((self.areas >> wanted.area & 1) > 0)
        if wanted.category:
            passed &= self.categories == wanted.category
        if wanted.most is not None:
            passed &= self.prices <= wanted.most * 100
        return passed

    def documents(self) -> Iterator[list[str]]:
        """Yield the terms of each title as texts."""
        names = list(self.vocabulary)
        bounds = self.bounds.tolist()
        for place in range(len(self)):
            yield [names[term] for term in self.terms[bounds[place] : bounds[place + 1]].tolist()]

    def postings(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32], npt.NDArray[np.float32]]:
        """Return the terms turned round: term t is in ``documents[bounds[t]:bounds[t + 1]]``, so often in each."""
        size = np.int64(len(self))
        of_title = np.repeat(np.arange(size), np.diff(self.bounds))
        keys, counts = np.unique(self.terms * size + of_title, return_counts=True)
        bounds = np.searchsorted(keys, np.arange(len(self.vocabulary) + 1) * size)
        return bounds, (keys % size).astype(np.int32), counts.astype(np.float32)

    def asked(self, question: Question) -> npt.NDArray[np.int32]:
        """Return the numbers of the terms of a question that any title has."""
        known = (self.vocabulary.get(term) for term in question.terms)
        return np.array([number for number in known if number is not None], np.int32)


def questions(count: int, seed: int = 3) -> list[Question]:
    """Draw questions as members put them: goods as they are sold much, some with a quality or a brand.

    Each comes from one of the areas; one in seven in a group for one category, one in seven with a bound for the price.
    """
    chance = np.random.default_rng(seed)
    words = goods_by_popularity()
    tops = {word: category.partition("/")[0] for word, category in packaged_goods().items()}
    found = []
    for place in chance.choice(len(words), count, p=popularity(len(words))).tolist():
        word = words[place]
        before = ""
        if chance.random() < _QUALITY_SHARE:
            before = QUALITIES[chance.integers(len(QUALITIES))]
        elif chance.random() < _BRAND_SHARE:
            before = "云山" if chance.random() < 0.5 else "青禾"
        category = tops[word] if chance.random() < _CATEGORY_SHARE else ""
        most = PRICE_BOUNDS[chance.integers(len(PRICE_BOUNDS))] if chance.random() < _PRICE_SHARE else None
        found.append(question(before + word, Filter(int(chance.integers(len(AREAS))), category, most)))
    return found


def question(text: str, allowed: Filter | None = None) -> Question:
    """Return the question of a uniform text."""
    return Question(text, query_terms(jieba_cut(text), _FACTORS), allowed)


def _terms_of(texts: Sequence[str]) -> tuple[dict[str, int], npt.NDArray[np.int32], npt.NDArray[np.int64]]:
    """Return vocabulary, terms and bounds; the pieces between two spaces are read by themselves, as the index does."""
    vocabulary: dict[str, int] = {}
    read: dict[str, list[int]] = {}
    parts, lengths = [], []
    for start in range(0, len(texts), _AT_ONCE):
        pieces = [text.split() for text in texts[start : start + _AT_ONCE]]
        new = list(dict.fromkeys(piece for line in pieces for piece in line if piece not in read))
        for piece, words in zip(new, cutter().cut(Batch.of(new)).texts(new), strict=True):
            read[piece] = [vocabulary.setdefault(term, len(vocabulary)) for term in document_terms(words)]
        found = [[term for piece in line for term in read[piece]] for line in pieces]
        lengths += map(len, found)
        parts.append(np.fromiter((term for line in found for term in line), np.int32, sum(map(len, found))))
    bounds = np.zeros(len(texts) + 1, np.int64)
    np.cumsum(lengths, out=bounds[1:])
    return vocabulary, np.concatenate(parts), bounds
