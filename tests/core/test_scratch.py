"""A scratch database is what the migrations make, also when it is only a copy."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import column, select, table
from structlog.testing import capture_logs

from core.database import Database, execute
from core.migrate import newest, upgrade
from core.scratch import scratch_database
from core.settings import DatabaseSettings


def tables(path: Path) -> list[tuple[str, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT type, name, sql FROM sqlite_master ORDER BY type, name").fetchall()


async def test_the_first_and_the_copies_are_what_the_migrations_make(tmp_path: Path) -> None:
    kept = tmp_path / "cache"
    kept.mkdir()
    migrated = await Database.open(DatabaseSettings(url=f"sqlite:///{tmp_path}/migrated.db"))
    await upgrade(migrated)
    await migrated.close()
    for name in ("first.db", "second.db"):
        settings = await scratch_database(tmp_path / name, kept)
        assert settings.url == f"sqlite:///{tmp_path / name}"
        assert tables(tmp_path / name) == tables(tmp_path / "migrated.db")
    (file,) = kept.iterdir()
    assert file.read_bytes() == (tmp_path / "second.db").read_bytes()


async def test_a_copy_is_written_to_like_any_other(tmp_path: Path) -> None:
    for name in ("first.db", "second.db"):
        database = await Database.open(await scratch_database(tmp_path / name, tmp_path))
        await upgrade(database)
        async with database.reading() as session:
            found = await execute(session, select(column("version_num")).select_from(table("alembic_version")))
            assert found.scalars().all() == [newest()]
        await database.close()


@pytest.mark.parametrize("damage", ["cut off", "no database", "an older one"])
async def test_a_damaged_one_is_said_once_and_made_again(tmp_path: Path, damage: str) -> None:
    kept = tmp_path / "cache"
    kept.mkdir()
    await scratch_database(tmp_path / "whole.db", kept)
    (file,) = kept.iterdir()
    if damage == "cut off":
        file.write_bytes(file.read_bytes()[:100_000])
    elif damage == "no database":
        file.write_text("草莓")
    else:
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("UPDATE alembic_version SET version_num = '0001'")
            connection.commit()
    with capture_logs() as logs:
        for number in range(2):
            await scratch_database(tmp_path / f"{number}.db", kept)
            assert tables(tmp_path / f"{number}.db") == tables(tmp_path / "whole.db")
    assert [(log["event"], log["file"]) for log in logs] == [("empty_damaged", str(file))]


async def test_a_folder_that_cannot_be_written_costs_only_time(tmp_path: Path) -> None:
    await scratch_database(tmp_path / "whole.db", tmp_path)
    with capture_logs() as logs:
        await scratch_database(tmp_path / "other.db", tmp_path / "gone")
    assert tables(tmp_path / "other.db") == tables(tmp_path / "whole.db")
    assert [log["event"] for log in logs] == ["empty_not_kept"]
