"""What is known of an offer while messages are handled: its items, its lines, its buyers; as the database has it."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from operator import attrgetter
from typing import NamedTuple


class OfferState(StrEnum):
    """Where an offer stands; ``orders.offers`` says what may follow what."""

    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    ARRIVED = "arrived"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


class OfferKind(StrEnum):
    """How an offer came to be."""

    LEADER = "leader"  # opened by a word
    CHAIN = "chain"  # a native 接龙 that the leader started
    PUSH = "push"  # one pushed product, open in one group until the product closes


class Payment(StrEnum):
    """What is known about the money of one buyer in one offer."""

    UNPAID = "unpaid"
    CLAIMED = "claimed"  # the member says so
    PAID = "paid"  # the leader says so


class Tier(NamedTuple):
    """A price from a quantity on.

    ``bundle``: ``quantity`` pieces together cost ``price`` (2份55元). Otherwise each piece costs ``price`` from
    ``quantity`` on, as a supplier's feed has it.
    """

    quantity: int
    price: Decimal
    bundle: bool = True


@dataclass(slots=True)
class Item:
    """One thing on an offer.

    ``code`` is what members type (1, A3); ``stock`` None means without limit; ``taken`` is what has been ordered of it.
    ``product_id`` names the catalogue's product behind it, whose stock then counts as well. ``price`` None: not said.
    ``active`` is false once the leader has taken it off the list: its lines stay.
    """

    id: int
    offer_id: int
    position: int
    code: str
    title: str
    unit: str = ""
    specification: str = ""
    price: Decimal | None = None
    tiers: tuple[Tier, ...] = ()
    stock: Decimal | None = None
    taken: Decimal = Decimal(0)
    limit_per_member: int | None = None
    minimum_quantity: int = 1
    product_id: int | None = None
    active: bool = True

    @property
    def left(self) -> Decimal | None:
        """Return how much of its own stock is left, None without limit."""
        return None if self.stock is None else self.stock - self.taken


class LineKey(NamedTuple):
    """Whose line of which item. ``member`` is a contact id, or ``~`` and a name that no member could be found for."""

    item: int
    member: str
    for_whom: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """What stands in the book: how much of an item somebody has ordered. Zero is a line that was cancelled.

    ``name`` is what people in the room call the member; ``said_by`` the contact who typed it.
    """

    quantity: Decimal
    name: str
    said_by: str = ""
    group_id: int = 0
    note: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Buyer:
    """One member's part in one offer. ``code`` is the pick-up code, unique in the offer."""

    name: str
    code: str
    group_id: int = 0
    payment: Payment = Payment.UNPAID
    handed_over_at: datetime | None = None


@dataclass(slots=True)
class Offer:
    """One offer with its whole book. Changed only under its lock, on a copy.

    ``version`` grows with every stored change. ``group_ids`` are the groups it runs in, one stock for all.
    ``pickup_place`` and ``pickup_when`` stand as the leader wrote them. ``open_items`` lets members name things that
    are not on the list (a native 接龙 without a menu).
    """

    id: int
    version: int
    kind: OfferKind
    state: OfferState
    title: str
    leader: str
    channel: str
    account: str
    group_ids: tuple[int, ...]
    created_at: datetime
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    closed_at: datetime | None = None
    minimum_people: int | None = None
    minimum_pieces: int | None = None
    pickup_place: str = ""
    pickup_when: str = ""
    note: str = ""
    open_items: bool = False
    items: dict[int, Item] = field(default_factory=dict)
    lines: dict[LineKey, Line] = field(default_factory=dict)
    buyers: dict[str, Buyer] = field(default_factory=dict)

    def copy(self) -> Offer:
        """Return a copy to work on; lines and buyers are immutable and shared, items are copied."""
        twin = Offer(*_all_of_offer(self))
        twin.items = {key: Item(*_all_of_item(item)) for key, item in self.items.items()}
        twin.lines = self.lines.copy()
        twin.buyers = self.buyers.copy()
        return twin

    def lines_of(self, member: str, names: frozenset[str] = frozenset()) -> dict[LineKey, Line]:
        """Return what a member has ordered here, typed for others, or what others ordered for one of their names."""
        return {
            key: line
            for key, line in self.lines.items()
            if line.quantity > 0 and (member in {key.member, line.said_by} or key.for_whom in names)
        }

    @property
    def on_list(self) -> list[Item]:
        """Return the items that may be ordered, in the order of the list."""
        return sorted((item for item in self.items.values() if item.active), key=lambda item: item.position)


_all_of_offer = attrgetter(*(one.name for one in fields(Offer)))
_all_of_item = attrgetter(*(one.name for one in fields(Item)))
