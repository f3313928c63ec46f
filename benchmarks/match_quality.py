"""nDCG@10 of the bare retrieval of ``qianqun match`` on graded queries over the demo's titles, against its parts.

All rank the same uniform titles; "aliases" tells whether a known other name in the query is searched as well.
"""

from __future__ import annotations

import asyncio
import json
import logging
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks import world
from benchmarks.report import Options, Report, Row
from catalog.aliases import AliasTable
from core.text import Normaliser
from recommender.index import terms_of
from recommender.lexicon import Lexicon
from recommender.retrieval import Retrieval
from recommender.segmentation import Segmenter

QUERIES = Path(__file__).parent / "data" / "queries.jsonl"
_TOP = 10
_K1, _B = 1.2, 0.5
"""The index's own constants, so that the peers differ in their terms alone."""

Search = Callable[[str], list[int]]
"""From a query to places of titles, best first, only those that match at all."""


@dataclass(frozen=True, slots=True)
class _Graded:
    query: str
    about: str
    grades: Mapping[str, int]


def run(options: Options) -> Report:
    report = Report("match_quality", f"nDCG@{_TOP} of bare retrieval over the demo's titles")
    products = asyncio.run(world.demo_products())
    ids = [product.supplier_product_id for product in products]
    graded = _queries(set(ids))
    rankers = _Rankers([product.title for product in products])
    kinds = sorted({query.about for query in graded})
    for name, aliases, search in rankers.all():
        gains: dict[str, list[float]] = defaultdict(list)
        for query in graded:
            found = [ids[place] for place in search(query.query)[:_TOP]]
            gains[query.about].append(ndcg(found, query.grades))
        every = [gain for part in gains.values() for gain in part]
        row: Row = {"ranked by": name, "aliases": aliases, "all": round(sum(every) / len(every), 3)}
        report.rows.append(row | {kind: round(sum(gains[kind]) / len(gains[kind]), 3) for kind in kinds})
    counts = Counter(query.about for query in graded)
    report.notes.append(
        f"{len(graded)} queries: {', '.join(f'{kind} {counts[kind]}' for kind in kinds)}; {len(ids)} titles."
    )
    report.notes += rankers.left_out
    return report


def ndcg(found: Sequence[str], grades: Mapping[str, int]) -> float:
    """Return the normalised discounted gain of a ranking; gains are 2**grade - 1."""
    gain = sum((2 ** grades.get(one, 0) - 1) / math.log2(place + 2) for place, one in enumerate(found))
    best = sorted(grades.values(), reverse=True)[:_TOP]
    ideal = sum((2**grade - 1) / math.log2(place + 2) for place, grade in enumerate(best))
    return float(gain / ideal)


def _queries(known: set[str]) -> list[_Graded]:
    """Read the queries; grades of products that are not on sale today are left out."""
    graded = []
    for line in QUERIES.read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        grades = {key: grade for key, grade in entry["graded"].items() if key in known}
        if grades:
            graded.append(_Graded(entry["query"], entry["about"], grades))
    return graded


class _Rankers:
    """The ways of ranking the same titles."""

    def __init__(self, titles: Sequence[str]) -> None:
        aliases = tuple(AliasTable.load())
        self.left_out: list[str] = []
        self._normaliser = Normaliser({alias: word for alias, word, kind in aliases if kind == "emoji"})
        self._lexicon = Lexicon(aliases)
        self._segmenter = Segmenter(self._lexicon)
        self._retrieval = Retrieval(titles, aliases, self._normaliser)
        self._titles = [self._normaliser(title).text for title in titles]

    def all(self) -> list[tuple[str, bool, Search]]:
        ways: list[tuple[str, bool, Search]] = [
            ("ours: words, 1- and 2-grams", True, self._ours),
            ("the same terms, equal weight", True, self._bm25(terms_of, aliases=True)),
            ("the same terms, equal weight", False, self._bm25(terms_of, aliases=False)),
            ("BM25, words only", True, self._bm25(_words, aliases=True)),
            ("BM25, words only", False, self._bm25(_words, aliases=False)),
            ("BM25, characters only (1-grams)", False, self._bm25(_characters, aliases=False)),
            ("TF-IDF, words (scikit-learn)", False, self._tfidf(tokenizer=self._segmenter.cut, token_pattern=None)),
            ("TF-IDF, characters 1-3 (scikit-learn)", False, self._tfidf(analyzer="char", ngram_range=(1, 3))),
        ]
        peer = self._bm25s()
        return [*ways, ("bm25s, words", False, peer)] if peer is not None else ways

    def _ours(self, query: str) -> list[int]:
        return [place for place, _ in self._retrieval.search(query, _TOP)]

    def _cut(self, query: str, *, aliases: bool) -> list[str]:
        words = self._segmenter.cut(self._normaliser(query).text)
        also = [kept for word in words if aliases and (kept := self._lexicon.canonical(word)) != word]
        return [*words, *(part for kept in also for part in (" ", kept))]

    def _bm25(self, terms: Callable[[Sequence[str]], list[str]], *, aliases: bool) -> Search:
        bags = [Counter(terms(self._segmenter.cut(title))) for title in self._titles]
        having = Counter(term for bag in bags for term in bag)
        mean = sum(map(len, bags)) / len(bags)

        def weight(term: str, bag: Counter[str]) -> float:
            rarity = math.log1p((len(bags) - having[term] + 0.5) / (having[term] + 0.5))
            return rarity * bag[term] * (_K1 + 1) / (bag[term] + _K1 * (1 - _B + _B * len(bag) / mean))

        def search(query: str) -> list[int]:
            wanted = [term for term in set(terms(self._cut(query, aliases=aliases))) if term in having]
            scores = [sum(weight(term, bag) for term in wanted if term in bag) for bag in bags]
            return _ranked(scores)

        return search

    def _tfidf(self, **options: Any) -> Search:
        from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415 - heavy, only for this peer
        from sklearn.metrics.pairwise import cosine_similarity  # noqa: PLC0415

        vectorizer = TfidfVectorizer(**options)
        matrix = vectorizer.fit_transform(self._titles)

        def search(query: str) -> list[int]:
            asked = vectorizer.transform([self._normaliser(query).text])
            return _ranked(cosine_similarity(asked, matrix).ravel().tolist())

        return search

    def _bm25s(self) -> Search | None:
        try:
            bm25s = import_module("bm25s")  # a peer of the bench extra
        except ImportError:
            self.left_out.append("bm25s left out: it is not installed; .venv/bin/pip install -e '.[bench]'")
            return None
        logging.getLogger("bm25s").setLevel(logging.WARNING)  # it tells of every step otherwise
        index = bm25s.BM25()
        index.index([_words(self._segmenter.cut(title)) for title in self._titles], show_progress=False)

        def search(query: str) -> list[int]:
            words = [word for word in _words(self._cut(query, aliases=False)) if word in index.vocab_dict]
            return _ranked(index.get_scores(words).tolist()) if words else []

        return search


def _words(words: Sequence[str]) -> list[str]:
    return [word for word in words if not word.isspace()]


def _characters(words: Sequence[str]) -> list[str]:
    return [character for character in "".join(words) if not character.isspace()]


def _ranked(scores: Sequence[float]) -> list[int]:
    places = [place for place, score in enumerate(scores) if score > 0]
    return sorted(places, key=lambda place: (-scores[place], place))[:_TOP]
