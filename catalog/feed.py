"""What passes between a supplier's feed and the store: raw rows in, products or faults out. Plain values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, slots=True)
class RawRow:
    """One row as the supplier wrote it.

    ``number`` is where a person finds it: the sheet's row (the header counts), the line of a JSON Lines file, or the
    position in a JSON list, from 1. ``fault`` says that the row is broken as a whole; then only its id is looked at.
    """

    number: int
    values: Mapping[str, Any]
    fault: str = ""


@dataclass(frozen=True, slots=True)
class RowFault:
    """Why a row did not go in. ``field`` is ours, empty for the whole row; ``text`` says what to do."""

    row: int
    product_id: str
    field: str
    text: str

    def __str__(self) -> str:
        where = f"row {self.row}" + (f" ({self.product_id})" if self.product_id else "")
        return f"{where}, {self.field}: {self.text}" if self.field else f"{where}: {self.text}"


@dataclass(slots=True)
class FeedChunk:
    """Some rows of a feed, in order.

    ``unreadable`` are rows of which not even the id is known. ``columns`` is the header of a table, None for objects.
    ``share`` is how much of the feed is behind us (0–1), None if nobody knows. ``not_modified`` means that the server
    vouches for the feed being the one that ``etag`` named.
    """

    rows: list[RawRow] = field(default_factory=list)
    unreadable: list[RowFault] = field(default_factory=list)
    columns: tuple[str, ...] | None = None
    share: float | None = None
    etag: str = ""
    not_modified: bool = False


class SourceError(Exception):
    """A feed cannot be read, or not to its end; the text names the place and what to do."""


@dataclass(frozen=True, slots=True)
class ProductInput:
    """A product as read from one row, complete and checked; see ``catalog.models.Product`` for the meanings."""

    supplier_product_id: str
    title: str
    category: str
    brand: str
    specification: str
    unit: str
    price: Decimal
    currency: str
    price_tiers: tuple[tuple[int, Decimal], ...]
    stock: int | None
    limit_per_member: int | None
    minimum_quantity: int
    neighbourhoods: tuple[str, ...]
    on_sale_from: datetime | None
    on_sale_to: datetime | None
    link: str
    image: str
    keywords: tuple[str, ...]


def look_up(document: Any, path: tuple[str, ...]) -> Any:
    """Follow a dotted path through objects and lists (by position); None where it ends early."""
    for part in path:
        if isinstance(document, Mapping):
            document = document.get(part)
        elif isinstance(document, list) and part.isdecimal() and int(part) < len(document):
            document = document[int(part)]
        else:
            return None
    return document
