"""The best three products that pass a filter, one question at a time, against other libraries over the same terms."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks import ours, world
from benchmarks.corpus import Corpus, Question, question, questions
from benchmarks.match_quality import queries_of
from benchmarks.peers import Bm25s, Cosine, Masks, Search, Tantivy
from benchmarks.products import made
from benchmarks.report import Options, Report, Row
from benchmarks.turns import QUICK_ROUNDS, ROUNDS, Work, in_turns, over
from benchmarks.words import MissingPeer
from catalog.aliases import AliasTable
from core.clock import monotonic
from core.text import Normaliser
from recommender.match_evaluation import DEPTH, ndcg

LIMIT = 3
_SIZES, _QUICK_SIZES = (10_000, 100_000, 1_000_000), (10_000,)
_ASKED = {10_000: 1_000, 100_000: 500, 1_000_000: 150}
"""Different questions by size, so that the slowest way has a turn of some tenths of a second."""
BM25S, TANTIVY, TANTIVY_FILTERED, COSINE = "bm25s", "tantivy", "tantivy, filter always in the query", "TF-IDF, cosine"
_GOALS = {
    BM25S: {10_000: 4.0, 100_000: 8.0, 1_000_000: 14.0},
    TANTIVY: {10_000: 4.0, 100_000: 14.0, 1_000_000: 25.0},
}
_COSINE_MOST, _COSINE_ASKED, _PLAIN_MOST = 100_000, 20, 100_000

Make = Callable[[Corpus, Masks], Search]


@dataclass(frozen=True, slots=True)
class Way:
    """A way to search, and the largest corpus it is tried with."""

    make: Make
    most: int = 1_000_000


WAYS: dict[str, Way] = {
    **{name: Way(make) for name, make in ours.searches().items()},
    ours.PLAIN: Way(ours.Plain, _PLAIN_MOST),
    BM25S: Way(Bm25s),
    TANTIVY: Way(Tantivy),
    COSINE: Way(Cosine, _COSINE_MOST),
}


def run(options: Options) -> Report:
    report = Report("top", f"best {LIMIT} products under a filter, questions a second, one call at a time")
    judged = qualities(WAYS, report.notes)
    for size in _QUICK_SIZES if options.quick else _SIZES:
        corpus = Corpus.of(made(size))
        report.rows += _measured(corpus, questions(_ASKED[size]), judged, options)
    report.notes += [
        "Filter: in stock and delivered to the group's neighbourhood; for one question in seven also a category, for "
        "one in seven a price bound. Terms, masks and queries are made before the clock starts, for everybody.",
        f"nDCG@{DEPTH}: the judging queries of match_quality over the demo's titles, as plain terms without other "
        "forms of a word; what the program makes of them stands there.",
    ]
    return report


def _measured(corpus: Corpus, asked: Sequence[Question], judged: dict[str, float], options: Options) -> list[Row]:
    masks, works, built = Masks(corpus), dict[str, Work](), dict[str, float]()
    for name in judged:
        if len(corpus) > WAYS[name].most:
            continue
        began = monotonic()
        search = WAYS[name].make(corpus, masks)
        built[name] = monotonic() - began
        ready = [search.asked(one) for one in asked]
        _check(name, search, corpus, asked, ready)
        works[name] = over(
            lambda one, top=search.top: top(one, LIMIT), ready[: _COSINE_ASKED if name == COSINE else None]
        )
        if isinstance(search, Tantivy):
            works[TANTIVY_FILTERED] = over(lambda one, top=search.filtered: top(one, LIMIT), ready)
    turns = in_turns(works, QUICK_ROUNDS if options.quick else ROUNDS)
    first = next(iter(works))
    rows = []
    for name in works:
        row: Row = {"products": len(corpus), "way": name} | turns.row(name, "questions/s")
        row[f"nDCG@{DEPTH}"] = judged[TANTIVY if name == TANTIVY_FILTERED else name]
        if name != first:
            row |= turns.against(first, name, _GOALS.get(name, {}).get(len(corpus)))
        rows.append(row)
    return rows


def _check(name: str, search: Search, corpus: Corpus, asked: Sequence[Question], ready: Sequence[object]) -> None:
    """Look once at what is found: it passes the filter, and something is found wherever a term of it is known."""
    for one, prepared in list(zip(asked, ready, strict=True))[:_COSINE_ASKED]:
        found = search.top(prepared, LIMIT)
        if one.filter is not None and not corpus.allowed(one.filter)[found].all():
            raise RuntimeError(f"{name} found for {one.text} what {one.filter} does not let through: {found}")


def qualities(ways: dict[str, Way], notes: list[str]) -> dict[str, float]:
    """Return the nDCG of each way on the judging queries; the ways that cannot be had are left out with a note."""
    products = asyncio.run(world.demo_products())
    ids = [product.supplier_product_id for product in products]
    normaliser = Normaliser({alias: word for alias, word, kind in AliasTable.load() if kind == "emoji"})
    corpus = Corpus.of_titles([normaliser(product.title).text for product in products])
    masks = Masks(corpus)
    graded = [
        (question(normaliser(one.query).text), one.graded) for one in queries_of("queries.jsonl", set(ids), "test")
    ]
    found: dict[str, float] = {}
    for name, way in ways.items():
        try:
            search = way.make(corpus, masks)
        except MissingPeer as missing:
            notes.append(str(missing))
            continue
        gains = [
            ndcg([ids[place] for place in search.top(search.asked(asked), DEPTH)], grades) for asked, grades in graded
        ]
        found[name] = round(sum(gains) / len(gains), 3)
    return found
