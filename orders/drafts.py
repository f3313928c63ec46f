"""An offer as a leader writes it, before it is stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from orders.state import Tier


@dataclass(frozen=True, slots=True)
class ItemDraft:
    """One item as written: ``丹东草莓 3斤 59.9元 限购5``. ``specification`` is 3斤, ``unit`` what is counted."""

    title: str
    unit: str = ""
    specification: str = ""
    price: Decimal | None = None
    tiers: tuple[Tier, ...] = ()
    stock: int | None = None
    limit_per_member: int | None = None
    minimum_quantity: int = 1
    product_id: int | None = None
    position: int = 0


@dataclass(frozen=True, slots=True)
class Fault:
    """A line that could not be understood: its number (from 1), its text, and in Chinese what to write instead."""

    row: int
    text: str
    advice: str


@dataclass(frozen=True, slots=True)
class OfferDraft:
    """What a leader wrote. Texts stand as written; instants are aware. ``groups`` are topics named for it, if any."""

    title: str
    items: tuple[ItemDraft, ...] = ()
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    minimum_people: int | None = None
    minimum_pieces: int | None = None
    pickup_place: str = ""
    pickup_when: str = ""
    note: str = ""
    groups: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()
