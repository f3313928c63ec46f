"""Made-up products in any number, the same ones for the same seed: for measuring, not for looking at.

``made`` draws columns, a million in two seconds; ``products`` and ``write_csv`` show the same ones as rows. Titles have
20 characters on average, and what is sold much is drawn much: a hundred kinds of goods make up a fifth of a catalogue.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import numpy as np
import numpy.typing as npt

from catalog.repository import OnSale
from recommender.lexicon import packaged_goods

_FIRST = "云山禾田青岭海川晨露福康佳乐美森果粮源泉谷雨春秋朵暖净素茗牧渔园"
_SECOND = "上里间语记家坊堂舍选集物品味香源场村庄岛湾野原林溪桥"
_BRANDS = tuple(first + second for first in _FIRST for second in _SECOND)
QUALITIES = (
    *(
        "当季",
        "新鲜",
        "手工",
        "家庭装",
        "大号",
        "加厚",
        "特级",
        "农家",
        "现做",
        "冷藏",
        "便携",
        "经典",
        "升级款",
        "礼盒装",
    ),
    *("实惠装", "有机", "无糖", "低脂", "软糯", "香脆", "儿童", "宝宝", "男女通用", "补充装", "免洗", "独立包装"),
)
_TAILS = (
    *("", "", "", "", "包邮", "产地直发", "整箱", "买二送一", "当天现摘", "送礼自用两相宜", "次日达"),
    *("", "", "囤货装", "新包装随机发", "冷链配送坏果包赔"),
)
_UNITS = ("箱", "袋", "盒", "瓶", "包", "份", "个", "件")
AREAS = ("阳光小区", "星河湾", "南门里", "枫林苑", "东湖花园", "柳岸", "书香苑", "百合里")
EVERYWHERE = (1 << len(AREAS)) - 1
_AREAS_SHARE = 0.3
"""Of the products; the others are delivered everywhere."""
_SIZES = ("100g", "250g", "500g", "1kg", "2斤", "5斤", "10斤", "300ml", "1L", "2L", "12枚", "24片", "60抽", "M码")
_STOCKS = (None, 0, 5, 50, 500)
_HEAD = 120.0
"""How far down the list of goods a kind is half as frequent as the first."""
COLUMNS = (
    *("id", "title", "category", "brand", "specification", "unit", "price", "stock", "neighbourhoods", "keywords"),
    *("link", "image"),
)


@dataclass(frozen=True, slots=True)
class Made:
    """Products as columns; the product at place i has the id i + 1.

    ``goods`` and ``brands`` are what each title names, ``qualities`` the first of its two. ``areas`` has a bit for each
    of ``AREAS`` it is delivered to, ``prices`` are fen, ``stocks`` places in a list of usual stocks.
    """

    titles: list[str]
    goods: list[str]
    categories: list[str]
    brands: list[str]
    qualities: list[str]
    sizes: list[str]
    areas: npt.NDArray[np.uint8]
    prices: npt.NDArray[np.int32]
    stocks: npt.NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.titles)

    @property
    def in_stock(self) -> npt.NDArray[np.bool_]:
        """Tell of each product whether it can be had."""
        return self.stocks != _STOCKS.index(0)


def made(count: int, seed: int = 7) -> Made:
    """Draw ``count`` products; the kinds of goods are those of the project's own word list."""
    chance = np.random.default_rng(seed)
    words, kinds = _goods(seed)
    drawn = chance.choice(len(words), count, p=popularity(len(words)))
    goods = _picked(words, drawn)
    brands = _picked(_BRANDS, chance.integers(len(_BRANDS), size=count))
    first = chance.integers(len(QUALITIES), size=count)
    qualities = _picked(QUALITIES, first)
    further = _picked(QUALITIES, (first + chance.integers(1, len(QUALITIES), size=count)) % len(QUALITIES))
    tails = _picked(_TAILS, chance.integers(len(_TAILS), size=count))
    packed = [f"{size}*{pieces}" for size in _SIZES for pieces in range(1, 31)]
    sizes = _picked(packed, chance.integers(len(packed), size=count))
    bits = 1 << np.argsort(chance.random((count, len(AREAS)), np.float32), axis=1)[:, :3]
    somewhere = chance.random(count) < _AREAS_SHARE
    columns = zip(brands, qualities, goods, further, tails, sizes, strict=True)
    return Made(
        titles=[f"{brand}{quality}{word} {more}{tail} {size}" for brand, quality, word, more, tail, size in columns],
        goods=goods,
        categories=_picked(kinds, drawn),
        brands=brands,
        qualities=qualities,
        sizes=sizes,
        areas=np.where(somewhere, bits.sum(axis=1), EVERYWHERE).astype(np.uint8),
        prices=chance.integers(190, 19_900, size=count, dtype=np.int32),
        stocks=chance.integers(len(_STOCKS), size=count, dtype=np.int8),
    )


def popularity(count: int) -> npt.NDArray[np.float64]:
    """Return how often each of ``count`` kinds is drawn, the most frequent first."""
    shares = 1 / (_HEAD + np.arange(count))
    return shares / shares.sum()


def goods_by_popularity(seed: int = 7) -> tuple[str, ...]:
    """Return the goods of the catalogue with this seed, those first that have most products."""
    return _goods(seed)[0]


def _goods(seed: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the goods in an order of their own for each seed, and the category of each."""
    known = sorted(packaged_goods().items())
    order = np.random.default_rng(seed).permutation(len(known))
    return tuple(known[place][0] for place in order), tuple(known[place][1] for place in order)


def _picked(values: Sequence[str], places: npt.NDArray[np.int64]) -> list[str]:
    return list(map(values.__getitem__, places.tolist()))


def products(count: int, seed: int = 7) -> Iterator[OnSale]:
    """Yield the same products as the program knows them."""
    drawn = made(count, seed)
    chance = np.random.default_rng(seed + 1)
    beside: dict[str, list[str]] = {}
    for word, category in zip(*_goods(seed), strict=True):
        beside.setdefault(category, []).append(word)
    units = _picked(_UNITS, chance.integers(len(_UNITS), size=count))
    turns = chance.integers(1 << 20, size=count).tolist()
    columns = zip(drawn.areas.tolist(), drawn.prices.tolist(), drawn.stocks.tolist(), strict=True)
    for place, (areas, price, stock) in enumerate(columns):
        word, category, quality = drawn.goods[place], drawn.categories[place], drawn.qualities[place]
        near = beside[category]
        yield OnSale(
            id=place + 1,
            supplier="made",
            supplier_product_id=f"P{place + 1:07d}",
            title=drawn.titles[place],
            category=category,
            brand=drawn.brands[place],
            specification=drawn.sizes[place],
            unit=units[place],
            price=Decimal(price) / 100,
            stock=_STOCKS[stock],
            neighbourhoods=[] if areas == EVERYWHERE else [name for at, name in enumerate(AREAS) if areas >> at & 1],
            on_sale_from=None,
            on_sale_to=None,
            keywords=[word, near[turns[place] % len(near)], quality],
        )


def write_csv(path: Path, count: int, *, seed: int = 7, dearer: int = 0) -> None:
    """Write a feed in our own field names; of every ``dearer`` products one costs a yuan more (0: none does)."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(COLUMNS)
        for product in products(count, seed):
            more = 1 if dearer and product.id is not None and product.id % dearer == 0 else 0
            key = product.supplier_product_id
            writer.writerow(
                [
                    *(key, product.title, product.category, product.brand, product.specification, product.unit),
                    product.price + more,
                    "" if product.stock is None else product.stock,
                    "|".join(product.neighbourhoods),
                    "|".join(product.keywords),
                    f"https://example.com/made/item/{key}",
                    f"https://example.com/made/image/{key}.jpg",
                ]
            )
