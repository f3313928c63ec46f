"""Made-up products in any number, the same ones for the same seed: for measuring, not for looking at."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from catalog.repository import OnSale
from recommender.lexicon import packaged_goods

_FIRST = "云山禾田青岭海川晨露福康佳乐美森果粮源泉谷雨春秋朵暖净素茗牧渔园"
_SECOND = "上里间语记家坊堂舍选集物品味香源场村庄岛湾野原林溪桥"
_QUALITIES = (
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
_UNITS = ("箱", "袋", "盒", "瓶", "包", "份", "个", "件")
AREAS = ("阳光小区", "星河湾", "南门里", "枫林苑", "东湖花园", "柳岸", "书香苑", "百合里")
_SIZES = ("100g", "250g", "500g", "1kg", "2斤", "5斤", "10斤", "300ml", "1L", "2L", "12枚", "24片", "60抽", "M码")
COLUMNS = (
    *("id", "title", "category", "brand", "specification", "unit", "price", "stock", "neighbourhoods", "keywords"),
    *("link", "image"),
)


def products(count: int, seed: int = 7) -> Iterator[OnSale]:
    """Yield ``count`` products, ids from 1; the kinds of goods are those of the project's own word list."""
    chance = random.Random(seed)
    goods = sorted(packaged_goods().items())
    beside: dict[str, list[str]] = {}
    for word, category in goods:
        beside.setdefault(category, []).append(word)
    for number in range(1, count + 1):
        word, category = chance.choice(goods)
        brand = chance.choice(_FIRST) + chance.choice(_SECOND)
        quality, further = chance.sample(_QUALITIES, 2)
        size = f"{chance.choice(_SIZES)}*{chance.randint(1, 30)}"
        front, back = chance.choice([(brand + quality, further), (quality, further), (brand, f"{quality} {further}")])
        yield OnSale(
            id=number,
            supplier="made",
            supplier_product_id=f"P{number:07d}",
            title=f"{front}{word} {back} {size}",
            category=category,
            brand=brand,
            specification=size,
            unit=chance.choice(_UNITS),
            price=Decimal(chance.randint(190, 19900)) / 100,
            stock=chance.choice([None, 0, 5, 50, 500]),
            neighbourhoods=chance.sample(AREAS, 3) if chance.random() < 0.3 else [],
            on_sale_from=None,
            on_sale_to=None,
            keywords=[word, chance.choice(beside[category]), quality],
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
