"""What changed of groups' labels in a day, told to each leader in one private message."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta

from sqlmodel.ext.asyncio.session import AsyncSession

from core import outbox
from core.outbox import PRIORITY_UNASKED, Draft
from groups import repository as group_store
from groups.labels import history
from groups.labels.segmenting import Turned, before, changed
from groups.state import LabelCause, Past
from groups.talk import speech

_DAY = timedelta(days=1)
_CHUNK = 200
_MOST = 20
"""Groups in one message; a leader with more has more than a message can tell."""
_KNOWN = frozenset({LabelCause.LEADER, LabelCause.ASKED, LabelCause.NEW})
"""What the leader said, asked for, or was told in the introduction."""


async def write_notices(session: AsyncSession, until: datetime) -> int:
    """Put one message for each leader whose groups changed in the day before into the outbox; return how many.

    The same ``until`` twice changes nothing.
    """
    past = await history.between(session, until - _DAY, until)
    leaders: defaultdict[tuple[str, str, str], list[tuple[str, list[Turned]]]] = defaultdict(list)
    ids = sorted(past)
    for start in range(0, len(ids), _CHUNK):
        keys = await group_store.rooms(session, ids[start : start + _CHUNK])
        states = await group_store.load(session, list(keys.values()))
        for state in states.values():
            entries = _since_new(past[state.id or 0])
            turned = changed(before(state.labels, entries), state.labels, entries)
            turned = [one for one in turned if one.cause not in _KNOWN]
            leader = state.leader_id or state.owner_id
            if turned and leader and state.active and state.level > 0 and not state.paused:
                leaders[state.channel, state.account, leader].append((state.topic or state.room_id, turned))
    drafts = [_draft(*who, groups, until) for who, groups in leaders.items()]
    await outbox.enqueue(session, drafts, until)
    return len(drafts)


def _since_new(past: list[Past]) -> list[Past]:
    """Leave out what a group that was just made began with."""
    made = [place for place, entry in enumerate(past) if entry.cause is LabelCause.NEW]
    return past[made[-1] + 1 :] if made else past


def _draft(channel: str, account: str, leader: str, groups: list[tuple[str, list[Turned]]], until: datetime) -> Draft:
    return Draft(
        dedupe_key=f"relabelled:{channel}:{account}:{leader}:{until:%Y%m%dT%H%M}",
        channel=channel,
        account=account,
        kind="digest",
        text=speech.turned_by_itself(groups[:_MOST]),
        priority=PRIORITY_UNASKED,
        contact_id=leader,
        asked=False,
        lifetime=timedelta(hours=20),
    )
