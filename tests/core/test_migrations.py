"""The migrations and the models say the same, on both databases."""

from __future__ import annotations

from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, select
from sqlmodel import SQLModel

import bot.program  # noqa: F401 - every table of the program
from core import switches
from core.clock import SystemClock
from core.database import Database, execute
from core.migrate import alembic_config, newest, upgrade
from core.settings import DatabaseSettings
from groups.models import LedgerKey


def differences(connection: Connection) -> list[Any]:
    defaults = connection.dialect.name == "postgresql"  # SQLite gives them back as text that compares with nothing
    context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": defaults})
    return list(compare_metadata(context, SQLModel.metadata))


def names(connection: Connection) -> set[str]:
    return set(inspect(connection).get_table_names())


async def test_after_the_migrations_the_tables_are_those_of_the_models(database_url: str) -> None:
    database = await Database.open(DatabaseSettings(url=database_url))
    await upgrade(database)
    async with database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []
        tables = await connection.run_sync(names)
    assert tables == {*SQLModel.metadata.tables, "alembic_version"}
    assert {"inbox", "outbox", "switch", "need", "push", "product", "local_chat_line"} <= tables
    await database.close()


async def test_migrating_again_changes_nothing(database_url: str) -> None:
    database = await Database.open(DatabaseSettings(url=database_url))
    for _ in range(2):
        await upgrade(database)
    async with database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []
        heads = ScriptDirectory.from_config(await connection.run_sync(alembic_config)).get_heads()
        version = await connection.run_sync(lambda sync: MigrationContext.configure(sync).get_current_heads())
    assert tuple(version) == tuple(heads)
    assert len(heads) == 1
    await database.close()


async def test_what_is_stored_stays_when_it_migrates_again(database_url: str) -> None:
    database = await Database.open(DatabaseSettings(url=database_url))
    await upgrade(database)
    async with database.transaction() as session:
        await switches.throw(session, "*", stopped=True, reason="x", now=SystemClock().now())
    await upgrade(database)
    async with database.reading() as session:
        assert await switches.stopped(session, "any", "account") is not None
    await database.close()


async def test_a_migrated_database_has_the_key_of_its_ledger(database_url: str) -> None:
    """Made when first needed, it could be made by two transactions that wait for each other for ever."""
    database = await Database.open(DatabaseSettings(url=database_url))
    await upgrade(database)
    async with database.reading() as session:
        found = await execute(session, select(LedgerKey.__table__.c.secret))  # type: ignore[attr-defined]
        assert len(found.scalar_one()) == 32
    await database.close()


async def test_the_number_in_the_file_names_is_the_newest_migration(database_url: str) -> None:
    """Whoever has had it is not migrated again, without asking alembic."""
    database = await Database.open(DatabaseSettings(url=database_url))
    async with database.engine.connect() as connection:
        scripts = ScriptDirectory.from_config(await connection.run_sync(alembic_config))
    assert scripts.get_heads() == [newest()]
    await database.close()
