"""Precision and recall of needs on the labelled lines: those the model was trained on, and those kept for judging.

``qianqun eval needs`` prints the same with intervals, traps and reliability, but without the demo's catalogue.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from benchmarks import world
from benchmarks.report import ROOT, Options, Report, Row
from bot.cli.learning import TRAINING_FILES
from catalog.aliases import AliasTable
from recommender.evaluation import ANY, NONE, ClassScore, Judged, Verdict, judge
from recommender.labelled import LabelledLine, read_labelled
from recommender.lexicon import Lexicon
from recommender.need_report import hear
from recommender.shelf import catalogue_words

FOLDER = ROOT / "tests" / "data"
PARTS = {"training": TRAINING_FILES, "judging": ("needs_test.jsonl",)}


def run(options: Options) -> Report:
    report = Report("needs_quality", "reading single labelled lines of tests/data, demo's catalogue known")
    verdicts = {part: judge(_judged(read_labelled(FOLDER / name for name in names))) for part, names in PARTS.items()}
    for name in [score.name for score in verdicts["training"].scores]:
        report.rows.append(_row(name, verdicts))
    judging = verdicts["judging"]
    quiet = judging.score(NONE)
    alarms = sum(one.expected == NONE and one.found not in {NONE, "implicit"} for one in judging.wrong)
    report.notes += [
        "objects right among found needs: "
        + ", ".join(f"{part} {verdict.terms_right:.3f}" for part, verdict in verdicts.items()),
        f"judging, lines without a need taken for one: {alarms} of {quiet.right + quiet.missed}",
        "judging, look-alikes taken for a need: "
        + ", ".join(f"{name} {seen}/{total}" for name, (seen, total) in judging.traps.items() if seen),
        f"{ANY}: whatever its class; implicit needs may be recorded or missed and are not counted there.",
    ]
    return report


def _judged(lines: Sequence[LabelledLine]) -> list[Judged]:
    products = asyncio.run(world.demo_products())
    normaliser, recommender = world.understanding(products)
    lexicon = Lexicon(AliasTable.load(), catalogue_words(products))
    return [
        hear(
            line, recommender.read(normaliser(line.text)), lambda word: lexicon.canonical(normaliser(word).text)
        ).judged
        for line in lines
    ]


def _row(name: str, verdicts: dict[str, Verdict]) -> Row:
    row: Row = {"class": name}
    for part, verdict in verdicts.items():
        score = next((score for score in verdict.scores if score.name == name), ClassScore(name))
        row[f"{part} lines"] = score.right + score.missed
        row[f"{part} precision"] = round(score.precision, 3)
        row[f"{part} recall"] = round(score.recall, 3)
    return row
