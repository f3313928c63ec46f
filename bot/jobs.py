"""What the scheduler's jobs do in this program: their bodies, put together from the packages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel.ext.asyncio.session import AsyncSession

from bot.channels.local.repository import ChatLog
from bot.settings import Settings
from bot.storefront import Storefront
from core import inbox
from recommender import repository as need_store
from recommender.digest import write_digests
from scheduler import jobs


def program_jobs(settings: Settings, storefront: Storefront, chat_log: ChatLog) -> dict[str, jobs.Job]:
    """Return every job by its kind."""
    kinds: dict[str, jobs.Job] = {
        jobs.CATALOG_SYNC: jobs.CatalogSync(storefront.sync),
        jobs.CATALOG_EXPIRY: _Expiry(storefront),
        jobs.RETENTION: jobs.InTransaction(_Retention(settings, chat_log).run, at_present=True),
        jobs.UNMET_DIGEST: jobs.InTransaction(write_digests),
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
class _Retention:
    """Deletes what members said, and what was concluded from it, once the promised time is over."""

    settings: Settings
    chat_log: ChatLog

    async def run(self, session: AsyncSession, now: datetime) -> None:
        before = now - timedelta(days=self.settings.groups.retention_days)
        await inbox.forget(session, before)
        await need_store.forget(session, before)
        await self.chat_log.forget(session, before)
