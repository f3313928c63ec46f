"""The claim table: one row for each time that something was due."""

from datetime import datetime
from typing import Literal

from sqlalchemy import CheckConstraint, Column, Index, String, UniqueConstraint
from sqlmodel import Field

from core.types import BigId, Table, UtcDateTime

State = Literal["waiting", "claimed", "done", "failed"]

WAITING: State = "waiting"
"""Due, or to be tried again at ``next_attempt_at``."""
CLAIMED: State = "claimed"
"""A scheduler works on it until ``lease_until``; after that anybody may take it."""
DONE: State = "done"
"""Finished; its effects are committed."""
FAILED: State = "failed"
"""Given up; ``last_error`` says why."""


class DueWork(Table, table=True):
    """A job that is due once: the triple (kind, subject, due_at) makes a second planning of it harmless."""

    __tablename__ = "due_work"
    __table_args__ = (
        UniqueConstraint("kind", "subject", "due_at", name="uq_due_work_occurrence"),
        CheckConstraint("state IN ('waiting', 'claimed', 'done', 'failed')", name="ck_due_work_state"),
        Index("ix_due_work_state_next_attempt_at", "state", "next_attempt_at"),
    )

    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    kind: str = Field(max_length=64)
    subject: str = Field(default="", max_length=128)
    due_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    state: State = Field(default=WAITING, sa_column=Column(String(16), nullable=False))
    claimed_by: str = Field(default="", max_length=128)
    lease_until: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    attempts: int = Field(default=0)
    next_attempt_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    last_error: str = ""
    done_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
