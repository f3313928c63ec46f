"""The whole program, as it is started, with the fixtures of gateway and browser."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlmodel import col, select

from bot.bootstrap import Parts, open_parts
from bot.demo import demo_settings
from bot.program import Program
from bot.settings import Settings
from core.clock import SystemClock
from core.inbox import InboxMessage
from core.outbox import OutboxMessage
from core.settings import DatabaseSettings
from tests.browser.conftest import browser, chromium
from tests.channels.conftest import gateway_process, rig_with

__all__ = ["browser", "chromium", "gateway_process", "rig_with"]


def program_settings(folder: Path, url: str, **channels: Any) -> Settings:
    """Return the demo's settings on a database, with single channels replaced."""
    chosen = demo_settings(folder, 0)
    return chosen.model_copy(
        update={
            "database": DatabaseSettings(url=url),
            "channels": chosen.channels.model_copy(update=channels),
        }
    )


@asynccontextmanager
async def program_running(settings: Settings, folder: Path) -> AsyncIterator[Program]:
    """Run the program while the block runs; whatever ends it before fails the test."""
    async with open_parts(settings, SystemClock(), folder) as parts:
        program = Program(settings, parts)
        task = asyncio.create_task(program.run())
        try:
            yield program
            assert not task.done(), task
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


async def rows_of(parts: Parts) -> tuple[list[InboxMessage], list[OutboxMessage]]:
    """Return what came and what went."""
    async with parts.database.reading() as session:
        came = (await session.exec(select(InboxMessage).order_by(col(InboxMessage.id)))).all()
        went = (await session.exec(select(OutboxMessage).order_by(col(OutboxMessage.id)))).all()
    return list(came), list(went)
