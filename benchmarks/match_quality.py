"""nDCG@10 of the bare retrieval of ``qianqun match`` on graded queries over the demo's titles: parts and peers.

All rank the same uniform titles; "aliases" tells whether a known other name in the query is searched as well.
"""

from __future__ import annotations

import asyncio
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks import world
from benchmarks.report import Options, Report, Row
from benchmarks.words import MissingPeer, peer
from catalog.aliases import AliasTable
from core.text import Normaliser
from recommender.labelled_queries import LabelledQuery, parse
from recommender.lexicon import Lexicon
from recommender.match_evaluation import DEPTH, ndcg
from recommender.retrieval import CONFIGURATIONS, Retrieval
from recommender.segmentation import Segmenter

DATA = Path(__file__).parent / "data"
_K1, _B = 1.2, 0.75
"""The usual constants of BM25, for the peers."""

Search = Callable[[str], list[int]]
"""From a query to places of titles, best first, only those that match at all."""


def run(options: Options) -> Report:
    report = Report("match_quality", f"nDCG@{DEPTH} of bare retrieval over the demo's titles")
    products = asyncio.run(world.demo_products())
    ids = [product.supplier_product_id for product in products]
    graded = {split: queries_of("queries.jsonl", set(ids), split) for split in ("train", "test")}
    kinds = sorted({query.about for part in graded.values() for query in part})
    rankers = _Rankers([product.title for product in products])
    for name, aliases, search in rankers.all():
        gains: dict[str, list[float]] = defaultdict(list)
        for split, part in graded.items():
            for query in part:
                gain = ndcg([ids[place] for place in search(query.query)[:DEPTH]], query.graded)
                gains[split].append(gain)
                if split == "test":
                    gains[query.about].append(gain)
        row: Row = {"ranked by": name, "aliases": aliases}
        means = {kind: round(sum(gains[kind]) / len(gains[kind]), 3) for kind in ["train", "test", *kinds]}
        report.rows.append(row | means)
    counts = Counter(query.about for query in graded["test"])
    report.notes.append(
        f"{len(graded['train'])} queries to train with and {len(graded['test'])} to judge by, apart by head word; "
        f"{len(ids)} titles. By kind (judged only): {', '.join(f'{kind} {counts[kind]}' for kind in kinds)}."
    )
    report.notes += rankers.left_out
    return report


def queries_of(name: str, known: set[str], split: str) -> list[LabelledQuery]:
    """Read labelled queries of one split; grades of products that are not on sale today are left out."""
    path = DATA / name
    found = []
    for one in parse(name, path.read_text(encoding="utf-8")):
        graded = {key: grade for key, grade in one.graded.items() if key in known}
        if one.split == split and any(graded.values()):
            found.append(replace(one, graded=graded))
    return found


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
            *((f"ours: {name}", True, self._ours(name)) for name in CONFIGURATIONS),
            ("BM25, words", True, self._bm25(_words, aliases=True)),
            ("BM25, words", False, self._bm25(_words, aliases=False)),
            ("BM25, 1- and 2-grams", True, self._bm25(_grams, aliases=True)),
            ("BM25, 1- and 2-grams", False, self._bm25(_grams, aliases=False)),
            ("BM25, words with 1- and 2-grams", True, self._bm25(_mixed, aliases=True)),
            ("BM25, words with 1- and 2-grams", False, self._bm25(_mixed, aliases=False)),
            ("TF-IDF, words (scikit-learn)", False, self._tfidf(tokenizer=self._segmenter.cut, token_pattern=None)),
            ("TF-IDF, characters 1-3 (scikit-learn)", False, self._tfidf(analyzer="char", ngram_range=(1, 3))),
        ]
        peer = self._bm25s()
        return [*ways, ("bm25s, 1- and 2-grams", False, peer)] if peer is not None else ways

    def _ours(self, name: str) -> Search:
        way = self._retrieval.with_parts(CONFIGURATIONS[name])
        return lambda query: [place for place, _ in way.search(query, DEPTH)]

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
            bm25s = peer("bm25s")
        except MissingPeer as missing:
            self.left_out.append(str(missing))
            return None
        index = bm25s.BM25()
        index.index([_grams(self._segmenter.cut(title)) for title in self._titles], show_progress=False)

        def search(query: str) -> list[int]:
            terms = [term for term in _grams(self._cut(query, aliases=False)) if term in index.vocab_dict]
            return _ranked(index.get_scores(terms).tolist()) if terms else []

        return search


def _words(words: Sequence[str]) -> list[str]:
    return [word for word in words if not word.isspace()]


def _grams(words: Sequence[str]) -> list[str]:
    runs = "".join(words).split()
    return [run[at : at + length] for run in runs for length in (1, 2) for at in range(len(run) - length + 1)]


def _mixed(words: Sequence[str]) -> list[str]:
    return [*("w" + word for word in _words(words)), *_grams(words)]


def _ranked(scores: Sequence[float]) -> list[int]:
    places = [place for place, score in enumerate(scores) if score > 0]
    return sorted(places, key=lambda place: (-scores[place], place))[:DEPTH]
