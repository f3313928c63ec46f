"""A real PostgreSQL for the tests: one server for the session, a fresh database for each test."""

from __future__ import annotations

import atexit
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

import asyncpg
from sqlmodel import SQLModel

from core.database import Database
from core.settings import DatabaseSettings

_ROOT = Path(__file__).parent.parent
_END_OTHERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
_EMPTY_TABLES = """
SET session_replication_role = replica; -- foreign keys look away, so that the order of tables does not matter
DO $$
DECLARE each record;
BEGIN
    FOR each IN SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' LOOP
        EXECUTE format('DELETE FROM %I', each.name);
    END LOOP;
    FOR each IN SELECT sequencename AS name FROM pg_sequences WHERE schemaname = 'public' LOOP
        PERFORM setval(format('%I', each.name)::regclass, 1, false);
    END LOOP;
END $$
"""


class PostgresServer:
    """Starts ``tests/postgres_server.py`` and holds the pipe that keeps it alive."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.postgres_server"],
            cwd=_ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # an interrupt of the session must not reach it
        )
        _ = atexit.register(self.stop)
        assert self._process.stdout is not None
        word, _, rest = self._process.stdout.readline().decode().strip().partition(" ")
        if word != "ready":
            self.stop()
            raise RuntimeError(rest or "the PostgreSQL for the tests ended at once")
        self.pid = self._process.pid
        self.folder = rest
        self._numbers = count(1)
        self._idle: dict[tuple[str, ...], list[str]] = {}

    def url(self, name: str) -> str:
        """Return the address of the database ``name``, as ``database.url`` takes it."""
        return f"postgresql://postgres@/{name}?host={self.folder}"

    @asynccontextmanager
    async def fresh(self, *, tables: bool) -> AsyncIterator[str]:
        """Yield the address of a database that is like new, with every table or none.

        A database that a test is done with is emptied and used again: that takes milliseconds, making one takes
        half a second.
        """
        kind = tuple(sorted(SQLModel.metadata.tables)) if tables else ()
        idle = self._idle.setdefault(kind, [])
        name = idle.pop() if idle else await self._make(kind)
        try:
            yield self.url(name)
        finally:
            if await self._empty(name, kind):
                idle.append(name)

    async def _make(self, kind: tuple[str, ...]) -> str:
        name = f"test_{next(self._numbers)}"
        connection = await self._connect("postgres")
        try:
            await connection.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
        finally:
            await connection.close()
        if kind:
            database = await Database.open(DatabaseSettings(url=self.url(name)))
            async with database.engine.begin() as opened:
                await opened.run_sync(SQLModel.metadata.create_all)
            await database.close()
        return name

    async def _empty(self, name: str, kind: tuple[str, ...]) -> bool:
        """End whatever is still connected and empty the database; return false when it had other tables by then."""
        connection = await self._connect(name)
        try:
            await connection.execute(_END_OTHERS)
            if not kind:
                await connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
                return True
            rows = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
            if tuple(sorted(row["tablename"] for row in rows)) != kind:
                return False
            await connection.execute(_EMPTY_TABLES)
            return True
        finally:
            await connection.close()

    async def _connect(self, name: str) -> Any:
        return await asyncpg.connect(host=self.folder, user="postgres", database=name)

    def stop(self) -> None:
        """Stop the server and remove its files; a second call does nothing."""
        atexit.unregister(self.stop)
        if self._process.poll() is None:
            assert self._process.stdin is not None
            self._process.stdin.close()
            try:
                _ = self._process.wait(30)
            except subprocess.TimeoutExpired:
                self._process.kill()
                _ = self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()
