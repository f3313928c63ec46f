"""All SQL of groups: load what the path reads, write what changed, answer the send guard from the database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Row, or_, select, tuple_
from sqlmodel.ext.asyncio.session import AsyncSession

from core.database import execute
from groups.changes import Change, PersonalisationSet
from groups.labels import history
from groups.models import Group, GroupProductRule, Label, Member, Membership
from groups.people import ledger
from groups.people.personal import forgotten_among
from groups.state import (
    GroupKey,
    GroupState,
    LabelKind,
    LabelSource,
    LabelState,
    MemberKey,
    MemberState,
    ProductRule,
    Role,
    RuleKind,
)
from groups.writing import Batch, write

_groups = Group.__table__  # type: ignore[attr-defined]
_members = Member.__table__  # type: ignore[attr-defined]
_memberships = Membership.__table__  # type: ignore[attr-defined]
_labels = Label.__table__  # type: ignore[attr-defined]
_rules = GroupProductRule.__table__  # type: ignore[attr-defined]

_CHUNK = 500  # keys in one statement; SQLite allows 32,766 bound values, PostgreSQL 32,767

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Saved:
    """What memory learns from writing: ids of the groups, and refusals that the database knew of newcomers."""

    ids: dict[GroupKey, int] = field(default_factory=dict)
    known: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether a group may be spoken to, as the database has it now."""

    active: bool
    paused: bool
    level: int
    retired: bool = False


async def load(session: AsyncSession, keys: Collection[GroupKey]) -> dict[GroupKey, GroupState]:
    """Return the groups that exist, whole, oldest first."""
    states: dict[int, GroupState] = {}
    for chunk in _chunks(keys):
        query = select(_groups).where(tuple_(_groups.c.channel, _groups.c.account, _groups.c.room_id).in_(chunk))
        for row in await execute(session, query):
            states[row.id] = _state(row)
    for ids in _chunks(states):
        await _load_parts(session, ids, states)
    return {states[group_id].key: states[group_id] for group_id in sorted(states)}


async def _load_parts(session: AsyncSession, ids: Sequence[int], states: dict[int, GroupState]) -> None:
    kept = or_(_memberships.c.left_at.is_(None), _memberships.c.unsubscribed_at.is_not(None))
    members = (
        select(_memberships, _members.c.contact_id, _members.c.personalisation_off_at)
        .join(_members, _members.c.id == _memberships.c.member_id)
        .where(_memberships.c.group_id.in_(ids), kept)
        .order_by(_memberships.c.id)
    )
    for row in await execute(session, members):
        states[row.group_id].members[row.contact_id] = MemberState(
            name=row.name,
            room_name=row.room_name,
            role=Role(row.role),
            unsubscribed=row.unsubscribed_at is not None,
            personalisation_off=row.personalisation_off_at is not None,
            present=row.left_at is None,
        )
    labels: defaultdict[int, list[LabelState]] = defaultdict(list)
    for row in await execute(session, select(_labels).where(_labels.c.group_id.in_(ids)).order_by(_labels.c.id)):
        kind, source = LabelKind(row.kind), LabelSource(row.source)
        labels[row.group_id].append(LabelState(kind, row.value, source, row.confidence, row.key))
    for group_id, drifted in (await history.last_drifts(session, ids)).items():
        states[group_id].drifted = drifted
    rules: defaultdict[int, list[ProductRule]] = defaultdict(list)
    for row in await execute(session, select(_rules).where(_rules.c.group_id.in_(ids)).order_by(_rules.c.id)):
        rule = ProductRule(RuleKind(row.kind), LabelSource(row.source), row.product_id, row.text)
        rules[row.group_id].append(rule)
    for group_id, found in labels.items():
        states[group_id].relabel(tuple(found))
    for group_id, listed in rules.items():
        states[group_id].rerule(tuple(listed))


def _state(row: Row[Any]) -> GroupState:
    return GroupState(
        key=GroupKey(row.channel, row.account, row.room_id),
        id=row.id,
        topic=row.topic,
        owner_id=row.owner_id,
        leader_id=row.leader_id,
        level=row.level,
        configured_level=row.configured_level,
        paused=row.paused_at is not None,
        active=row.state == "active",
        introduced=row.introduced_at is not None,
        retired=row.retired_at is not None,
        successor_id=row.successor_id,
        threshold=row.threshold,
        welcome=row.welcome,
        roster_known=row.roster_at is not None,
    )


async def save(session: AsyncSession, changes: Sequence[Change], now: datetime) -> Saved:
    """Write changes in their order, in the session's transaction, as a few Core statements for the whole batch."""
    if not changes:
        return Saved()
    batch = Batch(now)
    for change in changes:
        batch.take(change)
    group_ids, member_ids = await write(session, batch)
    consents = [
        ledger.Consent(member, what, group_ids.get(group) if group else None, message_id)
        for member, what, group, message_id in batch.consents
    ]
    await ledger.write(session, consents, now)
    newcomers = {member for _, member in batch.memberships}
    return Saved(group_ids, tuple(await _refusals(session, {member_ids[key]: key for key in newcomers})))


async def _refusals(session: AsyncSession, keys: dict[int, MemberKey]) -> list[PersonalisationSet]:
    """Return which of these people refused personal answers, perhaps in other groups."""
    found: list[PersonalisationSet] = []
    for ids in _chunks(keys):
        query = select(_members.c.id).where(_members.c.id.in_(ids), _members.c.personalisation_off_at.is_not(None))
        found += [PersonalisationSet(keys[row.id], off=True) for row in await execute(session, query)]
    return found


async def unsubscribed(session: AsyncSession, group_id: int, contact_ids: Iterable[str]) -> set[str]:
    """Return which of these contacts have opted out of the group or were deleted, read from the database now."""
    wanted = list(contact_ids)
    query = (
        select(_members.c.contact_id)
        .join(_memberships, _memberships.c.member_id == _members.c.id)
        .where(
            _memberships.c.group_id == group_id,
            _members.c.contact_id.in_(wanted),
            _memberships.c.unsubscribed_at.is_not(None),
        )
    )
    refused = {str(row.contact_id) for row in await execute(session, query)}
    room = (await rooms(session, [group_id])).get(group_id)
    if room is not None:
        refused |= await forgotten_among(session, room.channel, room.account, set(wanted) - refused)
    return refused


async def standing(session: AsyncSession, group_id: int) -> Standing | None:
    """Return whether a group may be spoken to, read from the database now; None if it does not exist."""
    columns = (_groups.c.state, _groups.c.paused_at, _groups.c.level, _groups.c.retired_at)
    row = (await execute(session, select(*columns).where(_groups.c.id == group_id))).one_or_none()
    if row is None:
        return None
    return Standing(row.state == "active", row.paused_at is not None, row.level, row.retired_at is not None)


async def owned_by(session: AsyncSession, channel: str, account: str, contact_id: str) -> list[GroupKey]:
    """Return the rooms that this contact leads or owns and the bot is in, oldest first."""
    query = (
        select(_groups.c.room_id)
        .where(
            _groups.c.channel == channel,
            _groups.c.account == account,
            _groups.c.state == "active",
            or_(_groups.c.leader_id == contact_id, _groups.c.owner_id == contact_id),
        )
        .order_by(_groups.c.id)
    )
    return [GroupKey(channel, account, row.room_id) for row in await execute(session, query)]


async def joined_by(session: AsyncSession, channel: str, account: str, contact_id: str) -> list[GroupKey]:
    """Return the rooms that this contact is a member of, or has opted out of, oldest first."""
    query = (
        select(_groups.c.room_id)
        .join(_memberships, _memberships.c.group_id == _groups.c.id)
        .join(_members, _members.c.id == _memberships.c.member_id)
        .where(
            _members.c.channel == channel,
            _members.c.account == account,
            _members.c.contact_id == contact_id,
            or_(_memberships.c.left_at.is_(None), _memberships.c.unsubscribed_at.is_not(None)),
        )
        .order_by(_groups.c.id)
    )
    return [GroupKey(channel, account, row.room_id) for row in await execute(session, query)]


async def rooms(session: AsyncSession, group_ids: Collection[int]) -> dict[int, GroupKey]:
    """Return the rooms of these groups by id."""
    if not group_ids:
        return {}
    columns = (_groups.c.id, _groups.c.channel, _groups.c.account, _groups.c.room_id)
    query = select(*columns).where(_groups.c.id.in_(list(group_ids)))
    return {int(row.id): GroupKey(*row[1:]) for row in await execute(session, query)}


async def topics(session: AsyncSession, group_ids: Collection[int]) -> dict[int, str]:
    """Return the topics of these groups by id."""
    query = select(_groups.c.id, _groups.c.topic).where(_groups.c.id.in_(list(group_ids)))
    return {int(row.id): str(row.topic) for row in await execute(session, query)}


async def all_keys(session: AsyncSession) -> list[GroupKey]:
    """Return every group that the bot is in and that was not given up, oldest first: for schedules and lists."""
    going = (_groups.c.state == "active", _groups.c.retired_at.is_(None))
    query = select(_groups.c.channel, _groups.c.account, _groups.c.room_id).where(*going)
    return [GroupKey(*row) for row in await execute(session, query.order_by(_groups.c.id))]


async def called(session: AsyncSession, name: str) -> list[GroupKey]:
    """Return the groups the bot is in that have this topic or room id."""
    query = select(_groups.c.channel, _groups.c.account, _groups.c.room_id).where(
        _groups.c.state == "active", or_(_groups.c.topic == name, _groups.c.room_id == name)
    )
    return [GroupKey(*row) for row in await execute(session, query.order_by(_groups.c.id))]


def _chunks(values: Iterable[T]) -> Iterator[list[T]]:
    everything = list(values)
    for start in range(0, len(everything), _CHUNK):
        yield everything[start : start + _CHUNK]
