"""Tables of the recommender: needs that were said, pushes and suggestions that answered them, and what came of them."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, Float, Index, UniqueConstraint
from sqlmodel import Field

from core.types import BigId, Table, UtcDateTime


class NeedRecord(Table, table=True):
    """One stated need. ``state`` is the reason code of its message: pushed, suggested, unmet, held, recorded.

    ``terms`` are the objects in their kept form; ``detail`` holds the constraints and, where something fitted, under
    ``gain`` the number that decided and its parts (``gain.Gain``). No text of the member is copied.
    """

    __tablename__ = "need"
    __table_args__ = (
        UniqueConstraint("inbox_id", name="uq_need_message"),
        Index("ix_need_group_time", "group_id", "at"),
        Index("ix_need_state_time", "state", "at"),
    )

    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    inbox_id: int = Field(sa_column=Column(BigId, nullable=False))
    group_id: int = Field(sa_column=Column(BigId, nullable=False))
    member: str = Field(max_length=128)
    need_class: str = Field(max_length=16)
    terms: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    category: str = Field(default="", max_length=64)
    detail: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    state: str = Field(max_length=16)
    hold: str | None = Field(default=None, max_length=32)
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class Push(Table, table=True):
    """One decided push. ``state``: queued (in the outbox), suggested (waits for the leader), dismissed.

    ``products`` is a list of ``{"product", "score", "position"}``, with ``"ordered": true`` at what was ordered then;
    ``dedupe_key`` is the outbox row's. ``result`` is what came of it (``gain.Result``), empty until that is known.
    """

    __tablename__ = "push"
    __table_args__ = (
        UniqueConstraint("inbox_id", name="uq_push_message"),
        Index("ix_push_group_time", "group_id", "at"),
        Index("ix_push_group_state", "group_id", "state", "at"),
        Index("ix_push_result", "result", "id"),
    )

    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    inbox_id: int = Field(sa_column=Column(BigId, nullable=False))
    group_id: int = Field(sa_column=Column(BigId, nullable=False))
    member: str = Field(max_length=128)
    terms: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    products: list[dict[str, Any]] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    reasons: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    text: str
    state: str = Field(max_length=16)
    dedupe_key: str = Field(default="", max_length=160)
    result: str = Field(default="", max_length=8, sa_column_kwargs={"server_default": ""})
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    decided_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))


class PushRecord(Table, table=True):
    """What came of a group's pushes: counts as of ``at``, in which old results weigh less. Nobody stands in it."""

    __tablename__ = "push_record"

    group_id: int = Field(sa_column=Column(BigId, primary_key=True, autoincrement=False))
    ordered: float = Field(sa_column=Column(Float, nullable=False))
    thanked: float = Field(sa_column=Column(Float, nullable=False))
    ignored: float = Field(sa_column=Column(Float, nullable=False))
    refused: float = Field(sa_column=Column(Float, nullable=False))
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class Opinion(Table, table=True):
    """Praise or complaint about goods, kept for the leader's digest; never answered."""

    __tablename__ = "opinion"
    __table_args__ = (
        UniqueConstraint("inbox_id", name="uq_opinion_message"),
        Index("ix_opinion_group_time", "group_id", "at"),
    )

    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    inbox_id: int = Field(sa_column=Column(BigId, nullable=False))
    group_id: int = Field(sa_column=Column(BigId, nullable=False))
    member: str = Field(max_length=128)
    kind: str = Field(max_length=16)
    about: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
