"""A change of one product until a search shows it: ours while the shelf is in use, tantivy's commit and reload."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import count, islice

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
_CHANGES = 2_000
"""Changes of a turn of ours; tantivy's lasts as long as any turn, some fifteen changes."""
_STEP = 7919
"""From one changed product to the next, so that their memory lies apart as in life."""
_LOOKED_AT = 50
_TANTIVY = "tantivy: delete, add, commit, reload"


def run(options: Options) -> Report:
    report = Report("change", "changes of one product a second, each visible before the next")
    for size in _QUICK_SIZES if options.quick else _SIZES:
        report.rows += _measured(size, options, report.notes)
    report.notes += [
        "Ours: Recommender.restock, as the storefront calls it, for products that are there before the clock runs; the "
        "first change of each kind is looked for in a search. Each kind of change has products of its own, and every "
        "change says something new of one. When new titles are many, the program builds the index anew beside the "
        "messages; here not.",
        "What a new product is (its kinds and attributes) is read when somebody first asks for goods by name: "
        "'and read' is with that, after every single change.",
    ]
    return report


def _measured(size: int, options: Options, notes: list[str]) -> list[Row]:
    shelf = list(products(size))
    shops = {read: world.understanding(shelf)[1] for read in (False, True)}  # what one leaves unread, the other reads
    rounds = QUICK_ROUNDS if options.quick else ROUNDS
    works: dict[str, Work] = {}
    for name, (changes, read) in _kinds(shelf).items():
        _look_at(shops[read], next(changes))
        works[f"ours: {name}"] = _restocking(shops[read], changes, rounds + 1, read=read)
    ours = list(works)
    try:
        works[_TANTIVY] = _tantivy(size)
    except MissingPeer as missing:
        notes.append(str(missing))
    rows: list[Row] = []
    turns = in_turns(works, rounds)
    for name in works:
        row: Row = {"products": size, "way": name} | turns.row(name, "changes/s")
        if name in ours and _TANTIVY in works:
            row |= turns.against(name, _TANTIVY, _GOAL)
        rows.append(row)
    return rows


def _restocking(recommender: Recommender, changes: Iterator[OnSale], turns: int, *, read: bool) -> Work:
    """Return a turn of changes, one by one; all products of all turns are made here."""
    waiting = iter([next(changes) for _ in range(_CHANGES * turns)])

    def work() -> int:
        done = 0
        for product in islice(waiting, _CHANGES):
            recommender.restock([product], [])
            if read:
                recommender.shelf.get(product.id or 0)
            done += 1
        return done

    return work


def _kinds(shelf: Sequence[OnSale]) -> dict[str, tuple[Iterator[OnSale], bool]]:
    """Return by name the changes of a kind without an end, and whether what each product is shall be read at once.

    Each kind has products of its own, of which it changes one after the other, again and again.
    """

    def sold_out(product: OnSale, number: int, again: int) -> OnSale:
        return replace(product, stock=again % 2 * 5)  # all of them sold out, then all there again

    def price(product: OnSale, number: int, again: int) -> OnSale:
        return replace(product, price=product.price + Decimal(number) / 100)

    def title(product: OnSale, number: int, again: int) -> OnSale:
        return replace(product, title=f"{product.title} 第{number}批")

    def new(product: OnSale, number: int, again: int) -> OnSale:
        return replace(product, id=len(shelf) + number, supplier_product_id=f"N{number}")

    kinds = {
        "sold out": (sold_out, False),
        "another price": (price, False),
        "another title": (title, False),
        "a new product": (new, False),
        "another title, and read": (title, True),
        "a new product, and read": (new, True),
    }
    there = [product for product in shelf if product.stock != 0]

    def changes(kind: int, change: Callable[[OnSale, int, int], OnSale]) -> Iterator[OnSale]:
        own = there[kind :: len(kinds)]
        for turn in count():
            yield change(own[turn * _STEP % len(own)], 1 + turn * len(kinds) + kind, turn // len(own))

    return {name: (changes(place, change), read) for place, (name, (change, read)) in enumerate(kinds.items())}


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
        number = next(turn) * _STEP % size
        terms = [names[term] for term in corpus.terms[corpus.bounds[number] : corpus.bounds[number + 1]]]
        search.change(number, search.document(number, terms, sold_out=True))

    return for_a_while(change)
