"""``qianqun eval match`` and ``qianqun train match``: how well queries find their products, and learning from them."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bot.cli.matching import CatalogueFile, read_catalogue
from bot.cli.selling import SoldGoods, sold_goods
from bot.cli.session import execute, out
from core.settings import SettingsError
from recommender.labelled_queries import LabelledFileError, LabelledQuery, parse
from recommender.match_evaluation import DEPTH, Comparison, Judgement, compare, judge, mean
from recommender.match_training import GradedQuery, Trained, graded_by_place, own_queries, train
from recommender.push_training import push_pairs
from recommender.retrieval import CONFIGURATIONS, Retrieval
from recommender.second_look import WeightsError, read_weights

_OWN_QUERIES = 300
_WIDTH = 100


def evaluate(catalog: Path, queries: Path, *, use: str, against: str, split: str, ablation: bool) -> int:
    """Print the quality of one way of ranking, and against another or against itself without each part."""

    async def work() -> int:
        labelled = read_labelled(queries, split)
        rows = read_catalogue(catalog)
        known = _known(labelled, rows, str(queries))
        retrieval = rows.retrieval()
        ours = _judged(configured(retrieval, use), rows, known)
        _print(_quality(use, known, ours))
        if against:
            theirs = _judged(configured(retrieval, against), rows, known)
            _print(_pairwise(use, {against: theirs}, ours))
        if ablation:
            ways = {name: _judged(configured(retrieval, name), rows, known) for name in CONFIGURATIONS if name != use}
            _print(_pairwise(use, ways, ours))
        return 0

    return execute(work)


def learn(
    catalogs: Sequence[Path], queries: Sequence[Path], *, output: Path, split: str, database: Path | None = None
) -> int:
    """Train the weights of the second look and write them; with a ``database`` (its settings) from pushes as well."""

    async def work() -> int:
        if len(queries) > len(catalogs):
            raise SettingsError("--queries", [("--queries", "more files than catalogues; the first goes to the first")])
        if not catalogs and database is None:
            raise SettingsError("--catalog", [("--catalog", "missing; name a CSV file, or a bot by --from-database")])
        sold = await sold_goods(database) if database is not None else None
        sets: list[tuple[Retrieval, list[GradedQuery]]] = []
        about: list[str] = []
        for catalog, file in zip_longest(catalogs, queries):
            rows = read_catalogue(catalog)
            retrieval = rows.retrieval()
            graded = list(own_queries(retrieval, _OWN_QUERIES))
            about.append(f"{catalog.name}: {len(graded)} queries of its own")
            if file is not None:
                labelled = _known(read_labelled(file, split), rows, str(file))
                graded += [GradedQuery(one.query, graded_by_place(rows.ids, one.graded)) for one in labelled]
                about[-1] += f", {len(labelled)} of {file.name}{f' ({split})' if split else ''}"
            sets.append((retrieval, graded))
        trained = train(sets) if sold is None else _with_pushes(sets, sold, about)
        _write(output, trained.document("; ".join(about)))
        before, after = trained.loss
        out().print(f"{trained.queries} queries, {trained.pairs} pairs, loss {before:.4f} → {after:.4f}", markup=False)
        for name, weight in trained.weights.items():
            out().print(f"  {name:<10} {weight:>8.3f}", markup=False)
        out().print(f"written to {output}", markup=False)
        return 0

    return execute(work)


def _with_pushes(sets: list[tuple[Retrieval, list[GradedQuery]]], sold: SoldGoods, about: list[str]) -> Trained:
    """Train from a bot's own catalogue and pushes too, drawn to the weights that are in use."""
    retrieval = sold.rows.retrieval()
    own = list(own_queries(retrieval, _OWN_QUERIES))
    about.append(f"the database: {len(own)} queries of its own, {len(sold.pushes)} pushes with orders")
    places = {int(product): place for place, product in enumerate(sold.rows.ids)}
    pairs = push_pairs(retrieval, places, sold.pushes)
    return train([*sets, (retrieval, own)], prior=retrieval.second.weights, further=pairs)


def read_labelled(path: Path, split: str) -> list[LabelledQuery]:
    """Read labelled queries, of one split if one is named. Raises ``LabelledFileError``."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise LabelledFileError(str(path), [f"cannot be read: {error.strerror}"]) from None
    except UnicodeDecodeError:
        raise LabelledFileError(str(path), ["is not UTF-8; save it as UTF-8"]) from None
    found = parse(str(path), text)
    chosen = [one for one in found if not split or one.split == split]
    if not chosen:
        there = sorted({one.split for one in found if one.split})
        raise LabelledFileError(str(path), [f"split: no query is of {split!r}; there are {', '.join(there) or 'none'}"])
    return chosen


def configured(retrieval: Retrieval, name: str) -> Retrieval:
    """Return a way of ranking by its name, or with the weights of a file. Raises ``SettingsError``."""
    if name in CONFIGURATIONS:
        return retrieval.with_parts(CONFIGURATIONS[name])
    if not name.endswith(".json"):
        ways = ", ".join(CONFIGURATIONS)
        raise SettingsError(
            "--with and --against", [(name, f"is no way of ranking; there are {ways}, or a .json file")]
        )
    try:
        return retrieval.with_parts(CONFIGURATIONS["full"], read_weights(Path(name)))
    except WeightsError as error:
        raise SettingsError("--with and --against", [(name, str(error))]) from None


def _known(labelled: Sequence[LabelledQuery], rows: CatalogueFile, name: str) -> list[LabelledQuery]:
    """Leave out grades of products that the catalogue lacks, and say how many; raise when nothing is left."""
    ids = set(rows.ids)
    kept = [
        LabelledQuery(one.query, graded, one.about, one.split)
        for one in labelled
        if any((graded := {key: grade for key, grade in one.graded.items() if key in ids}).values())
    ]
    missing = sorted({key for one in labelled for key in one.graded} - ids)
    if not kept:
        raise LabelledFileError(name, [f"graded: none of the ids is in the catalogue (the first is {missing[0]!r})"])
    if missing:
        left = len(labelled) - len(kept)
        out().print(f"{len(missing)} graded ids are not in the catalogue ({missing[0]}, …); {left} queries left out")
    return kept


def _judged(retrieval: Retrieval, rows: CatalogueFile, labelled: Sequence[LabelledQuery]) -> list[Judgement]:
    return [judge([rows.ids[place] for place, _ in retrieval.search(one.query, DEPTH)], one.graded) for one in labelled]


def _print(table: Table) -> None:
    Console(width=max(out().width, _WIDTH)).print(table)  # an interval that is cut off says nothing


def _quality(name: str, labelled: Sequence[LabelledQuery], judged: Sequence[Judgement]) -> Table:
    table = Table(title=f"{name}: means with 95 % intervals (bootstrap over queries)")
    for column in ("queries", "count", f"nDCG@{DEPTH}", "P@1", f"MRR@{DEPTH}"):
        table.add_column(column, no_wrap=True)
    kinds = sorted({one.about for one in labelled if one.about})
    for kind in ["", *kinds] if len(kinds) > 1 else [""]:
        part = [one for query, one in zip(labelled, judged, strict=True) if kind in {"", query.about}]
        figures = ([one.ndcg for one in part], [one.first for one in part], [one.reciprocal for one in part])
        table.add_row(kind or "all", str(len(part)), *(str(mean(values)) for values in figures))
    return table


def _pairwise(name: str, ways: Mapping[str, Sequence[Judgement]], ours: Sequence[Judgement]) -> Table:
    table = Table(title=f"{name} against others, query by query; the difference is {name} minus the other")
    for column in ("against", f"nDCG@{DEPTH}", "difference", "better", "worse", "level", "certain"):
        table.add_column(column, no_wrap=True)
    for other, theirs in ways.items():
        result: Comparison = compare(ours, theirs)
        counts = (str(result.better), str(result.worse), str(result.level))
        value = f"{mean([one.ndcg for one in theirs]).value:.3f}"
        table.add_row(other, value, str(result.difference), *counts, "yes" if result.certain else "no")
    return table


def _write(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    waiting = path.with_name(path.name + ".part")
    try:
        waiting.write_text(text, encoding="utf-8")
        os.replace(waiting, path)
    except OSError as error:
        raise SettingsError("--out", [(str(path), f"cannot be written: {error.strerror}")]) from None
