"""What can be shown: the products on sale, in memory, with the index over their words.

The database is the truth. What changes there is taken over at once (``Shelf.take``); when much was, or the catalogue
brought new words, a new shelf is read beside the messages and takes the old one's place.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from sys import intern
from types import MappingProxyType
from typing import Any, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from recommender.bits import Bits, has, having
from recommender.filters import Filters, Where
from recommender.heads import product_kinds, title_phrases
from recommender.index import Index
from recommender.indexing import index_of
from recommender.lexicon import CatalogueWords, Lexicon, Word, WordKind
from recommender.live import LiveIndex
from recommender.segmentation import Segmenter
from recommender.sounds import SoundIndex

_KEPT_PIECES = 20_000
"""Cut pieces of text that are remembered while a shelf is built."""
_NARROWING = frozenset({WordKind.ATTRIBUTE, WordKind.WHOM})
_Value = TypeVar("_Value", bound=Hashable)


class CatalogueProduct(Protocol):
    """The fields of a product row that matter here; ``catalog.models.Product`` has them."""

    id: int | None
    supplier: str
    supplier_product_id: str
    title: str
    category: str
    brand: str
    specification: str
    unit: str
    price: Decimal
    stock: int | None
    neighbourhoods: list[str]
    on_sale_from: datetime | None
    on_sale_to: datetime | None
    keywords: list[str]


@dataclass(frozen=True, slots=True)
class Item:
    """One product on the shelf. ``key`` is ``supplier/their-id``, ``price`` in yuan for one ``unit``.

    Empty ``neighbourhoods`` is everywhere.

    ``kinds`` says how well each word names it, ``attributes`` what it is said to be,
    ``whom`` for whom it is made, ``words`` a fingerprint of everything the index reads.
    """

    id: int
    key: str
    title: str
    category: str
    brand: str
    specification: str
    unit: str
    price: Decimal
    stock: int | None
    neighbourhoods: frozenset[str]
    on_sale_from: datetime | None
    on_sale_to: datetime | None
    kinds: Mapping[str, float]
    attributes: frozenset[str]
    whom: frozenset[str]
    words: int
    orders: int = 0
    """How often it was ordered, over all groups, when the catalogue was read last."""

    def as_now(self, product: CatalogueProduct) -> Item:
        """Return the item as a product with the same words is now: its price, stock, places and times."""
        return Item(
            self.id,
            self.key,
            self.title,
            self.category,
            self.brand,
            self.specification,
            product.unit,
            product.price,
            product.stock,
            frozenset(product.neighbourhoods),
            product.on_sale_from,
            product.on_sale_to,
            self.kinds,
            self.attributes,
            self.whom,
            self.words,
            self.orders,
        )

    def on_sale(self, now: datetime) -> bool:
        """Tell whether it can be ordered now: in its time and in stock."""
        begun = self.on_sale_from is None or self.on_sale_from <= now
        return begun and (self.on_sale_to is None or now < self.on_sale_to) and (self.stock is None or self.stock > 0)


class Shelf:
    """Items by their number in the index, and the ways to find them. Changes are taken over in place.

    An item whose words change becomes a new document; the old one is never shown again.
    """

    def __init__(self, items: Sequence[Item], index: Index, builder: _Builder) -> None:
        """Put items, in the order in which the index was given them, on a shelf."""
        self._items: list[Item] = [items[given] for given in index.order.tolist()]
        self._builder = builder
        self.index = LiveIndex(index, builder.cut)
        numbers = {item.id: number for number, item in enumerate(self._items)}
        self._number = {item.id: numbers[item.id] for item in items}
        by_kind: dict[str, list[int]] = defaultdict(list)
        for number, item in enumerate(self._items):
            for kind in item.kinds:
                by_kind[kind].append(number)
        self._by_kind = {kind: np.array(found) for kind, found in by_kind.items()}
        self._newest_by_kind: dict[str, list[int]] = defaultdict(list)
        self._sounds = SoundIndex(by_kind)
        self._filters = Filters(self._items)
        self._prices = array("d", (float(item.price) for item in self._items))

    def __len__(self) -> int:
        return len(self._number)

    @classmethod
    def build(
        cls,
        products: Iterable[CatalogueProduct],
        segmenter: Segmenter,
        lexicon: Lexicon,
        orders: Mapping[int, int] = MappingProxyType({}),
    ) -> Shelf:
        """Read products into a shelf; 10,000 take about half a second. ``orders`` counts them by product id."""
        builder = _Builder(segmenter, lexicon)
        items: list[Item] = []

        def texts() -> Iterable[str]:
            for product in products:
                text = _index_text(product)
                item = builder.item(product, text)
                items.append(replace(item, orders=orders[item.id]) if item.id in orders else item)
                yield text

        index = index_of(texts(), segmenter)
        return cls(items, index, builder)

    def take(self, changed: Iterable[CatalogueProduct], gone: Collection[int]) -> list[CatalogueProduct]:
        """Show changed and new products, and take off those that are gone; from now on everybody finds it so.

        Return those that are new or have other words than before.
        """
        reworded = []
        for product in changed:
            number = self._number.get(product.id or 0)
            if number is None or self._items[number].words != _words_of(product):
                reworded.append(product)
                text = _index_text(product)
                self._replace(number, self._builder.item(product, text), text)
            else:
                self._change(number, self._items[number].as_now(product))
        for product_id in gone:
            number = self._number.get(product_id)
            if number is not None:
                self._change(number, replace(self._items[number], stock=0))
        return reworded

    def _replace(self, old: int | None, item: Item, text: str) -> None:
        """Put an item on the shelf as a new document, in the place of an old one if there was one."""
        if old is not None:
            self._filters.retire(old, self._items[old])
            item = replace(item, orders=self._items[old].orders)
        number = self.index.add(text)
        self._items.append(item)
        self._prices.append(float(item.price))
        self._number[item.id] = number
        for kind in item.kinds:
            if kind not in self._by_kind and kind not in self._newest_by_kind:
                self._sounds.add(kind)
            self._newest_by_kind[kind].append(number)
        self._filters.put(number, item)

    def _change(self, number: int, after: Item) -> None:
        before = self._items[number]
        self._items[number] = after
        self._prices[number] = float(after.price)
        self._filters.change(number, before, after)

    def at(self, number: int) -> Item:
        """Return an item by its number in the index."""
        return self._items[number]

    def number(self, product_id: int) -> int:
        """Return the number in the index of an item that is on the shelf."""
        return self._number[product_id]

    def prices_of(self, numbers: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """Return the prices of items in yuan, as near as a float comes."""
        return np.array(self._prices)[numbers]

    def shown(self, where: Where, price_max: Decimal | None = None) -> Bits:
        """Return the items that may be shown in a place; ``ranking.allowed`` may still drop some."""
        return self._filters.shown(where, price_max)

    def named(self, word: str, shown: Bits) -> list[int]:
        """Return the numbers of the items among those shown that a word names."""
        numbers = self._by_kind.get(word)
        found: list[int] = [] if numbers is None else numbers[having(shown, numbers)].tolist()
        return found + [number for number in self._newest_by_kind.get(word, ()) if has(shown, number)]

    @property
    def items(self) -> list[Item]:
        """Return all items as they are now, in the order of the catalogue."""
        return [self._items[number] for number in self._number.values()]

    @property
    def newest(self) -> Iterable[Item]:
        """Go through the items, those first that were stored last: ids only grow."""
        return (self._items[self._number[product_id]] for product_id in sorted(self._number, reverse=True))

    def sounding_like(self, word: str) -> Sequence[str]:
        """Return the words that name items and sound like ``word``."""
        return self._sounds.like(word)

    def get(self, product_id: int) -> Item | None:
        """Return an item by its product id."""
        number = self._number.get(product_id)
        return None if number is None else self._items[number]


class _Builder:
    """Turns product rows into items.

    Pieces of text repeat over products, so each is cut and read once; equal values are kept once.
    """

    def __init__(self, segmenter: Segmenter, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._kept: dict[Hashable, Any] = {}
        self.cut = cut = lru_cache(_KEPT_PIECES)(segmenter.cut)

        @lru_cache(_KEPT_PIECES)
        def narrowing(piece: str) -> tuple[Word, ...]:
            known = map(lexicon.get, cut(piece))
            return tuple(word for word in known if word is not None and word.kind in _NARROWING)

        self._narrowing = narrowing

    def item(self, product: CatalogueProduct, text: str) -> Item:
        """Return the item of a product; ``text`` is what the index reads of it."""
        kinds = product_kinds(product.title, product.category, product.keywords, self.cut, self._lexicon)
        marks = [word for piece in text.split() for word in self._narrowing(piece)]
        return Item(
            id=product.id or 0,
            key=f"{product.supplier}/{product.supplier_product_id}",
            title=product.title,
            category=intern(product.category),
            brand=intern(product.brand),
            specification=intern(product.specification),
            unit=intern(product.unit),
            price=self._once(product.price),
            stock=product.stock,
            neighbourhoods=self._once(frozenset(product.neighbourhoods)),
            on_sale_from=product.on_sale_from,
            on_sale_to=product.on_sale_to,
            kinds={intern(kind): quality for kind, quality in kinds.items()},
            attributes=self._once(frozenset(intern(word.canonical) for word in marks)),
            whom=self._once(frozenset(intern(word.canonical) for word in marks if word.kind is WordKind.WHOM)),
            words=_words_of(product),
        )

    def _once(self, value: _Value) -> _Value:
        kept: _Value = self._kept.setdefault(value, value)
        return kept


def _index_text(product: CatalogueProduct) -> str:
    """Return what the index reads of a product."""
    parts = [product.title, product.brand, product.specification, product.category.replace("/", " "), *product.keywords]
    return " ".join(part for part in parts if part).lower()


def _words_of(product: CatalogueProduct) -> int:
    """Return a fingerprint of everything the index reads of a product."""
    return hash((product.title, product.brand, product.specification, product.category, *product.keywords))


def catalogue_words(products: Iterable[CatalogueProduct]) -> CatalogueWords:
    """Collect what the catalogue adds to the lexicon: keywords that name goods, and brands."""
    goods: dict[str, str] = {}
    brands: set[str] = set()
    for product in products:
        if product.brand:
            brands.add(product.brand.lower())
        phrases = title_phrases(product.title)
        for keyword in product.keywords:
            # a keyword counts when a phrase of the title ends with it: suppliers also write 送礼, 开学 and 新品
            if 1 < len(keyword) <= 8 and any(phrase.endswith(keyword.lower()) for phrase in phrases):
                goods.setdefault(keyword.lower(), product.category)
    return CatalogueWords(goods, frozenset(brands))
