"""What a benchmark returns, and how it is printed and kept."""

from __future__ import annotations

import os
import platform
import statistics
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

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
    """One benchmark's result: a table, sentences about what must be known to read it, and how long it took."""

    name: str
    title: str
    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    seconds: int = 0

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
    took = f" ({report.seconds} s)" if report.seconds else ""
    console.print(f"\n{report.name}: {report.title}{took}", style="bold", markup=False)
    columns = _columns(report)
    table = Table(show_edge=False, pad_edge=False)
    for column in columns:
        table.add_column(column, justify="right" if _numeric(report, column) else "left", overflow="fold")
    for row in report.rows:
        table.add_row(*(_text(row.get(column, ""), column).replace("[", r"\[") for column in columns))
    if columns:
        console.print(table)
    for note in report.notes:
        console.print(note, markup=False)


def markdown(report: Report) -> str:
    """Return a report as a section of a page."""
    columns = _columns(report)
    lines = [f"## {report.name}", "", f"{report.title}; the whole table took {report.seconds} s.", ""]
    if columns:
        lines.append(f"| {' | '.join(columns)} |")
        lines.append(f"| {' | '.join('---:' if _numeric(report, column) else '---' for column in columns)} |")
    for row in report.rows:
        cells = [_text(row.get(column, ""), column).replace("|", r"\|") for column in columns]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, "", *(f"- {note}" for note in report.notes), ""])


def ran_on(here: Row) -> str:
    """Return ``machine()`` in a sentence."""
    versions = ", ".join(f"{name} {number}" for name, number in here["versions"].items())
    where = (
        f"Python {here['python']}, {here['system']}, {here['processors']} processors, load {here['load']} at the end"
    )
    return f"{where}. {versions}."


def goals(reports: Sequence[Report]) -> Report:
    """Return every row that says whether a goal or a limit was met, those that were missed first."""
    rows: list[Row] = []
    for report in reports:
        first = report.rows[0] if report.rows else {}
        for row in report.rows:
            if isinstance(row.get("met"), bool):
                said = [_text(value, name) for name, value in row.items() if name in list(first)[:2] or name == "way"]
                measured = row.get("ours is ×", row.get("measured", ""))
                rows.append({"benchmark": report.name, "row": ", ".join(said), "measured": measured, "met": row["met"]})
    missed = sum(not row["met"] for row in rows)
    title = f"{len(rows) - missed} of {len(rows)} goals and limits met"
    return Report("goals", title, sorted(rows, key=lambda row: bool(row["met"])))


def _columns(report: Report) -> list[str]:
    return list(dict.fromkeys(name for row in report.rows for name in row))


def _numeric(report: Report, column: str) -> bool:
    return all(isinstance(row.get(column, 0), int | float) for row in report.rows)


def _text(value: Any, column: str) -> str:
    if isinstance(value, bool):
        return "yes" if value else "NO" if column == "met" else "no"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    if isinstance(value, int):
        return f"{value:,}"
    return str(value)
