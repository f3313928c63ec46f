"""``qianqun catalog``."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from rich.progress import BarColumn, Progress, TaskID, TimeElapsedColumn
from rich.table import Table

from bot.cli.session import FAULT, err, execute, opened_database, out
from catalog.models import Product
from catalog.report import SyncProgress, SyncReport
from catalog.service import CatalogService
from core.clock import SystemClock
from core.types import Money

_FAULTS_SHOWN = 20


@asynccontextmanager
async def _catalog(config: Path) -> AsyncIterator[CatalogService]:
    async with opened_database(config) as (settings, database):
        yield CatalogService(settings.catalog, database, SystemClock())


def sync(config: Path, suppliers: list[str]) -> int:
    """Read feeds with a progress bar; exit with 2 when one could not be read."""

    async def work() -> int:
        async with _catalog(config) as catalog:
            chosen = suppliers or [supplier.id for supplier in catalog.suppliers]
            columns = ("{task.description}", BarColumn(), "{task.fields[rows]} rows", TimeElapsedColumn())
            reports = []
            with Progress(*columns, console=err(), transient=True) as progress:
                for supplier in chosen:
                    task = progress.add_task(supplier, total=1.0, rows=0)
                    reports.append(await catalog.sync(supplier, partial(_advance, progress, task)))
            for report in reports:
                _show(report)
        return 0 if all(report.state == "done" for report in reports) else FAULT

    return execute(work)


def _advance(progress: Progress, task: TaskID, seen: SyncProgress) -> None:
    progress.update(task, completed=seen.share or 0.0, rows=seen.rows)


def _show(report: SyncReport) -> None:
    out().print(
        f"{report.supplier}: {report.state}, {report.rows} rows: {report.new} new, {report.changed} changed, "
        f"{report.unchanged} unchanged, {report.gone} gone, {report.broken} broken",
        markup=False,
    )
    for text in (report.error, report.gone_refused):
        if text:
            out().print(f"  {text}", style="red", markup=False)
    for fault in report.faults[:_FAULTS_SHOWN]:
        out().print(f"  {fault}", style="yellow", markup=False)
    if len(report.faults) > _FAULTS_SHOWN:
        out().print(f"  … and {report.broken - _FAULTS_SHOWN} more; the database keeps the first 1,000")


def list_products(config: Path, *, supplier: str, text: str, limit: int) -> int:
    """Print a table of products."""

    async def work() -> int:
        async with _catalog(config) as catalog:
            products = await catalog.list_products(supplier=supplier, text=text, limit=limit)
        table = Table("id", "product", "title", "price", "stock", "state")
        for product in products:
            stock = "—" if product.stock is None else str(product.stock)
            table.add_row(str(product.id), _key(product), product.title, _price(product), stock, product.state)
        out().print(table)
        return 0

    return execute(work)


def show(config: Path, key: str) -> int:
    """Print everything about one product."""

    async def work() -> int:
        async with _catalog(config) as catalog:
            product = await catalog.show(key)
        if product is None:
            err().print(
                f"there is no product {key}; qianqun catalog list shows what there is", style="red", markup=False
            )
            return FAULT
        table = Table(show_header=False)
        for name in Product.model_fields:
            table.add_row(name, _price(product) if name == "price" else str(getattr(product, name)))
        out().print(table)
        return 0

    return execute(work)


def _key(product: Product) -> str:
    return f"{product.supplier}/{product.supplier_product_id}"


def _price(product: Product) -> str:
    price = str(Money(product.price, product.currency))
    return f"{price}/{product.unit}" if product.unit else price
