"""The scheduler: a tick looks into the database for what is due, claims it and runs it."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from core.clock import Clock, monotonic
from core.database import Database
from scheduler import repository
from scheduler.jobs import Claim, Job
from scheduler.plans import Plan
from scheduler.repository import Claimed, ClaimLostError, Retry
from scheduler.settings import SchedulerSettings

_ERROR_LENGTH = 500

_log = structlog.get_logger(__name__)


class Scheduler:
    """Runs due work, beside as many other schedulers on the same database as there may be.

    APScheduler is only the clock: one tick in a memory store. What is due, who has it and whether it is done stands
    in the database, so a restart, a second process or a killed one changes nothing about what gets done.
    """

    def __init__(
        self,
        settings: SchedulerSettings,
        database: Database,
        clock: Clock,
        jobs: Mapping[str, Job],
        plans: Callable[[], Iterable[Plan]],
    ) -> None:
        self._settings = settings
        self._database = database
        self._clock = clock
        self._jobs = dict(jobs)
        self._plans = plans
        self._owner = f"{socket.gethostname()[:80]}:{os.getpid()}:{secrets.token_hex(4)}"
        self._lease = timedelta(seconds=settings.lease_seconds)
        self._retry = Retry(settings.max_attempts, timedelta(seconds=settings.retry_seconds))
        self._running: dict[asyncio.Task[None], Claimed] = {}
        self._ticking = asyncio.Lock()
        self._planned_until: dict[Plan, datetime | None] = {}
        self._reported: frozenset[str] = frozenset()

    async def run(self) -> None:
        """Tick until cancelled; then let running jobs finish for a while and give the rest back."""
        clockwork = AsyncIOScheduler(timezone=UTC)
        clockwork.add_job(
            self._tick_and_log,
            "interval",
            seconds=self._settings.tick_seconds,
            timezone=UTC,
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
        )
        await self._tick_and_log()
        clockwork.start()
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            clockwork.pause()
            async with self._ticking:  # a shutdown would cancel a tick between its claim and its start of the work
                clockwork.shutdown(wait=False)
                await asyncio.sleep(0)  # the shutdown is a callback of the loop
            await self.stop()

    async def tick(self) -> int:
        """Plan, claim and start what is due; return how many jobs were started."""
        async with self._ticking:
            now = self._clock.now()
            await self._plan(now)
            room = self._settings.parallel_jobs - len(self._running)
            claims = await self._claim(now, room) if room > 0 else []
            for claimed in claims:
                task = asyncio.create_task(self._work(claimed), name=f"job {claimed.kind} {claimed.subject}")
                self._running[task] = claimed
                task.add_done_callback(self._forget)
            return len(claims)

    async def run_due(self) -> int:
        """Tick and wait until what was started has ended; return how many jobs ran."""
        started = await self.tick()
        await self.settled()
        return started

    async def settled(self) -> None:
        """Wait until no job is running."""
        while self._running:
            _ = await asyncio.wait(list(self._running))

    async def stop(self) -> None:
        """Give running jobs ``stop_seconds`` to finish, then cancel them and give their work back."""
        if self._running:
            _ = await asyncio.wait(list(self._running), timeout=self._settings.stop_seconds)
        late = dict(self._running)
        for task in late:
            _ = task.cancel()
        if late:
            _ = await asyncio.wait(list(late))

    def _forget(self, task: asyncio.Task[None]) -> None:
        self._running.pop(task, None)

    async def _tick_and_log(self) -> None:
        """A tick that fails (the database is away) is no reason to stop ticking."""
        try:
            _ = await self.tick()
        except Exception as error:  # whatever it was, the next tick tries again
            _log.error("scheduler_tick_failed", error=_phrase(error))

    async def _plan(self, now: datetime) -> None:
        """Note the latest occurrence of each plan, unless that or a later one was noted before.

        Of several missed occurrences only the latest is made up for.
        """
        plans = list(self._plans())
        due = [plan for plan in plans if plan.kind in self._jobs and self._may_be_due(plan, now)]
        async with self._database.reading() as session:
            unknown = await repository.unknown_kinds(session, self._jobs)
            newest = await repository.newest(session, {plan.kind for plan in due}) if due else {}
        self._report({plan.kind for plan in plans if plan.kind not in self._jobs} | set(unknown))
        occurrences: list[tuple[str, str, datetime]] = []
        for plan in due:
            latest, known = plan.schedule.latest(now), newest.get((plan.kind, plan.subject))
            if latest is not None and (known is None or known < latest):
                occurrences.append((plan.kind, plan.subject, latest))
        if occurrences:
            async with self._database.transaction() as session:
                for kind, subject, due_at in occurrences:
                    _ = await repository.add(session, kind, subject, due_at)
        self._planned_until = {
            plan: plan.schedule.following(now) if plan in due else self._planned_until.get(plan) for plan in plans
        }

    def _may_be_due(self, plan: Plan, now: datetime) -> bool:
        """Say whether an occurrence may have come since the plan was last looked at."""
        if plan not in self._planned_until:
            return True
        following = self._planned_until[plan]
        return following is not None and following <= now

    def _report(self, unknown: set[str]) -> None:
        """Name kinds of work that have no job here, once; another version of the program may know them."""
        for kind in sorted(unknown - self._reported):
            _log.warning("scheduler_unknown_job", kind=kind, known=sorted(self._jobs))
        self._reported = frozenset(unknown)

    async def _claim(self, now: datetime, limit: int) -> list[Claimed]:
        async with self._database.reading() as session:
            if not await repository.anything_due(session, self._jobs, now):
                return []
        async with self._database.transaction() as session:
            if abandoned := await repository.give_up_abandoned(session, self._retry.max_attempts, now):
                _log.error("scheduler_work_abandoned", count=abandoned)
            return await repository.claim(session, self._jobs, self._owner, now, lease=self._lease, limit=limit)

    async def _work(self, claimed: Claimed) -> None:
        """Do one piece of work; whatever happens to it stays with it."""
        started = monotonic()
        log = _log.bind(kind=claimed.kind, subject=claimed.subject, due_at=str(claimed.due_at), attempt=claimed.attempt)
        claim = Claim(claimed, self._database, self._clock)
        try:
            await self._run_kept(claim)
            if not claim.finished:
                async with claim.transaction():
                    pass
        except asyncio.CancelledError:
            await self._give_back(claim)
            raise
        except ClaimLostError as error:
            log.error("scheduler_claim_lost", error=str(error))
        except Exception as error:  # one job's failure is nobody else's
            await self._fail(claim, error)
        else:
            log.info("scheduler_job_done", seconds=round(monotonic() - started, 3))

    async def _run_kept(self, claim: Claim) -> None:
        """Run the job and renew its lease while it runs; a job whose lease was lost is cancelled."""
        job = asyncio.ensure_future(self._jobs[claim.work.kind].run(claim))
        try:
            while not (await asyncio.wait([job], timeout=self._settings.lease_seconds / 3))[0]:
                await self._renew(claim)
            if job.cancelled():
                raise JobCancelledError(claim.work)
            job.result()
        finally:
            if not job.done():
                _ = job.cancel()
                _ = await asyncio.wait([job])

    async def _renew(self, claim: Claim) -> None:
        if claim.finishing and self._database.dialect == "sqlite":
            return  # the job holds the one write lock, so nobody can take the work over meanwhile
        try:
            async with self._database.transaction() as session:
                await repository.extend(session, claim.work, self._clock.now() + self._lease)
        except ClaimLostError:
            if not claim.finishing:  # else the job has just marked it done, or will learn of the loss itself
                raise
        except Exception as error:  # the database may be back before the lease ends
            _log.warning("scheduler_lease_not_renewed", kind=claim.work.kind, error=_phrase(error))

    async def _fail(self, claim: Claim, error: Exception) -> None:
        work = claim.work
        log = _log.bind(kind=work.kind, subject=work.subject, attempt=work.attempt, error=_phrase(error))
        if claim.finished:  # its effects are committed: another try would double them
            log.error("scheduler_job_failed_after_done")
            return
        try:
            async with self._database.transaction() as session:
                last = await repository.fail(session, work, _phrase(error), self._clock.now(), self._retry)
        except Exception as second:  # the lease runs out by itself, then it is tried again
            log.error("scheduler_failure_not_recorded", because=_phrase(second))
            return
        log.error("scheduler_job_given_up" if last else "scheduler_job_failed")

    async def _give_back(self, claim: Claim) -> None:
        if claim.finished:
            return
        try:
            async with self._database.transaction() as session:
                await repository.give_back(session, claim.work, self._clock.now())
        except ClaimLostError:
            return  # the cancellation met a commit that went through
        except Exception as error:  # the lease runs out by itself
            _log.error("scheduler_lease_not_given_back", kind=claim.work.kind, error=_phrase(error))


class JobCancelledError(Exception):
    """A job ended by cancelling itself, which nobody had asked of it."""

    def __init__(self, work: Claimed) -> None:
        self.work = work
        super().__init__(f"the job {work.kind} on {work.subject!r} cancelled itself")


def _phrase(error: Exception) -> str:
    """Name an error by its first line: the others of a database error hold the values of the statement."""
    return f"{type(error).__name__}: {error}".partition("\n")[0][:_ERROR_LENGTH]
