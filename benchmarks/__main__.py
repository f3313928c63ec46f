"""``python -m benchmarks [NAME…] [--talk FILE] [--json FILE] [--markdown FILE] [--quick]``; ``--list`` names them."""

from __future__ import annotations

import argparse
import json
import sys
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.report import Options, Report, goals, machine, markdown, ran_on, show
from benchmarks.running import run_apart
from core.clock import monotonic

BENCHMARKS = {
    "needs_quality": "precision and recall of needs, per class, on the labelled lines of tests/data",
    "everyday": "pushes per 1,000 lines of everyday talk (--talk FILE)",
    "match_quality": "nDCG@10 of the bare retrieval, against words only, characters only and TF-IDF",
    "cutting": "messages cut into words a second, against jieba, jieba-next and rjieba",
    "top": "filtered top 3, one call, against bm25s, tantivy and scikit-learn, at 10,000 to 1,000,000 products",
    "path": "messages a second from text to need to products, against rjieba + bm25s and jieba + scikit-learn",
    "durable": "messages a second with everything stored, against one ORM commit a message",
    "change": "changes of a product a second until a search shows them, against tantivy",
    "build": "seconds to index a million products and bytes a product, beside bm25s and tantivy",
    "ablation": "quality and cost of matching with and without each of its parts",
    "memory": "memory of a running bot",
    "startup": "seconds until --help and until the chat page is online",
    "replay": "seconds for a transcript of 30,000 lines",
    "sync": "rows a second of a feed with 100,000 rows",
    "orders": "order replies and chains read a second, growth with length, the time to apply one order",
    "segmentation": "seconds to look again at 100,000 members of 1,000 groups; category model against scikit-learn",
    "deletion": "seconds to delete one member on a database with 1,000,000 messages",
    "latency": "milliseconds from a stated need to the push in the channel's hands",
}

TABLES = "<!-- What is below is written by python -m benchmarks --markdown. -->"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run benchmarks and print their tables; 1 when one broke down, 2 for what cannot be run."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="which to run; default: all")
    parser.add_argument("--talk", type=Path, help="everyday talk: JSON Lines with text, and dialogue or group")
    parser.add_argument("--json", type=Path, help="also keep the results in this file")
    parser.add_argument("--markdown", type=Path, help="also keep the tables in this page, below its mark")
    parser.add_argument("--quick", action="store_true", help="smaller inputs and fewer repeats")
    parser.add_argument("--list", action="store_true", help="name the benchmarks and end")
    given = parser.parse_args(arguments)
    if given.list:
        for name, about in BENCHMARKS.items():
            print(f"{name:<15}{about}")
        return 0
    unknown = sorted(set(given.names) - set(BENCHMARKS))
    if unknown:
        parser.error(f"no benchmark is called {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    if given.talk is not None and not given.talk.is_file():
        parser.error(f"--talk: {given.talk} cannot be read")
    options = Options(given.talk, given.quick)
    names = given.names or list(BENCHMARKS)
    reports = list(_reports(names, options))
    summary = goals(reports)
    if summary.rows:
        show(summary)
    here = machine()
    if given.json is not None:
        found = {report.name: report.as_json() for report in reports}
        results = {"machine": here, "quick": options.quick, "benchmarks": found, "goals": summary.rows}
        _keep(given.json, json.dumps(results, ensure_ascii=False, indent=1) + "\n")
    if given.markdown is not None:
        _keep_tables(given.markdown, "\n".join([ran_on(here), "", *map(markdown, [summary, *reports])]))
    return int(len(reports) < len(names))


def _reports(names: Sequence[str], options: Options) -> Iterator[Report]:
    """Run one benchmark after the other; one that breaks down is said and left out."""
    for name in names:
        began = monotonic()
        try:
            report = run_apart(name, options)
        except Exception as error:
            print(f"\n{name}: broke down: {error!r}", file=sys.stderr, flush=True)
            traceback.print_exception(error)
            continue
        report.seconds = round(monotonic() - began)
        show(report)
        sys.stdout.flush()
        yield report


def _keep_tables(path: Path, tables: str) -> None:
    """Write a page, or what is behind the mark in a page that has one: what people wrote above it stays."""
    above, mark, _ = path.read_text(encoding="utf-8").partition(TABLES) if path.is_file() else ("", "", "")
    _keep(path, f"{above}{mark}\n{tables}" if mark else tables)


def _keep(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    print(f"\nkept in {path}")


if __name__ == "__main__":
    sys.exit(main())
