"""The tables of groups: rooms, members, labels, tags, proposals, and what is kept of consent."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    LargeBinary,
    UniqueConstraint,
    false,
)
from sqlmodel import Field

from core.types import BigId, Table, UtcDateTime


def _key(target: str) -> Column[int]:
    return Column(BigInteger, ForeignKey(target, ondelete="CASCADE"), nullable=False)


class Group(Table, table=True):
    """One room as one account sees it; ``level`` is what the bot may do there (0 off to 4 push).

    ``state``: active, left (the bot was removed). ``retired_at`` is when it was given up on purpose: nothing is read or
    said there any more, its history stays. ``successor_id`` is the group that took this one's history over, by a merger
    or a move. ``welcome`` is the leader's switch for welcomes, None for the program's default. ``roster_at`` is when
    all members were first seen together: who comes later has joined.
    """

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
    welcome: bool | None = None
    roster_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    successor_id: int | None = Field(default=None, sa_column=Column(BigInteger))
    retired_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    paused_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    introduced_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    created_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    changed_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class Member(Table, table=True):
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


class Membership(Table, table=True):
    """One person in one group. ``name`` is the person's own name as last seen in this group.

    ``joined_at`` is set for who came while the bot was there; ``welcomed_at`` once a welcome has named them.
    """

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
    joined_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    welcomed_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    created_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class Label(Table, table=True):
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


class LabelChange(Table, table=True):
    """The history of labels: what was added or removed, by which source and for which cause; never altered."""

    __tablename__ = "group_label_change"
    __table_args__ = (
        CheckConstraint("what IN ('added', 'removed')", name="ck_group_label_change_what"),
        Index("ix_group_label_change_group", "group_id", "id"),
    )

    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    group_id: int = Field(sa_column=_key("chat_group.id"))
    kind: str = Field(max_length=16)
    key: str = Field(default="", max_length=32)
    value: str = Field(max_length=64)
    source: str = Field(max_length=16)
    what: str = Field(max_length=8)
    cause: str = Field(max_length=32)
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class MemberTag(Table, table=True):
    """One thing that a person's own words and orders say of them: the profile, readable line by line.

    ``weight`` is as of ``at`` and decays from there; ``said`` and ``ordered`` count what it rests on.
    """

    __tablename__ = "member_tag"
    __table_args__ = (UniqueConstraint("member_id", "kind", "key", "value", name="uq_member_tag"),)

    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    member_id: int = Field(sa_column=_key("chat_member.id"))
    kind: str = Field(max_length=16)
    key: str = Field(default="", max_length=32)
    value: str = Field(max_length=64)
    weight: float = Field(sa_column=Column(Float, nullable=False))
    said: int = 0
    ordered: int = 0
    first_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class TagMark(Table, table=True):
    """A tag that its owner deleted and that must not come back: a keyed hash of person and tag, nothing else."""

    __tablename__ = "tag_mark"

    mark: str = Field(primary_key=True, max_length=64)
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class ForgottenPerson(Table, table=True):
    """Somebody whose data was deleted and who is not read until they order or give a word: a keyed hash of them.

    ``personalisation_off`` keeps that refusal over the deletion.
    """

    __tablename__ = "forgotten_person"
    __table_args__ = (Index("ix_forgotten_person_account", "channel", "account"),)

    person: str = Field(primary_key=True, max_length=64)
    channel: str = Field(max_length=32)
    account: str = Field(max_length=128)
    personalisation_off: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class Proposal(Table, table=True):
    """Something about groups that waits for a leader's 同意, and what came of it.

    ``kind``: open (a new group for a need), split, merge, move, retire. ``state``: proposed → agreed → making → done |
    by_hand | failed | unknown, or declined, expired, void (its groups are gone). ``about`` says what it is about,
    ``members`` are the contact ids it would invite, emptied once it is over; ``room_id`` is the room that was made.
    """

    __tablename__ = "proposal"
    __table_args__ = (
        CheckConstraint("kind IN ('open', 'split', 'merge', 'move', 'retire')", name="ck_proposal_kind"),
        Index("ix_proposal_leader", "channel", "account", "leader", "state"),
    )

    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    dedupe_key: str = Field(max_length=160, unique=True)
    channel: str = Field(max_length=32)
    account: str = Field(max_length=128)
    leader: str = Field(max_length=128)
    kind: str = Field(max_length=8)
    state: str = Field(max_length=16)
    topic: str = Field(default="", max_length=64)
    about: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    group_ids: list[int] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    members: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    target_id: int | None = Field(default=None, sa_column=Column(BigInteger))
    room_id: str = Field(default="", max_length=128)
    error: str = ""
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    decided_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    finished_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))


class GroupProductRule(Table, table=True):
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


class ConsentEntry(Table, table=True):
    """One change of consent; rows are only ever added. ``person`` is a keyed hash, never an id or a name."""

    __tablename__ = "consent_entry"
    __table_args__ = (Index("ix_consent_entry_person", "person"),)

    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    group_id: int | None = Field(default=None, sa_column=Column(BigInteger))
    person: str = Field(max_length=64)
    change: str = Field(max_length=32)
    message_id: str = Field(default="", max_length=128)


class AuditEntry(Table, table=True):
    """Who looked at, exported or erased personal data; rows are only ever added, people are keyed hashes.

    ``role`` is member, leader, admin or operator (the command line); ``subject`` is whose data it was, empty when it
    was of many; ``detail`` holds counts, formats and receipt numbers, never a name or an id of a person.
    """

    __tablename__ = "audit_entry"
    __table_args__ = (Index("ix_audit_entry_subject", "subject"), Index("ix_audit_entry_actor", "actor"))

    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    role: str = Field(max_length=16)
    actor: str = Field(max_length=64)
    what: str = Field(max_length=32)
    subject: str = Field(default="", max_length=64)
    group_id: int | None = Field(default=None, sa_column=Column(BigInteger))
    detail: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))


class LedgerKey(Table, table=True):
    """The one random key that the ledger's hashes are made with."""

    __tablename__ = "ledger_key"

    id: int = Field(primary_key=True)
    secret: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
