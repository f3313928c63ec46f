"""What groups keep of a person: who they are where, their tags and refusals; and that they were deleted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, or_, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from core.database import execute, insert_into
from core.personal import Column, Found, Person, Sheet, Traces, Treatment, chunks, columns, scrub
from groups.life import proposing
from groups.models import (
    AuditEntry,
    ConsentEntry,
    ForgottenPerson,
    Group,
    Member,
    Membership,
    MemberTag,
    Proposal,
)
from groups.people import ledger
from groups.people.forgetting import Forgotten
from groups.state import MemberKey

_groups = Group.__table__  # type: ignore[attr-defined]
_members = Member.__table__  # type: ignore[attr-defined]
_memberships = Membership.__table__  # type: ignore[attr-defined]
_tags = MemberTag.__table__  # type: ignore[attr-defined]
_proposals = Proposal.__table__  # type: ignore[attr-defined]
_consents = ConsentEntry.__table__  # type: ignore[attr-defined]
_audit = AuditEntry.__table__  # type: ignore[attr-defined]
_forgotten = ForgottenPerson.__table__  # type: ignore[attr-defined]

ERASED = "erased"
RETURNED = "returned"

_ROLES = {"member": "群友", "assistant": "助手"}
_WHO = {"member": "群友", "assistant": "助手", "leader": "团长", "admin": "管理员", "operator": "后台"}
_CHANGES = {
    "unsubscribed": "退订",
    "resubscribed": "恢复",
    "personalisation_off": "关闭个性化",
    "personalisation_on": "打开个性化",
    ERASED: "删除我的数据",
    RETURNED: "删除后重新使用",
}
_LOOKS = {
    "exported_own": "本人查看",
    "erased_own": "本人删除",
    "exported": "导出",
    "erased": "删除",
}


@dataclass(frozen=True, slots=True)
class Places:
    """Where a person is or was: their row, and the groups with their rooms, those they run included."""

    member_id: int | None
    group_ids: tuple[int, ...]
    rooms: tuple[str, ...]


class GroupData:
    """Implements ``core.personal.PersonalData`` for groups."""

    name = "groups"
    columns: Mapping[str, Column] = {
        **columns("chat_group", Treatment.ERASED, "owner_id", "leader_id"),
        **columns(
            "chat_group",
            Treatment.NOT_PERSONAL,
            *("channel", "account", "room_id", "topic", "state"),
            reason="the room and its public name",
        ),
        **columns("chat_member", Treatment.ERASED, "channel", "account", "contact_id", "name"),
        **columns("membership", Treatment.ERASED, "name", "room_name", "role"),
        **columns("member_tag", Treatment.ERASED, "kind", "key", "value"),
        **columns("tag_mark", Treatment.HASHED, "mark"),
        **columns("forgotten_person", Treatment.HASHED, "person"),
        **columns("forgotten_person", Treatment.NOT_PERSONAL, "channel", "account", reason="the bot's own account"),
        **columns("proposal", Treatment.ERASED, "leader", "members", "topic", "about", "error", "dedupe_key"),
        **columns(
            "proposal",
            Treatment.NOT_PERSONAL,
            *("channel", "account", "kind", "state", "group_ids", "room_id"),
            reason="which groups, and what became of it",
        ),
        **columns("consent_entry", Treatment.HASHED, "person"),
        **columns("consent_entry", Treatment.ERASED, "message_id"),
        **columns("consent_entry", Treatment.NOT_PERSONAL, "change", reason="one of a few words"),
        **columns("audit_entry", Treatment.HASHED, "actor", "subject"),
        **columns(
            "audit_entry", Treatment.NOT_PERSONAL, "role", "what", "detail", reason="words, counts, receipt numbers"
        ),
        **columns(
            "group_label", Treatment.NOT_PERSONAL, "kind", "key", "value", "source", reason="says what a group is"
        ),
        **columns(
            "group_label_change",
            Treatment.NOT_PERSONAL,
            *("kind", "key", "value", "source", "what", "cause"),
            reason="says what a group was",
        ),
        **columns(
            "group_product_rule", Treatment.NOT_PERSONAL, "kind", "source", "text", reason="words of products' titles"
        ),
        **columns("ledger_key", Treatment.NOT_PERSONAL, "secret", reason="the key of the hashes, random"),
    }

    async def find(self, session: AsyncSession, person: Person) -> Found:
        """Return the names the person has in member lists."""
        names: set[str] = set()
        own = select(_members.c.id, _members.c.name).where(*_same(person))
        for member in (await execute(session, own)).all():
            query = select(_memberships.c.name, _memberships.c.room_name).where(_memberships.c.member_id == member.id)
            names |= {member.name, *(name for row in await execute(session, query) for name in row)}
        return Found(frozenset(names - {""}))

    async def export(self, session: AsyncSession, person: Person) -> list[Sheet]:
        """Return the person's places, tags, changes of consent, and who looked at their data."""
        place = await places(session, person)
        query = (
            select(_groups.c.topic, _memberships)
            .join(_groups, _groups.c.id == _memberships.c.group_id)
            .where(_memberships.c.member_id == place.member_id)
            .order_by(_memberships.c.id)
        )
        member = (await execute(session, select(_members).where(*_same(person)))).one_or_none()
        here = [
            (row.topic, row.name, row.room_name, _ROLES[row.role], row.created_at, row.unsubscribed_at, row.left_at)
            for row in await execute(session, query)
        ]
        known = [(member.name, member.created_at, member.personalisation_off_at)] if member is not None else []
        tags = (await execute(session, select(_tags).where(_tags.c.member_id == place.member_id))).all()
        consents = select(_consents).where(_consents.c.person == person.mark).order_by(_consents.c.id)
        looks = select(_audit).where(_audit.c.subject == person.mark).order_by(_audit.c.id)
        return [
            Sheet("称呼", ("名字", "记下时间", "关闭个性化时间"), tuple(known)),
            Sheet("群", ("群", "名字", "群昵称", "角色", "记下时间", "退订时间", "离开时间"), tuple(here)),
            Sheet(
                "标签",
                ("标签", "说过几次", "订过几次", "权重", "更新时间"),
                tuple((one.value, one.said, one.ordered, one.weight, one.at) for one in tags),
            ),
            Sheet(
                "同意记录",
                ("时间", "内容"),
                tuple((row.at, _CHANGES.get(row.change, row.change)) for row in await execute(session, consents)),
            ),
            Sheet(
                "谁看过",
                ("时间", "身份", "做了什么"),
                tuple(
                    (row.at, _WHO.get(row.role, row.role), _LOOKS.get(row.what, row.what))
                    for row in await execute(session, looks)
                ),
            ),
        ]

    async def erase(self, session: AsyncSession, person: Person, traces: Traces, now: datetime) -> Mapping[str, int]:
        """Delete the person from every list, and note under a hash that they are not to be taken up again."""
        member = (await execute(session, select(_members).where(*_same(person)))).one_or_none()
        tags = gone = 0
        if member is not None:
            tags = await _count(session, delete(_tags).where(_tags.c.member_id == member.id))
            gone = await _count(session, delete(_memberships).where(_memberships.c.member_id == member.id))
            await execute(session, delete(_members).where(_members.c.id == member.id))
        ours = (_groups.c.channel == person.channel, _groups.c.account == person.account)
        for column in (_groups.c.owner_id, _groups.c.leader_id):
            lost = update(_groups).where(*ours, column == person.contact_id)
            await execute(session, lost.values({column: "", _groups.c.changed_at: now}))
        proposals = await self._proposals(session, person, traces)
        emptied = update(_consents).where(_consents.c.person == person.mark, _consents.c.message_id != "")
        await execute(session, emptied.values(message_id=""))
        refused = member is not None and member.personalisation_off_at is not None
        await _forget(session, person, now, personalisation_off=refused)
        await ledger.write(session, [ledger.Consent(_key(person), ERASED)], now)
        return {"groups": gone, "tags": tags, "proposals": proposals}

    async def _proposals(self, session: AsyncSession, person: Person, traces: Traces) -> int:
        own = await proposing.forget_member(session, _key(person))
        ours = (_proposals.c.channel == person.channel, _proposals.c.account == person.account)
        return own + await scrub(session, _proposals, ours, ("topic", "about", "error", "dedupe_key"), traces)


async def places(session: AsyncSession, person: Person) -> Places:
    """Return where a person is or was."""
    member_id = (await execute(session, select(_members.c.id).where(*_same(person)))).scalar_one_or_none()
    ours = (_groups.c.channel == person.channel, _groups.c.account == person.account)
    joined = select(_memberships.c.group_id).where(_memberships.c.member_id == member_id)
    run = or_(_groups.c.owner_id == person.contact_id, _groups.c.leader_id == person.contact_id)
    found: dict[int, str] = {}
    for which in (_groups.c.id.in_(joined), run):
        rows = await execute(session, select(_groups.c.id, _groups.c.room_id).where(*ours, which))
        found |= {int(row.id): str(row.room_id) for row in rows}
    return Places(member_id, tuple(sorted(found)), tuple(dict.fromkeys(found.values())))


async def accounts_with(session: AsyncSession, contact_id: str) -> list[MemberKey]:
    """Return whom this contact id means, one for each account that knows or ran them."""
    who = [_members.c.channel, _members.c.account]
    members = await execute(session, select(*who).where(_members.c.contact_id == contact_id))
    run = or_(_groups.c.owner_id == contact_id, _groups.c.leader_id == contact_id)
    groups = await execute(session, select(_groups.c.channel, _groups.c.account).where(run).distinct())
    found = {(str(row.channel), str(row.account)) for row in (*members, *groups)}
    return [MemberKey(channel, account, contact_id) for channel, account in sorted(found)]


async def led_by(session: AsyncSession, person: Person) -> list[str]:
    """Return the topics of the groups that would lose their leader with this person."""
    query = select(_groups.c.topic).where(
        _groups.c.channel == person.channel,
        _groups.c.account == person.account,
        _groups.c.state == "active",
        or_(_groups.c.owner_id == person.contact_id, _groups.c.leader_id == person.contact_id),
    )
    return list((await execute(session, query.order_by(_groups.c.id))).scalars())


async def names_of_others(session: AsyncSession, person: Person) -> set[str]:
    """Return every name in the person's groups that is somebody else's, people who left included."""
    names: set[str] = set()
    for ids in chunks(person.group_ids):
        query = (
            select(_memberships.c.name, _memberships.c.room_name, _members.c.name)
            .join(_members, _members.c.id == _memberships.c.member_id)
            .where(_memberships.c.group_id.in_(ids), _members.c.contact_id != person.contact_id)
        )
        names |= {name for row in await execute(session, query) for name in row}
    return names - {""}


async def times_erased(session: AsyncSession, person: Person) -> int:
    """Return how often this person was deleted before."""
    query = select(func.count()).where(_consents.c.person == person.mark, _consents.c.change == ERASED)
    return int((await execute(session, query)).scalar_one())


async def forgotten(session: AsyncSession, channel: str, account: str) -> Forgotten:
    """Return the deleted people of an account."""
    query = select(_forgotten.c.person).where(_forgotten.c.channel == channel, _forgotten.c.account == account)
    marks = frozenset((await execute(session, query)).scalars())
    return Forgotten(channel, account, await ledger.key(session) if marks else b"", marks)


async def come_back(session: AsyncSession, member: MemberKey, message_id: str, now: datetime) -> bool | None:
    """Take a deleted person up again; tell whether they refused personal answers, None if they were not deleted."""
    mark = ledger.person_hash(await ledger.key(session), member)
    gone = delete(_forgotten).where(_forgotten.c.person == mark).returning(_forgotten.c.personalisation_off)
    refused = (await execute(session, gone)).scalar_one_or_none()
    if refused is not None:
        await ledger.write(session, [ledger.Consent(member, RETURNED, message_id=message_id)], now)
    return None if refused is None else bool(refused)


async def forgotten_among(session: AsyncSession, channel: str, account: str, contact_ids: Iterable[str]) -> set[str]:
    """Return which of these contacts were deleted, read from the database now."""
    ours = (_forgotten.c.channel == channel, _forgotten.c.account == account)
    if (await execute(session, select(_forgotten.c.person).where(*ours).limit(1))).first() is None:
        return set()
    secret = await ledger.key(session)
    marks = {ledger.person_hash(secret, MemberKey(channel, account, one)): one for one in contact_ids}
    query = select(_forgotten.c.person).where(_forgotten.c.person.in_(list(marks)))
    return {marks[mark] for mark in (await execute(session, query)).scalars()}


async def forget(session: AsyncSession, before: datetime) -> None:
    """Forget who left before an instant, and proposals and tags as old; a refusal outlives its member's names."""
    old = (_memberships.c.left_at < before, _memberships.c.unsubscribed_at.is_(None))
    await execute(session, delete(_memberships).where(*old))
    present = select(_memberships.c.member_id).where(
        or_(_memberships.c.left_at.is_(None), _memberships.c.left_at >= before)
    )
    kept = select(_memberships.c.member_id)
    nowhere = (_members.c.id.not_in(kept), _members.c.created_at < before)
    await execute(session, delete(_members).where(*nowhere, _members.c.personalisation_off_at.is_(None)))
    nameless = update(_members).where(_members.c.id.not_in(present), _members.c.created_at < before)
    await execute(session, nameless.where(_members.c.name != "").values(name=""))
    await execute(session, delete(_tags).where(_tags.c.at < before))
    over = or_(_proposals.c.finished_at < before, _proposals.c.at < before)
    await execute(session, delete(_proposals).where(over))


async def _forget(session: AsyncSession, person: Person, now: datetime, *, personalisation_off: bool) -> None:
    row = {
        "person": person.mark,
        "channel": person.channel,
        "account": person.account,
        "personalisation_off": personalisation_off,
        "at": now,
    }
    insert = insert_into(session, _forgotten).values(row)
    await execute(session, insert.on_conflict_do_update(index_elements=["person"], set_={"at": now}))


def _same(person: Person) -> tuple[Any, Any, Any]:
    return (
        _members.c.channel == person.channel,
        _members.c.account == person.account,
        _members.c.contact_id == person.contact_id,
    )


def _key(person: Person) -> MemberKey:
    return MemberKey(person.channel, person.account, person.contact_id)


async def _count(session: AsyncSession, statement: Any) -> int:
    return int((await execute(session, statement)).rowcount)
