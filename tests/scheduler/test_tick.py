from __future__ import annotations

import asyncio

import pytest
from sqlmodel.ext.asyncio.session import AsyncSession
from structlog.testing import capture_logs

from core.clock import ManualClock
from core.database import Database, execute
from scheduler import repository
from scheduler.jobs import Claim, InTransaction
from scheduler.models import DueWork
from scheduler.plans import Plan, parse_schedule
from tests.scheduler.rooms import HOURLY, SETTINGS, Remembered, at, scheduler_on, work_in


async def test_each_due_time_is_done_once(database: Database, clock: ManualClock) -> None:
    job = Remembered()
    scheduler = scheduler_on(database, clock, {"hourly": job}, [HOURLY])
    for _ in range(3 * 60):
        _ = await scheduler.run_due()
        clock.advance(60)
    assert job.runs == [("fruit", at(11), 1), ("fruit", at(12), 1), ("fruit", at(13), 1)]
    assert [row.state for row in await work_in(database)] == ["done"] * 3


async def test_a_restart_catches_up_once(database: Database, clock: ManualClock) -> None:
    before, after = Remembered(), Remembered()
    assert await scheduler_on(database, clock, {"hourly": before}, [HOURLY]).run_due() == 1
    clock.advance(7.5 * 3600)
    restarted = scheduler_on(database, clock, {"hourly": after}, [HOURLY])
    assert await restarted.run_due() == 1
    assert await restarted.run_due() == 0
    assert after.runs == [("fruit", at(18), 1)]


async def test_a_restart_repeats_nothing(database: Database, clock: ManualClock) -> None:
    job = Remembered()
    for _ in range(3):
        _ = await scheduler_on(database, clock, {"hourly": job}, [HOURLY]).run_due()
        clock.advance(600)
    assert job.runs == [("fruit", at(11), 1)]


async def test_a_schedule_moved_to_earlier_does_not_run_again_today(database: Database, clock: ManualClock) -> None:
    job = Remembered()
    clock.set(at(13))  # 21:00 in Shanghai
    for text in ("20:30", "20:00"):
        plan = Plan("digest", parse_schedule(text, SETTINGS.zone))
        _ = await scheduler_on(database, clock, {"digest": job}, [plan]).run_due()
    assert [due_at for _, due_at, _ in job.runs] == [at(12, 30)]


async def test_one_job_failing_stops_no_other(database: Database, clock: ManualClock) -> None:
    bad, good = Remembered(failures=99), Remembered()
    plans = [Plan("bad", HOURLY.schedule), Plan("good", HOURLY.schedule)]
    scheduler = scheduler_on(database, clock, {"bad": bad, "good": good}, plans)
    for _ in range(3):
        _ = await scheduler.run_due()
        clock.advance(3600)
    assert len(good.runs) == 3
    assert len(bad.runs) >= 3


async def test_a_failed_job_is_tried_again_after_a_growing_pause(database: Database, clock: ManualClock) -> None:
    job = Remembered(failures=2)
    scheduler = scheduler_on(database, clock, {"hourly": job}, [HOURLY])
    tried = []
    for second in range(200):
        if await scheduler.run_due():
            tried.append(second)
        clock.advance(1)
    assert tried == [0, 30, 90]
    (row,) = await work_in(database)
    assert (row.state, row.attempts, row.last_error) == ("done", 3, "")


async def test_after_the_last_try_the_error_stays_readable(database: Database, clock: ManualClock) -> None:
    scheduler = scheduler_on(database, clock, {"hourly": Remembered(failures=99)}, [HOURLY])
    with capture_logs() as logs:
        for _ in range(20):
            _ = await scheduler.run_due()
            clock.advance(60)
    (row,) = await work_in(database)
    assert (row.state, row.attempts) == ("failed", 3)
    assert row.last_error == "ConnectionError: the supplier's shop is closed"
    assert row.done_at is not None
    assert [line["event"] for line in logs] == ["scheduler_job_failed"] * 2 + ["scheduler_job_given_up"]


async def test_effects_of_a_failed_transaction_are_gone(database: Database, clock: ManualClock) -> None:
    async def body(session: AsyncSession, now: object) -> None:
        _ = await repository.add(session, "effect", "", at(11))
        await execute(session, DueWork.__table__.insert().values(kind=None))  # type: ignore[attr-defined]

    scheduler = scheduler_on(database, clock, {"hourly": InTransaction(body)}, [HOURLY])
    with capture_logs():
        _ = await scheduler.run_due()
    (row,) = await work_in(database)
    assert (row.kind, row.state) == ("hourly", "waiting")
    assert row.last_error.startswith("IntegrityError")
    assert "parameters" not in row.last_error


async def test_effects_and_the_done_mark_are_one_commit(database: Database, clock: ManualClock) -> None:
    async def body(session: AsyncSession, now: object) -> None:
        _ = await repository.add(session, "effect", str(now), at(12))

    scheduler = scheduler_on(database, clock, {"hourly": InTransaction(body)}, [HOURLY])
    for _ in range(3):
        _ = await scheduler.run_due()
    rows = await work_in(database)
    assert [(row.kind, row.state) for row in rows] == [("hourly", "done"), ("effect", "waiting")]
    assert rows[1].subject == str(at(11))


async def test_an_error_after_the_commit_does_not_repeat_the_effects(database: Database, clock: ManualClock) -> None:
    class Careless:
        async def run(self, claim: Claim) -> None:
            async with claim.transaction() as session:
                _ = await repository.add(session, "effect", "", at(23))
            raise ValueError("something else went wrong")

    scheduler = scheduler_on(database, clock, {"hourly": Careless()}, [HOURLY])
    with capture_logs() as logs:
        _ = await scheduler.run_due()
    assert [line["event"] for line in logs] == ["scheduler_job_failed_after_done"]
    assert [(row.kind, row.state) for row in await work_in(database)] == [("hourly", "done"), ("effect", "waiting")]


async def test_a_renamed_job_is_reported_once_and_stays_waiting(database: Database, clock: ManualClock) -> None:
    async with database.transaction() as session:
        _ = await repository.add(session, "catalogue.sync.old", "fruit", at(10))
    job = Remembered()
    scheduler = scheduler_on(database, clock, {"hourly": job}, [HOURLY, Plan("gone", HOURLY.schedule)])
    with capture_logs() as logs:
        for _ in range(3):
            _ = await scheduler.run_due()
    reported = [line["kind"] for line in logs if line["event"] == "scheduler_unknown_job"]
    assert reported == ["catalogue.sync.old", "gone"]
    assert [(row.kind, row.state) for row in await work_in(database)] == [
        ("catalogue.sync.old", "waiting"),
        ("hourly", "done"),
    ]


async def test_no_more_jobs_run_at_once_than_allowed(database: Database, clock: ManualClock) -> None:
    gate = asyncio.Event()
    job = Remembered(gate=gate)
    plans = [Plan("hourly", HOURLY.schedule, f"supplier {number}") for number in range(5)]
    scheduler = scheduler_on(database, clock, {"hourly": job}, plans, parallel_jobs=2, stop_seconds=5)
    assert await scheduler.tick() == 2
    await asyncio.sleep(0)
    assert await scheduler.tick() == 0
    assert len(job.runs) == 2
    gate.set()
    await scheduler.settled()
    assert await scheduler.run_due() == 2
    assert await scheduler.run_due() == 1
    assert {row.state for row in await work_in(database)} == {"done"}


async def test_stopping_gives_unfinished_work_back(database: Database, clock: ManualClock) -> None:
    job = Remembered(gate=asyncio.Event())
    scheduler = scheduler_on(database, clock, {"hourly": job}, [HOURLY])
    assert await scheduler.tick() == 1
    await asyncio.sleep(0.01)
    await scheduler.stop()
    (row,) = await work_in(database)
    assert (row.state, row.attempts) == ("waiting", 0)
    successor = Remembered()
    assert await scheduler_on(database, clock, {"hourly": successor}, [HOURLY]).run_due() == 1
    assert successor.runs == [("fruit", at(11), 1)]


async def test_a_job_that_cancels_itself_counts_as_failed(database: Database, clock: ManualClock) -> None:
    class SelfCancelling:
        async def run(self, claim: Claim) -> None:
            raise asyncio.CancelledError

    with capture_logs():
        _ = await scheduler_on(database, clock, {"hourly": SelfCancelling()}, [HOURLY]).run_due()
    (row,) = await work_in(database)
    assert (row.state, row.attempts) == ("waiting", 1)
    assert row.last_error.startswith("JobCancelledError")


async def test_run_ticks_until_it_is_cancelled_and_lets_a_job_finish(database: Database, clock: ManualClock) -> None:
    gate = asyncio.Event()
    job = Remembered(gate=gate)
    quick = Remembered()
    plans = [HOURLY, Plan("quick", parse_schedule("every 1m", SETTINGS.zone))]
    jobs = {"hourly": job, "quick": quick}
    scheduler = scheduler_on(database, clock, jobs, plans, tick_seconds=0.02, stop_seconds=10)
    running = asyncio.create_task(scheduler.run())
    for expected in range(1, 4):
        await quick.wait_for(expected)
        clock.advance(60)
    asyncio.get_running_loop().call_later(0.1, gate.set)
    _ = running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    hourly = [row for row in await work_in(database) if row.kind == "hourly"]
    assert [row.state for row in hourly] == ["done"]
    assert {row.state for row in await work_in(database)} == {"done"}


async def test_a_tick_on_a_broken_database_does_not_end_the_run(database: Database, clock: ManualClock) -> None:
    job = Remembered()
    asked = 0

    def plans() -> list[Plan]:
        nonlocal asked
        asked += 1
        if asked == 1:
            raise OSError("the disk is asleep")
        return [HOURLY]

    scheduler = scheduler_on(database, clock, {"hourly": job}, tick_seconds=0.02)
    scheduler._plans = plans
    with capture_logs() as logs:
        running = asyncio.create_task(scheduler.run())
        await job.wait_for(1)
        await scheduler.settled()
        _ = running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
    assert logs[0]["event"] == "scheduler_tick_failed"
    assert logs[0]["error"] == "OSError: the disk is asleep"
