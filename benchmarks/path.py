"""The path of a message without storage: uniform text, need, candidates, policy; against the naive way in one run."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Sequence

from benchmarks import world
from benchmarks.naive import WANTS, NaiveBot
from benchmarks.products import AREAS, products
from benchmarks.report import Options, Report, Row, Spread, rates
from benchmarks.stream import lines
from catalog.repository import OnSale
from core.clock import monotonic
from core.outcomes import Outcome

_OURS, _NAIVE = 20_000, {408: 4_000, 10_000: 3_000, 100_000: 1_000}


def run(options: Options) -> Report:
    report = Report("path", "messages a second on one core, from text to decision, nothing stored")
    talk = list(lines(2_000 if options.quick else _OURS))
    repeats = 2 if options.quick else 5
    demo = asyncio.run(world.demo_products())
    sizes = [len(demo), 10_000] if options.quick else [len(demo), 10_000, 100_000]
    for size in sizes:
        shelf = demo if size == len(demo) else list(products(size))
        gc.collect()
        naive_talk = talk[: _NAIVE.get(size, 4_000) // (4 if options.quick else 1)]
        report.rows += _size(shelf, talk, naive_talk, repeats)
    report.notes.append(
        "Both answer the same made-up stream, a tenth of it needs, through 100 groups; the naive way reads a "
        "part of it, as its rate allows. Catalogue of the first rows: the demo's; the others are made up."
    )
    return report


def _size(shelf: Sequence[OnSale], talk: list[str], naive_talk: list[str], repeats: int) -> list[Row]:
    began = monotonic()
    normaliser, recommender = world.understanding(shelf)
    ready = monotonic() - began
    needs = pushes = 0

    def ours() -> int:
        nonlocal needs, pushes
        known = world.rooms(AREAS[0])
        decisions = [
            world.decide(number, text, normaliser, recommender, known).outcome for number, text in enumerate(talk)
        ]
        needs = sum(outcome is Outcome.NEED for outcome in decisions)
        pushes = sum(len(room.memory.answers) for room in known)
        return len(talk)

    speed = rates(ours, repeats)
    began = monotonic()
    bot = NaiveBot(shelf)
    naive_ready = monotonic() - began
    naive_speed = rates(lambda: len([bot.answer(text) for text in naive_talk]), max(2, repeats // 2))
    passed = sum(WANTS.search(text) is not None for text in naive_talk) / len(naive_talk)
    return [
        _row(len(shelf), "ours", speed, naive_speed, needs / len(talk), pushes / len(talk), ready),
        _row(len(shelf), "jieba + regex + TF-IDF + cosine", naive_speed, naive_speed, passed, None, naive_ready),
    ]


def _row(size: int, way: str, speed: Spread, naive: Spread, needs: float, pushes: float | None, ready: float) -> Row:
    return {
        "products": size,
        "way": way,
        "messages/s": round(speed.median),
        "spread": speed.percent,
        "ratio": round(speed.median / naive.median, 1),
        "taken for needs": f"{needs:.1%}",
        "pushed": "" if pushes is None else f"{pushes:.1%}",
        "built in s": round(ready, 2),
    }
