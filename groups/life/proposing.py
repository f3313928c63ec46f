"""All SQL of proposals: asking, deciding once, and the steps of making a room.

Every step is a conditional change of ``state``: whoever comes second changes nothing. What a step does outside the
database happens after its commit.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, delete, or_, select, update
from sqlmodel import col
from sqlmodel import select as pick
from sqlmodel.ext.asyncio.session import AsyncSession

from core.database import execute, insert_into
from groups.life.proposals import LIFETIMES, ProposalKind, ProposalState
from groups.models import ForgottenPerson, Group, Member, Membership, MemberTag, Proposal
from groups.people import ledger
from groups.state import MemberKey

_proposals = Proposal.__table__  # type: ignore[attr-defined]
_groups = Group.__table__  # type: ignore[attr-defined]
_members = Member.__table__  # type: ignore[attr-defined]
_memberships = Membership.__table__  # type: ignore[attr-defined]
_tags = MemberTag.__table__  # type: ignore[attr-defined]
_forgotten = ForgottenPerson.__table__  # type: ignore[attr-defined]

_CHUNK = 500


@dataclass(frozen=True, slots=True)
class NewProposal:
    """Something to ask a leader; see ``groups.models.Proposal``. ``about`` must name nobody."""

    dedupe_key: str
    leader: MemberKey
    kind: ProposalKind
    topic: str = ""
    about: Mapping[str, Any] = field(default_factory=dict)
    group_ids: Sequence[int] = ()
    members: Sequence[str] = ()
    target_id: int | None = None


@dataclass(frozen=True, slots=True)
class Invitee:
    """Somebody who may be invited, by their own name, and a group in which the leader knows them."""

    contact_id: str
    name: str
    topic: str


async def add(session: AsyncSession, new: NewProposal, now: datetime) -> Proposal | None:
    """Store a question to a leader, numbered among those that wait for them; None if it was stored before."""
    taken = {one.about.get("number") for one in await waiting(session, new.leader, now)}
    number = next(number for number in range(1, len(taken) + 2) if number not in taken)
    row = {
        "dedupe_key": new.dedupe_key,
        "channel": new.leader.channel,
        "account": new.leader.account,
        "leader": new.leader.contact_id,
        "kind": new.kind.value,
        "state": ProposalState.PROPOSED.value,
        "topic": new.topic,
        "about": {**new.about, "number": number},
        "group_ids": list(new.group_ids),
        "members": list(new.members),
        "target_id": new.target_id,
        "room_id": "",
        "error": "",
        "at": now,
    }
    statement = insert_into(session, _proposals).values(row)
    statement = statement.on_conflict_do_nothing(index_elements=["dedupe_key"]).returning(_proposals.c.id)
    stored = (await execute(session, statement)).scalar_one_or_none()
    return None if stored is None else await get(session, int(stored))


async def get(session: AsyncSession, proposal_id: int) -> Proposal | None:
    """Return a proposal as the database has it now."""
    query = pick(Proposal).where(col(Proposal.id) == proposal_id).execution_options(populate_existing=True)
    return (await session.exec(query)).one_or_none()


async def locked(session: AsyncSession, proposal_id: int, state: ProposalState) -> Proposal | None:
    """Return a proposal if it still stands so, kept from everybody else until the commit."""
    query = pick(Proposal).where(col(Proposal.id) == proposal_id, col(Proposal.state) == state).with_for_update()
    return (await session.exec(query.execution_options(populate_existing=True))).one_or_none()


async def waiting(session: AsyncSession, leader: MemberKey, now: datetime) -> list[Proposal]:
    """Return what waits for this leader's 同意, newest first."""
    query = pick(Proposal).where(*_of(leader), col(Proposal.state) == ProposalState.PROPOSED)
    found = (await session.exec(query.order_by(col(Proposal.at).desc(), col(Proposal.id).desc()))).all()
    return [one for one in found if now - one.at < LIFETIMES[ProposalKind(one.kind)]]


async def asked_since(session: AsyncSession, leader: MemberKey, since: datetime) -> set[str]:
    """Return the needs for which a new group was proposed to this leader since an instant, whatever came of it."""
    query = select(_proposals.c.about).where(
        *_of(leader),
        _proposals.c.kind == ProposalKind.OPEN,
        _proposals.c.at >= since,
        _proposals.c.state != ProposalState.VOID,
    )
    return {str(row.about.get("need", "")) for row in await execute(session, query)}


async def decide(session: AsyncSession, proposal_id: int, state: ProposalState, now: datetime) -> bool:
    """Note a leader's word on what waits for it; false when it does not wait any more."""
    values: dict[str, Any] = {"state": state.value, "decided_at": now}
    if state is not ProposalState.AGREED:
        values |= {"finished_at": now, "members": []}
    return await _move(session, proposal_id, ProposalState.PROPOSED, values)


async def begin(session: AsyncSession, proposal: Proposal, members: Sequence[str], now: datetime) -> bool:
    """Claim an agreed proposal for making its room; commit before the channel is asked."""
    about = {**proposal.about, "making_since": now.isoformat()}
    values = {"state": ProposalState.MAKING.value, "members": list(members), "about": about}
    return await _move(session, proposal.id, ProposalState.AGREED, values)


async def note_room(session: AsyncSession, proposal_id: int, room_id: str, group_id: int | None, first: int) -> bool:
    """Note the room that was made, with the ``first`` of the members in it."""
    proposal = await locked(session, proposal_id, ProposalState.MAKING)
    if proposal is None:
        return False
    about = {**proposal.about, "next": first, "invited": first, "missed": []}
    values = {"room_id": room_id, "target_id": group_id, "about": about}
    return await _move(session, proposal_id, ProposalState.MAKING, values)


async def note_progress(session: AsyncSession, proposal: Proposal, **about: Any) -> None:
    """Note how far the invitations are; ``missed`` are places in ``members``, so that nobody is named twice."""
    values = {"about": {**proposal.about, **about}}
    await _move(session, proposal.id, ProposalState.MAKING, values)


async def finish(
    session: AsyncSession, proposal: Proposal, state: ProposalState, now: datetime, error: str = ""
) -> bool:
    """End a proposal's way; whom it would have invited is forgotten."""
    values: dict[str, Any] = {"state": state.value, "finished_at": now, "members": [], "error": error[:300]}
    return await _move(session, proposal.id, ProposalState(proposal.state), values)


async def at_work(session: AsyncSession, channel: str, account: str) -> list[Proposal]:
    """Return what an account has to make, oldest first, rooms that are half filled before new ones."""
    states = [ProposalState.AGREED, ProposalState.MAKING]
    query = pick(Proposal).where(
        col(Proposal.channel) == channel, col(Proposal.account) == account, col(Proposal.state).in_(states)
    )
    found = (await session.exec(query.order_by(col(Proposal.id)))).all()
    return sorted(found, key=lambda one: one.state == ProposalState.AGREED)


async def expire(session: AsyncSession, now: datetime) -> int:
    """End what nobody answered in time; return how many."""
    late = [
        and_(_proposals.c.kind == kind.value, _proposals.c.at < now - lifetime) for kind, lifetime in LIFETIMES.items()
    ]
    values = {"state": ProposalState.EXPIRED.value, "finished_at": now, "members": []}
    statement = update(_proposals).where(_proposals.c.state == ProposalState.PROPOSED, or_(*late)).values(values)
    return int((await execute(session, statement)).rowcount)


async def forget(session: AsyncSession, before: datetime) -> int:
    """Delete proposals that ended before an instant; return how many."""
    return int((await execute(session, delete(_proposals).where(_proposals.c.finished_at < before))).rowcount)


async def forget_member(session: AsyncSession, who: MemberKey) -> int:
    """Delete what was proposed to somebody and take them off every list of people to invite; return how many went.

    Their place on a list stays, empty: invitations that are under way count by places, and would pass another over.
    """
    gone = int((await execute(session, delete(_proposals).where(*_of(who)))).rowcount)
    ours = (_proposals.c.channel == who.channel, _proposals.c.account == who.account)
    lists = select(_proposals.c.id, _proposals.c.members).where(*ours).with_for_update()
    for row in (await execute(session, lists)).all():
        if who.contact_id in row.members:
            left = ["" if one == who.contact_id else one for one in row.members]
            await execute(session, update(_proposals).where(_proposals.c.id == row.id).values(members=left))
    return gone


async def standing_groups(session: AsyncSession, group_ids: Collection[int]) -> set[int]:
    """Return which of these groups the bot is still in and that were not given up."""
    going = (_groups.c.id.in_(list(group_ids)), _groups.c.state == "active", _groups.c.retired_at.is_(None))
    return {int(row.id) for row in await execute(session, select(_groups.c.id).where(*going))}


async def invitees(
    session: AsyncSession, leader: MemberKey, group_ids: Collection[int], contact_ids: Sequence[str]
) -> list[Invitee]:
    """Return who of these may be invited now, in the given order, read from the database.

    They must be in one of the groups, and nobody who refused in any of the leader's groups or of these, who switched
    personal answers off, or whose data was deleted is among them.
    """
    known = (
        select(_members.c.contact_id, _members.c.name, _groups.c.id.label("group_id"), _groups.c.topic)
        .add_columns(_memberships.c.left_at, _memberships.c.unsubscribed_at, _members.c.personalisation_off_at)
        .join(_memberships, _memberships.c.member_id == _members.c.id)
        .join(_groups, _groups.c.id == _memberships.c.group_id)
        .where(*_same_account(leader), or_(_groups.c.id.in_(list(group_ids)), _led_by(leader)))
        .order_by(_groups.c.id)
    )
    here: dict[str, Invitee] = {}
    refused: set[str] = {leader.contact_id, leader.account, ""}
    for start in range(0, len(contact_ids), _CHUNK):
        part = list(contact_ids[start : start + _CHUNK])
        for row in await execute(session, known.where(_members.c.contact_id.in_(part))):
            if row.unsubscribed_at is not None or row.personalisation_off_at is not None:
                refused.add(row.contact_id)
            if row.left_at is None and row.group_id in group_ids:
                here.setdefault(row.contact_id, Invitee(row.contact_id, row.name, row.topic))
    refused |= await forgotten(session, leader, here)
    return [here[one] for one in dict.fromkeys(contact_ids) if one in here and one not in refused]


async def tagged(session: AsyncSession, group_ids: Collection[int], value: str) -> list[str]:
    """Return the members of these groups of whom their own words or orders say this."""
    query = (
        select(_members.c.contact_id)
        .join(_tags, _tags.c.member_id == _members.c.id)
        .join(_memberships, _memberships.c.member_id == _members.c.id)
        .where(_tags.c.value == value, _memberships.c.group_id.in_(list(group_ids)))
        .order_by(_members.c.id)
    )
    return list(dict.fromkeys(row.contact_id for row in await execute(session, query)))


async def forgotten(session: AsyncSession, account: MemberKey, contact_ids: Iterable[str]) -> set[str]:
    """Return whose data was deleted among these contacts of an account; they are known by a keyed hash alone."""
    wanted = list(contact_ids)
    query = select(_forgotten.c.person).where(
        _forgotten.c.channel == account.channel, _forgotten.c.account == account.account
    )
    marks = {row.person for row in await execute(session, query)}
    if not marks or not wanted:
        return set()
    secret = await ledger.key(session)
    return {one for one in wanted if ledger.person_hash(secret, account._replace(contact_id=one)) in marks}


async def own_name(session: AsyncSession, who: MemberKey) -> str:
    """Return somebody's own name, empty when nobody knows it."""
    query = select(_members.c.name).where(*_same_account(who), _members.c.contact_id == who.contact_id)
    return str((await execute(session, query)).scalar_one_or_none() or "")


def stuck(proposal: Proposal, now: datetime, after: timedelta) -> bool:
    """Tell whether a room was asked for so long ago that whoever asked is gone: nobody knows whether it is there."""
    since = datetime.fromisoformat(str(proposal.about.get("making_since") or proposal.at.isoformat()))
    return proposal.state == ProposalState.MAKING and not proposal.room_id and now - since >= after


async def _move(
    session: AsyncSession, proposal_id: int | None, expected: ProposalState, values: Mapping[str, Any]
) -> bool:
    where = (_proposals.c.id == proposal_id, _proposals.c.state == expected.value)
    return bool((await execute(session, update(_proposals).where(*where).values(values))).rowcount)


def _of(leader: MemberKey) -> tuple[Any, Any, Any]:
    return (
        _proposals.c.channel == leader.channel,
        _proposals.c.account == leader.account,
        _proposals.c.leader == leader.contact_id,
    )


def _same_account(who: MemberKey) -> tuple[Any, Any]:
    return _members.c.channel == who.channel, _members.c.account == who.account


def _led_by(leader: MemberKey) -> Any:
    return or_(_groups.c.leader_id == leader.contact_id, _groups.c.owner_id == leader.contact_id)
