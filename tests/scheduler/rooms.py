"""What the scheduler's tests share: jobs that remember their runs, and a scheduler on a database."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlmodel import col, select

from core.clock import Clock
from core.database import Database
from scheduler.jobs import Claim, Job
from scheduler.models import DueWork
from scheduler.plans import Plan, parse_schedule
from scheduler.settings import SchedulerSettings
from scheduler.tick import Scheduler

SETTINGS = SchedulerSettings(lease_seconds=120, max_attempts=3, retry_seconds=30, stop_seconds=0)
HOURLY = Plan("hourly", parse_schedule("every 1h", SETTINGS.zone), "fruit")


@dataclass
class Remembered:
    """Notes each run; fails as often as it is told to; waits for ``gate`` when it has one."""

    failures: int = 0
    gate: asyncio.Event | None = None
    runs: list[tuple[str, datetime, int]] = field(default_factory=list)
    ran: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def run(self, claim: Claim) -> None:
        work = claim.work
        async with self.ran:
            self.runs.append((work.subject, work.due_at, work.attempt))
            self.ran.notify_all()
        if self.gate is not None:
            _ = await self.gate.wait()
        if self.failures:
            self.failures -= 1
            raise ConnectionError("the supplier's shop is closed")

    async def wait_for(self, runs: int) -> None:
        """Wait until the job was started at least ``runs`` times."""
        async with self.ran:
            _ = await self.ran.wait_for(lambda: len(self.runs) >= runs)


def scheduler_on(
    database: Database,
    clock: Clock,
    jobs: Mapping[str, Job],
    plans: Iterable[Plan] = (),
    **settings: Any,
) -> Scheduler:
    kept = list(plans)
    return Scheduler(SETTINGS.model_copy(update=settings), database, clock, jobs, lambda: kept)


async def work_in(database: Database) -> list[DueWork]:
    async with database.reading() as session:
        return list((await session.exec(select(DueWork).order_by(col(DueWork.due_at), col(DueWork.id)))).all())


def at(hour: int, minute: int = 0, day: int = 22) -> datetime:
    """An instant on the days around the manual clock's start, 2026-11-22 11:00 UTC."""
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)
