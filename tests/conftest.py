"""Fixtures every test may use: a manual clock and a fresh database (SQLite, or PostgreSQL by a switch).

``QIANQUN_TEST_DATABASE=postgresql`` runs whatever takes ``database`` or ``database_url`` on a real PostgreSQL.
"""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import structlog
from hypothesis import settings
from sqlalchemy import Engine, event

from core.clock import ManualClock
from core.database import Database
from core.migrate import upgrade
from core.settings import DatabaseSettings
from tests.postgres import PostgresServer

_BACKENDS = ("sqlite", "postgresql")

settings.register_profile("patient", deadline=None)  # a busy machine is no wrong answer
settings.load_profile("patient")


@event.listens_for(Engine, "connect")
def _turn_orders_round(connection: Any, _record: Any) -> None:
    """Let SQLite return rows the other way round where a query names no order: PostgreSQL promises none either."""
    if "sqlite" in type(connection).__module__:
        connection.execute("PRAGMA reverse_unordered_selects=ON")


@pytest.fixture(autouse=True)
def _logs_as_before() -> Iterator[None]:
    """Undo what a command run in this process did to the logs: its stream is closed by the time of the next test."""
    root = logging.getLogger()
    handlers, level, configured = root.handlers[:], root.level, structlog.get_config()
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**configured)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 11, 22, 11, 0, tzinfo=UTC))


@pytest.fixture(scope="session")
def backend() -> str:
    """Which database the suite runs on."""
    name = os.environ.get("QIANQUN_TEST_DATABASE") or "sqlite"
    if name not in _BACKENDS:
        pytest.exit(f"QIANQUN_TEST_DATABASE={name} is none of {', '.join(_BACKENDS)}", returncode=4)
    return name


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """The session's one server; it ends with the session, however that ends."""
    server = PostgresServer()
    yield server
    server.stop()


@asynccontextmanager
async def _address(name: str, request: pytest.FixtureRequest, *, tables: bool) -> AsyncIterator[str]:
    """Yield the address of a database of this test's own; SQLite files are made by whoever opens them."""
    if name == "sqlite":
        folder: Path = request.getfixturevalue("tmp_path")
        yield f"sqlite:///{folder}/test.db"
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    async with server.fresh(tables=tables) as url:
        yield url


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file as the migrations leave it: copying it is quicker than running them again."""
    path = tmp_path_factory.mktemp("migrated") / "empty.db"
    with ThreadPoolExecutor(1) as elsewhere:  # in a loop of its own
        elsewhere.submit(asyncio.run, _migrate(path)).result()
    return path


async def _migrate(path: Path) -> None:
    database = await Database.open(DatabaseSettings(url=f"sqlite:///{path}"))
    await upgrade(database)
    await database.close()


@asynccontextmanager
async def _opened(name: str, request: pytest.FixtureRequest) -> AsyncIterator[Database]:
    if name == "sqlite":
        folder: Path = request.getfixturevalue("tmp_path")
        _ = shutil.copyfile(request.getfixturevalue("migrated_file"), folder / "test.db")
    async with _address(name, request, tables=True) as url:
        database = await Database.open(DatabaseSettings(url=url))
        yield database
        await database.close()


@pytest_asyncio.fixture
async def database(request: pytest.FixtureRequest, backend: str) -> AsyncIterator[Database]:
    """A fresh database with every table, on the suite's backend."""
    async with _opened(backend, request) as database:
        yield database


@pytest_asyncio.fixture
async def database_url(request: pytest.FixtureRequest, backend: str) -> AsyncIterator[str]:
    """The ``database.url`` of a fresh database without tables, on the suite's backend."""
    async with _address(backend, request, tables=False) as url:
        yield url


@pytest_asyncio.fixture
async def postgres(request: pytest.FixtureRequest) -> AsyncIterator[Database]:
    """A fresh PostgreSQL database with every table, whatever the switch says; mark such tests ``postgres``."""
    async with _opened("postgresql", request) as database:
        yield database


@pytest_asyncio.fixture(params=[pytest.param("sqlite"), pytest.param("postgresql", marks=pytest.mark.postgres)])
async def both_databases(request: pytest.FixtureRequest) -> AsyncIterator[Database]:
    """A fresh database with every table, on SQLite and then on PostgreSQL, whatever the switch says."""
    async with _opened(request.param, request) as database:
        yield database


class NothingSkipped:
    """On CI a skipped test is a failure with the test's name: what did not run has shown nothing."""

    def __init__(self) -> None:
        self.skipped: list[str] = []

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.skipped:
            self.skipped.append(report.nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.skipped and not hasattr(report, "wasxfail"):
            self.skipped.append(report.nodeid)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self.skipped and session.exitstatus in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        for name in self.skipped:
            terminalreporter.write_line(f"FAILED {name}: skipped, and on CI nothing may be", red=True)


def pytest_configure(config: pytest.Config) -> None:
    if os.environ.get("CI") == "true":
        config.pluginmanager.register(NothingSkipped(), "nothing-skipped")
