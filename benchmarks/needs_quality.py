"""Precision and recall of needs on the labelled lines of ``tests/data/needs.jsonl``.

Lines with an even number are for development, odd ones for the test: whoever tunes a rule looks at the even ones.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any

from benchmarks import world
from benchmarks.report import ROOT, Options, Report, Row
from catalog.aliases import AliasTable
from recommender.evaluation import ANY, NONE, ClassScore, Judged, Verdict, found_class, judge, same_terms
from recommender.lexicon import Lexicon
from recommender.shelf import catalogue_words

LINES = ROOT / "tests" / "data" / "needs.jsonl"


def run(options: Options) -> Report:
    report = Report("needs_quality", f"reading single lines of {LINES.relative_to(ROOT)}, demo's catalogue known")
    lines = [json.loads(line) for line in LINES.read_text(encoding="utf-8").splitlines() if line.strip()]
    judged = _judged(lines)
    parts = {"dev": 0, "test": 1}
    verdicts = {
        name: judge(one for line, one in zip(lines, judged, strict=True) if _number(line) % 2 == rest)
        for name, rest in parts.items()
    }
    verdicts["all"] = judge(judged)
    for name in [score.name for score in verdicts["all"].scores]:
        report.rows.append(_row(name, verdicts))
    whole = verdicts["all"]
    alarms = sum(one.expected == NONE and one.found not in {NONE, "implicit"} for one in whole.wrong)
    report.notes += [
        "objects right among found needs: "
        + ", ".join(f"{part} {verdict.terms_right:.3f}" for part, verdict in verdicts.items()),
        f"lines without a need taken for one: {alarms} of {whole.score(NONE).right + whole.score(NONE).missed}",
        "look-alikes taken for a need: "
        + ", ".join(f"{name} {seen}/{total}" for name, (seen, total) in whole.traps.items() if seen),
        f"{ANY}: whatever its class; implicit needs may be recorded or missed and are not counted there.",
    ]
    return report


def _judged(lines: Sequence[dict[str, Any]]) -> list[Judged]:
    products = asyncio.run(world.demo_products())
    normaliser, recommender = world.understanding(products)
    canonical = Lexicon(AliasTable.load(), catalogue_words(products)).canonical
    judged = []
    for line in lines:
        reading = recommender.read(normaliser(line["text"]))
        expected = [canonical(normaliser(term).text) for term in line["terms"]]
        found = reading.need.terms if reading.need is not None else ()
        right = same_terms(expected, [canonical(term) for term in found])
        judged.append(Judged(line["text"], line["class"], found_class(reading), line["trap"], right))
    return judged


def _number(line: dict[str, Any]) -> int:
    return int("".join(filter(str.isdigit, line["id"])))


def _row(name: str, verdicts: dict[str, Verdict]) -> Row:
    row: Row = {"class": name}
    for part, verdict in verdicts.items():
        score = next((score for score in verdict.scores if score.name == name), ClassScore(name))
        row[f"{part} lines"] = score.right + score.missed
        row[f"{part} precision"] = round(score.precision, 3)
        row[f"{part} recall"] = round(score.recall, 3)
    return row
