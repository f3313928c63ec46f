"""Suppliers and feeds for tests, written as settings files and suppliers write them."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from catalog.models import Product
from catalog.service import CatalogService
from catalog.settings import CatalogSettings, SupplierSettings
from core.clock import ManualClock
from core.database import Database
from core.settings import validate

COLUMNS = ("id", "title", "price", "stock")


def catalog_settings(*suppliers: Mapping[str, Any], base: Path = Path(), **environment: str) -> CatalogSettings:
    """Read settings as from a file in ``base``."""
    document = {"suppliers": [{"id": "orchard", "name": "Orchard", **supplier} for supplier in suppliers]}
    return validate(CatalogSettings, document, source="test.toml", base=base, environment=environment)


def supplier(base: Path = Path(), **values: Any) -> SupplierSettings:
    values.setdefault("source", {"kind": "csv", "path": "feed.csv"})
    return catalog_settings(values, base=base).suppliers[0]


def service(database: Database, clock: ManualClock, base: Path, *suppliers: Mapping[str, Any]) -> CatalogService:
    listed = suppliers or ({"source": {"kind": "csv", "path": "feed.csv"}},)
    return CatalogService(catalog_settings(*listed, base=base), database, clock)


def product_rows(count: int, first: int = 0) -> list[dict[str, Any]]:
    return [
        {"id": f"P{number}", "title": f"苹果 {number} 号", "price": "9.9", "stock": "5"}
        for number in range(first, first + count)
    ]


def write_csv(path: Path, rows: Iterable[Mapping[str, Any]], encoding: str = "utf-8", delimiter: str = ",") -> None:
    listed = list(rows)
    columns = list(listed[0]) if listed else list(COLUMNS)
    with path.open("w", encoding=encoding, newline="") as stream:
        writer = csv.DictWriter(stream, columns, delimiter=delimiter)
        writer.writeheader()
        writer.writerows(listed)


def write_lines(path: Path, rows: Iterable[Any]) -> None:
    path.write_text("".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows), encoding="utf-8")


async def stored(catalog: CatalogService) -> dict[str, Product]:
    """Return every product by the supplier's id."""
    found = await catalog.list_products(limit=1_000_000)
    return {product.supplier_product_id: product for product in found}
