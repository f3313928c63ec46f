"""Scratch databases: copies of an empty one that is kept on disk, since to run the migrations takes a quarter second.

The kept one is made by the migrations themselves and belongs to their sources and to the versions of what they run
with; its name is the digest of all these. What is damaged is said once and made again.
"""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import sqlite3
from contextlib import closing
from importlib.metadata import version
from pathlib import Path

import structlog

from core import types
from core.cache import cache_folder, keep
from core.database import Database
from core.migrate import SCRIPTS, newest, upgrade
from core.settings import DatabaseSettings

_KEPT = 2
"""Empty databases that stay: those of the last versions."""

_log = structlog.get_logger(__name__)


async def scratch_database(path: Path, folder: Path | None = None) -> DatabaseSettings:
    """Make an empty SQLite database with all tables at ``path``; return the settings it is opened with.

    Every copy of one version has the same secret in its ledger of deleted people: nothing of a scratch database stays.
    """
    kept = (folder or cache_folder()) / f"empty-{_digest()}.db"
    settings = DatabaseSettings(url=f"sqlite:///{path}")
    if await asyncio.to_thread(_sound, kept):
        await asyncio.to_thread(shutil.copyfile, kept, path)
        return settings
    database = await Database.open(settings)
    try:
        await upgrade(database)
    finally:
        await database.close()
    await asyncio.to_thread(keep, kept, lambda draft: shutil.copyfile(path, draft), newest=_KEPT)
    return settings


def _digest() -> str:
    """Return what the name of the file says of its content."""
    digest = hashlib.sha256(f"{version('alembic')} {version('sqlalchemy')} {sqlite3.sqlite_version}".encode())
    for source in (*sorted(SCRIPTS.rglob("*.py")), Path(types.__file__)):
        digest.update(source.read_bytes())
    return digest.hexdigest()[:24]


def _sound(kept: Path) -> bool:
    """Tell whether the file is there and whole."""
    if not kept.exists():
        return False
    try:
        with closing(sqlite3.connect(f"file:{kept}?mode=ro&immutable=1", uri=True)) as connection:
            checked = connection.execute("PRAGMA quick_check").fetchone()
            if checked != ("ok",):
                raise sqlite3.DatabaseError(str(checked))
            had = connection.execute("SELECT version_num FROM alembic_version").fetchall()
            if had != [(newest(),)]:
                raise sqlite3.DatabaseError(f"it has had the migrations up to {had}")
    except sqlite3.Error as error:
        _log.warning("empty_damaged", file=str(kept), error=str(error), consequence="made again")
        return False
    return True
