"""The whole path without storage: from a text to whether it is a need, and to the three products for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

from benchmarks import ours, world
from benchmarks.answering import Answering, JiebaCosine, RjiebaBm25s, Shop
from benchmarks.corpus import Corpus
from benchmarks.match_quality import queries_of
from benchmarks.peers import Masks
from benchmarks.products import made, products
from benchmarks.report import ROOT, Options, Report, Row
from benchmarks.stream import lines
from benchmarks.turns import QUICK_ROUNDS, ROUNDS, Work, in_turns, over
from benchmarks.words import MissingPeer
from catalog.aliases import AliasTable
from core.text import Normaliser
from recommender.labelled import read_labelled
from recommender.match_evaluation import DEPTH, ndcg

BATCH = 64
_SIZE, _QUICK_SIZE = 100_000, 10_000
_BATCHES, _QUICK_BATCHES = 32, 8
_SLOW_BATCHES = 4
_MIXES = {"a tenth needs": 0.1, "a third needs": 1 / 3}
"""Shares of needs in what is read: a group that chats, and one that is there to buy."""
BM25S_LEARNED = "rjieba, linear model over words, bm25s"
BM25S_REGEX = "regex, then rjieba + bm25s"
COSINE = "regex, then jieba + TfidfVectorizer + cosine_similarity"
IN_BATCHES, ALONE = f"in batches of {BATCH}", "one at a time"
_GOALS: dict[str, dict[str, float]] = {
    IN_BATCHES: {BM25S_LEARNED: 13.0, COSINE: 1200.0},
    ALONE: {BM25S_LEARNED: 3.0, COSINE: 300.0},
}

Make = Callable[[Shop], Answering]
OURS: dict[str, Make] = ours.answering()
WAYS: dict[str, Make] = {
    **OURS,
    BM25S_LEARNED: partial(RjiebaBm25s, learned=True),
    BM25S_REGEX: partial(RjiebaBm25s, learned=False),
    COSINE: JiebaCosine,
}


def run(options: Options) -> Report:
    size = _QUICK_SIZE if options.quick else _SIZE
    report = Report(
        "path", f"messages a second from text to need to best 3 under a filter, {size:,} products, no storage"
    )
    judged = _judged(report.notes)
    columns = made(size)
    corpus = Corpus.of(columns)
    shop = Shop(list(products(size)), corpus, Masks(corpus))
    ways = {name: WAYS[name](shop) for name in judged}
    for mix, share in _MIXES.items():
        talk = list(lines(BATCH * (_QUICK_BATCHES if options.quick else _BATCHES), needs=share))
        report.rows += [{"talk": mix} | row for row in _measured(ways, talk, judged, options)]
    report.notes += [
        "Made-up talk with needs in two mixes: the more needs, the more a table is about the search, which takes the "
        "peers longest; the goals stand against both, at 100,000 products. needs: the share that each way takes for "
        "one. All messages come from one neighbourhood. The peers know no batches, so their speed is the same in both "
        "halves of a mix. The regular expression knows the shapes of this talk, hardly those of real lines: it is "
        "quick and no peer in quality.",
        f"Precision and recall of a need: the judging lines of tests/data; nDCG@{DEPTH}: the judging queries over the "
        "demo's titles, the bot's as qianqun match ranks them.",
    ]
    return report


def _measured(
    ways: Mapping[str, Answering], talk: Sequence[str], judged: Mapping[str, Row], options: Options
) -> Iterator[Row]:
    """Yield the rows of one mix of talk and needs, in batches and one message at a time."""
    taken = {name: sum(way.needs(talk)) / len(talk) for name, way in ways.items()}
    for mode, texts in ((IN_BATCHES, _batches(talk)), (ALONE, [[text] for text in talk])):
        works = {name: _work(name, way, texts) for name, way in ways.items()}
        turns = in_turns(works, QUICK_ROUNDS if options.quick else ROUNDS)
        first = next(iter(works))
        for name in works:
            row: Row = {"read": mode, "way": name} | turns.row(name, "messages/s") | {"needs": f"{taken[name]:.1%}"}
            row |= judged[name]
            if name not in OURS:
                row |= turns.against(first, name, None if options.quick else _GOALS[mode].get(name))
            yield row


def _batches(talk: Sequence[str]) -> list[list[str]]:
    return [list(talk[start : start + BATCH]) for start in range(0, len(talk), BATCH)]


def _work(name: str, way: Answering, texts: list[list[str]]) -> Work:
    """Return a turn; a way that compares with every title reads a part of the talk."""
    size = len(texts[0])
    return over(way.answer, texts[: _SLOW_BATCHES * BATCH // size] if name == COSINE else texts, pieces=size)


def _judged(notes: list[str]) -> dict[str, Row]:
    """Return the quality of each way; those that cannot be had are left out with a note."""
    lines_ = [
        line for line in read_labelled([ROOT / "tests" / "data" / "needs_test.jsonl"]) if line.label != "implicit"
    ]
    wares = asyncio.run(world.demo_products())
    ids = [ware.supplier_product_id for ware in wares]
    normaliser = Normaliser({alias: word for alias, word, kind in AliasTable.load() if kind == "emoji"})
    corpus = Corpus.of_titles([normaliser(ware.title).text for ware in wares])
    shop = Shop(wares, corpus, Masks(corpus))
    queries = queries_of("queries.jsonl", set(ids), "test")
    found: dict[str, Row] = {}
    for name, make in WAYS.items():
        try:
            way = make(shop)
        except MissingPeer as missing:
            notes.append(str(missing))
            continue
        said = way.needs([line.text for line in lines_])
        right = sum(is_need and line.active for is_need, line in zip(said, lines_, strict=True))
        gains = [
            ndcg([ids[place] for place in way.ranked(normaliser(one.query).text, DEPTH)], one.graded) for one in queries
        ]
        found[name] = {
            "precision": round(right / max(1, sum(said)), 3),
            "recall": round(right / sum(line.active for line in lines_), 3),
            f"nDCG@{DEPTH}": round(sum(gains) / len(gains), 3),
        }
    return found
