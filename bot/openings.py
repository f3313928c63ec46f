"""The daily look for new groups: what do members of several groups want that none of them is for?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import blake2b

from sqlmodel.ext.asyncio.session import AsyncSession

from bot.settings import Settings
from core import outbox
from core.outbox import PRIORITY_UNASKED, Draft
from core.outcomes import Reason
from core.templates import render
from groups import repository as group_store
from groups.life import lineage, proposing
from groups.life.proposals import LIFETIMES, ProposalKind, Want, Wish, is_sensitive, new_topic, unserved
from groups.life.proposing import NewProposal
from groups.models import Proposal
from groups.state import GroupState, MemberKey
from recommender import repository as need_store
from recommender.models import NeedRecord


@dataclass(frozen=True, slots=True)
class Openings:
    """Proposes to each leader at most one new group a day, what most people want first."""

    settings: Settings

    async def run(self, session: AsyncSession, now: datetime) -> None:
        """Look over every leader's groups and put the questions into the outbox; also end what nobody answered."""
        await proposing.expire(session, now)
        chosen = self.settings.groups.proposals
        wishes = _by_group(await need_store.stated_needs(session, now - timedelta(days=chosen.days), now))
        heirs = await lineage.heirs(session)
        for group_id in [one for one in wishes if one in heirs]:
            wishes[heirs[group_id]] += [replace(wish, group_id=heirs[group_id]) for wish in wishes.pop(group_id)]
        states = await group_store.load(session, await group_store.all_keys(session))
        for leader, groups in _by_leader(states.values()).items():
            asked = [wish for state in groups for wish in wishes.get(state.id or 0, ())]
            if asked and not self._quiet(now):
                await self._propose(session, leader, groups, asked, now)

    async def _propose(
        self,
        session: AsyncSession,
        leader: MemberKey,
        groups: Sequence[GroupState],
        asked: Sequence[Wish],
        now: datetime,
    ) -> None:
        chosen = self.settings.groups.proposals
        wants = unserved(
            groups,
            asked,
            least_members=chosen.least_members,
            least_groups=chosen.least_groups,
            forgotten=await proposing.forgotten(session, leader, {wish.member for wish in asked}),
        )
        known = (
            await proposing.asked_since(session, leader, now - timedelta(days=chosen.again_days)) if wants else set()
        )
        fresh = [want for want in wants if want.key not in known]
        if not fresh:
            return
        new = _new(leader, fresh[0], self._name(leader, groups), now)
        stored = await proposing.add(session, new, now)
        if stored is not None:
            await outbox.enqueue(session, [self._draft(stored, fresh[0])], now)

    def _draft(self, proposal: Proposal, want: Want) -> Draft:
        text = render(
            "groups",
            "proposal_open",
            people=len(want.members),
            groups=len(want.group_ids),
            name=want.name,
            topic=proposal.topic,
            number=proposal.about["number"],
            again_days=self.settings.groups.proposals.again_days,
        )
        return Draft(
            dedupe_key=f"proposal:{proposal.id}",
            channel=proposal.channel,
            account=proposal.account,
            kind="proposal",
            text=text,
            priority=PRIORITY_UNASKED,
            contact_id=proposal.leader,
            asked=False,
            lifetime=LIFETIMES[ProposalKind.OPEN],
        )

    def _name(self, leader: MemberKey, groups: Sequence[GroupState]) -> str:
        """Return what to call a leader: as configured, else their own name; never the name used in a room."""
        configured = {one.id: one.name for one in self.settings.groups.leaders if one.name}
        own = [state.members[leader.contact_id].name for state in groups if leader.contact_id in state.members]
        return configured.get(leader.contact_id) or next((name for name in own if name), "")

    def _quiet(self, now: datetime) -> bool:
        rules = self.settings.recommender
        return rules.limits and rules.quiet_hours.covers(now.astimezone(self.settings.zone).time())


def _new(leader: MemberKey, want: Want, name: str, now: datetime) -> NewProposal:
    mark = blake2b("\x00".join([*leader, want.key]).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
    return NewProposal(
        dedupe_key=f"open:{mark}:{now:%Y%m%d}",
        leader=leader,
        kind=ProposalKind.OPEN,
        topic=new_topic(name, want.name),
        about={"need": want.key, "name": want.name, "label": [want.label.kind.value, want.label.key, want.label.value]},
        group_ids=want.group_ids,
        members=want.members,
    )


def _by_group(needs: Sequence[NeedRecord]) -> defaultdict[int, list[Wish]]:
    found: defaultdict[int, list[Wish]] = defaultdict(list)
    for need in needs:
        if need.terms and not is_sensitive(*need.terms, need.category, str(need.detail.get("for_whom", ""))):
            unmet = need.state == Reason.UNMET
            found[need.group_id].append(Wish(need.group_id, need.member, need.terms[0], need.category, unmet))
    return found


def _by_leader(states: Iterable[GroupState]) -> dict[MemberKey, list[GroupState]]:
    """Gather the groups that somebody leads; those that are switched off or paused do not count."""
    found: defaultdict[MemberKey, list[GroupState]] = defaultdict(list)
    for state in states:
        leader = state.leader_id or state.owner_id
        if leader and leader != state.account and state.level > 0 and not state.paused:
            found[MemberKey(state.channel, state.account, leader)].append(state)
    return found
