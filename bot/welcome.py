"""Welcoming who joins a group: noted in the lane, said by the scheduler in one message for all who came meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel.ext.asyncio.session import AsyncSession

from bot.settings import Settings
from bot.work import Desk
from core import outbox
from core.outbox import PRIORITY_UNASKED, Draft
from groups import repository as group_store
from groups.people import newcomers
from groups.service import GroupService
from groups.settings import GroupsSettings
from groups.state import GroupKey
from recommender.policy import Level
from scheduler import jobs
from scheduler import repository as due_work

_LATELY = timedelta(days=1)
"""Who came longer ago (the bot was paused, or away) has settled in: a welcome would be odd."""
_LIFETIME = timedelta(hours=2)


def next_turn(now: datetime, minutes: int) -> datetime:
    """Return the next full N minutes: everybody who joins before it shares one welcome."""
    span = timedelta(minutes=minutes).total_seconds()
    start = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return start + timedelta(seconds=((now - start).total_seconds() // span + 1) * span)


async def expect(desk: Desk, key: GroupKey, settings: GroupsSettings) -> None:
    """Note with the batch that somebody joined a group that is stored already; the unique key gathers."""
    known = await desk.group(key)
    if known is not None and known.group.id is not None:
        at = next_turn(desk.now, settings.welcome_minutes)
        await due_work.add(desk.session, jobs.WELCOME, str(known.group.id), at)


@dataclass(frozen=True, slots=True)
class Welcoming:
    """The job: one welcome, its marks and its done-mark in one transaction. At night it waits for the morning."""

    settings: Settings

    async def run(self, claim: jobs.Claim) -> None:
        """Welcome the newcomers of the group that the subject names."""
        async with claim.transaction() as session:
            now, group_id = claim.clock.now(), int(claim.work.subject)
            morning = self._morning(now)
            if morning is not None:
                await due_work.add(session, jobs.WELCOME, claim.work.subject, morning)
                return
            draft = await self._welcome(session, GroupService(self.settings.groups, claim.clock), group_id, now)
            if draft is not None:
                await outbox.enqueue(session, [draft], now)

    def _morning(self, now: datetime) -> datetime | None:
        """Return when the quiet hours end, None outside of them."""
        recommender, local = self.settings.recommender, now.astimezone(self.settings.zone)
        if not recommender.limits or not recommender.quiet_hours.covers(local.time()):
            return None
        end = recommender.quiet_hours.end
        ends = local.replace(hour=end.hour, minute=end.minute, second=0, microsecond=0)
        return (ends if ends > local else ends + timedelta(days=1)).astimezone(now.tzinfo)

    async def _welcome(self, session: AsyncSession, groups: GroupService, group_id: int, now: datetime) -> Draft | None:
        key = (await group_store.rooms(session, [group_id])).get(group_id)
        if key is None:
            return None
        state = (await group_store.load(session, [key]))[key]
        people = await newcomers.waiting(session, group_id, key, now - _LATELY)
        welcome = groups.welcome(state, people) if people else None
        if welcome is None:
            return None
        await newcomers.welcomed(session, group_id, welcome.members, now)
        return Draft(
            dedupe_key=f"welcome:{group_id}:{now.isoformat()}",
            channel=key.channel,
            account=key.account,
            kind="welcome",
            text=welcome.text,
            priority=PRIORITY_UNASKED,
            group_id=group_id,
            room_id=key.room_id,
            asked=False,
            about_members=welcome.members,
            least_level=Level.LISTEN,
            lifetime=_LIFETIME,
        )
