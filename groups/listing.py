"""SQL for what people look at: groups by name, labels with their times, the history of labels. On no message's way."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from core.database import execute
from groups import repository
from groups.labels.places import NAME_LENGTH
from groups.models import Group, Label, LabelChange
from groups.state import GroupKey, GroupState, LabelKind, LabelSource, LabelState

_groups = Group.__table__  # type: ignore[attr-defined]
_labels = Label.__table__  # type: ignore[attr-defined]
_label_changes = LabelChange.__table__  # type: ignore[attr-defined]

_AT_ONCE = 200  # groups in memory; each may have 500 members
_BIGGEST_ID = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Listed:
    """A group as a list names it. ``state`` is active or left; ``successor_id`` is the group that took it over."""

    id: int
    key: GroupKey
    topic: str
    state: str
    created_at: datetime
    paused_at: datetime | None
    retired_at: datetime | None
    successor_id: int | None

    def __str__(self) -> str:
        return f"{self.id} ({self.topic or 'no topic'}, room {self.key.room_id} of {self.key.channel})"


class GroupChoiceError(Exception):
    """A name means no group, or several; the message lists the choices."""

    def __init__(self, wanted: str, meant: list[Listed], others: list[Listed]) -> None:
        named = f"{wanted[:60]!r} means {len(meant)} groups" if meant else f"there is no group {wanted[:60]!r}"
        choices = "\n".join(f"  {one}" for one in meant or others) or "  (the bot is in no group yet)"
        super().__init__(f"{named}; name one by its id, its room's id or its topic:\n{choices}")


async def called(session: AsyncSession, wanted: str) -> Listed:
    """Return the one group with this id, room id or topic; raise ``GroupChoiceError`` naming the choices."""
    ways = [_groups.c.room_id == wanted, _groups.c.topic == wanted]
    if wanted.isascii() and wanted.isdigit() and int(wanted) <= _BIGGEST_ID:
        ways.append(_groups.c.id == int(wanted))
    found = await _listed(session, or_(*ways), 50)
    if len(found) == 1:
        return found[0]
    similar = await _listed(session, _groups.c.topic.contains(wanted[:NAME_LENGTH], autoescape=True), 10)
    raise GroupChoiceError(wanted, found, similar or await _listed(session, _groups.c.state == "active", 10))


async def _listed(session: AsyncSession, condition: ColumnElement[bool], most: int) -> list[Listed]:
    query = select(_groups).where(condition).order_by(_groups.c.id).limit(most)
    return [
        Listed(
            row.id,
            GroupKey(row.channel, row.account, row.room_id),
            row.topic,
            row.state,
            row.created_at,
            row.paused_at,
            row.retired_at,
            row.successor_id,
        )
        for row in await execute(session, query)
    ]


async def every_group(session: AsyncSession) -> AsyncIterator[GroupState]:
    """Yield every group the bot is in, oldest first, whole, a few at a time."""
    keys = await repository.all_keys(session)
    for start in range(0, len(keys), _AT_ONCE):
        states = await repository.load(session, keys[start : start + _AT_ONCE])
        for state in sorted(states.values(), key=lambda one: one.id or 0):
            yield state


async def labels(session: AsyncSession, group_id: int) -> list[tuple[LabelState, datetime]]:
    """Return every label of a group, of every source, and since when it is as it is."""
    order = (_labels.c.kind, _labels.c.key, _labels.c.value, _labels.c.at)
    query = select(_labels).where(_labels.c.group_id == group_id).order_by(*order)
    return [
        (LabelState(LabelKind(row.kind), row.value, LabelSource(row.source), row.confidence, row.key), row.at)
        for row in await execute(session, query)
    ]


async def label_history(session: AsyncSession, group_id: int, most: int) -> list[LabelChange]:
    """Return the latest changes of a group's labels, the newest first."""
    query = select(_label_changes).where(_label_changes.c.group_id == group_id)
    rows = await execute(session, query.order_by(_label_changes.c.id.desc()).limit(most))
    return [LabelChange(**row._mapping) for row in rows]
