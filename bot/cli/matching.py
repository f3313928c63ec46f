"""``qianqun match``: the bare retrieval over a catalogue file."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from bot.cli.session import execute, out
from catalog.aliases import AliasTable
from core.settings import SettingsError
from core.text import Normaliser
from recommender.retrieval import Retrieval

_WIDEST_FIELD = 1_000_000


def match(catalog: Path, queries: list[str], *, top: int, form: str) -> int:
    """Rank the products of a file for each query and print the best."""

    async def work() -> int:
        if form not in {"text", "jsonl"}:
            raise SettingsError("--format", [("--format", f"{form!r} is not a format; write text or jsonl")])
        rows = list(_rows(catalog))
        aliases = tuple(AliasTable.load())
        normaliser = Normaliser({alias: word for alias, word, kind in aliases if kind == "emoji"})
        retrieval = Retrieval([title for _, title in rows], aliases, normaliser)
        for query in _queries(queries):
            found = retrieval.search(query, top)
            results = [
                {"id": rows[place][0], "title": rows[place][1], "score": round(score, 4)} for place, score in found
            ]
            _print(query, results, form)
        return 0

    return execute(work)


def _rows(catalog: Path) -> Iterator[tuple[str, str]]:
    csv.field_size_limit(_WIDEST_FIELD)
    try:
        with catalog.open(encoding="utf-8-sig", errors="replace", newline="") as stream:
            reader = csv.DictReader(stream)
            missing = [name for name in ("id", "title") if name not in (reader.fieldnames or ())]
            if missing:
                raise SettingsError(
                    str(catalog), [("columns", f"{' and '.join(missing)} missing; the first line names the columns")]
                )
            for row in reader:
                yield str(row["id"]), str(row["title"] or "")
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
    out.print(query, style="bold", markup=False)
    for place, result in enumerate(results, start=1):
        out.print(f"{place:>3}. {result['title']}  [{result['id']}]  {result['score']}", markup=False)
