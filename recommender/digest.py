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

_DAY = timedelta(days=1)
_MOST = 12
"""Entries per group: what one person asked for once matters less than what many did."""


@dataclass(slots=True)
class _Said:
    """What was said in one group in a day: object → how many asked; goods that were praised or complained about."""

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
    for opinion in await repository.opinions(session, since, until):
        about = said[heirs.get(opinion.group_id, opinion.group_id)]
        (about.complaints if opinion.kind == Reason.COMPLAINT else about.praises).update(opinion.about)
    return said


def _draft(channel: str, account: str, leader: str, groups: list[tuple[GroupState, _Said]], until: datetime) -> Draft:
    complaints: Counter[str] = Counter()
    praises: Counter[str] = Counter()
    entries = []
    for state, said in groups:
        complaints.update(said.complaints)
        praises.update(said.praises)
        needs = [{"wanted": wanted, "count": count} for wanted, count in said.wanted.most_common(_MOST)]
        if needs:
            entries.append({"topic": state.topic or state.room_id, "needs": needs})
    text = render(
        "recommender",
        "digest",
        groups=entries,
        complaints=[word for word, _ in complaints.most_common(_MOST)],
        praises=[word for word, _ in praises.most_common(_MOST)],
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
