"""The database: SQLite in WAL by default, PostgreSQL by URL; the truth for everything that must survive."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Executable, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlmodel.ext.asyncio.session import AsyncSession

from core import near
from core.settings import DatabaseSettings

_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "postgresql": "postgresql+asyncpg",
    "postgres": "postgresql+asyncpg",
}
_BUSY_TIMEOUT_MS = 10_000
_CONNECTION = "connection"
"""Where a session keeps the connection of its transaction: asking for it anew costs as much as a small statement."""


_PASSING_STATES = ("08", "40", "53", "57P")
"""Classes of PostgreSQL's SQLSTATE that pass: connection, rolled back for others, out of resources, shut down."""


class DatabaseUnavailableError(Exception):
    """The database cannot be opened or written; the text says which and what to do."""


def is_unavailable(error: BaseException) -> bool:
    """Tell whether an error lies in the database being away or busy, so that the same work may succeed later."""
    if isinstance(error, OperationalError | InterfaceError | PoolTimeoutError | OSError):
        return True
    if not isinstance(error, DBAPIError):
        return False
    state = str(getattr(error.orig, "sqlstate", None) or "")
    return error.connection_invalidated or state.startswith(_PASSING_STATES)


class Database:
    """Sessions on one database.

    SQLite has one writer at a time: writing transactions of this process queue on a lock and start with
    ``BEGIN IMMEDIATE``, so that none fails half-way for want of the write lock.
    """

    def __init__(self, engine: AsyncEngine, *, scratch: bool = False) -> None:
        self.engine = engine
        self._scratch = scratch
        self.dialect = engine.dialect.name
        self._writer = asyncio.Lock() if self.dialect == "sqlite" else None

    @classmethod
    async def open(cls, settings: DatabaseSettings, *, base: Path = Path("."), scratch: bool = False) -> Database:
        """Connect, check that writing works, and return the database.

        ``base`` is the folder that a relative SQLite path counts from. A ``scratch`` file is one task's own and thrown
        away after use: nothing waits until it is on the disk, and every transaction is ``short``, since nobody else
        wants the loop. Raises ``DatabaseUnavailableError``.
        """
        url = engine_url(settings.url, base=base)
        is_sqlite = url.get_backend_name() == "sqlite"
        if is_sqlite:
            _prepare_file(url.database)
        postgres = {"pool_pre_ping": True, "pool_size": 10}
        options: dict[str, Any] = {"connect_args": {"async_creator_fn": near.connection}} if is_sqlite else postgres
        database = cls(create_async_engine(url, hide_parameters=True, **options), scratch=scratch)
        if is_sqlite:
            _tune_sqlite(database.engine, synchronous="OFF" if scratch else "NORMAL")
        try:
            async with database.transaction() as session:
                if is_sqlite:
                    await _write_nothing_new(session)
        except (SQLAlchemyError, OSError, sqlite3.Error) as error:
            await database.close()
            raise DatabaseUnavailableError(_explain(url, error)) from error
        return database

    @asynccontextmanager
    async def transaction(self, *, short: bool = False) -> AsyncIterator[AsyncSession]:
        """One writing transaction: committed at the end of the block, rolled back if it raises.

        ``short`` is for many statements that touch a few rows each, found by a key: see ``core.near``.
        """
        if self._writer is None:
            async with self.engine.connect() as connection, _session(connection) as session:
                yield session
            return
        async with self._writer, self.engine.connect() as connection:
            _ = await connection.execution_options(qianqun_write=True)
            async with _session(connection) as session, near.by(connection, near=short or self._scratch):
                yield session

    @asynccontextmanager
    async def reading(self, *, short: bool = False) -> AsyncIterator[AsyncSession]:
        """A session for reading; anything written in it is rolled back. ``short`` is the same as in ``transaction``."""
        async with self.engine.connect() as connection, near.by(connection, near=short or self._scratch):
            session = AsyncSession(bind=connection, expire_on_commit=False)
            try:
                session.info[_CONNECTION] = await session.connection()
                yield session
            finally:
                await session.close()

    async def close(self) -> None:
        """Close every connection."""
        await self.engine.dispose()


async def _write_nothing_new(session: AsyncSession) -> None:
    """Write a number that is there already: on a read-only file ``BEGIN IMMEDIATE`` alone succeeds."""
    connection = await session.connection()
    version = (await connection.exec_driver_sql("PRAGMA user_version")).scalar_one()
    await connection.exec_driver_sql(f"PRAGMA user_version = {int(version)}")


async def execute(
    session: AsyncSession, statement: Executable, rows: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None
) -> Any:
    """Run a Core statement in the session's transaction, once for each of ``rows``; return the cursor result.

    Nothing of the ORM is involved: this is the way of the hot path.
    """
    return await (await connection_of(session)).execute(statement, rows)


async def connection_of(session: AsyncSession) -> AsyncConnection:
    """Return the connection of the session's transaction."""
    kept: AsyncConnection | None = session.info.get(_CONNECTION)
    return kept or await session.connection()


def insert_into(session: AsyncSession, table: Any) -> Any:
    """Return an INSERT in the dialect of the session, the one statement that knows ``on_conflict_…`` on both."""
    return insert_in(dialect_of(session), table)


def insert_in(dialect: str, table: Any) -> Any:
    """Return the same for a statement that is made once and kept: to make one costs more than to carry it out."""
    return (postgresql if dialect == "postgresql" else sqlite).insert(table)


def dialect_of(session: AsyncSession) -> str:
    """Return the dialect of a session's database: ``sqlite`` or ``postgresql``."""
    return str(session.get_bind().dialect.name)


@asynccontextmanager
async def _session(connection: AsyncConnection) -> AsyncIterator[AsyncSession]:
    session = AsyncSession(bind=connection, expire_on_commit=False)
    try:
        session.info[_CONNECTION] = await session.connection()  # SQLite takes the write lock before anything is read
        yield session
        await session.commit()
    finally:
        await session.close()


def engine_url(url: str, *, base: Path) -> URL:
    """Turn a configured URL into the driver's; a relative SQLite path counts from ``base``."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise DatabaseUnavailableError(
            "database.url is not a URL; write sqlite:///file.db or postgresql://user@host/name"
        ) from None
    backend = parsed.get_backend_name()
    if backend not in _DRIVERS:
        raise DatabaseUnavailableError(f"database.url: {backend!r} is not supported; use sqlite or postgresql")
    parsed = parsed.set(drivername=_DRIVERS[backend])
    if backend == "sqlite":
        if parsed.database not in {None, "", ":memory:"}:
            parsed = parsed.set(database=str(base / Path(str(parsed.database))))
    elif parsed.password is None and (password := os.environ.get("QIANQUN_DATABASE_PASSWORD")):
        parsed = parsed.set(password=password)
    return parsed


def _prepare_file(name: str | None) -> None:
    """Make the folder of a SQLite file and say clearly when it cannot be written."""
    if name in {None, "", ":memory:"}:
        return
    path = Path(str(name))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DatabaseUnavailableError(
            f"the folder {path.parent} cannot be made: {error.strerror}; choose another database.url"
        ) from None
    if path.is_dir():
        raise DatabaseUnavailableError(f"{path} is a folder, no database file; choose another database.url")
    if path.exists() and not os.access(path, os.W_OK):
        raise DatabaseUnavailableError(
            f"the database file {path} cannot be written; give this user write permission on it"
        )
    if not os.access(path.parent, os.W_OK):
        raise DatabaseUnavailableError(f"the folder {path.parent} cannot be written; SQLite needs it for its journal")


def _explain(url: URL, error: Exception) -> str:
    """Say which database failed and why, without its password."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    hint = (
        "give this user write permission on it"
        if "readonly" in str(cause)
        else "check database.url and that the server runs"
    )
    return f"the database {url.render_as_string(hide_password=True)} cannot be used: {cause}; {hint}"


def _tune_sqlite(engine: AsyncEngine, *, synchronous: str) -> None:
    """WAL, foreign keys and a busy timeout on every connection; explicit BEGIN instead of the driver's own."""

    def on_connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver begins nothing behind our back
        try:
            cursor = connection.cursor()
            for pragma in (
                "journal_mode=WAL",
                f"synchronous={synchronous}",
                "foreign_keys=ON",
                f"busy_timeout={_BUSY_TIMEOUT_MS}",
                "temp_store=MEMORY",
                "secure_delete=ON",  # what is deleted is overwritten; measured in benchmarks/deletion.py
            ):
                cursor.execute(f"PRAGMA {pragma}")
            cursor.execute("SELECT 1 FROM pragma_function_list WHERE name = 'power'")
            if cursor.fetchone() is None:  # a build of SQLite without its mathematical functions
                connection.create_function("power", 2, pow, deterministic=True)
            cursor.close()
        except Exception:
            connection.close()  # the pool does not know it yet; its thread would outlive the event loop
            raise

    def on_begin(connection: Any) -> None:
        write = connection.get_execution_options().get("qianqun_write")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    event.listen(engine.sync_engine, "connect", on_connect)
    event.listen(engine.sync_engine, "begin", on_begin)
