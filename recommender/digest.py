"""The daily digest: each leader learns in private what members asked for and nobody sells, and what they thought."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlmodel.ext.asyncio.session import AsyncSession

from core import outbox
from core.outbox import PRIORITY_UNASKED, Draft
from core.outcomes import Reason
from core.templates import render
from groups import repository as group_store
from groups.life import lineage
from groups.segments.effects import Effects, own_effects
from groups.state import GroupState
from recommender import repository
from recommender.opinion_links import subjects

_DAY = timedelta(days=1)
_MOST = 12
"""Entries per group: what one person asked for once matters less than what many did."""


@dataclass(slots=True)
class _Said:
    """What was said in one group in a day: how many people asked for, praised and complained about what.

    Opinions of which nobody knows what they are about stand under "".
    """

    wanted: Counter[str] = field(default_factory=Counter)
    complaints: Counter[str] = field(default_factory=Counter)
    praises: Counter[str] = field(default_factory=Counter)


async def write_digests(
    session: AsyncSession, until: datetime, effects_of: Callable[[GroupState], Effects] = own_effects
) -> int:
    """Put one message for each leader with something to tell into the outbox; return how many.

    Covers the day before ``until``. The same ``until`` twice changes nothing. ``effects_of`` tells which groups to
    leave out.
    """
    said = await _collect(session, until - _DAY, until)
    states = await group_store.load(session, await group_store.all_keys(session))
    leaders: dict[tuple[str, str, str], list[tuple[GroupState, _Said]]] = defaultdict(list)
    for state in states.values():
        leader = state.leader_id or state.owner_id
        if state.id in said and leader and state.level > 0 and not state.paused and effects_of(state).digest:
            leaders[state.channel, state.account, leader].append((state, said[state.id]))
    drafts = [_draft(*who, groups, until) for who, groups in leaders.items()]
    await outbox.enqueue(session, drafts, until)
    return len(drafts)


async def _collect(session: AsyncSession, since: datetime, until: datetime) -> dict[int, _Said]:
    said: dict[int, _Said] = defaultdict(_Said)
    heirs = await lineage.heirs(session)  # what was said in a group that was merged is told of its successor
    people: dict[tuple[int, str], set[str]] = defaultdict(set)
    for record in await repository.open_needs(session, since, until):
        if record.terms:
            people[heirs.get(record.group_id, record.group_id), "、".join(record.terms)].add(record.member)
    for (group_id, wanted), members in people.items():
        said[group_id].wanted[wanted] = len(members)
    told = await repository.opinions(session, since, until)
    judges: dict[tuple[int, Reason, str], set[str]] = defaultdict(set)
    for opinion, about in zip(told, await subjects(session, told, heirs), strict=True):
        for goods in about or ("",):
            judges[heirs.get(opinion.group_id, opinion.group_id), Reason(opinion.kind), goods].add(opinion.member)
    for (group_id, kind, goods), members in judges.items():
        side = said[group_id].complaints if kind is Reason.COMPLAINT else said[group_id].praises
        side[goods] = len(members)
    return said


def _draft(channel: str, account: str, leader: str, groups: list[tuple[GroupState, _Said]], until: datetime) -> Draft:
    text = render(
        "recommender",
        "digest",
        wanted=_by_group(groups, lambda said: said.wanted),
        praises=_by_group(groups, lambda said: said.praises),
        complaints=_by_group(groups, lambda said: said.complaints),
    )
    return Draft(
        dedupe_key=f"digest:{channel}:{account}:{leader}:{until:%Y%m%dT%H%M}",
        channel=channel,
        account=account,
        kind="digest",
        text=text,
        priority=PRIORITY_UNASKED,
        contact_id=leader,
        asked=False,
        lifetime=timedelta(hours=20),
    )


def _by_group(
    groups: list[tuple[GroupState, _Said]], part: Callable[[_Said], Counter[str]]
) -> list[tuple[str, list[tuple[str, int]], int]]:
    """Return for each group with something to tell its name, what most spoke of, and how many did not say of what."""
    entries = []
    for state, said in groups:
        counts = part(said)
        named = [(goods, people) for goods, people in counts.most_common() if goods]
        if counts:
            entries.append((state.topic or state.room_id, named[:_MOST], counts[""]))
    return entries
