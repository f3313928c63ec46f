"""``qianqun match``: the bare retrieval over a catalogue file."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.cli.session import err, execute, out
from catalog.aliases import AliasTable
from core.settings import SettingsError
from core.text import Normaliser
from core.types import Money
from recommender.retrieval import Retrieval

_WIDEST_FIELD = 1_000_000
_BESIDE = ("brand", "specification", "category", "keywords")
"""Columns that are searched beside the title when the file has them."""


@dataclass(frozen=True, slots=True)
class CatalogueFile:
    """The rows of a catalogue file: ids, titles, what else is known of each product as one text, prices in yuan."""

    ids: Sequence[str]
    titles: Sequence[str]
    further: Sequence[str]
    prices: Sequence[float | None]

    def retrieval(self) -> Retrieval:
        """Index the rows; say once when the second look has to do without its trained weights."""
        aliases = tuple(AliasTable.load())
        normaliser = Normaliser({alias: word for alias, word, kind in aliases if kind == "emoji"})
        retrieval = Retrieval(self.titles, aliases, normaliser, further=self.further, prices=self.prices)
        if retrieval.second.fault:
            err().print(f"{retrieval.second.fault}; until then the built-in weights hold", markup=False, style="yellow")
        return retrieval


def match(catalog: Path, queries: list[str], *, top: int, form: str) -> int:
    """Rank the products of a file for each query and print the best."""

    async def work() -> int:
        if form not in {"text", "jsonl"}:
            raise SettingsError("--format", [("--format", f"{form!r} is not a format; write text or jsonl")])
        rows = read_catalogue(catalog)
        retrieval = rows.retrieval()
        for query in _queries(queries):
            found = retrieval.search(query, top)
            results = [
                {"id": rows.ids[place], "title": rows.titles[place], "score": round(score, 4)} for place, score in found
            ]
            _print(query, results, form)
        return 0

    return execute(work)


def read_catalogue(path: Path) -> CatalogueFile:
    """Read a CSV with at least the columns id and title. Raises ``SettingsError``."""
    ids, titles, further, prices = [], [], [], []
    for row in _rows(path):
        ids.append(row["id"] or "")
        titles.append(row["title"] or "")
        further.append(" ".join((row.get(name) or "").replace("/", " ").replace("|", " ") for name in _BESIDE).strip())
        prices.append(_price(row.get("price") or ""))
    return CatalogueFile(ids, titles, further, prices)


def _price(text: str) -> float | None:
    """Return a price in yuan, None where there is none or it is none: bare retrieval works without."""
    try:
        return float(Money.parse(text).amount)
    except ValueError:
        return None


def _rows(catalog: Path) -> Iterator[dict[str, str | None]]:
    csv.field_size_limit(_WIDEST_FIELD)
    try:
        with catalog.open(encoding="utf-8-sig", errors="replace", newline="") as stream:
            reader = csv.DictReader(stream)
            missing = [name for name in ("id", "title") if name not in (reader.fieldnames or ())]
            if missing:
                raise SettingsError(
                    str(catalog), [("columns", f"{' and '.join(missing)} missing; the first line names the columns")]
                )
            yield from reader
    except OSError as error:
        raise SettingsError(str(catalog), [("--catalog", f"cannot be read: {error.strerror}")]) from None
    except csv.Error as error:
        raise SettingsError(str(catalog), [("--catalog", f"is not a CSV file: {error}")]) from None


def _queries(queries: Iterable[str]) -> Iterator[str]:
    for query in queries:
        if query != "-":
            yield query
            continue
        for line in sys.stdin:
            text = line.rstrip("\r\n")
            if text.strip():
                yield text


def _print(query: str, results: list[dict[str, object]], form: str) -> None:
    if form == "jsonl":
        sys.stdout.write(json.dumps({"query": query, "results": results}, ensure_ascii=False) + "\n")
        return
    out().print(query, style="bold", markup=False)
    for place, result in enumerate(results, start=1):
        out().print(f"{place:>3}. {result['title']}  [{result['id']}]  {result['score']}", markup=False)
