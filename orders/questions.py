"""Questions that wait for somebody's next message: asked once, stored, answered, or forgotten in time."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import bindparam, delete, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from core.database import execute
from core.outcomes import Reason
from orders.edits import Change, Doubt, Edit, Missing, Span
from orders.models import OrderQuestion

LIFETIME = timedelta(minutes=30)
"""Whoever has not answered by then has gone on to something else."""
_OPEN, _ANSWERED, _REPLACED = "open", "answered", "replaced"
_table = OrderQuestion.__table__  # type: ignore[attr-defined]
_waiting = (
    select(_table)
    .where(
        _table.c.state == _OPEN,
        _table.c.group_id.in_(bindparam("groups", expanding=True)),
        _table.c.expires_at > bindparam("now"),
    )
    .order_by(_table.c.id)
)


class QuestionKind(StrEnum):
    """What a yes does."""

    DOUBT = "doubt"  # applies an order that was not clear
    WORD = "word"  # carries out a leader's word that cannot be undone
    LATE = "late"  # lets an order in that was written in time and handled late
    RECALL = "recall"  # takes back what a recalled message had ordered


@dataclass(frozen=True, slots=True)
class Question:
    """A question that is open for a member in a group. ``detail`` is what its kind needs to go on.

    ``asked_at`` is set once it is stored.
    """

    id: int
    group_id: int
    member: str
    kind: QuestionKind
    detail: Mapping[str, Any] = field(default_factory=dict)
    inbox_id: int | None = None
    asked_at: datetime | None = None

    @property
    def doubt(self) -> Doubt | None:
        """Return the doubt about an order, if that is what the question is about."""
        return doubt_of(self.detail) if self.kind is QuestionKind.DOUBT else None


async def open_questions(session: AsyncSession, group_ids: Collection[int], now: datetime) -> list[Question]:
    """Return the questions that wait in these groups, oldest first."""
    asked = {"groups": list(group_ids), "now": now}
    return [
        Question(int(row.id), row.group_id, row.member, QuestionKind(row.kind), row.detail, row.inbox_id, row.asked_at)
        for row in (await execute(session, _waiting, asked)).all()
    ]


async def ask(session: AsyncSession, question: Question, now: datetime, lifetime: timedelta = LIFETIME) -> Question:
    """Store a question; an older one of the same member in the same group is replaced. Return it with its id."""
    await _end(session, _REPLACED, _table.c.group_id == question.group_id, _table.c.member == question.member)
    row = {
        "group_id": question.group_id,
        "member": question.member,
        "kind": question.kind,
        "detail": dict(question.detail),
        "state": _OPEN,
        "inbox_id": question.inbox_id,
        "asked_at": now,
        "expires_at": now + lifetime,
    }
    question_id = (await execute(session, _table.insert().values(row).returning(_table.c.id))).scalar_one()
    stored = (question.group_id, question.member, question.kind, question.detail, question.inbox_id, now)
    return Question(int(question_id), *stored)


async def settle(session: AsyncSession, question: Question) -> None:
    """End a question: it was answered."""
    await _end(session, _ANSWERED, _table.c.id == question.id)


async def _end(session: AsyncSession, state: str, *conditions: Any) -> None:
    await execute(session, update(_table).where(_table.c.state == _OPEN, *conditions).values(state=state))


async def forget(session: AsyncSession, before: datetime) -> None:
    """Delete questions that were asked before an instant."""
    await execute(session, delete(_table).where(_table.c.asked_at < before))


def doubt_row(doubt: Doubt) -> dict[str, Any]:
    """Return a doubt as JSON holds it."""
    options = [[_edit_row(edit) for edit in option] for option in doubt.options]
    return {"reason": doubt.reason.value, "missing": doubt.missing.value, "options": options, "said": doubt.said}


def doubt_of(row: Mapping[str, Any]) -> Doubt:
    """Return the doubt that ``doubt_row`` wrote."""
    options = tuple(tuple(_edit_of(edit) for edit in option) for option in row["options"])
    return Doubt(Reason(row["reason"]), Missing(row["missing"]), options, row["said"])


def edits_row(edits: Sequence[Edit]) -> list[dict[str, Any]]:
    """Return edits as JSON holds them."""
    return [_edit_row(edit) for edit in edits]


def edits_of(rows: Sequence[Mapping[str, Any]]) -> tuple[Edit, ...]:
    """Return the edits that ``edits_row`` wrote."""
    return tuple(_edit_of(row) for row in rows)


def _edit_row(edit: Edit) -> dict[str, Any]:
    quantity = None if edit.quantity is None else str(edit.quantity)
    row = {"item": edit.item, "change": edit.change.value, "quantity": quantity}
    return {**row, "for_whom": edit.for_whom, "note": edit.note, "spans": [list(span) for span in edit.spans]}


def _edit_of(row: Mapping[str, Any]) -> Edit:
    quantity = None if row["quantity"] is None else Decimal(row["quantity"])
    spans = tuple(Span(*span) for span in row["spans"])
    return Edit(row["item"], Change(row["change"]), quantity, row["for_whom"], row["note"], spans)
