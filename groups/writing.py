"""How a batch of changes becomes a few statements: last value of each column per row, one statement per column set."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Table, bindparam, case, delete, insert, select, tuple_, update
from sqlmodel.ext.asyncio.session import AsyncSession

from core.database import execute, insert_into
from groups import changes as happened
from groups.models import Group, GroupProductRule, Label, LabelChange, Member, Membership
from groups.state import GroupKey, LabelState, MemberKey, ProductRule, Role

_groups: Table = Group.__table__  # type: ignore[attr-defined]
_members: Table = Member.__table__  # type: ignore[attr-defined]
_memberships: Table = Membership.__table__  # type: ignore[attr-defined]
_labels: Table = Label.__table__  # type: ignore[attr-defined]
_label_changes: Table = LabelChange.__table__  # type: ignore[attr-defined]
_rules: Table = GroupProductRule.__table__  # type: ignore[attr-defined]

_CHUNK = 500

Values = dict[str, Any]
Place = tuple[GroupKey, MemberKey]


@dataclass(slots=True)
class Batch:
    """What the rows will hold when all changes are written. Later changes win over earlier ones."""

    now: datetime
    created: dict[GroupKey, Values] = field(default_factory=dict)
    groups: defaultdict[GroupKey, Values] = field(default_factory=lambda: defaultdict(dict))
    members: defaultdict[MemberKey, Values] = field(default_factory=lambda: defaultdict(dict))
    memberships: defaultdict[Place, Values] = field(default_factory=lambda: defaultdict(dict))
    labels: dict[tuple[GroupKey, str, str, str, str], LabelState | None] = field(default_factory=dict)
    label_changes: list[tuple[GroupKey, Values]] = field(default_factory=list)
    rules: dict[tuple[GroupKey, ProductRule], bool] = field(default_factory=dict)
    consents: list[tuple[MemberKey, str, GroupKey | None, str]] = field(default_factory=list)

    def take(self, change: happened.Change) -> None:
        """Fold one change into the rows."""
        match change:
            case happened.GroupCreated():
                self.created[change.group] = {
                    "topic": change.topic,
                    "owner_id": change.owner_id,
                    "leader_id": change.leader_id,
                    "level": change.level,
                    "configured_level": change.configured_level,
                }
            case happened.PersonalisationSet(member, off, group, message_id):
                self.members[member]["personalisation_off_at"] = self.now if off else None
                what = "personalisation_off" if off else "personalisation_on"
                self.consents.append((member, what, group, message_id))
            case happened.LabelSet(group, label):
                self.labels[group, label.kind, label.key, label.value, label.source] = label
                self._note(change, added=label.confidence > 0)
            case happened.LabelRemoved(group, label):
                self.labels[group, label.kind, label.key, label.value, label.source] = None
                self._note(change, added=False)
            case happened.ProductRuleSet(group, rule):
                self.rules[group, rule] = True
            case happened.ProductRuleRemoved(group, rule):
                self.rules[group, rule] = False
            case (
                happened.MemberSeen()
                | happened.MemberJoined()
                | happened.MemberGone()
                | happened.RoleSet()
                | happened.Unsubscribed()
                | happened.RefusalCarried()
                | happened.Resubscribed()
            ):
                self._take_membership(change)
            case _:
                self.groups[change.group].update(self._group_values(change))

    def _note(self, change: happened.LabelSet | happened.LabelRemoved, *, added: bool) -> None:
        """Put a label's change into the history, unless only a confidence moved."""
        if change.cause is not None:
            label = change.label
            row: Values = {
                "kind": label.kind.value,
                "key": label.key,
                "value": label.value,
                "source": label.source.value,
            }
            row |= {"what": "added" if added else "removed", "cause": change.cause.value, "at": change.at or self.now}
            self.label_changes.append((change.group, row))

    def _take_membership(
        self,
        change: happened.MemberSeen
        | happened.MemberJoined
        | happened.MemberGone
        | happened.RoleSet
        | happened.Unsubscribed
        | happened.RefusalCarried
        | happened.Resubscribed,
    ) -> None:
        member = MemberKey(change.group.channel, change.group.account, change.contact_id)
        values = self.memberships[change.group, member]
        values["left_at"] = None  # who is seen or speaks is here
        known = self.members[member]
        match change:
            case happened.MemberSeen():
                values.update(name=change.name, room_name=change.room_name)
                if change.name:
                    known["name"] = change.name
            case happened.MemberJoined():
                values["joined_at"] = self.now
            case happened.MemberGone():
                values.update(left_at=self.now, role=Role.MEMBER.value, name="", room_name="")
            case happened.RoleSet():
                values["role"] = change.role.value
            case happened.Unsubscribed():
                values["unsubscribed_at"] = self.now
                self.consents.append((member, "unsubscribed", change.group, change.message_id))
            case happened.RefusalCarried():
                values["unsubscribed_at"] = self.now
                self.consents.append((member, "refusal_carried", change.group, ""))
            case happened.Resubscribed():
                values["unsubscribed_at"] = None
                self.consents.append((member, "resubscribed", change.group, change.message_id))

    def _group_values(
        self,
        change: happened.ActiveSet
        | happened.Introduced
        | happened.TopicSeen
        | happened.OwnerSeen
        | happened.LeaderSet
        | happened.LevelSet
        | happened.PausedSet
        | happened.RetiredSet
        | happened.ThresholdSet
        | happened.WelcomeSet
        | happened.RosterSeen,
    ) -> Values:
        values: Values
        match change:
            case happened.ActiveSet():
                values = {"state": "active" if change.active else "left"}
            case happened.Introduced():
                values = {"introduced_at": self.now}
            case happened.TopicSeen():
                values = {"topic": change.topic}
            case happened.OwnerSeen():
                values = {"owner_id": change.owner_id}
            case happened.LeaderSet():
                values = {"leader_id": change.leader_id}
            case happened.LevelSet():
                values = {"level": change.level}
                if change.configured:
                    values["configured_level"] = change.level
            case happened.PausedSet():
                values = {"paused_at": self.now if change.paused else None}
            case happened.RetiredSet():
                values = {"retired_at": self.now if change.retired else None, "successor_id": change.successor_id}
            case happened.ThresholdSet():
                values = {"threshold": change.threshold}
            case happened.WelcomeSet():
                values = {"welcome": change.welcome}
            case happened.RosterSeen():
                values = {"roster_at": self.now}
        return values

    @property
    def touched(self) -> set[GroupKey]:
        """Return every group whose id is needed."""
        return {
            *self.created,
            *self.groups,
            *(place[0] for place in self.memberships),
            *(label[0] for label in self.labels),
            *(rule[0] for rule in self.rules),
            *(group for _, _, group, _ in self.consents if group is not None),
        }


async def write(session: AsyncSession, batch: Batch) -> tuple[dict[GroupKey, int], dict[MemberKey, int]]:
    """Write the rows; return the ids of every group and member that was touched."""
    now = batch.now
    stamped = {"created_at": now, "changed_at": now}
    await _insert_new(session, _groups, [{**key._asdict(), **row, **stamped} for key, row in batch.created.items()])
    group_ids = {GroupKey(*key): id_ for key, id_ in (await _ids(session, _groups, "room_id", batch.touched)).items()}
    new_members = [{**key._asdict(), "name": "", "created_at": now} for key in sorted(batch.members)]
    await _insert_new(session, _members, new_members)
    ids = await _ids(session, _members, "contact_id", batch.members)
    member_ids = {MemberKey(*key): id_ for key, id_ in ids.items()}
    changed = [({"id": group_ids[key]}, {**row, "changed_at": now}) for key, row in batch.groups.items()]
    await _update(session, _groups, changed)
    await _update(session, _members, [({"id": member_ids[key]}, row) for key, row in batch.members.items()])
    places = [
        ({"group_id": group_ids[group], "member_id": member_ids[member]}, row)
        for (group, member), row in batch.memberships.items()
    ]
    blank = {"name": "", "room_name": "", "role": Role.MEMBER.value, "created_at": now}
    await _insert_new(session, _memberships, [{**key, **blank} for key, _ in places])
    await _update(session, _memberships, places)
    await _write_labels(session, batch, group_ids)
    await _write_rules(session, batch, group_ids)
    return group_ids, member_ids


async def _write_labels(session: AsyncSession, batch: Batch, group_ids: Mapping[GroupKey, int]) -> None:
    names = ("group_id", "kind", "key", "value", "source")
    rows = {(group_ids[key[0]], *map(str, key[1:])): label for key, label in batch.labels.items()}
    gone = [dict(zip(names, key, strict=True)) for key, label in rows.items() if label is None]
    await _delete(session, _labels, gone)
    kept = [
        {**dict(zip(names, key, strict=True)), "confidence": label.confidence, "at": batch.now}
        for key, label in rows.items()
        if label is not None
    ]
    if kept:
        statement = insert_into(session, _labels)
        turned = (_labels.c.confidence > 0) != (statement.excluded.confidence > 0)
        since = case((turned, statement.excluded.at), else_=_labels.c.at)  # a label's time is since when it holds
        fresh = {"confidence": statement.excluded.confidence, "at": since}
        await execute(session, statement.on_conflict_do_update(index_elements=names, set_=fresh), kept)
    if batch.label_changes:
        history = [{"group_id": group_ids[group], **row} for group, row in batch.label_changes]
        await execute(session, insert(_label_changes), history)


async def _write_rules(session: AsyncSession, batch: Batch, group_ids: Mapping[GroupKey, int]) -> None:
    def row(group: GroupKey, rule: ProductRule) -> Values:
        return {
            "group_id": group_ids[group],
            "kind": rule.kind.value,
            "source": rule.source.value,
            "product_id": rule.product_id,
            "text": rule.text,
        }

    await _delete(session, _rules, [row(*key) for key, wanted in batch.rules.items() if not wanted])
    kept = [{**row(*key), "at": batch.now} for key, wanted in batch.rules.items() if wanted]
    await _insert_new(session, _rules, kept)


async def _insert_new(session: AsyncSession, table: Table, rows: list[Values]) -> None:
    """Insert rows; one that exists by its unique key is left alone."""
    if rows:
        await execute(session, insert_into(session, table).on_conflict_do_nothing(), rows)


async def _ids(
    session: AsyncSession, table: Table, last: str, keys: Iterable[tuple[str, str, str]]
) -> dict[tuple[str, str, str], int]:
    found: dict[tuple[str, str, str], int] = {}
    wanted = sorted(keys)
    columns = (table.c.channel, table.c.account, table.c[last])
    for start in range(0, len(wanted), _CHUNK):
        query = select(table.c.id, *columns).where(tuple_(*columns).in_(wanted[start : start + _CHUNK]))
        for row in await execute(session, query):
            found[row[1], row[2], row[3]] = row[0]
    return found


async def _update(session: AsyncSession, table: Table, rows: Iterable[tuple[Values, Values]]) -> None:
    """Set columns of existing rows; rows that set the same columns share a statement."""
    by_columns: defaultdict[tuple[str, ...], list[Values]] = defaultdict(list)
    where: dict[tuple[str, ...], Any] = {}
    for key, values in rows:
        if not values:
            continue
        columns = tuple(sorted(values))
        bound = {f"where_{name}": value for name, value in key.items()}
        by_columns[columns].append(bound | {f"set_{name}": value for name, value in values.items()})
        where[columns] = [table.c[name] == bindparam(f"where_{name}") for name in key]
    for columns, batch in by_columns.items():
        statement = update(table).where(*where[columns])
        await execute(session, statement.values({name: bindparam(f"set_{name}") for name in columns}), batch)


async def _delete(session: AsyncSession, table: Table, rows: list[Values]) -> None:
    if rows:
        where = [table.c[name] == bindparam(f"where_{name}") for name in rows[0]]
        bound = [{f"where_{name}": value for name, value in row.items()} for row in rows]
        await execute(session, delete(table).where(*where), bound)
