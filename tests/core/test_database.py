"""What a database that cannot be used says, and what its transactions promise."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlmodel import select

import core.database
from core import switches
from core.clock import ManualClock
from core.database import Database, DatabaseUnavailableError, engine_url, execute
from core.settings import DatabaseSettings
from core.switches import Switch


async def refused(url: str, base: Path = Path()) -> str:
    with pytest.raises(DatabaseUnavailableError) as caught:
        await Database.open(DatabaseSettings(url=url), base=base)
    return str(caught.value)


async def test_a_file_without_write_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root may write everything, so the answer of the system is given by hand."""
    path = tmp_path / "bot.db"
    sqlite3.connect(path).close()
    path.touch()
    real = os.access
    monkeypatch.setattr(os, "access", lambda name, mode: Path(name) != path and real(name, mode))
    said = await refused(f"sqlite:///{path}")
    assert str(path) in said
    assert "write permission" in said


async def test_a_folder_without_write_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.access
    monkeypatch.setattr(os, "access", lambda name, mode: Path(name) != tmp_path and real(name, mode))
    said = await refused(f"sqlite:///{tmp_path}/bot.db")
    assert str(tmp_path) in said
    assert "journal" in said


async def test_a_file_that_sqlite_may_only_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What SQLite itself says, whoever runs the test: the file is opened for reading only."""
    path = tmp_path / "bot.db"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE t (a)")
    connection.close()
    read_only = make_url(f"sqlite+aiosqlite:///file:{path}?mode=ro&uri=true")
    monkeypatch.setattr(core.database, "engine_url", lambda _url, base: read_only)
    monkeypatch.setattr(core.database, "_prepare_file", lambda _name: None)
    said = await refused(f"sqlite:///{path}")
    assert "readonly" in said
    assert "write permission" in said


async def test_a_folder_in_the_place_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "bot.db").mkdir()
    assert "bot.db is a folder" in await refused("sqlite:///bot.db", tmp_path)


async def test_a_file_in_the_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("", encoding="utf-8")
    said = await refused("sqlite:///data/bot.db", tmp_path)
    assert "data cannot be made" in said


async def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "bot.db").write_text("not a database, but long enough to be looked at " * 100, encoding="utf-8")
    assert "not a database" in await refused("sqlite:///bot.db", tmp_path)


@pytest.mark.parametrize("url", ["", "qianqun.db", "::::", "sqlite:/"])
async def test_what_is_no_url(url: str) -> None:
    assert "is not a URL" in await refused(url)


async def test_a_database_that_is_not_supported() -> None:
    said = await refused("mysql://root@localhost/x")
    assert "'mysql' is not supported" in said
    assert "postgresql" in said


async def test_a_postgresql_that_does_not_answer_and_its_password_is_not_said() -> None:
    said = await refused("postgresql://bot:hunter2@127.0.0.1:1/shop")
    assert "127.0.0.1:1/shop" in said
    assert "server runs" in said
    assert "hunter2" not in said


def test_the_password_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("QIANQUN_DATABASE_PASSWORD", "secret")
    assert engine_url("postgresql://bot@host/x", base=tmp_path).password == "secret"
    assert engine_url("postgres://bot:own@host/x", base=tmp_path).password == "own"
    assert engine_url("sqlite:///a/b.db", base=tmp_path).database == str(tmp_path / "a" / "b.db")


async def test_missing_folders_are_made(tmp_path: Path) -> None:
    database = await Database.open(DatabaseSettings(url="sqlite:///a/b/c.db"), base=tmp_path)
    await database.close()
    assert (tmp_path / "a" / "b" / "c.db").exists()


async def test_a_transaction_is_whole_or_not_at_all(database: Database, clock: ManualClock) -> None:
    async def half() -> None:
        async with database.transaction() as session:
            await switches.throw(session, "a", stopped=True, reason="", now=clock.now())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await half()
    async with database.reading() as session:
        assert (await session.exec(select(Switch))).all() == []
        await switches.throw(session, "b", stopped=True, reason="", now=clock.now())
    async with database.reading() as session:
        assert (await session.exec(select(Switch))).all() == [], "what a reader writes is rolled back"


async def test_writers_queue_and_none_is_lost(database: Database, clock: ManualClock) -> None:
    async def write(number: int) -> None:
        async with database.transaction() as session:
            await switches.throw(session, f"s{number}", stopped=True, reason="", now=clock.now())
            await asyncio.sleep(0)

    await asyncio.gather(*(write(number) for number in range(40)))
    async with database.reading() as session:
        assert len((await session.exec(select(Switch))).all()) == 40


async def test_readers_do_not_wait_for_a_writer(database: Database, clock: ManualClock) -> None:
    async with database.transaction() as session:
        await switches.throw(session, "a", stopped=True, reason="", now=clock.now())
        async with asyncio.timeout(2), database.reading() as other:
            assert (await other.exec(select(Switch))).all() == []


@pytest.mark.parametrize("short", [False, True])
async def test_a_cancelled_writer_leaves_the_lock(database: Database, clock: ManualClock, short: bool) -> None:
    entered = asyncio.Event()

    async def write() -> None:
        async with database.transaction(short=short) as session:
            await switches.throw(session, "a", stopped=True, reason="", now=clock.now())
            entered.set()
            await asyncio.sleep(60)

    task = asyncio.create_task(write())
    await entered.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(5), database.transaction(short=short) as session:
        await switches.throw(session, "b", stopped=True, reason="", now=clock.now())
    async with database.reading() as session:
        assert [row.name for row in (await session.exec(select(Switch))).all()] == ["b"]


async def test_sqlite_is_set_up_as_promised(tmp_path: Path) -> None:
    database = await Database.open(DatabaseSettings(url=f"sqlite:///{tmp_path}/bot.db"))
    async with database.engine.connect() as connection:
        found = {
            name: (await connection.execute(text(f"PRAGMA {name}"))).scalar_one()
            for name in ("journal_mode", "foreign_keys", "busy_timeout", "synchronous")
        }
    await database.close()
    assert found == {"journal_mode": "wal", "foreign_keys": 1, "busy_timeout": 10_000, "synchronous": 1}


async def test_an_error_does_not_repeat_what_somebody_said(database: Database) -> None:
    async def failing() -> None:
        async with database.transaction() as session:
            await execute(session, text("SELECT :said FROM no_such_table").bindparams(said="私事"))

    with pytest.raises(SQLAlchemyError, match="no_such_table") as caught:
        await failing()
    assert "私事" not in str(caught.value)


async def test_a_foreign_lock_is_waited_for_and_then_named(tmp_path: Path) -> None:
    database = await Database.open(DatabaseSettings(url=f"sqlite:///{tmp_path}/bot.db"))
    async with database.engine.connect() as connection:
        await connection.exec_driver_sql("PRAGMA busy_timeout=50")
        holder = sqlite3.connect(tmp_path / "bot.db", isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(OperationalError, match="locked"):
            await connection.exec_driver_sql("CREATE TABLE t (a)")
        holder.close()
    await database.close()


async def test_sqlite_overwrites_what_is_deleted(tmp_path: Path) -> None:
    """A row that was deleted must not be read from the file's free pages."""
    opened = await Database.open(DatabaseSettings(url=f"sqlite:///{tmp_path}/bot.db"))
    async with opened.transaction() as session:
        await execute(session, text("CREATE TABLE said (line TEXT)"))
        await execute(session, text("INSERT INTO said VALUES ('nobody shall find this')"))
    async with opened.transaction() as session:
        await execute(session, text("DELETE FROM said"))
    await opened.close()
    assert b"nobody shall find this" not in (tmp_path / "bot.db").read_bytes()
