"""All SQL of the catalogue. Every function works in the caller's session; the caller commits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from sys import intern
from typing import Any, NamedTuple

from sqlalchemy import Row, bindparam, func, or_, select, update
from sqlmodel import col
from sqlmodel import select as select_models
from sqlmodel.ext.asyncio.session import AsyncSession

from catalog.feed import ProductInput, RowFault
from catalog.mapping import fingerprint
from catalog.models import DONE, GONE, INTERRUPTED, ON_SALE, RUNNING, Product, SyncRun
from core.database import execute, insert_into

_products = Product.__table__  # type: ignore[attr-defined]  # SQLModel adds it to table classes
_runs = SyncRun.__table__  # type: ignore[attr-defined]
_KEY = ("supplier", "supplier_product_id")
_KEPT_ON_CHANGE = frozenset({*_KEY, "first_seen_at", "version"})


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of a chunk: ids of new and of changed products, and how many were as before."""

    new: tuple[int, ...]
    changed: tuple[int, ...]
    unchanged: int


@dataclass(slots=True)
class OnSale:
    """What a shop window needs of a product; the fields are those of ``Product``. A tenth of the model's weight."""

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


class Sold(NamedTuple):
    """What an offer takes over of a product; the fields are those of ``Product``."""

    id: int
    title: str
    unit: str
    specification: str
    price: Decimal
    price_tiers: list[dict[str, Any]]
    limit_per_member: int | None
    minimum_quantity: int
    on_sale_to: datetime | None


_sold = select(*(_products.c[name] for name in Sold._fields)).where(
    _products.c.id.in_(bindparam("ids", expanding=True))
)


async def store_products(
    session: AsyncSession, supplier: str, products: Sequence[ProductInput], now: datetime
) -> Stored:
    """Insert or update by (supplier, their id); rows that say the same as before are not written."""
    if not products:
        return Stored((), (), 0)
    keys = [product.supplier_product_id for product in products]
    known = await _known(session, supplier, keys)
    rows = []
    for product in products:
        mark, state = fingerprint(product), _state(product, now)
        before = known.get(product.supplier_product_id)
        if before is None or (before.row_hash, before.state) != (mark, state):
            rows.append(_row(supplier, product, now) | {"row_hash": mark, "state": state})
    if rows:
        await execute(session, _upsert(session), rows)
    written = await _known(session, supplier, [row["supplier_product_id"] for row in rows])
    new = tuple(entry.id for key, entry in written.items() if key not in known)
    changed = tuple(entry.id for key, entry in written.items() if key in known)
    return Stored(new, changed, len(products) - len(rows))


async def _known(session: AsyncSession, supplier: str, keys: Sequence[str]) -> dict[str, Any]:
    if not keys:
        return {}
    query = select(_products.c.supplier_product_id, _products.c.id, _products.c.row_hash, _products.c.state).where(
        _products.c.supplier == supplier, _products.c.supplier_product_id.in_(keys)
    )
    return {row.supplier_product_id: row for row in await execute(session, query)}


def _state(product: ProductInput, now: datetime) -> str:
    return GONE if product.on_sale_to is not None and product.on_sale_to <= now else ON_SALE


def _row(supplier: str, product: ProductInput, now: datetime) -> dict[str, Any]:
    tiers = [{"quantity": quantity, "price": str(price)} for quantity, price in product.price_tiers]
    return {
        "supplier": supplier,
        "supplier_product_id": product.supplier_product_id,
        "title": product.title,
        "category": product.category,
        "brand": product.brand,
        "specification": product.specification,
        "unit": product.unit,
        "price": product.price,
        "currency": product.currency,
        "price_tiers": tiers,
        "stock": product.stock,
        "limit_per_member": product.limit_per_member,
        "minimum_quantity": product.minimum_quantity,
        "neighbourhoods": product.neighbourhoods,
        "on_sale_from": product.on_sale_from,
        "on_sale_to": product.on_sale_to,
        "link": product.link,
        "image": product.image,
        "keywords": product.keywords,
        "first_seen_at": now,
        "changed_at": now,
        "gone_at": now if _state(product, now) == GONE else None,
        "version": 1,
    }


def _upsert(session: AsyncSession) -> Any:
    """Return the INSERT that updates an existing key, only where something differs."""
    statement = insert_into(session, _products)
    new = statement.excluded
    values = {column.name: new[column.name] for column in _products.c if column.name not in {*_KEPT_ON_CHANGE, "id"}}
    return statement.on_conflict_do_update(
        index_elements=list(_KEY),
        set_=values | {"version": _products.c.version + 1},
        where=or_(_products.c.row_hash != new.row_hash, _products.c.state != new.state),
    )


async def on_sale_keys(session: AsyncSession, supplier: str, after: str, limit: int) -> list[Any]:
    """Return (id, supplier_product_id, on_sale_to) of the supplier's products on sale, by their id."""
    query = (
        select(_products.c.id, _products.c.supplier_product_id, _products.c.on_sale_to)
        .where(_products.c.supplier == supplier, _products.c.state == ON_SALE, _products.c.supplier_product_id > after)
        .order_by(_products.c.supplier_product_id)
        .limit(limit)
    )
    return list((await execute(session, query)).all())


async def mark_gone(session: AsyncSession, ids: Sequence[int], now: datetime) -> list[int]:
    """Mark products as gone; return the ids of those that were on sale."""
    return await _retire(session, _products.c.id.in_(ids), now)


async def expire_products(session: AsyncSession, now: datetime) -> list[int]:
    """Mark products whose time is over as gone; return their ids."""
    return await _retire(session, _products.c.on_sale_to <= now, now)


async def retire_suppliers_except(session: AsyncSession, suppliers: Iterable[str], now: datetime) -> list[int]:
    """Mark products of suppliers that are not listed as gone, and forget that their feeds were read.

    A list without any supplier is taken for settings that are not about suppliers, and nothing is done.
    """
    listed = list(suppliers)
    if not listed:
        return []
    await execute(
        session,
        update(_runs).where(_runs.c.supplier.not_in(listed), _runs.c.etag != "").values(etag=""),
    )
    return await _retire(session, _products.c.supplier.not_in(listed), now)


async def _retire(session: AsyncSession, condition: Any, now: datetime) -> list[int]:
    # Rows that a sync is writing are left for the next time: who waits for nobody cannot be part of a deadlock.
    free = select(_products.c.id).where(condition, _products.c.state == ON_SALE).with_for_update(skip_locked=True)
    statement = (
        update(_products)
        .where(_products.c.id.in_(free))
        .values(state=GONE, gone_at=now, changed_at=now, version=_products.c.version + 1)
        .returning(_products.c.id)
    )
    return sorted((await execute(session, statement)).scalars())


async def begin_run(
    session: AsyncSession, supplier: str, *, owner: str, feed_hash: str, now: datetime, lease_until: datetime
) -> int | None:
    """Open a run and return its id; None when another one is running. The unique index decides."""
    statement = (
        insert_into(session, _runs)
        .values(
            supplier=supplier,
            state=RUNNING,
            owner=owner,
            feed_hash=feed_hash,
            started_at=now,
            lease_until=lease_until,
            faults=[],
            **dict.fromkeys(("rows_read", "new", "changed", "gone", "unchanged", "broken"), 0),
            **dict.fromkeys(("etag", "error", "gone_refused"), ""),
        )
        .on_conflict_do_nothing()
        .returning(_runs.c.id)
    )
    found: int | None = (await execute(session, statement)).scalar_one_or_none()
    return found


async def running(session: AsyncSession, supplier: str) -> Row[Any] | None:
    """Return the row of the supplier's running sync."""
    found = await execute(session, select(_runs).where(_runs.c.supplier == supplier, _runs.c.state == RUNNING))
    row: Row[Any] | None = found.one_or_none()
    return row


async def interrupt_run(session: AsyncSession, run_id: int, error: str, now: datetime) -> None:
    """Close a run whose process has gone."""
    await update_run(session, run_id, {"state": INTERRUPTED, "finished_at": now, "error": error})


async def update_run(session: AsyncSession, run_id: int, values: dict[str, Any]) -> bool:
    """Write to a run as long as it is running; false when somebody else has closed it."""
    statement = update(_runs).where(_runs.c.id == run_id, _runs.c.state == RUNNING).values(values)
    return bool((await execute(session, statement)).rowcount)


async def last_etag(session: AsyncSession, supplier: str, feed_hash: str) -> str:
    """Return the ETag of the supplier's last finished run, empty if it was read under other settings."""
    query = (
        select(_runs.c.etag, _runs.c.feed_hash)
        .where(_runs.c.supplier == supplier, _runs.c.state == DONE)
        .order_by(_runs.c.id.desc())
        .limit(1)
    )
    row = (await execute(session, query)).one_or_none()
    return row.etag if row is not None and row.feed_hash == feed_hash else ""


async def runs(session: AsyncSession, supplier: str, limit: int) -> list[SyncRun]:
    """Return the supplier's runs, newest first."""
    query = select_models(SyncRun).where(col(SyncRun.supplier) == supplier)
    return list((await session.exec(query.order_by(col(SyncRun.id).desc()).limit(limit))).all())


async def find_products(
    session: AsyncSession,
    *,
    supplier: str = "",
    text: str = "",
    state: str = "",
    after: int = 0,
    limit: int = 50,
) -> list[Product]:
    """Return products by id after ``after``; ``text`` is looked for in title, brand and category."""
    query = select_models(Product).where(col(Product.id) > after)
    if supplier:
        query = query.where(col(Product.supplier) == supplier)
    if state:
        query = query.where(col(Product.state) == state)
    if text:
        fields = (Product.title, Product.brand, Product.category)
        query = query.where(or_(*(col(field).icontains(text, autoescape=True) for field in fields)))
    return list((await session.exec(query.order_by(col(Product.id)).limit(limit))).all())


async def products_by_id(session: AsyncSession, ids: Sequence[int]) -> list[Product]:
    """Return these products, by id."""
    query = select_models(Product).where(col(Product.id).in_(ids)).order_by(col(Product.id))
    return list((await session.exec(query)).all())


async def sold(session: AsyncSession, ids: Sequence[int]) -> dict[int, Sold]:
    """Return by id what an offer takes over of these products; those that were deleted are left out."""
    return {row.id: Sold._make(row) for row in await execute(session, _sold, {"ids": list(ids)})}


async def product_by_key(session: AsyncSession, supplier: str, supplier_product_id: str) -> Product | None:
    """Return the product with the supplier's own id."""
    query = select_models(Product).where(
        col(Product.supplier) == supplier, col(Product.supplier_product_id) == supplier_product_id
    )
    return (await session.exec(query)).one_or_none()


async def on_sale(session: AsyncSession, now: datetime, after: int, limit: int) -> list[OnSale]:
    """Return products that can be sold at ``now``, by id after ``after``."""
    query = (
        select(*(_products.c[name] for name in OnSale.__slots__))
        .where(
            _products.c.state == ON_SALE,
            _products.c.id > after,
            or_(_products.c.on_sale_from.is_(None), _products.c.on_sale_from <= now),
            or_(_products.c.on_sale_to.is_(None), _products.c.on_sale_to > now),
        )
        .order_by(_products.c.id)
        .limit(limit)
    )
    return [_lean(OnSale(*row)) for row in await execute(session, query)]


def _lean(product: OnSale) -> OnSale:
    """Let all products share the words that repeat: of 100,000 that is half of the memory."""
    for name in ("supplier", "category", "brand", "specification", "unit"):
        setattr(product, name, intern(getattr(product, name)))
    product.keywords = [intern(word) for word in product.keywords]
    product.neighbourhoods = [intern(name) for name in product.neighbourhoods]
    return product


async def titles(session: AsyncSession) -> list[tuple[str, str]]:
    """Return title and category path of every product there ever was that has a category, oldest first."""
    query = select(_products.c.title, _products.c.category).where(_products.c.category != "")
    return [(row.title, row.category) for row in await execute(session, query.order_by(_products.c.id))]


async def count_products(session: AsyncSession) -> dict[str, dict[str, int]]:
    """Return how many products each supplier has in each state."""
    query = select(_products.c.supplier, _products.c.state, func.count()).group_by(
        _products.c.supplier, _products.c.state
    )
    counts: dict[str, dict[str, int]] = {}
    for supplier, state, number in (await execute(session, query)).all():
        counts.setdefault(supplier, {})[state] = number
    return counts


def fault_documents(faults: Iterable[RowFault]) -> list[dict[str, Any]]:
    """Return faults in the form in which a run keeps them."""
    return [asdict(fault) for fault in faults]
