"""The PostgreSQL that tests run on: each test finds it like new, and nothing of it outlives the session."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import asyncpg
import psutil
import pytest
from sqlalchemy.exc import DBAPIError

from core.clock import monotonic
from core.database import Database, execute
from core.settings import DatabaseSettings
from scheduler import repository
from scheduler.models import DueWork
from tests.postgres import PostgresServer
from tests.scheduler.rooms import at, work_in

pytestmark = pytest.mark.postgres
ROOT = Path(__file__).parent.parent


async def test_a_database_used_before_is_like_new(postgres_server: PostgresServer) -> None:
    for _ in range(2):
        async with postgres_server.fresh(tables=True) as url:
            database = await Database.open(DatabaseSettings(url=url))
            assert await work_in(database) == []
            async with database.transaction() as session:
                _ = await repository.add(session, "hourly", "", at(11))
            assert [row.id for row in await work_in(database)] == [1]
            await database.close()


async def test_a_connection_left_open_is_ended(postgres_server: PostgresServer) -> None:
    async with postgres_server.fresh(tables=True) as url:
        database = await Database.open(DatabaseSettings(url=url))
        async with database.engine.connect() as left:
            _ = await left.exec_driver_sql("LOCK TABLE due_work IN ACCESS EXCLUSIVE MODE")
            await postgres_server._empty(database.engine.url.database or "", ())
            with pytest.raises((DBAPIError, asyncpg.PostgresError)):
                _ = await left.exec_driver_sql("SELECT 1")
            await left.invalidate()
        await database.close()


async def test_a_database_whose_tables_were_changed_is_not_used_again(postgres_server: PostgresServer) -> None:
    names = []
    for _ in range(2):
        async with postgres_server.fresh(tables=True) as url:
            names.append(url)
            database = await Database.open(DatabaseSettings(url=url))
            async with database.transaction() as session:
                await execute(session, DueWork.__table__.select())  # type: ignore[attr-defined]
                _ = await (await session.connection()).exec_driver_sql("CREATE TABLE more (id int)")
            await database.close()
    assert names[0] != names[1]


_HOLDER = """
import time
from tests.postgres import PostgresServer
server = PostgresServer()
print(server.folder, flush=True)
time.sleep(60)
"""


def test_the_server_ends_with_a_session_that_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", _HOLDER], cwd=ROOT, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        folder = Path(holder.stdout.readline().strip())
        server = int((folder / "data" / "postmaster.pid").read_text(encoding="utf-8").partition("\n")[0])
        assert psutil.pid_exists(server)
        holder.kill()
    deadline = monotonic() + 30
    while folder.exists() and monotonic() < deadline:
        time.sleep(0.1)
    assert not folder.exists()
    assert not psutil.pid_exists(server)
