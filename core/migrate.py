"""Bringing a database to the tables of this version, with alembic; the scripts are in ``core/migrations``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, String, column, inspect, select, table

from core.database import Database

if TYPE_CHECKING:
    from alembic.config import Config

SCRIPTS = Path(__file__).parent / "migrations"
_VERSION = select(column("version_num", String)).select_from(table("alembic_version"))


def alembic_config(connection: Connection) -> Config:
    """Return alembic's settings for an open connection."""
    from alembic.config import Config  # noqa: PLC0415 - see ``upgrade``

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.attributes["connection"] = connection
    return config


def newest() -> str:
    """Return the number of the last migration, which begins the name of its file."""
    return max(path.name for path in SCRIPTS.glob("versions/*.py"))[:4]


async def upgrade(database: Database) -> None:
    """Run the migrations that the database has not had. Where there are none, alembic is not even imported (0.1 s)."""
    async with database.engine.connect() as connection:
        if await connection.run_sync(_version) == newest():
            return
    from alembic import command  # noqa: PLC0415

    async with database.engine.connect() as connection:
        _ = await connection.execution_options(qianqun_write=True)
        await connection.run_sync(lambda sync: command.upgrade(alembic_config(sync), "head"))
        await connection.commit()


def _version(connection: Connection) -> str | None:
    """Return the number of the last migration that a database has had, None for a new one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(_VERSION).scalar_one_or_none()
