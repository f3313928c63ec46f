from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession
from structlog.testing import capture_logs

from catalog.report import SyncReport
from core import outbox
from core.clock import ManualClock
from core.database import Database
from core.outbox import Draft, OutboxMessage
from core.outcomes import SendState
from core.settings import SettingsError, validate
from scheduler import repository
from scheduler.jobs import (
    CATALOG_EXPIRY,
    CATALOG_SYNC,
    HOUSEKEEPING,
    RETENTION,
    UNMET_DIGEST,
    CatalogSync,
    InTransaction,
    Job,
    housekeeping,
    standing_plans,
)
from scheduler.plans import ScheduleError
from scheduler.repository import Retry
from scheduler.settings import SchedulerSettings
from tests.scheduler.rooms import SETTINGS, at, scheduler_on, work_in


class _Open:
    """Lets everything out."""

    async def check(self, session: AsyncSession, row: OutboxMessage, now: datetime) -> str | None:
        return None


def _draft(key: str, lifetime: timedelta | None = None) -> Draft:
    return Draft(key, "local", "bot", "push", "草莓到了", 1, room_id="r1", lifetime=lifetime)


async def _states(database: Database) -> dict[str, str]:
    async with database.reading() as session:
        rows = (await session.exec(select(OutboxMessage))).all()
    return {row.dedupe_key: row.state for row in rows}


async def test_a_day_of_standing_plans(database: Database, clock: ManualClock) -> None:
    synced: list[str] = []
    digests: list[datetime] = []
    expiries: list[datetime] = []
    retentions: list[datetime] = []

    async def sync(supplier: str) -> SyncReport:
        synced.append(supplier)
        return SyncReport(supplier, clock.now(), state="done")

    async def digest(session: AsyncSession, due_at: datetime) -> int:
        digests.append(due_at)
        return 0

    async def expire(session: AsyncSession, now: datetime) -> int:
        expiries.append(now)
        return 0

    async def retain(session: AsyncSession, now: datetime) -> int:
        retentions.append(now)
        return 0

    jobs: dict[str, Job] = {
        CATALOG_SYNC: CatalogSync(sync),
        CATALOG_EXPIRY: InTransaction(expire, at_present=True),
        RETENTION: InTransaction(retain, at_present=True),
        UNMET_DIGEST: InTransaction(digest),
    }
    jobs[HOUSEKEEPING] = housekeeping(SETTINGS, jobs)
    plans = standing_plans(SETTINGS, [("orchard", "every 6h"), ("harbour", "0 5 * * mon")])
    scheduler = scheduler_on(database, clock, jobs, plans)
    for _ in range(24 * 6):
        clock.advance(600)
        _ = await scheduler.run_due()
    assert sorted(synced) == ["harbour"] * 2 + ["orchard"] * 5  # the first of each makes up for what was missed
    assert digests == [at(12, 30, day=21), at(12, 30)]
    assert len(expiries) == 24 * 6
    assert {row.state for row in await work_in(database)} == {"done"}


async def test_a_feed_that_cannot_be_read_is_tried_again(database: Database, clock: ManualClock) -> None:
    states = ["failed", "done"]

    async def sync(supplier: str) -> SyncReport:
        return SyncReport(supplier, clock.now(), state=states.pop(0), error="no answer within 30 s")

    plans = [plan for plan in standing_plans(SETTINGS, [("orchard", "every 6h")]) if plan.kind == CATALOG_SYNC]
    scheduler = scheduler_on(database, clock, {CATALOG_SYNC: CatalogSync(sync)}, plans)
    with capture_logs():
        _ = await scheduler.run_due()
    (row,) = await work_in(database)
    assert (row.state, row.last_error) == (
        "waiting",
        "SyncFailedError: the feed of orchard could not be read: no answer within 30 s",
    )
    clock.advance(30)
    _ = await scheduler.run_due()
    assert [row.state for row in await work_in(database)] == ["done"]


async def test_housekeeping_of_the_outbox(database: Database, clock: ManualClock) -> None:
    async with database.transaction() as session:
        await outbox.enqueue(session, [_draft("sent"), _draft("stuck"), _draft("busy")], clock.now())
        await outbox.enqueue(session, [_draft("late", timedelta(minutes=5)), _draft("waiting")], clock.now())
        rows = {row.dedupe_key: row for row in await outbox.waiting(session, "local", "bot", clock.now(), 10)}
        for key in ("sent", "stuck"):
            assert await outbox.claim(session, rows[key], _Open(), clock.now()) is None
        await outbox.settle(session, rows["sent"], SendState.SENT, clock.now())
    clock.advance(11 * 60)
    async with database.transaction() as session:
        assert await outbox.claim(session, rows["busy"], _Open(), clock.now()) is None

    jobs = {HOUSEKEEPING: housekeeping(SETTINGS, [])}
    plans = [plan for plan in standing_plans(SETTINGS, []) if plan.kind == HOUSEKEEPING]
    scheduler = scheduler_on(database, clock, jobs, plans)
    assert await scheduler.run_due() == 1
    expected = {"sent": "sent", "stuck": "unknown", "busy": "sending", "late": "expired", "waiting": "queued"}
    assert await _states(database) == expected

    clock.advance(31 * 86_400)
    assert await scheduler.run_due() == 1
    assert await _states(database) == {"busy": "unknown", "waiting": "queued"}


async def test_old_records_go_but_the_newest_of_each_plan_stays(database: Database, clock: ManualClock) -> None:
    async with database.transaction() as session:
        for day in (1, 2, 3):
            _ = await repository.add(session, "monthly", "", at(11, day=day))
        _ = await repository.add(session, "failing", "", at(11, day=1))
        _ = await repository.add(session, "failing", "", at(11, day=2))
        _ = await repository.add(session, "renamed", "", at(11, day=1))
        kinds = {"monthly", "failing"}
        for claimed in await repository.claim(session, kinds, "a", at(12, day=3), lease=timedelta(60), limit=9):
            if claimed.kind == "monthly":
                await repository.finish(session, claimed, at(12, day=3))
            elif claimed.due_at == at(11, day=1):
                assert await repository.fail(session, claimed, "no", at(12, day=3), Retry(1, timedelta(1)))
    async with database.transaction() as session:
        assert await repository.clean(session, kinds, at(0, day=3)) == 0
        assert await repository.clean(session, kinds, at(13, day=3)) == 3
    left = [(row.kind, row.due_at.day, row.state) for row in await work_in(database)]
    assert sorted(left) == [("failing", 2, "claimed"), ("monthly", 3, "done"), ("renamed", 1, "failed")]


def test_a_supplier_with_a_wrong_schedule_is_named_by_its_text() -> None:
    with pytest.raises(ScheduleError, match=r"'0 9 \* \* 0'.*by name"):
        _ = standing_plans(SETTINGS, [("orchard", "0 9 * * 0")])


def test_the_defaults_are_usable() -> None:
    settings = SchedulerSettings()
    assert str(settings.zone) == "Asia/Shanghai"
    assert len(standing_plans(settings, [("orchard", "every 2h")])) == 8


@pytest.mark.parametrize(
    ("key", "value", "hint"),
    [
        ("timezone", "Asia/Atlantis", "not an IANA time zone"),
        ("timezone", "../etc/passwd", "not an IANA time zone"),
        ("timezone", "", "not an IANA time zone"),
        ("digest_time", "25:00", "is not a schedule"),
        ("digest_time", "every 2h", "write HH:MM"),
        ("housekeeping", "now and then", "is not a schedule"),
        ("lease_seconds", 0, "greater than or equal to 3"),
        ("tick_second", 5, "unknown key"),
    ],
)
def test_a_wrong_setting_is_named_by_its_key(key: str, value: object, hint: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        _ = validate(SchedulerSettings, {key: value}, source="qianqun.toml", base=tmp_path)
    ((path, text),) = caught.value.faults
    assert path == key
    assert hint in text
