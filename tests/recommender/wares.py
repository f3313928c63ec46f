"""Products for tests: made by hand with everything that does not matter filled in, or the demo's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from bot.demo import demo_settings
from catalog.feed import FeedChunk, ProductInput
from catalog.mapping import RowMapper
from catalog.settings import CsvSource, JsonLinesSource, JsonSource, Source
from catalog.sources import text_files


@dataclass
class Ware:
    """A product row as the shelf reads it."""

    title: str
    id: int | None = 1
    supplier: str = "s1"
    category: str = ""
    brand: str = ""
    specification: str = ""
    unit: str = "份"
    price: Decimal = Decimal("10.00")
    stock: int | None = 10
    neighbourhoods: list[str] = field(default_factory=list)
    on_sale_from: datetime | None = None
    on_sale_to: datetime | None = None
    keywords: list[str] = field(default_factory=list)
    version: int = 1
    supplier_product_id: str = "p1"


def wares(*titles: str) -> list[Ware]:
    """Return products with these titles and running ids."""
    return [Ware(title, number, supplier_product_id=f"p{number}") for number, title in enumerate(titles, 1)]


def demo_wares() -> list[Ware]:
    """Return the demo's catalogue, straight from its feeds."""
    found: list[Ware] = []
    for supplier in demo_settings(Path("unused"), 0).catalog.suppliers:
        mapper = RowMapper(supplier)
        for chunk in _chunks(supplier.source):
            products = [product for product in map(mapper.read, chunk.rows) if isinstance(product, ProductInput)]
            found += [_ware(product, supplier.id, len(found) + place) for place, product in enumerate(products, 1)]
    return found


def _ware(product: ProductInput, supplier: str, number: int) -> Ware:
    values = {name: value for name, value in asdict(product).items() if name in Ware.__dataclass_fields__}
    values |= {"neighbourhoods": list(product.neighbourhoods), "keywords": list(product.keywords)}
    return Ware(**values, id=number, supplier=supplier)


def _chunks(source: Source) -> Iterator[FeedChunk]:
    if isinstance(source, CsvSource):
        return text_files.read_csv(source, 1000)
    if isinstance(source, JsonLinesSource):
        return text_files.read_json_lines(source, 1000)
    assert isinstance(source, JsonSource)
    return text_files.read_json(source, 1000)


def titles(items: Sequence[object]) -> list[str]:
    """Return the titles of shelf items or candidates."""
    return [getattr(getattr(item, "item", item), "title") for item in items]  # noqa: B009 - either of two shapes
