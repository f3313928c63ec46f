"""What can be shown: the products on sale, in memory, with the index over their words.

The database is the truth. What changes there is taken over at once (``Shelf.take``); when much was, or the catalogue
brought new words, a new shelf is read beside the messages and takes the old one's place.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import islice
from sys import intern
from threading import Lock
from types import MappingProxyType
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from recommender.bits import Bits, has, having
from recommender.describing import NOT_READ, Describer, Description
from recommender.filters import Filters, Where
from recommender.heads import title_phrases
from recommender.index import LONGEST_TEXT, Index
from recommender.indexing import index_of, live_index
from recommender.lexicon import CatalogueWords, Lexicon
from recommender.segmentation import Segmenter
from recommender.sounds import SoundIndex

_AT_ONCE = 1_000
"""Products whose texts are cut together."""


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


class _Unread(NamedTuple):
    """What a new document says that nobody has asked for yet; ``ends`` are those of its words."""

    text: str
    ends: list[int]
    keywords: tuple[str, ...]

    @property
    def words(self) -> list[str]:
        """Return the words of its first ``LONGEST_TEXT`` characters."""
        return [self.text[start:end] for start, end in zip([0, *self.ends], self.ends, strict=False)]


class Shelf:
    """Items by their number in the index, and the ways to find them. Changes are taken over in place.

    An item whose words change becomes a new document; the old one is never shown again. A new document is filed by its
    terms, its filters and its price at once. What it is (its kinds and attributes) is read when somebody first asks for
    an item or for what a word names, of all that came meanwhile together; so nobody ever sees an item that is not read.
    """

    def __init__(self, items: Sequence[Item], index: Index, segmenter: Segmenter, describer: Describer) -> None:
        """Put items, in the order in which the index was given them, on a shelf."""
        self._items: list[Item] = [items[given] for given in index.order.tolist()]
        self._describer = describer
        self.index = live_index(index, segmenter)
        numbers = {item.id: number for number, item in enumerate(self._items)}
        self._number = {item.id: numbers[item.id] for item in items}
        by_kind: dict[str, list[int]] = defaultdict(list)
        for number, item in enumerate(self._items):
            for kind in item.kinds:
                by_kind[kind].append(number)
        self._by_kind = {kind: np.array(found) for kind, found in by_kind.items()}
        self._newest_by_kind: dict[str, list[int]] = defaultdict(list)
        self._unread: dict[int, _Unread] = {}
        self._reading = Lock()
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
        describer = Describer(segmenter, lexicon)
        once = describer.once
        items: list[Item] = []

        def texts() -> Iterable[str]:
            rest = iter(products)
            while some := list(islice(rest, _AT_ONCE)):
                read = [_index_text(product) for product in some]
                for product, words in zip(some, describer.words(read), strict=True):
                    described = describer.described(product.title, product.category, product.keywords, words)
                    price, places = once(product.price), once(frozenset(product.neighbourhoods))
                    ordered = orders.get(product.id or 0, 0)
                    items.append(_item(product, price, places, described, _words_of(product), ordered))
                yield from read

        index = index_of(texts(), segmenter)
        return cls(items, index, segmenter, describer)

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
                self._change(number, self._settled(number).as_now(product))
        for product_id in gone:
            number = self._number.get(product_id)
            if number is not None:
                self._change(number, self._settled(number)._replace(stock=0))
        return reworded

    def _replace(self, old: int | None, product: CatalogueProduct, words: int) -> None:
        """Put a product on the shelf as a new document, in the place of an old one if there was one."""
        number, text = len(self._items), _index_text(product)
        before = None if old is None else self._items[old]
        orders = 0 if before is None else before.orders
        item = _item(product, product.price, frozenset(product.neighbourhoods), NOT_READ, words, orders)
        ends = self.index.add(text)
        self._items.append(item)
        self._prices.append(float(item.price))
        self._unread[number] = _Unread(text, ends, tuple(product.keywords))
        self._number[item.id] = number
        if before is None or old is None:
            self._filters.put(number, item)
        else:
            self._unread.pop(old, None)  # nobody can find it any more
            self._filters.replace(old, before, number, item)

    def _change(self, number: int, after: Item) -> None:
        before = self._items[number]
        self._items[number] = after
        self._prices[number] = float(after.price)
        self._filters.change(number, before, after)

    def _read_newest(self) -> None:
        """Read what the documents are that came since somebody last asked; who asks meanwhile waits."""
        with self._reading:
            for number, unread in list(self._unread.items()):
                item = self._items[number]
                words = self._describer.words([unread.text])[0] if len(unread.text) > LONGEST_TEXT else unread.words
                described = self._describer.described(item.title, item.category, unread.keywords, words)
                self._items[number] = item._replace(
                    kinds=described.kinds, attributes=described.attributes, whom=described.whom
                )
                for kind in described.kinds:
                    if kind not in self._by_kind and kind not in self._newest_by_kind:
                        self._sounds.add(kind)
                    self._newest_by_kind[kind].append(number)
                self._unread.pop(number, None)

    def _settled(self, number: int) -> Item:
        """Return an item that no other thread is about to write."""
        return self.at(number) if number in self._unread else self._items[number]

    def at(self, number: int) -> Item:
        """Return an item by its number in the index."""
        if self._unread:
            self._read_newest()
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
        if self._unread:
            self._read_newest()
        return word in self._by_kind or word in self._newest_by_kind

    def named(self, word: str, shown: Bits) -> list[int]:
        """Return the numbers of the items among those shown that a word names."""
        if self._unread:
            self._read_newest()
        numbers = self._by_kind.get(word)
        found: list[int] = [] if numbers is None else numbers[having(shown, numbers)].tolist()
        return found + [number for number in self._newest_by_kind.get(word, ()) if has(shown, number)]

    @property
    def items(self) -> list[Item]:
        """Return all items as they are now, in the order of the catalogue."""
        return [self.at(number) for number in self._number.values()]

    @property
    def newest(self) -> Iterable[Item]:
        """Go through the items, those first that were stored last: ids only grow."""
        return (self.at(self._number[product_id]) for product_id in sorted(self._number, reverse=True))

    def sounding_like(self, word: str) -> Sequence[str]:
        """Return the words that name items and sound like ``word``."""
        if self._unread:
            self._read_newest()
        return self._sounds.like(word)

    def get(self, product_id: int) -> Item | None:
        """Return an item by its product id."""
        number = self._number.get(product_id)
        return None if number is None else self.at(number)


def _item(
    product: CatalogueProduct,
    price: Decimal,
    neighbourhoods: frozenset[str],
    described: Description,
    words: int,
    orders: int,
) -> Item:
    """Return the item of a product that was described; texts that many products share are kept once."""
    return Item(
        product.id or 0,
        f"{product.supplier}/{product.supplier_product_id}",
        product.title,
        intern(product.category),
        intern(product.brand),
        intern(product.specification),
        intern(product.unit),
        price,
        product.stock,
        neighbourhoods,
        product.on_sale_from,
        product.on_sale_to,
        *described,
        words,
        orders,
    )


def _index_text(product: CatalogueProduct) -> str:
    """Return what the index reads of a product."""
    parts = product.title, product.brand, product.specification, product.category.replace("/", " "), *product.keywords
    return " ".join(filter(None, parts)).lower()


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
    known = lexicon.get
    for product in products:
        brand = product.brand.lower()
        if known(brand) is None and len(brand) > 1:
            return True
        for keyword in product.keywords:
            if known(keyword.lower()) is None and _names_goods(keyword, title_phrases(product.title)):
                return True
    return False


def _names_goods(keyword: str, phrases: Sequence[str]) -> bool:
    """Tell whether a keyword counts: a phrase of the title ends with it; suppliers also write 送礼, 开学 and 新品."""
    return 1 < len(keyword) <= 8 and any(phrase.endswith(keyword.lower()) for phrase in phrases)
