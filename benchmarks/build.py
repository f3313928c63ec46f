"""Seconds to index a million products, and what the index weighs; other libraries beside it."""

from __future__ import annotations

import gc
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import ours
from benchmarks.corpus import Corpus
from benchmarks.peers import Masks, Tantivy
from benchmarks.products import made
from benchmarks.report import Options, Report, Row, Spread, spread
from benchmarks.words import MissingPeer, peer
from core.clock import monotonic
from recommender.index import K1, B, TextIndex

_SIZE, _QUICK_SIZE, _PLAIN_MOST = 1_000_000, 10_000, 100_000
_REPEATS = 3
_MOST_SECONDS, _MOST_BYTES = 5.0, 400

Built = Callable[[], int]
"""Builds an index and returns how many bytes it takes."""


def run(options: Options) -> Report:
    size = _QUICK_SIZE if options.quick else _SIZE
    report = Report("build", f"seconds to index {size:,} products, and bytes a product")
    columns = made(size)
    texts = [title.lower() for title in columns.titles]
    length = sum(map(len, texts)) / size
    ours.compiled_index(texts[:100])  # loads the dictionary and the compiled code
    seconds, weight = _built(lambda: ours.compiled_index(texts).memory_bytes, _REPEATS)
    limits = {"limit s": _MOST_SECONDS, "limit bytes": _MOST_BYTES}
    met = seconds.median <= _MOST_SECONDS and weight / size <= _MOST_BYTES
    report.rows.append(
        _row(ours.COMPILED, "titles, cut as well", size, seconds.median, weight)
        | {"spread": seconds.percent, **limits, "met": met}
    )
    few = texts[:_PLAIN_MOST]
    seconds, weight = _built(lambda: TextIndex.build(few, ours.cut_one).memory_bytes, 1)
    report.rows.append(_row(ours.PLAIN, "titles, cut as well", len(few), seconds.median, weight))
    corpus = Corpus.of(columns)
    for name, build in (("bm25s", _bm25s), ("tantivy", _tantivy)):
        try:
            seconds, weight = _built(build(corpus), 1)
        except MissingPeer as missing:
            report.notes.append(str(missing))
            continue
        report.rows.append(_row(name, "terms, cut before", size, seconds.median, weight))
    report.notes.append(
        f"Titles of {length:.1f} characters on average. Bytes: the arrays of our index, filters not counted, and of "
        "bm25s; the files of tantivy. The peers are given the terms, so that their seconds hold no segmentation."
    )
    return report


def _row(way: str, given: str, size: int, seconds: float, weight: int) -> Row:
    return {
        "way": way,
        "given": given,
        "products": size,
        "seconds": round(seconds, 2),
        "bytes a product": round(weight / size),
    }


def _built(build: Built, repeats: int) -> tuple[Spread, int]:
    seconds, weight = [], 0
    for _ in range(repeats):
        gc.collect()
        began = monotonic()
        weight = build()
        seconds.append(monotonic() - began)
    return spread(seconds), weight


def _bm25s(corpus: Corpus) -> Built:
    bm25s = peer("bm25s")
    bounds = corpus.bounds.tolist()
    numbers = list(range(len(corpus.vocabulary)))  # one object a number, so that the lists stay small
    read = [[numbers[term] for term in corpus.terms[low:high]] for low, high in pairwise(bounds)]

    def build() -> int:
        index = bm25s.BM25(k1=K1, b=B, backend="numba")
        index.index((read, dict(corpus.vocabulary)), show_progress=False)
        return sum(index.scores[name].nbytes for name in ("data", "indices", "indptr"))

    return build


def _tantivy(corpus: Corpus) -> Built:
    peer("tantivy")
    masks = Masks(corpus)

    def build() -> int:
        with TemporaryDirectory(prefix="qianqun-bench-") as folder:
            built = Tantivy(corpus, masks, folder)
            built.writer.wait_merging_threads()
            return sum(path.stat().st_size for path in Path(folder).iterdir())

    return build
