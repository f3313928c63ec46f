"""Pushes per 1,000 lines of everyday talk, through the whole pipeline of ``qianqun replay --unlimited``.

Once with the demo's catalogue and once with 100,000 made-up products: a larger shop must not talk more.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from benchmarks import world
from benchmarks.products import products
from benchmarks.report import ROOT, Options, Report
from bot.replay import replay, result, scratch
from bot.transcript import Said
from core.clock import monotonic

TALK = ROOT / "tests" / "data" / "talk.jsonl"
_MOST_PER_1000 = 1.0
_LONGEST = 60
_QUICK_LINES = 2_000
_MANY_PRODUCTS = 100_000
_QUICK_PRODUCTS = 10_000
_SPEAKERS = 7
_SECONDS_BETWEEN = 20


def run(options: Options) -> Report:
    path = options.talk or TALK
    report = Report("everyday", f"what everyday talk makes the bot say, by catalogue; transcript {path.name}")
    said = list(transcript(path))[: _QUICK_LINES if options.quick else None]
    for catalogue, count in (("the demo's", 0), ("made up", _QUICK_PRODUCTS if options.quick else _MANY_PRODUCTS)):
        results, size, seconds = asyncio.run(_replayed(said, count))
        pushed = [(one, result) for one, result in zip(said, results, strict=True) if result["push"]]
        outcomes = Counter(result["outcome"] for result in results)
        rate = 1000 * len(pushed) / max(1, len(said))
        report.rows.append(
            {
                "catalogue": catalogue,
                "products": size,
                "lines": len(said),
                "pushes": len(pushed),
                "per 1,000": round(rate, 2),
                "limit": _MOST_PER_1000,
                "met": rate <= _MOST_PER_1000,
                "needs without a push": outcomes["need"] - len(pushed),
                "lines/s": round(len(said) / seconds),
            }
        )
        report.notes += [
            f"pushed with {size} products: {one.text[:_LONGEST]} → {result['need']['class']} "
            f"{'、'.join(result['need']['terms'])}: {result['push'][0]['title']} ({result['push'][0]['score']})"
            for one, result in pushed
        ]
    report.notes.append(
        "No caps, quiet hours or memory of what was shown; level 4 everywhere; no results yet. Results never let a "
        "push below recommender.results.lowest go out. Made-up products are on the shelf alone, not in the database."
    )
    return report


def transcript(path: Path) -> Iterator[Said]:
    """Read JSON Lines with ``text`` and, if there, ``dialogue`` or ``group``, and ``speaker`` or ``member``.

    Every dialogue is a group of its own. Lines without a speaker go round among a few members of one group.
    """
    with path.open(encoding="utf-8") as stream:
        for number, line in enumerate(filter(str.strip, stream), start=1):
            entry = json.loads(line)
            yield Said(
                line=number,
                at=world.START + timedelta(seconds=_SECONDS_BETWEEN * number),
                group=str(entry.get("dialogue") or entry.get("group") or path.stem),
                member=str(entry.get("speaker") or entry.get("member") or f"m{number % _SPEAKERS}"),
                text=entry["text"],
            )


async def _replayed(said: list[Said], count: int) -> tuple[list[dict[str, Any]], int, float]:
    """Return the results, how many products there were and how many seconds it took without the reading of those.

    ``count`` products are made up; 0 takes the demo's.
    """
    async with scratch(world.settings()) as (parts, clock):
        if count:
            parts.recommender.adopt(parts.recommender.prepare(list(products(count))))
        else:
            await parts.catalog.sync_all()
            await parts.storefront.fill()
        began = monotonic()
        results = [result(n, handled) async for batch in replay(parts, clock, said) for n, handled in batch]
        return results, len(parts.recommender.shelf), monotonic() - began
