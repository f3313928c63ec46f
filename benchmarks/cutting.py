"""Messages cut into words a second, in batches of 64: against jieba and its quicker relatives, with one dictionary."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import islice

from benchmarks import ours
from benchmarks.report import ROOT, Options, Report, Row
from benchmarks.stream import lines
from benchmarks.turns import QUICK_ROUNDS, ROUNDS, Work, in_turns, over
from benchmarks.words import Cut, MissingPeer, jieba_cut, jieba_next_cut, rjieba_cut

BATCH = 64
_GOALS = {15: 50.0, 40: 80.0}
"""By length of a message: how many times as fast as jieba we mean to be."""
_BATCHES, _QUICK_BATCHES = 32, 8


def run(options: Options) -> Report:
    report = Report("cutting", f"messages cut into words a second, batches of {BATCH}")
    peers: dict[str, Cut] = {"jieba": jieba_cut}
    for name, make in (("jieba-next", jieba_next_cut), ("rjieba", rjieba_cut)):
        try:
            peers[name] = make()
        except MissingPeer as missing:
            report.notes.append(str(missing))
    for length, goal in _GOALS.items():
        report.rows += _measured(length, goal, peers, options)
    report.notes.append(
        "All have jieba's dictionary with the program's own words and run without the hidden Markov model. Equal: "
        "lines, those of tests/data too, that are cut exactly as jieba cuts them. The arrays are what the compiled "
        "path goes on with; the strings are made of them."
    )
    return report


def messages(length: int, count: int) -> list[str]:
    """Return ``count`` messages of exactly so many characters, made of everyday talk and needs, all different."""
    talk = "，".join(islice(lines(count * length), count * length // 4))
    pieces = list(dict.fromkeys(talk[start : start + length] for start in range(0, len(talk) - length, length)))
    if len(pieces) < count:
        raise ValueError(f"{len(pieces)} different messages of {length} characters, {count} are wanted")
    return pieces[:count]


def _measured(length: int, goal: float, peers: dict[str, Cut], options: Options) -> list[Row]:
    texts = messages(length, BATCH * (_QUICK_BATCHES if options.quick else _BATCHES))
    batches = [texts[start : start + BATCH] for start in range(0, len(texts), BATCH)]
    arrays, strings = f"{ours.COMPILED}: arrays", f"{ours.COMPILED}: strings"
    ways: dict[str, Work] = {
        arrays: over(ours.cut_batch, batches, pieces=BATCH),
        strings: over(ours.cut_to_strings, batches, pieces=BATCH),
    }
    ways |= {name: over(_each(cut), batches, pieces=BATCH) for name, cut in peers.items()}
    turns = in_turns(ways, QUICK_ROUNDS if options.quick else ROUNDS)
    told: dict[str, Cut] = {strings: ours.cut_one, **peers}
    judged = [*texts, *_judged_lines()]
    rows = []
    for way in ways:
        row: Row = {"characters": length, "way": way} | turns.row(way, "messages/s")
        if way in told:
            row["equal"] = f"{sum(told[way](text) == jieba_cut(text) for text in judged) / len(judged):.1%}"
        if way in peers:
            row |= turns.against(arrays, way, goal if way == "jieba" else None)
        rows.append(row)
    return rows


def _judged_lines() -> list[str]:
    """Return every labelled line of the tests, beside those that are timed."""
    paths = sorted((ROOT / "tests" / "data").glob("*.jsonl"))
    entries = [json.loads(line) for path in paths for line in path.read_text(encoding="utf-8").splitlines()]
    return [entry["text"] for entry in entries if "text" in entry]


def _each(cut: Cut) -> Callable[[list[str]], None]:
    def whole(texts: list[str]) -> None:
        for text in texts:
            cut(text)

    return whole
