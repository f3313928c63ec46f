"""What a job is, and the first jobs. Their bodies are handed in by the program: here is only when and how."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from sqlmodel.ext.asyncio.session import AsyncSession

from catalog.models import FAILED
from catalog.report import SyncReport
from core import outbox
from core.clock import Clock
from core.database import Database
from scheduler import repository
from scheduler.plans import Plan, parse_schedule
from scheduler.repository import Claimed
from scheduler.settings import SchedulerSettings

CATALOG_SYNC = "catalog.sync"
"""Reads one supplier's feed; the subject is the supplier's id."""
CATALOG_EXPIRY = "catalog.expiry"
"""Takes products off sale whose time is over."""
HOUSEKEEPING = "housekeeping"
"""Sees to stuck and old outbox rows and to the record of finished work."""
RETENTION = "retention"
"""Deletes what was kept for as long as the introduction promised, and no longer."""
OFFER_TURN = "orders.turn"
"""Opens or closes an offer at its time; the subject is its id, or empty for all whose time has come."""
UNMET_DIGEST = "recommender.digest"
"""Tells each leader what members wanted and nobody sells."""
PUSH_RESULTS = "recommender.results"
"""Looks what came of pushes, and counts it in each group's record."""
WELCOME = "groups.welcome"
"""Welcomes who joined a group lately; the subject is the group's id."""
GROUP_PROPOSALS = "groups.proposals"
"""Looks for new groups that leaders might open, and asks them."""
RELABEL = "groups.relabel"
"""Looks again at what every group is, and tells leaders what that changed."""

_RETENTION_TIME = "03:30"
_RESULTS_LOOK = "every 15m"
_OFFER_SWEEP = "every 1m"
"""Offers with a time of their own are noted for it; this finds pushes, and whatever was missed."""

TransactionBody = Callable[[AsyncSession, datetime], Awaitable[object]]
"""What a short job does in one transaction; the instant is what it should take for the time."""


@dataclass(slots=True)
class Claim:
    """A piece of due work in the hands of a job."""

    work: Claimed
    database: Database
    clock: Clock
    finishing: bool = field(default=False, init=False)
    """A transaction that will mark the work done is open."""
    finished: bool = field(default=False, init=False)
    """The work is marked done, and that is committed."""

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """One transaction in which the job's effects and its done-mark are committed together.

        Raises ``ClaimLostError`` at its end, and commits nothing, when somebody else took the work over.
        """
        self.finishing = True
        try:
            async with self.database.transaction() as session:
                yield session
                await repository.finish(session, self.work, self.clock.now())
            self.finished = True
        finally:
            self.finishing = False


class Job(Protocol):
    """Does one kind of due work.

    A job that ends without having used ``claim.transaction()`` is marked done afterwards: it may run twice for one
    due time when its process dies in between, and must then come to the same result.
    """

    async def run(self, claim: Claim) -> None:
        """Do the work; raise to have it tried again later."""
        ...


@dataclass(frozen=True, slots=True)
class InTransaction:
    """A short job whose effects all lie in the database: done exactly once.

    The body is told the instant at which the work was due, so that the days of a digest meet without gap or
    overlap however late it runs; ``at_present`` tells it the current instant instead.
    """

    body: TransactionBody
    at_present: bool = False

    async def run(self, claim: Claim) -> None:
        """Run the body and the done-mark in one transaction."""
        async with claim.transaction() as session:
            _ = await self.body(session, claim.clock.now() if self.at_present else claim.work.due_at)


@dataclass(frozen=True, slots=True)
class CatalogSync:
    """Reads a supplier's feed. Long, in many transactions of its own, and an upsert: twice is as good as once."""

    sync: Callable[[str], Awaitable[SyncReport]]

    async def run(self, claim: Claim) -> None:
        """Sync the supplier that the subject names; raise ``SyncFailedError`` for a feed that cannot be read."""
        report = await self.sync(claim.work.subject)
        if report.state == FAILED:
            raise SyncFailedError(report)


class SyncFailedError(Exception):
    """A supplier's feed could not be read this time."""

    def __init__(self, report: SyncReport) -> None:
        self.supplier = report.supplier
        super().__init__(f"the feed of {report.supplier} could not be read: {report.error}")


def housekeeping(settings: SchedulerSettings, kinds: Iterable[str]) -> InTransaction:
    """Return the job that sees to outbox rows and to the record of finished work.

    ``kinds`` are those that have jobs; waiting work of any other kind fails once it is older than the record.
    """
    known = frozenset(kinds) | {HOUSEKEEPING}
    stuck, kept = timedelta(seconds=settings.stuck_sending_seconds), timedelta(days=settings.retention_days)

    async def body(session: AsyncSession, now: datetime) -> None:
        _ = await outbox.abandon(session, now - stuck, now)
        _ = await outbox.expire(session, now)
        _ = await outbox.forget(session, now - kept)
        _ = await repository.clean(session, known, now - kept)

    return InTransaction(body, at_present=True)


def standing_plans(settings: SchedulerSettings, supplier_schedules: Iterable[tuple[str, str]]) -> list[Plan]:
    """Return what is always planned: ``supplier_schedules`` are pairs of supplier id and schedule text.

    Raises ``ScheduleError`` for a text that names no schedule.
    """
    zone = settings.zone
    upkeep = parse_schedule(settings.housekeeping, zone)
    return [
        *(Plan(CATALOG_SYNC, parse_schedule(text, zone), supplier) for supplier, text in supplier_schedules),
        Plan(CATALOG_EXPIRY, upkeep),
        Plan(HOUSEKEEPING, upkeep),
        Plan(OFFER_TURN, parse_schedule(_OFFER_SWEEP, zone)),
        Plan(PUSH_RESULTS, parse_schedule(_RESULTS_LOOK, zone)),
        Plan(RETENTION, parse_schedule(_RETENTION_TIME, zone)),
        Plan(RELABEL, parse_schedule(settings.relabel_time, zone)),
        Plan(UNMET_DIGEST, parse_schedule(settings.digest_time, zone)),
    ]
