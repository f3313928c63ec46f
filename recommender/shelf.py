"""What can be shown: the products on sale, in memory, with the index over their words.

The database is the truth. What changes there is taken over at once (``Shelf.take``); when much was, or the catalogue
brought new words, a new shelf is read beside the messages and takes the old one's place.
"""

from __future__ import annotations

import re
from array import array
from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from itertools import accumulate, islice
from sys import intern
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from recommender.bits import Bits, has, having
from recommender.filters import Filters, Where
from recommender.heads import category_kinds, product_kinds, title_phrases, title_words
from recommender.index import LONGEST_TEXT, Index
from recommender.indexing import index_of, live_index
from recommender.lexicon import CatalogueWords, Lexicon, WordKind
from recommender.live import LiveIndex
from recommender.segmentation import CutAll, Segmenter
from recommender.sounds import SoundIndex

_KEPT_PIECES, _KEPT_CATEGORIES = 20_000, 5_000
"""Cut pieces of text that are remembered, and what categories say of their products."""
_AT_ONCE = 1_000
"""Products whose texts are cut together."""
_GAP = re.compile(r"(\s)")
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


class Item(NamedTuple):
    """One product on the shelf; a tuple, because every change makes one.

    ``key`` is ``supplier/their-id``, ``price`` in yuan for one ``unit``. Empty ``neighbourhoods`` is everywhere.
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
        self.index = builder.live(index)
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
            rest = iter(products)
            while some := list(islice(rest, _AT_ONCE)):
                read = [_index_text(product) for product in some]
                for product, words in zip(some, builder.words(read), strict=True):
                    items.append(builder.item(product, words, _words_of(product), orders.get(product.id or 0, 0)))
                yield from read

        index = index_of(texts(), segmenter)
        return cls(items, index, builder)

    def take(self, changed: Iterable[CatalogueProduct], gone: Collection[int]) -> list[CatalogueProduct]:
        """Show changed and new products, and take off those that are gone; from now on everybody finds it so.

        Return those that are new or have other words than before.
        """
        reworded = []
        for product in changed:
            number = self._number.get(product.id or 0)
            words = _words_of(product)
            if number is None or self._items[number].words != words:
                reworded.append(product)
                self._replace(number, product, words)
            else:
                self._change(number, self._items[number].as_now(product))
        for product_id in gone:
            number = self._number.get(product_id)
            if number is not None:
                self._change(number, self._items[number]._replace(stock=0))
        return reworded

    def _replace(self, old: int | None, product: CatalogueProduct, words: int) -> None:
        """Put a product on the shelf as a new document, in the place of an old one if there was one."""
        orders = 0
        if old is not None:
            self._filters.retire(old, self._items[old])
            orders = self._items[old].orders
        text = _index_text(product)
        said = self.index.add(text)
        if len(text) > LONGEST_TEXT:
            said = self._builder.words([text])[0]
        item = self._builder.item(product, said, words, orders)
        number = len(self._items)
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

    def names(self, word: str) -> bool:
        """Tell whether a word names anything that is, or was, on the shelf."""
        return word in self._by_kind or word in self._newest_by_kind

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
    """Turns product rows into items; equal values are kept once."""

    def __init__(self, segmenter: Segmenter, lexicon: Lexicon) -> None:
        self._segmenter, self._lexicon = segmenter, lexicon
        self._kept: dict[Hashable, Any] = {}
        self._category = lru_cache(_KEPT_CATEGORIES)(lambda path: category_kinds(path, segmenter.cut, lexicon))
        self.words = segmenter.cut_all if segmenter.cutter is not None else _cut_by_pieces(segmenter)

    words: CutAll
    """Cuts texts as the index reads them."""

    def live(self, index: Index) -> LiveIndex:
        """Return the index of the products' texts so that it takes further ones."""
        return live_index(index, self._segmenter)

    def item(self, product: CatalogueProduct, words: Sequence[str], fingerprint: int, orders: int) -> Item:
        """Return the item of a product; ``words`` are those of what the index reads of it."""
        known = [word for word in map(self._lexicon.get, words) if word is not None and word.kind in _NARROWING]
        kinds = product_kinds(
            *(self._title_words(product.title, words), self._category(product.category)),
            *(product.keywords, self._lexicon),
        )
        return Item(
            product.id or 0,
            f"{product.supplier}/{product.supplier_product_id}",
            product.title,
            intern(product.category),
            intern(product.brand),
            intern(product.specification),
            intern(product.unit),
            self._once(product.price),
            product.stock,
            self._once(frozenset(product.neighbourhoods)),
            product.on_sale_from,
            product.on_sale_to,
            {intern(kind): quality for kind, quality in kinds.items()},
            self._once(frozenset([intern(word.canonical) for word in known])),
            self._once(frozenset([intern(word.canonical) for word in known if word.kind is WordKind.WHOM])),
            fingerprint,
            orders,
        )

    def _title_words(self, title: str, words: Sequence[str]) -> Sequence[str]:
        """Return the words of a title, which are the first ones of what the index reads."""
        if "+" in title:
            return title_words(title, self._segmenter.cut)
        length = len(title.lower())
        for count, end in enumerate(accumulate(map(len, words)), 1):
            if end >= length:
                return words[:count] if length else ()
        return words

    def _once(self, value: _Value) -> _Value:
        kept: _Value = self._kept.setdefault(value, value)
        return kept


def _cut_by_pieces(segmenter: Segmenter) -> CutAll:
    """Cut texts piece by piece: pieces repeat over products, and without a compiler it pays to cut each once."""
    cut = lru_cache(_KEPT_PIECES)(segmenter.cut)
    return lambda texts: [[word for piece in _GAP.split(text) for word in cut(piece)] for text in texts]


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
            if _names_goods(keyword, phrases):
                goods.setdefault(keyword.lower(), product.category)
    return CatalogueWords(goods, frozenset(brands))


def bring_new_words(products: Iterable[CatalogueProduct], lexicon: Lexicon) -> bool:
    """Tell whether ``catalogue_words`` of products has any that the lexicon does not know and would take."""
    for product in products:
        brand = product.brand.lower()
        if len(brand) > 1 and lexicon.get(brand) is None:
            return True
        unknown = [keyword for keyword in product.keywords if lexicon.get(keyword.lower()) is None]
        if unknown:
            phrases = title_phrases(product.title)
            if any(_names_goods(keyword, phrases) for keyword in unknown):
                return True
    return False


def _names_goods(keyword: str, phrases: Sequence[str]) -> bool:
    """Tell whether a keyword counts: a phrase of the title ends with it; suppliers also write 送礼, 开学 and 新品."""
    return 1 < len(keyword) <= 8 and any(phrase.endswith(keyword.lower()) for phrase in phrases)
