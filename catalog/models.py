"""Tables of the catalogue: what suppliers sell, and every reading of their feeds."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Column, Index, Text, UniqueConstraint, text
from sqlmodel import Field

from core.types import BigId, DecimalAmount, Table, UtcDateTime

ON_SALE = "on_sale"
"""In the supplier's feed and its time is not over. It may still be out of stock or not have begun."""
GONE = "gone"
"""No longer in the feed, or its time is over; kept, because orders and pushes point at it."""

RUNNING = "running"
DONE = "done"
FAILED = "failed"
"""The feed could not be read to its end; what was read before is stored."""
INTERRUPTED = "interrupted"
"""The process was killed or stopped; what was read before is stored."""

_ON_SALE_ONLY = text("state = 'on_sale'")
_RUNNING_ONLY = text("state = 'running'")


class Product(Table, table=True):
    """One thing a supplier sells, as the feed last said; the pair (supplier, supplier_product_id) is its key.

    ``price`` is per ``unit`` in ``currency``; ``price_tiers`` is a list of ``{"quantity": 2, "price": "55.00"}``, the
    price per unit from that quantity on, ascending. ``stock`` None means unknown or unlimited. ``neighbourhoods``
    empty means delivered everywhere. The sale lasts from ``on_sale_from`` (included) to ``on_sale_to`` (excluded).
    ``version`` grows by one with every change of the row. What has been ordered is not kept here.
    """

    __tablename__ = "product"
    __table_args__ = (
        UniqueConstraint("supplier", "supplier_product_id", name="uq_product_key"),
        # Partial, so that nobody is led to walk it for a list in order of ids.
        Index("ix_product_end", "on_sale_to", sqlite_where=_ON_SALE_ONLY, postgresql_where=_ON_SALE_ONLY),
        CheckConstraint("price > 0", name="ck_product_price"),
        CheckConstraint("stock IS NULL OR stock >= 0", name="ck_product_stock"),
        CheckConstraint("minimum_quantity >= 1", name="ck_product_minimum"),
        CheckConstraint("state IN ('on_sale', 'gone')", name="ck_product_state"),
    )

    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    supplier: str = Field(max_length=32)
    supplier_product_id: str = Field(max_length=128)
    title: str = Field(max_length=200)
    category: str = Field(default="", max_length=64)
    brand: str = Field(default="", max_length=64)
    specification: str = Field(default="", max_length=128)
    unit: str = Field(default="", max_length=16)
    price: Decimal = Field(sa_column=Column(DecimalAmount, nullable=False))
    currency: str = Field(default="CNY", max_length=3)
    price_tiers: list[dict[str, Any]] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    stock: int | None = Field(default=None)
    limit_per_member: int | None = Field(default=None)
    minimum_quantity: int = Field(default=1)
    neighbourhoods: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    on_sale_from: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    on_sale_to: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    link: str = Field(default="", max_length=2048)
    image: str = Field(default="", max_length=2048)
    keywords: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    state: str = Field(default=ON_SALE, max_length=16)
    row_hash: str = Field(max_length=32)
    first_seen_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    changed_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    gone_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    version: int = Field(default=1)


class SyncRun(Table, table=True):
    """One reading of a supplier's feed. At most one per supplier is running: the unique index decides races.

    ``owner`` names the process and ``lease_until`` the instant after which others may take over. ``faults`` holds the
    first 1,000 as ``{"row", "product_id", "field", "text"}``. ``etag`` is only kept when nothing stands in the way
    of skipping an unchanged feed; ``feed_hash`` says under which settings it is valid.
    """

    __tablename__ = "sync_run"
    __table_args__ = (
        Index(
            "uq_sync_run_running",
            "supplier",
            unique=True,
            sqlite_where=_RUNNING_ONLY,
            postgresql_where=_RUNNING_ONLY,
        ),
        Index("ix_sync_run_supplier", "supplier", "id"),
        CheckConstraint("state IN ('running', 'done', 'failed', 'interrupted')", name="ck_sync_run_state"),
    )

    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    supplier: str = Field(max_length=32)
    state: str = Field(default=RUNNING, max_length=16)
    owner: str = Field(default="", max_length=128)
    started_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    lease_until: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    finished_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    rows_read: int = Field(default=0)
    new: int = Field(default=0)
    changed: int = Field(default=0)
    gone: int = Field(default=0)
    unchanged: int = Field(default=0)
    broken: int = Field(default=0)
    faults: list[dict[str, Any]] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    gone_refused: str = Field(default="", sa_column=Column(Text, nullable=False, server_default=""))
    etag: str = Field(default="", max_length=512)
    feed_hash: str = Field(default="", max_length=32)
    error: str = Field(default="", sa_column=Column(Text, nullable=False, server_default=""))
