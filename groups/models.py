"""The tables of groups, members, labels and consent."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Column, Float, ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel

from core.types import BigId, UtcDateTime


def _key(target: str) -> Column[int]:
    return Column(BigInteger, ForeignKey(target, ondelete="CASCADE"), nullable=False)


class Group(SQLModel, table=True):
    """One room as one account sees it; ``level`` is what the bot may do there (0 off to 4 push)."""

    __tablename__ = "chat_group"
    __table_args__ = (
        UniqueConstraint("channel", "account", "room_id", name="uq_chat_group_room"),
        CheckConstraint("level BETWEEN 0 AND 4", name="ck_chat_group_level"),
        CheckConstraint("state IN ('active', 'left')", name="ck_chat_group_state"),
        Index("ix_chat_group_leader", "channel", "account", "leader_id"),
        Index("ix_chat_group_owner", "channel", "account", "owner_id"),
    )

    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    channel: str = Field(max_length=32)
    account: str = Field(max_length=128)
    room_id: str = Field(max_length=128)
    topic: str = ""
    owner_id: str = Field(default="", max_length=128)
    leader_id: str = Field(default="", max_length=128)
    level: int = 1
    configured_level: int | None = None
    state: str = Field(default="active", max_length=16)
    threshold: float | None = Field(default=None, sa_column=Column(Float))
    paused_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    introduced_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    created_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    changed_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class Member(SQLModel, table=True):
    """One person as one account of one channel knows them, over all groups."""

    __tablename__ = "chat_member"
    __table_args__ = (UniqueConstraint("channel", "account", "contact_id", name="uq_chat_member_contact"),)

    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    channel: str = Field(max_length=32)
    account: str = Field(max_length=128)
    contact_id: str = Field(max_length=128)
    name: str = ""
    personalisation_off_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    created_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class Membership(SQLModel, table=True):
    """One person in one group. ``name`` is the person's own name as last seen in this group."""

    __tablename__ = "membership"
    __table_args__ = (
        UniqueConstraint("group_id", "member_id", name="uq_membership"),
        CheckConstraint("role IN ('assistant', 'member')", name="ck_membership_role"),
        Index("ix_membership_member", "member_id"),
    )

    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    group_id: int = Field(sa_column=_key("chat_group.id"))
    member_id: int = Field(sa_column=_key("chat_member.id"))
    name: str = ""
    room_name: str = ""
    role: str = Field(default="member", max_length=16)
    unsubscribed_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    left_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    created_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class Label(SQLModel, table=True):
    """What one source says a group is. ``confidence`` is 0 to 1; a leader's 0 means that it is not."""

    __tablename__ = "group_label"
    __table_args__ = (
        UniqueConstraint("group_id", "kind", "key", "value", "source", name="uq_group_label"),
        CheckConstraint("kind IN ('neighbourhood', 'category', 'person', 'free')", name="ck_group_label_kind"),
        CheckConstraint("confidence BETWEEN 0 AND 1", name="ck_group_label_confidence"),
        Index("ix_group_label_value", "kind", "value"),
    )

    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    group_id: int = Field(sa_column=_key("chat_group.id"))
    kind: str = Field(max_length=16)
    key: str = Field(default="", max_length=32)
    value: str = Field(max_length=64)
    source: str = Field(max_length=16)
    confidence: float = Field(sa_column=Column(Float, nullable=False))
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class GroupProductRule(SQLModel, table=True):
    """A product that a group excludes or pins, by id (then ``text`` is empty) or by text (then the id is 0)."""

    __tablename__ = "group_product_rule"
    __table_args__ = (
        UniqueConstraint("group_id", "kind", "source", "product_id", "text", name="uq_group_product_rule"),
        CheckConstraint("kind IN ('excluded', 'pinned')", name="ck_group_product_rule_kind"),
    )

    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    group_id: int = Field(sa_column=_key("chat_group.id"))
    kind: str = Field(max_length=16)
    source: str = Field(max_length=16)
    product_id: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    text: str = Field(default="", max_length=128)
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class ConsentEntry(SQLModel, table=True):
    """One change of consent; rows are only ever added. ``person`` is a keyed hash, never an id or a name."""

    __tablename__ = "consent_entry"
    __table_args__ = (Index("ix_consent_entry_person", "person"),)

    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    group_id: int | None = Field(default=None, sa_column=Column(BigInteger))
    person: str = Field(max_length=64)
    change: str = Field(max_length=32)
    message_id: str = Field(default="", max_length=128)


class LedgerKey(SQLModel, table=True):
    """The one random key that the ledger's hashes are made with."""

    __tablename__ = "ledger_key"

    id: int = Field(primary_key=True)
    secret: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
