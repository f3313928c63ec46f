"""Fixtures every test may use: a manual clock and a fresh database (SQLite, or PostgreSQL by a switch)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio
from sqlmodel import SQLModel

from core.clock import ManualClock
from core.database import Database
from core.settings import DatabaseSettings


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 11, 22, 11, 0, tzinfo=UTC))


@pytest_asyncio.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = await Database.open(DatabaseSettings(url=f"sqlite:///{tmp_path}/test.db"))
    async with database.engine.begin() as connection:
        await connection.run_sync(SQLModel.metadata.create_all)
    yield database
    await database.close()
