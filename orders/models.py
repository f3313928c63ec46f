"""Tables of orders: offers, what is on them, the ledger of edits, and the book that is derived from it."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Column, Index, UniqueConstraint
from sqlmodel import Field

from core.types import BigId, DecimalAmount, Table, UtcDateTime


def _key(**options: Any) -> Any:
    return Column(BigId, primary_key=True, **options)


class OfferRecord(Table, table=True):
    """One offer (团). Whoever changes it or its book locks this row first and raises ``version``."""

    __tablename__ = "offer"
    __table_args__ = (
        Index("ix_offer_state_closing", "state", "closes_at"),
        CheckConstraint(
            "state IN ('draft', 'open', 'closed', 'succeeded', 'failed', 'arrived', 'completed', 'cancelled')",
            name="ck_offer_state",
        ),
        CheckConstraint("kind IN ('leader', 'chain', 'push')", name="ck_offer_kind"),
    )

    id: int | None = Field(default=None, sa_column=_key(autoincrement=True))
    version: int = Field(default=1)
    kind: str = Field(max_length=16)
    state: str = Field(max_length=16)
    title: str = Field(max_length=200)
    leader: str = Field(default="", max_length=128)
    channel: str = Field(max_length=32)
    account: str = Field(max_length=128)
    opens_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    closes_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    closed_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    minimum_people: int | None = Field(default=None)
    minimum_pieces: int | None = Field(default=None)
    pickup_place: str = ""
    pickup_when: str = ""
    note: str = ""
    open_items: bool = Field(default=False)
    copied_from: int | None = Field(default=None, sa_column=Column(BigId))
    created_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    changed_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class OfferGroup(Table, table=True):
    """An offer runs in this group."""

    __tablename__ = "offer_group"
    __table_args__ = (Index("ix_offer_group_group", "group_id", "offer_id"),)

    offer_id: int = Field(sa_column=_key(autoincrement=False))
    group_id: int = Field(sa_column=_key(autoincrement=False))


class OfferItem(Table, table=True):
    """One thing on an offer. ``taken`` is what has been ordered and never exceeds ``stock``: the database says so."""

    __tablename__ = "offer_item"
    __table_args__ = (
        UniqueConstraint("offer_id", "code", name="uq_offer_item_code"),
        Index("ix_offer_item_product", "product_id"),
        CheckConstraint("taken >= 0", name="ck_offer_item_taken"),
        CheckConstraint("stock IS NULL OR taken <= stock", name="ck_offer_item_stock"),
    )

    id: int | None = Field(default=None, sa_column=_key(autoincrement=True))
    offer_id: int = Field(sa_column=Column(BigId, nullable=False))
    position: int
    code: str = Field(max_length=16)
    title: str = Field(max_length=200)
    unit: str = Field(default="", max_length=16)
    specification: str = Field(default="", max_length=128)
    price: Decimal | None = Field(default=None, sa_column=Column(DecimalAmount))
    tiers: list[dict[str, Any]] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    stock: Decimal | None = Field(default=None, sa_column=Column(DecimalAmount))
    taken: Decimal = Field(default=Decimal(0), sa_column=Column(DecimalAmount, nullable=False))
    limit_per_member: int | None = Field(default=None)
    minimum_quantity: int = Field(default=1)
    product_id: int | None = Field(default=None, sa_column=Column(BigId))
    active: bool = Field(default=True)


class OrderEdit(Table, table=True):
    """The ledger: one applied change of one line, never altered but for its evidence, which retention empties.

    ``quantity`` is what was said, ``delta`` what it changed, ``total`` the line afterwards; the deltas of a line sum to
    its quantity. ``evidence`` is the piece of the message and ``spans`` where it stands in it. ``undoes`` names the
    edit that this one takes back.
    """

    __tablename__ = "order_edit"
    __table_args__ = (
        UniqueConstraint("inbox_id", "place", name="uq_order_edit_message"),
        Index("ix_order_edit_offer", "offer_id", "id"),
        Index("ix_order_edit_member", "member", "at"),
    )

    id: int | None = Field(default=None, sa_column=_key(autoincrement=True))
    offer_id: int = Field(sa_column=Column(BigId, nullable=False))
    item_id: int = Field(sa_column=Column(BigId, nullable=False))
    group_id: int = Field(sa_column=Column(BigId, nullable=False))
    member: str = Field(max_length=160)
    for_whom: str = Field(default="", max_length=64)
    change: str = Field(max_length=8)
    source: str = Field(max_length=16)
    quantity: Decimal | None = Field(default=None, sa_column=Column(DecimalAmount))
    delta: Decimal = Field(sa_column=Column(DecimalAmount, nullable=False))
    total: Decimal = Field(sa_column=Column(DecimalAmount, nullable=False))
    said_by: str = Field(default="", max_length=128)
    inbox_id: int | None = Field(default=None, sa_column=Column(BigId))
    place: int = Field(default=0)
    evidence: str = ""
    spans: list[Any] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    undoes: int | None = Field(default=None, sa_column=Column(BigId))
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class OrderLine(Table, table=True):
    """The book: what stands now, derived from the ledger and stored with it. A cancelled line has quantity 0."""

    __tablename__ = "order_line"
    __table_args__ = (
        UniqueConstraint("item_id", "member", "for_whom", name="uq_order_line"),
        Index("ix_order_line_offer", "offer_id"),
        Index("ix_order_line_member", "member"),
        CheckConstraint("quantity >= 0", name="ck_order_line_quantity"),
    )

    id: int | None = Field(default=None, sa_column=_key(autoincrement=True))
    offer_id: int = Field(sa_column=Column(BigId, nullable=False))
    item_id: int = Field(sa_column=Column(BigId, nullable=False))
    group_id: int = Field(sa_column=Column(BigId, nullable=False))
    member: str = Field(max_length=160)
    for_whom: str = Field(default="", max_length=64)
    name: str = Field(default="", max_length=128)
    quantity: Decimal = Field(sa_column=Column(DecimalAmount, nullable=False))
    note: str = Field(default="", max_length=200)
    said_by: str = Field(default="", max_length=128)
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class BuyerRecord(Table, table=True):
    """One member's part in one offer: pick-up code, payment, hand-over."""

    __tablename__ = "buyer"
    __table_args__ = (
        UniqueConstraint("offer_id", "member", name="uq_buyer"),
        UniqueConstraint("offer_id", "code", name="uq_buyer_code"),
        Index("ix_buyer_member", "member"),
    )

    id: int | None = Field(default=None, sa_column=_key(autoincrement=True))
    offer_id: int = Field(sa_column=Column(BigId, nullable=False))
    group_id: int = Field(sa_column=Column(BigId, nullable=False))
    member: str = Field(max_length=160)
    name: str = Field(default="", max_length=128)
    code: str = Field(max_length=8)
    payment: str = Field(max_length=16)
    handed_over_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))


class Refund(Table, table=True):
    """Money that a leader says was given back; a record, nothing is moved."""

    __tablename__ = "refund"
    __table_args__ = (
        UniqueConstraint("inbox_id", name="uq_refund_message"),
        Index("ix_refund_offer", "offer_id"),
    )

    id: int | None = Field(default=None, sa_column=_key(autoincrement=True))
    offer_id: int = Field(sa_column=Column(BigId, nullable=False))
    member: str = Field(max_length=160)
    amount: Decimal = Field(sa_column=Column(DecimalAmount, nullable=False))
    why: str = Field(default="", max_length=200)
    said_by: str = Field(default="", max_length=128)
    inbox_id: int | None = Field(default=None, sa_column=Column(BigId))
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class OfferEvent(Table, table=True):
    """What happened to an offer: who, when, by which message. ``what`` is a state it went to, or changed, exported."""

    __tablename__ = "offer_event"
    __table_args__ = (Index("ix_offer_event_offer", "offer_id", "id"),)

    id: int | None = Field(default=None, sa_column=_key(autoincrement=True))
    offer_id: int = Field(sa_column=Column(BigId, nullable=False))
    what: str = Field(max_length=16)
    detail: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    said_by: str = Field(default="", max_length=128)
    inbox_id: int | None = Field(default=None, sa_column=Column(BigId))
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class OrderChain(Table, table=True):
    """The last snapshot of a native 接龙 in a group, as ``orders.chains.snapshots`` keeps it."""

    __tablename__ = "order_chain"
    __table_args__ = (Index("ix_order_chain_group", "group_id", "changed_at"),)

    id: int | None = Field(default=None, sa_column=_key(autoincrement=True))
    group_id: int = Field(sa_column=Column(BigId, nullable=False))
    offer_id: int = Field(sa_column=Column(BigId, nullable=False))
    kept: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    changed_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class OrderQuestion(Table, table=True):
    """A question that was asked once and waits for its member's next message. ``kind`` says what the answer does."""

    __tablename__ = "order_question"
    __table_args__ = (Index("ix_order_question_open", "state", "group_id", "member"),)

    id: int | None = Field(default=None, sa_column=_key(autoincrement=True))
    group_id: int = Field(sa_column=Column(BigId, nullable=False))
    member: str = Field(max_length=160)
    kind: str = Field(max_length=16)
    detail: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    state: str = Field(max_length=16)
    inbox_id: int | None = Field(default=None, sa_column=Column(BigId))
    asked_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    expires_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class Allocation(Table, table=True):
    """How much of a catalogue's product is ordered and has not arrived, over all offers and groups.

    The feed owns what the supplier has; this is ours, and no sync touches it.
    """

    __tablename__ = "allocation"
    __table_args__ = (CheckConstraint("taken >= 0", name="ck_allocation_taken"),)

    product_id: int = Field(sa_column=_key(autoincrement=False))
    taken: Decimal = Field(sa_column=Column(DecimalAmount, nullable=False))
