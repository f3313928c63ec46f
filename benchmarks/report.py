"""What a benchmark returns, and how it is printed and kept."""

from __future__ import annotations

import os
import platform
import statistics
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from core.clock import monotonic

ROOT = Path(__file__).parent.parent
_PEERS = (
    *("numba", "numpy", "jieba", "sqlalchemy"),
    *("bm25s", "jieba-next", "rjieba", "scikit-learn", "tantivy"),
)
_WIDEST = 150

Row = dict[str, Any]
"""One line of a table: column name to a text, number or truth value."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asks. ``talk`` is a transcript of everyday talk; ``quick`` trades certainty for time."""

    talk: Path | None = None
    quick: bool = False


@dataclass(slots=True)
class Report:
    """One benchmark's result: a table, and sentences about what must be known to read it."""

    name: str
    title: str
    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON-able values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Spread:
    """Median and extremes of a measure over repeats."""

    median: float
    low: float
    high: float

    @property
    def percent(self) -> str:
        """Return how far the extremes lie from the median."""
        if not self.median:
            return "-"
        return f"{(self.low / self.median - 1) * 100:+.0f}..{(self.high / self.median - 1) * 100:+.0f} %"


def spread(values: Sequence[float]) -> Spread:
    """Return median and extremes."""
    return Spread(statistics.median(values), min(values), max(values))


def rates(work: Callable[[], int], repeats: int) -> Spread:
    """Run ``work``, which tells how many pieces it did, and return pieces a second."""
    measured = []
    for _ in range(repeats):
        began = monotonic()
        done = work()
        measured.append(done / (monotonic() - began))
    return spread(measured)


def limit_row(what: str, limit: float, measured: float, unit: str) -> Row:
    """Return the row of a limit that a measure must not pass."""
    return {"what": what, "limit": limit, "measured": round(measured, 3), "unit": unit, "met": measured <= limit}


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that ``share`` of the values do not pass."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def machine() -> Row:
    """Return what the figures depend on."""
    versions = {}
    for name in _PEERS:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = "not installed"
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "processors": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "load": [round(value, 2) for value in os.getloadavg()] if hasattr(os, "getloadavg") else [],
        "versions": versions,
    }


def show(report: Report) -> None:
    """Print a report as a table."""
    console = Console(file=sys.stdout, highlight=False, width=_WIDEST)
    console.print(f"\n{report.name}: {report.title}", style="bold", markup=False)
    columns = list(dict.fromkeys(name for row in report.rows for name in row))
    table = Table(show_edge=False, pad_edge=False)
    for column in columns:
        numeric = all(isinstance(row.get(column, 0), int | float) for row in report.rows)
        table.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in report.rows:
        table.add_row(*(_text(row.get(column, ""), column) for column in columns))
    if columns:
        console.print(table)
    for note in report.notes:
        console.print(note, markup=False)


def _text(value: Any, column: str) -> str:
    if isinstance(value, bool):
        return "yes" if value else "NO" if column == "met" else "no"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    if isinstance(value, int):
        return f"{value:,}"
    return str(value).replace("[", r"\[")
