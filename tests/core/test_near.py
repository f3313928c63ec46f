"""Short statements of SQLite run in the loop's thread; what a transaction promises stays the same."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from core import near
from core.database import Database, execute
from core.settings import DatabaseSettings

Threads = list[str]


@pytest.fixture
async def sqlite_file(tmp_path: Path) -> AsyncIterator[Database]:
    opened = await Database.open(DatabaseSettings(url=f"sqlite:///{tmp_path}/near.db"))
    async with opened.transaction() as session:
        await execute(session, text("CREATE TABLE said (line TEXT NOT NULL)"))
    yield opened
    await opened.close()


async def _watched(session: AsyncSession) -> Threads:
    """Return a list that names the thread of every line written from now on."""
    threads: Threads = []
    raw = await (await session.connection()).get_raw_connection()
    driver: Any = raw.driver_connection
    await driver.create_function("seen", 1, lambda line: threads.append(threading.current_thread().name) or line)
    return threads


async def _say(session: AsyncSession, line: str) -> None:
    await execute(session, text("INSERT INTO said VALUES (seen(:line))"), {"line": line})


async def _said(database: Database, *, short: bool = False) -> list[str]:
    async with database.reading(short=short) as session:
        return list((await execute(session, text("SELECT line FROM said ORDER BY line"))).scalars())


async def test_a_short_transaction_stays_in_the_loops_thread(sqlite_file: Database) -> None:
    here = threading.current_thread().name
    async with sqlite_file.transaction(short=True) as session:
        threads = await _watched(session)
        await _say(session, "a")
        async with near.far(session):
            await _say(session, "b")
        await _say(session, "c")
    assert [name == here for name in threads] == [True, False, True]
    assert await _said(sqlite_file) == await _said(sqlite_file, short=True) == ["a", "b", "c"]


async def test_any_other_transaction_keeps_to_the_drivers_thread(sqlite_file: Database) -> None:
    async with sqlite_file.transaction(short=True) as session:
        await _say_nothing(session)
    async with sqlite_file.transaction() as session:  # the pool hands out the same connection
        threads = await _watched(session)
        await _say(session, "a")
    assert threads != [threading.current_thread().name]
    assert len(threads) == 1


async def test_in_a_scratch_file_every_transaction_is_short(tmp_path: Path) -> None:
    scratch = await Database.open(DatabaseSettings(url=f"sqlite:///{tmp_path}/scratch.db"), scratch=True)
    async with scratch.transaction() as session:
        await execute(session, text("CREATE TABLE said (line TEXT NOT NULL)"))
        threads = await _watched(session)
        await _say(session, "a")
    assert threads == [threading.current_thread().name]
    assert await _said(scratch) == ["a"]
    await scratch.close()


async def _say_nothing(session: AsyncSession) -> None:
    await execute(session, text("SELECT 1"))


async def test_a_short_transaction_that_fails_leaves_nothing(sqlite_file: Database) -> None:
    async def fail() -> None:
        async with sqlite_file.transaction(short=True) as session:
            await execute(session, text("INSERT INTO said VALUES ('a')"))
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    assert await _said(sqlite_file) == []


async def test_a_wait_for_the_write_lock_does_not_hold_up_the_loop(sqlite_file: Database, tmp_path: Path) -> None:
    """Another process holds the lock: taking it is left to the driver's thread, and the loop goes on."""
    second = await Database.open(DatabaseSettings(url=f"sqlite:///{tmp_path}/near.db"))
    async with sqlite_file.transaction(short=True) as session:
        await execute(session, text("INSERT INTO said VALUES ('a')"))

        async def write() -> None:
            async with second.transaction(short=True) as other:
                await execute(other, text("INSERT INTO said VALUES ('b')"))

        task = asyncio.create_task(write())
        for _ in range(5):
            await asyncio.sleep(0.01)
        assert not task.done()
    async with asyncio.timeout(5):
        await task
    await second.close()
    assert await _said(sqlite_file) == ["a", "b"]


async def test_on_any_database_a_short_transaction_writes(database: Database) -> None:
    async with database.transaction(short=True) as session:
        await execute(session, text("CREATE TABLE only_here (line VARCHAR(9))"))
        await execute(session, text("INSERT INTO only_here VALUES ('a')"))
    async with database.reading(short=True) as session, near.far(session):
        assert (await execute(session, text("SELECT line FROM only_here"))).scalar_one() == "a"
    async with database.transaction() as session:
        await execute(session, text("DROP TABLE only_here"))
