"""Rooms that leaders agreed to: made once, filled one by one, for one channel's account.

The steps are states of the proposal in the database: agreed → making (claimed, committed) → the room is asked for →
its id is stored → members are invited, each noted before the call → done. The calls lie outside of any transaction. A
process that dies between a call and its note leaves something that nobody knows; it is told to the leader as such and
never tried again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.channels.protocol import Channel, Link, SendRefusedError, SendUncertainError
from bot.pacing import Pace, act_wait_seconds
from bot.settings import PacingSettings
from bot.stages.gate import introduction
from bot.work import Desk
from core import outbox, switches
from core.clock import Clock
from core.database import Database
from core.messages import RoomMember, RoomSeen
from core.outbox import PRIORITY_ANSWER, Draft
from core.templates import render
from groups import changes as happened
from groups import repository as group_store
from groups.life import proposing, succession
from groups.life.proposals import ProposalKind, ProposalState
from groups.life.proposing import Invitee
from groups.models import Proposal
from groups.service import GroupService
from groups.state import GroupKey, LabelCause, LabelKind, LabelSource, LabelState, MemberKey

AT_CREATION = 4
"""Members who are put in with the leader when the room is made; everybody else is invited one by one."""
_IDLE_SECONDS = 2.0
"""How long the maker looks away when nothing wakes it; also how soon a thrown switch is noticed."""
_TOLD_FOR = timedelta(days=2)

_log = structlog.get_logger(__name__)

AtDesk = Callable[[Callable[[Desk], Awaitable[None]]], Awaitable[None]]
"""Works at a desk of the lane that owns the groups' memory."""


class _Answer(Enum):
    """What a channel's call came to."""

    DONE = "done"
    REFUSED = "refused"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class _Called:
    answer: _Answer
    room_id: str = ""
    error: str = ""


class RoomMaker:
    """Makes the rooms of one channel's account; one call at a time, paced and stopped like sending."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        channel: Channel,
        *,
        groups: GroupService,
        pacing: PacingSettings,
        pace: Pace,
        stuck_seconds: float,
        at_desk: AtDesk,
        committed: Callable[[], None],
    ) -> None:
        self._database = database
        self._clock = clock
        self._channel = channel
        self._groups = groups
        self._pacing = pacing
        self._pace = pace
        self._stuck = timedelta(seconds=stuck_seconds)
        self._at_desk = at_desk
        self._committed = committed
        self._refusals = 0
        self._awake = asyncio.Event()

    def wake(self) -> None:
        """Look for agreed proposals now."""
        self._awake.set()

    async def run(self) -> None:
        """Work until cancelled, through any fault of database or channel."""
        while True:
            self._awake.clear()
            try:
                wait = await self.work()
            except (SQLAlchemyError, OSError) as error:
                _log.warning("rooms.database_unavailable", error=str(error)[:200])
                wait = _IDLE_SECONDS
            if wait > 0:
                await self._rest(wait)

    async def work(self) -> float:
        """Take one step of one proposal; return the seconds until there may be another."""
        if self._channel.health().link is not Link.ONLINE:
            return _IDLE_SECONDS
        async with self._database.reading() as session:
            stop = await switches.stopped(session, self._channel.name, self._channel.account)
            found = await proposing.at_work(session, self._channel.name, self._channel.account)
        now = self._clock.now()
        for proposal in found:
            if proposing.stuck(proposal, now, self._stuck):
                await self._end(proposal, ProposalState.UNKNOWN, "proposal_unknown", error="the process ended")
        ready = [one for one in found if one.state == ProposalState.AGREED or one.room_id]
        if stop or not ready:
            return _IDLE_SECONDS
        proposal = ready[0]
        seed = f"{proposal.id}:{proposal.about.get('next', '')}"
        wait = act_wait_seconds(seed, self._pace, now, self._pacing) if self._channel.makes_rooms else 0.0
        if wait > 0:
            return wait
        if proposal.state == ProposalState.AGREED:
            await self._make(proposal)
        else:
            await self._invite_next(proposal)
        return 0.0

    async def _make(self, proposal: Proposal) -> None:
        people = await self._claim(proposal)
        if not people:
            return
        leader, first = _leader(proposal), [one.contact_id for one in people[:AT_CREATION]]
        self._pace.note_act("rooms", self._clock.now())
        called = await self._call(lambda: self._channel.create_room(proposal.topic, [leader.contact_id, *first]))
        _log.info("room.made", proposal=proposal.id, answer=called.answer.value, members=len(people))
        if called.answer is _Answer.DONE:
            await self._at_desk(lambda desk: self._found(desk, proposal.id or 0, called.room_id, len(first)))
            return
        making = await self._as_it_is(proposal)
        if called.answer is _Answer.REFUSED:
            await self._end(making, ProposalState.FAILED, "proposal_failed", error=called.error, room=False, invited=0)
        else:
            await self._end(making, ProposalState.UNKNOWN, "proposal_unknown", error=called.error)

    async def _claim(self, proposal: Proposal) -> list[Invitee]:
        """Claim an agreed proposal, with whoever may still be invited; empty when there is no room to be made."""
        now = self._clock.now()
        async with self._database.transaction() as session:
            agreed = await proposing.locked(session, proposal.id or 0, ProposalState.AGREED)
            if agreed is None or await switches.stopped(session, agreed.channel, agreed.account):
                return []
            there = await proposing.standing_groups(session, agreed.group_ids)
            people = await proposing.invitees(session, _leader(agreed), there, agreed.members) if there else []
            if not people:
                why = "nobody_left" if there else "group_gone"
                await self._tell(session, agreed, ProposalState.VOID, "proposal_void", why=why)
            elif not self._channel.makes_rooms:
                values: dict[str, Any] = {
                    "people": _names(people),
                    "invitation": await self._invitation(session, agreed),
                }
                await self._tell(session, agreed, ProposalState.BY_HAND, "proposal_by_hand", **values)
            elif await proposing.begin(session, agreed, [one.contact_id for one in people], now):
                return people
        self._committed()
        return []

    async def _found(self, desk: Desk, proposal_id: int, room_id: str, first: int) -> None:
        """Let the group of a new room exist: led by who agreed to it, labelled with what it is for, at its level."""
        proposal = await proposing.locked(desk.session, proposal_id, ProposalState.MAKING)
        if proposal is None:
            return
        leader = _leader(proposal)
        key = GroupKey(leader.channel, leader.account, room_id)
        known = await desk.group(key)
        person = RoomMember(leader.contact_id, await proposing.own_name(desk.session, leader))
        owner = leader.account if known is None else ""
        seen = RoomSeen(leader.channel, leader.account, room_id, proposal.topic, owner, (person,))
        observation = self._groups.observe(known.group if known else None, seen)
        await desk.take(key, observation.changes)
        state = desk.known[key].group
        await desk.apply(
            [happened.LeaderSet(key, leader.contact_id), happened.LabelSet(key, _label(proposal), LabelCause.LEADER)]
        )
        if proposal.kind == ProposalKind.SPLIT:
            await self._as_part_of(desk, proposal, key)
        await desk.flush()  # what follows points at the group's id
        await proposing.note_room(desk.session, proposal_id, room_id, state.id, first)
        if observation.introduction:
            desk.drafts.append(introduction(state, self._groups.introduction(state)))
        text = await self._invitation(desk.session, proposal)
        desk.drafts.append(_draft(proposal, "invitation", text, room_id=room_id, group_id=state.id))

    async def _as_part_of(self, desk: Desk, proposal: Proposal, key: GroupKey) -> None:
        """Let part of a group begin as the group is: where it can be delivered to, and who does not want to be read."""
        rooms = await group_store.rooms(desk.session, proposal.group_ids)
        await desk.fetch(rooms.values())
        for room in rooms.values():
            if room not in desk.known:
                continue
            source, state = desk.known[room].group, desk.known[key].group
            places = [
                LabelState(LabelKind.NEIGHBOURHOOD, name, LabelSource.LEADER, 1.0) for name in source.neighbourhoods
            ]
            await desk.apply([happened.LabelSet(key, label, LabelCause.LEADER) for label in places])
            await desk.apply(succession.refusals(source, state))

    async def _invite_next(self, proposal: Proposal) -> None:
        """Invite the next member, or end when there is none; who refused meanwhile is passed over."""
        async with self._database.transaction() as session:
            making = await proposing.locked(session, proposal.id or 0, ProposalState.MAKING)
            if making is None or await switches.stopped(session, making.channel, making.account):
                return
            place = int(making.about["next"])
            if not await proposing.standing_groups(session, [making.target_id or 0]):
                values: dict[str, Any] = {"room": True, "invited": making.about["invited"]}
                await self._tell(session, making, ProposalState.FAILED, "proposal_failed", **values)
                member = ""
            elif place >= len(making.members):
                values = await self._result(session, making)
                await self._tell(session, making, ProposalState.DONE, "proposal_made", **values)
                member = ""
            else:
                wanted = making.members[place]
                allowed = await proposing.invitees(session, _leader(making), making.group_ids, [wanted])
                member = allowed[0].contact_id if allowed else ""
                passed = int(making.about.get("passed", 0)) + (not member)
                await proposing.note_progress(session, making, next=place + 1, passed=passed)
        if not member:
            self._committed()
            return
        self._pace.note_act(making.room_id, self._clock.now())
        called = await self._call(lambda: self._channel.invite(making.room_id, member))
        _log.info("room.invited", proposal=making.id, answer=called.answer.value, error=called.error[:200])
        await self._note(making, place, called.answer)

    async def _note(self, proposal: Proposal, place: int, answer: _Answer) -> None:
        """Note what an invitation came to; after too many refusals in a row the rest are left to the leader."""
        self._refusals = self._refusals + 1 if answer is _Answer.REFUSED else 0
        async with self._database.transaction() as session:
            making = await proposing.locked(session, proposal.id or 0, ProposalState.MAKING)
            if making is None:
                return
            about, missed = making.about, list(making.about["missed"])
            if answer is _Answer.DONE:
                await proposing.note_progress(session, making, invited=int(about["invited"]) + 1)
            elif answer is _Answer.REFUSED and self._refusals >= self._pacing.failures_to_stop:
                rest = [place, *range(place + 1, len(making.members))]
                await proposing.note_progress(session, making, missed=[*missed, *rest], next=len(making.members))
                self._refusals = 0
            elif answer is _Answer.REFUSED:
                await proposing.note_progress(session, making, missed=[*missed, place])

    async def _result(self, session: AsyncSession, proposal: Proposal) -> dict[str, Any]:
        """Return what the leader is told at the end; whoever refused meanwhile is named nowhere."""
        about = proposal.about
        missed = [proposal.members[place] for place in about["missed"]]
        people = await proposing.invitees(session, _leader(proposal), proposal.group_ids, missed)
        settled = int(about["invited"]) + len(missed) + int(about.get("passed", 0))
        standing = await group_store.standing(session, proposal.target_id or 0)
        return {
            "invited": about["invited"],
            "missed": _names(people),
            "unsure": max(0, len(proposal.members) - settled),
            "level": standing.level if standing is not None else self._groups.settings.default_level,
        }

    async def _call(self, call: Callable[[], Awaitable[str | None]]) -> _Called:
        try:
            return _Called(_Answer.DONE, await call() or "")
        except SendRefusedError as error:
            return _Called(_Answer.REFUSED, error=str(error))
        except SendUncertainError as error:
            return _Called(_Answer.NONE, error=str(error))
        except Exception as error:  # a fault of the channel itself: nobody knows what was done
            _log.exception("rooms.channel_failed")
            return _Called(_Answer.NONE, error=repr(error))

    async def _as_it_is(self, proposal: Proposal) -> Proposal:
        async with self._database.reading() as session:
            return await proposing.get(session, proposal.id or 0) or proposal

    async def _end(
        self, proposal: Proposal, state: ProposalState, template: str, *, error: str = "", **values: Any
    ) -> None:
        async with self._database.transaction() as session:
            await self._tell(session, proposal, state, template, error=error, **values)
        self._committed()

    async def _tell(
        self,
        session: AsyncSession,
        proposal: Proposal,
        state: ProposalState,
        template: str,
        *,
        error: str = "",
        **values: Any,
    ) -> None:
        """End a proposal and tell its leader in private what came of it, in one transaction."""
        now = self._clock.now()
        if await proposing.finish(session, proposal, state, now, error):
            text = render("groups", template, topic=proposal.topic, **values)
            await outbox.enqueue(session, [_draft(proposal, state.value, text, contact_id=proposal.leader)], now)

    async def _invitation(self, session: AsyncSession, proposal: Proposal) -> str:
        """Return what a new room is for, who asks people in, and how to refuse."""
        leader = _leader(proposal)
        configured = {one.id: one.name for one in self._groups.settings.leaders if one.name}
        name = configured.get(leader.contact_id) or await proposing.own_name(session, leader)
        split = proposal.kind == ProposalKind.SPLIT
        return render("groups", "invitation", leader=name, name=proposal.about["name"], split=split)

    async def _rest(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._awake.wait()
        except TimeoutError:
            return


def _leader(proposal: Proposal) -> MemberKey:
    return MemberKey(proposal.channel, proposal.account, proposal.leader)


def _names(people: Iterable[Invitee]) -> list[str]:
    """Name people to their leader: by their own names, and the group where the leader finds them."""
    return [f"{one.name or one.contact_id}（{one.topic}）" for one in people]


def _label(proposal: Proposal) -> LabelState:
    kind, key, value = proposal.about["label"]
    return LabelState(LabelKind(kind), value, LabelSource.LEADER, 1.0, key)


def _draft(
    proposal: Proposal, what: str, text: str, *, room_id: str = "", contact_id: str = "", group_id: int | None = None
) -> Draft:
    return Draft(
        dedupe_key=f"proposal:{proposal.id}:{what}",
        channel=proposal.channel,
        account=proposal.account,
        kind="invitation" if room_id else "answer",
        text=text,
        priority=PRIORITY_ANSWER,
        group_id=group_id,
        room_id=room_id,
        contact_id=contact_id,
        lifetime=_TOLD_FOR,
    )
