"""A real PostgreSQL for the tests: one server for the session, a fresh database for each test."""

from __future__ import annotations

import atexit
import hashlib
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
        self._templates: dict[str, str] = {}

    def url(self, name: str) -> str:
        """Return the address of the database ``name``, as ``database.url`` takes it."""
        return f"postgresql://postgres@/{name}?host={self.folder}"

    @asynccontextmanager
    async def fresh(self, *, tables: bool) -> AsyncIterator[str]:
        """Make a database, yield its address, and drop it with whatever is still connected."""
        template = await self._template() if tables else "template0"
        name = f"test_{next(self._numbers)}"
        await self._command(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        try:
            yield self.url(name)
        finally:
            await self._command(f'DROP DATABASE "{name}" WITH (FORCE)')

    async def _template(self) -> str:
        """Make, once for each set of tables, a database that tests get copies of: faster than making tables."""
        tables = "\n".join(sorted(SQLModel.metadata.tables))
        if tables not in self._templates:
            name = f"template_{hashlib.sha256(tables.encode()).hexdigest()[:16]}"
            await self._command(f'CREATE DATABASE "{name}" TEMPLATE template0')
            database = await Database.open(DatabaseSettings(url=self.url(name)))
            async with database.engine.begin() as connection:
                await connection.run_sync(SQLModel.metadata.create_all)
            await database.close()
            self._templates[tables] = name
        return self._templates[tables]

    async def _command(self, statement: str) -> None:
        connection: Any = await asyncpg.connect(host=self.folder, user="postgres", database="postgres")
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

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
