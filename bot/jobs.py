"""What the scheduler's jobs do in this program: their bodies, put together from the packages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import structlog
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.channels.local.repository import ChatLog
from bot.openings import Openings
from bot.segmentation import IDLE_DAYS, Segmentation
from bot.segmentation_notices import write_notices
from bot.settings import Settings
from bot.stages.orders import draft_of
from bot.storefront import Storefront
from bot.welcome import Welcoming
from core import inbox, outbox
from groups import repository as group_store
from groups.life import proposing
from groups.people import personal as group_data
from groups.people import tagging
from groups.segments.effects import effects_of
from groups.segments.matching import Segments
from orders import closing
from orders import retention as order_retention
from orders.desk import OfferMemory
from recommender import repository as need_store
from recommender import results
from recommender.digest import write_digests
from scheduler import jobs

_log = structlog.get_logger(__name__)


def program_jobs(settings: Settings, storefront: Storefront, chat_log: ChatLog) -> dict[str, jobs.Job]:
    """Return every job by its kind."""
    digest = partial(write_digests, effects_of=partial(effects_of, segments=Segments(settings.segments)))
    kinds: dict[str, jobs.Job] = {
        jobs.CATALOG_SYNC: jobs.CatalogSync(storefront.sync),
        jobs.CATALOG_EXPIRY: _Expiry(storefront),
        jobs.RETENTION: jobs.InTransaction(_Retention(settings, chat_log).run, at_present=True),
        jobs.UNMET_DIGEST: jobs.InTransaction(digest),
        jobs.PUSH_RESULTS: jobs.InTransaction(partial(results.settle, settings=settings.recommender), at_present=True),
        jobs.OFFER_TURN: _OfferTurn(settings.zone),
        jobs.GROUP_PROPOSALS: jobs.InTransaction(Openings(settings).run, at_present=True),
        jobs.WELCOME: Welcoming(settings),
        jobs.RELABEL: _Relabel(Segmentation.of(settings.groups)),
    }
    kinds[jobs.HOUSEKEEPING] = jobs.housekeeping(settings.scheduler, kinds)
    return kinds


@dataclass(frozen=True, slots=True)
class _Expiry:
    """Takes products off sale; it has transactions of its own and is harmless when run twice."""

    storefront: Storefront

    async def run(self, claim: jobs.Claim) -> None:
        await self.storefront.expire()


@dataclass(frozen=True, slots=True)
class _OfferTurn:
    """Opens and closes offers at their times; the texts for their groups are enqueued in the same transaction."""

    zone: ZoneInfo

    async def run(self, claim: jobs.Claim) -> None:
        async with claim.transaction() as session:
            now = claim.clock.now()
            desk = OfferMemory().desk(session, now)
            ids = [int(claim.work.subject)] if claim.work.subject else await closing.due(desk, now)
            says = await closing.turn_due(desk, ids, now, self.zone)
            rooms = await group_store.rooms(session, [say.group_id for say in says if say.group_id is not None])
            drafts = [
                draft_of(say, f"turn:{claim.work.id}:{place}", rooms[say.group_id], say.group_id)
                for place, say in enumerate(says)
                if say.group_id in rooms
            ]
            await outbox.enqueue(session, drafts, now)


@dataclass(frozen=True, slots=True)
class _Relabel:
    """Looks again at every group, as of the instant at which that was due, so that a second try tells the same."""

    segmentation: Segmentation

    async def run(self, claim: jobs.Claim) -> None:
        due = claim.work.due_at
        looks = await self.segmentation.run(claim.database, due)
        async with claim.transaction() as session:
            told = await write_notices(session, due)
        _log.info("groups.relabelled", groups=len(looks), leaders_told=told)
        for rule in await self.segmentation.idle_rules(claim.database, due):
            _log.warning("groups.rule_idle", rule=rule, days=IDLE_DAYS)


@dataclass(frozen=True, slots=True)
class _Retention:
    """Deletes what members said, and what was concluded from it, once the promised time is over."""

    settings: Settings
    chat_log: ChatLog

    async def run(self, session: AsyncSession, now: datetime) -> None:
        before = now - timedelta(days=self.settings.groups.retention_days)
        await inbox.forget(session, before)
        await need_store.forget(session, before)
        await tagging.forget(session, self.settings.groups.profiles, before, now)
        orders_before = now - timedelta(days=self.settings.orders.retention_days)
        await order_retention.forget(session, before, orders_before)
        await group_data.forget(session, before)
        await self.chat_log.forget(session, before)
        await proposing.forget(session, before)
