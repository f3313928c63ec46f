"""Who gets due work when many want it, on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from core.clock import ManualClock
from core.database import Database
from core.settings import DatabaseSettings
from scheduler import repository
from scheduler.jobs import Claim
from scheduler.repository import ClaimLostError, Retry
from tests.scheduler.rooms import HOURLY, Remembered, at, scheduler_on, work_in

LEASE = timedelta(seconds=120)
ROOT = Path(__file__).parent.parent.parent


async def _second(database: Database) -> Database:
    """Open the same database again, as another process would."""
    url = database.engine.url
    plain = url.set(drivername=url.get_backend_name()).render_as_string(hide_password=False)
    return await Database.open(DatabaseSettings(url=plain))


async def test_two_schedulers_share_the_work_and_none_is_done_twice(
    both_databases: Database, clock: ManualClock
) -> None:
    other = await _second(both_databases)
    async with both_databases.transaction() as session:
        for number in range(40):
            assert await repository.add(session, "hourly", f"subject {number}", at(10))
    jobs = [Remembered(), Remembered()]
    schedulers = [
        scheduler_on(database, clock, {"hourly": job}, parallel_jobs=3)
        for database, job in zip((both_databases, other), jobs, strict=True)
    ]

    async def drain(index: int) -> None:
        while await schedulers[index].run_due():
            pass

    _ = await asyncio.gather(drain(0), drain(1))
    done = Counter(subject for job in jobs for subject, _, _ in job.runs)
    assert done == Counter({f"subject {number}": 1 for number in range(40)})
    assert all(job.runs for job in jobs)
    assert {row.state for row in await work_in(both_databases)} == {"done"}
    await other.close()


async def test_two_schedulers_plan_the_same_occurrence_once(both_databases: Database, clock: ManualClock) -> None:
    other = await _second(both_databases)
    job = Remembered()
    schedulers = [scheduler_on(database, clock, {"hourly": job}, [HOURLY]) for database in (both_databases, other)]
    for _ in range(4):
        _ = await asyncio.gather(*(scheduler.run_due() for scheduler in schedulers))
        clock.advance(1800)
    assert [due_at for _, due_at, _ in job.runs] == [at(11), at(12)]
    await other.close()


async def test_a_lease_that_ran_out_can_be_claimed_again(both_databases: Database) -> None:
    async def claim(owner: str, minute: int) -> list[repository.Claimed]:
        async with both_databases.transaction() as session:
            return await repository.claim(session, {"hourly"}, owner, at(11, minute), lease=LEASE, limit=5)

    async with both_databases.transaction() as session:
        assert await repository.add(session, "hourly", "", at(11))
        assert not await repository.add(session, "hourly", "", at(11))
    assert await claim("a", 0) != []
    assert await claim("b", 1) == []
    (second,) = await claim("b", 2)
    assert (second.owner, second.attempt) == ("b", 2)


async def test_who_lost_the_lease_cannot_finish(both_databases: Database) -> None:
    database = both_databases
    async with database.transaction() as session:
        _ = await repository.add(session, "hourly", "", at(11))
        (first,) = await repository.claim(session, {"hourly"}, "a", at(11), lease=LEASE, limit=1)
    async with database.transaction() as session:
        (second,) = await repository.claim(session, {"hourly"}, "b", at(12), lease=LEASE, limit=1)
    retry = Retry(3, timedelta(seconds=30))
    for attempt in (
        lambda session: repository.finish(session, first, at(12)),
        lambda session: repository.extend(session, first, at(13)),
        lambda session: repository.fail(session, first, "too late", at(12), retry),
        lambda session: repository.give_back(session, first, at(12)),
    ):
        with pytest.raises(ClaimLostError, match="lease_seconds"):
            async with database.transaction() as session:
                await attempt(session)
    async with database.transaction() as session:
        await repository.finish(session, second, at(12))
    (row,) = await work_in(database)
    assert (row.state, row.claimed_by, row.attempts) == ("done", "b", 2)


async def test_a_job_whose_work_was_taken_over_leaves_no_effects(both_databases: Database, clock: ManualClock) -> None:
    class Slow:
        """Freezes for longer than its lease before it writes."""

        async def run(self, claim: Claim) -> None:
            clock.advance(300)
            async with both_databases.transaction() as session:
                (taken,) = await repository.claim(session, {"hourly"}, "b", clock.now(), lease=LEASE, limit=1)
                await repository.finish(session, taken, clock.now())
            async with claim.transaction() as session:
                _ = await repository.add(session, "effect", "", at(23))

    with capture_logs() as logs:
        _ = await scheduler_on(both_databases, clock, {"hourly": Slow()}, [HOURLY]).run_due()
    assert [line["event"] for line in logs] == ["scheduler_claim_lost"]
    assert [(row.kind, row.state, row.claimed_by) for row in await work_in(both_databases)] == [("hourly", "done", "b")]


async def test_a_long_job_keeps_its_lease(both_databases: Database, clock: ManualClock) -> None:
    gate = asyncio.Event()
    job = Remembered(gate=gate)
    scheduler = scheduler_on(both_databases, clock, {"hourly": job}, [HOURLY], lease_seconds=0.3)
    _ = await scheduler.tick()
    for _ in range(5):
        clock.advance(0.25)
        await asyncio.sleep(0.25)
        async with both_databases.transaction() as session:
            assert await repository.claim(session, {"hourly"}, "b", clock.now(), lease=LEASE, limit=1) == []
    gate.set()
    await scheduler.settled()
    (row,) = await work_in(both_databases)
    assert (row.state, row.attempts) == ("done", 1)


async def test_a_job_that_lost_its_lease_is_cancelled(both_databases: Database, clock: ManualClock) -> None:
    job = Remembered(gate=asyncio.Event())
    scheduler = scheduler_on(both_databases, clock, {"hourly": job}, [HOURLY], lease_seconds=0.3)
    with capture_logs() as logs:
        _ = await scheduler.tick()
        clock.advance(60)  # the process slept; somebody else took the work
        async with both_databases.transaction() as session:
            (_,) = await repository.claim(session, {"hourly"}, "b", clock.now(), lease=LEASE, limit=1)
        await scheduler.settled()
    assert [line["event"] for line in logs] == ["scheduler_claim_lost"]
    (row,) = await work_in(both_databases)
    assert (row.state, row.claimed_by) == ("claimed", "b")


_VICTIM = """
import asyncio, sys
from core.clock import SystemClock
from core.database import Database
from core.settings import DatabaseSettings
from tests.scheduler.rooms import HOURLY, Remembered, scheduler_on

async def main():
    database = await Database.open(DatabaseSettings(url=sys.argv[1]))
    job = Remembered(gate=asyncio.Event())
    running = asyncio.create_task(scheduler_on(database, SystemClock(), {"hourly": job}, [HOURLY]).run())
    await job.wait_for(1)
    print("working", flush=True)
    await running

asyncio.run(main())
"""


async def test_the_work_of_a_killed_process_is_done_by_another(both_databases: Database, clock: ManualClock) -> None:
    url = both_databases.engine.url
    plain = url.set(drivername=url.get_backend_name()).render_as_string(hide_password=False)
    victim = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _VICTIM, plain, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert victim.stdout is not None
    assert await victim.stdout.readline() == b"working\n"
    victim.kill()
    _ = await victim.wait()

    (row,) = await work_in(both_databases)
    assert row.state == "claimed"
    assert row.lease_until is not None
    job = Remembered()
    scheduler = scheduler_on(both_databases, clock, {"hourly": job})
    clock.set(row.lease_until - timedelta(seconds=1))
    assert await scheduler.run_due() == 0
    clock.set(row.lease_until)
    assert await scheduler.run_due() == 1
    assert job.runs == [("fruit", row.due_at, 2)]
    assert [row.state for row in await work_in(both_databases)] == ["done"]


async def test_work_that_kills_its_process_every_time_is_given_up(both_databases: Database, clock: ManualClock) -> None:
    async with both_databases.transaction() as session:
        _ = await repository.add(session, "hourly", "", at(11))
    for _ in range(3):
        async with both_databases.transaction() as session:
            (_,) = await repository.claim(session, {"hourly"}, "a", clock.now(), lease=LEASE, limit=1)
        clock.advance(120)
    with capture_logs():
        assert await scheduler_on(both_databases, clock, {"hourly": Remembered()}).run_due() == 0
    (row,) = await work_in(both_databases)
    assert (row.state, row.attempts) == ("failed", 3)
    assert "ended or froze on every try" in row.last_error
