"""SQLite without a change of threads: statements that end at once run in the event loop's own thread.

The driver keeps a thread for each connection and hands it every call, four of them for one SELECT:

    far    loop ── cursor ──► thread ──► loop ── execute ──► thread ──► loop ── fetch ──► thread ──► loop …
    near   loop ── cursor ─ execute ─ fetch ─ close ── on it goes

A change of threads costs 50 µs on an idle machine and many times that on a busy one, because each thread waits for
the other to let go of the interpreter; a SELECT by key costs 10 µs. What may take long stays far: taking the write
lock, the commit, and whatever goes through a table. Only one of both threads ever uses a connection at a time, since
whoever holds it waits for the answer. On PostgreSQL all of this changes nothing.
"""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiosqlite
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel.ext.asyncio.session import AsyncSession

_ROWS_AT_ONCE = 64
"""What the driver fetches at a time where somebody goes through rows one by one; its own default."""


class NearConnection(aiosqlite.Connection):
    """The driver's connection; while it is ``near``, calls are carried out where they are made."""

    near = False

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if self.near and self._running and self._connection is not None:
            return fn(*args, **kwargs)
        return await super()._execute(fn, *args, **kwargs)  # type: ignore[no-untyped-call]


def connection(filename: str, **options: Any) -> NearConnection:
    """Return a connection that is not open yet, as the driver's ``connect`` does, for two threads to use in turn."""
    options["check_same_thread"] = False
    made = NearConnection(lambda: sqlite3.connect(filename, **options), _ROWS_AT_ONCE)
    made._thread.daemon = True  # as SQLAlchemy does with the driver's own
    return made


@asynccontextmanager
async def by(connection: AsyncConnection, *, near: bool) -> AsyncIterator[None]:
    """Be near to a connection, or far from it, until the end of the block."""
    driver = (await connection.get_raw_connection()).driver_connection
    if not isinstance(driver, NearConnection):
        yield
        return
    before, driver.near = driver.near, near
    try:
        yield
    finally:
        driver.near = before


@asynccontextmanager
async def far(session: AsyncSession) -> AsyncIterator[None]:
    """Hand statements to the driver's thread until the end of the block: they go through many rows."""
    async with by(await session.connection(), near=False):
        yield
