"""All SQL on the history of labels: what came and went, when, and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from core.database import execute
from groups.models import Group, Label, LabelChange
from groups.state import LabelCause, LabelKind, LabelSource, LabelState, Past, Slot

_changes = LabelChange.__table__  # type: ignore[attr-defined]
_labels = Label.__table__  # type: ignore[attr-defined]
_groups = Group.__table__  # type: ignore[attr-defined]


async def last_drifts(session: AsyncSession, group_ids: Sequence[int]) -> dict[int, dict[Slot, datetime]]:
    """Return, for each of these groups, when its labels last changed without a cause."""
    found: defaultdict[int, dict[Slot, datetime]] = defaultdict(dict)
    query = (
        select(_changes.c.group_id, _changes.c.kind, _changes.c.key, func.max(_changes.c.at).label("at"))
        .where(_changes.c.group_id.in_(group_ids), _changes.c.cause == LabelCause.DRIFT.value)
        .group_by(_changes.c.group_id, _changes.c.kind, _changes.c.key)
    )
    for row in await execute(session, query):
        found[row.group_id][Slot(LabelKind(row.kind), row.key)] = row.at
    return dict(found)


async def between(session: AsyncSession, since: datetime, until: datetime) -> dict[int, list[Past]]:
    """Return what changed after one instant and not after another, by group, oldest first."""
    found: defaultdict[int, list[Past]] = defaultdict(list)
    query = select(_changes).where(_changes.c.at > since, _changes.c.at <= until).order_by(_changes.c.id)
    for row in await execute(session, query):
        label = LabelState(LabelKind(row.kind), row.value, LabelSource(row.source), 1.0, row.key)
        found[row.group_id].append(Past(label, row.what == "added", LabelCause(row.cause), row.at))
    return dict(found)


async def matched_since(session: AsyncSession, since: datetime) -> set[tuple[str, str, str]] | None:
    """Return kind, key and value of every label that a topic or room names gave to a group at any time since.

    None when no group is as old as that: then nothing can be said yet.
    """
    oldest = (await execute(session, select(func.min(_groups.c.created_at)))).scalar_one()
    if oldest is None or oldest > since:
        return None
    by_rule = [LabelSource.TOPIC.value, LabelSource.ROOM_NAMES.value]
    held = select(_labels.c.kind, _labels.c.key, _labels.c.value).where(_labels.c.source.in_(by_rule))
    went = select(_changes.c.kind, _changes.c.key, _changes.c.value).where(
        _changes.c.source.in_(by_rule), _changes.c.at > since
    )
    return {
        (row.kind, row.key, row.value) for query in (held, went) for row in await execute(session, query.distinct())
    }
