"""A change of one product until a search shows it: ours while the shelf is in use, tantivy's commit and reload."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import count

from benchmarks import world
from benchmarks.corpus import Corpus, question
from benchmarks.peers import Masks, Tantivy
from benchmarks.products import AREAS, made, products
from benchmarks.report import Options, Report, Row
from benchmarks.turns import QUICK_ROUNDS, ROUNDS, Work, for_a_while, in_turns
from benchmarks.words import MissingPeer
from catalog.repository import OnSale
from recommender.filters import Where
from recommender.service import Recommender

_SIZES, _QUICK_SIZES = (10_000, 100_000), (10_000,)
_GOAL = 400.0
_LOOKED_AT = 50
_TANTIVY = "tantivy: delete, add, commit, reload"


def run(options: Options) -> Report:
    report = Report("change", "changes of one product a second, each visible before the next")
    for size in _QUICK_SIZES if options.quick else _SIZES:
        report.rows += _measured(size, options, report.notes)
    report.notes.append(
        "Ours: Recommender.restock, as the storefront calls it; the first change of each kind is looked "
        "for in a search. When new titles are many, the program builds the index anew beside the messages; here not."
    )
    return report


def _measured(size: int, options: Options, notes: list[str]) -> list[Row]:
    shelf = list(products(size))
    _, recommender = world.understanding(shelf)
    works: dict[str, Work] = {}
    for name, change in _kinds(shelf).items():
        _look_at(recommender, change())
        works[f"ours: {name}"] = for_a_while(lambda change=change: recommender.restock([change()], []))
    ours = list(works)
    try:
        works[_TANTIVY] = _tantivy(size)
    except MissingPeer as missing:
        notes.append(str(missing))
    rows: list[Row] = []
    turns = in_turns(works, QUICK_ROUNDS if options.quick else ROUNDS)
    for name in works:
        row: Row = {"products": size, "way": name} | turns.row(name, "changes/s")
        if name in ours and _TANTIVY in works:
            row |= turns.against(name, _TANTIVY, _GOAL)
        rows.append(row)
    return rows


def _kinds(shelf: Sequence[OnSale]) -> dict[str, Callable[[], OnSale]]:
    """Return by name what makes the next change: every one of another product, and none says what is said already."""
    turn = count(1)

    def any_product() -> tuple[OnSale, int]:
        number = next(turn)
        return shelf[number * 7919 % len(shelf)], number

    def sold_out() -> OnSale:
        product, _ = any_product()
        return replace(product, stock=0)

    def price() -> OnSale:
        product, number = any_product()
        return replace(product, price=product.price + Decimal(number) / 100)

    def title() -> OnSale:
        product, number = any_product()
        return replace(product, title=f"{product.title} 第{number}批")

    def new() -> OnSale:
        product, number = any_product()
        return replace(product, id=len(shelf) + number, supplier_product_id=f"N{number}")

    return {"sold out": sold_out, "another price": price, "another title": title, "a new product": new}


def _look_at(recommender: Recommender, product: OnSale) -> None:
    """Change one product and look whether the shelf shows it so and a search finds it; ``RuntimeError`` otherwise."""
    recommender.restock([product], [])
    shelf = recommender.shelf
    item = shelf.get(product.id or 0)
    if item is None or (item.title, item.price, item.stock) != (product.title, product.price, product.stock):
        raise RuntimeError(f"the shelf shows {item} after {product} was taken over")
    shown = shelf.shown(Where(tuple(AREAS), ()))
    terms = question(product.title.lower()).terms
    found = [shelf.at(number) for number, _ in shelf.index.top(terms, _LOOKED_AT, shown)]
    if (item in found) != (product.stock != 0):
        raise RuntimeError(f"a search for {product.title} with stock {product.stock} found {found}")


def _tantivy(size: int) -> Work:
    """Return a turn of tantivy over the terms of as many products, all but the changed ones as they were."""
    corpus = Corpus.of(made(size))
    search = Tantivy(corpus, Masks(corpus))
    names = list(corpus.vocabulary)
    turn = count(1)

    def change() -> None:
        number = next(turn) * 7919 % size
        terms = [names[term] for term in corpus.terms[corpus.bounds[number] : corpus.bounds[number + 1]]]
        search.change(number, search.document(number, terms, sold_out=True))

    return for_a_while(change)
