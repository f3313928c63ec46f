"""Scratch databases: copies of an empty one that is kept on disk, since to run the migrations takes a quarter second.

The kept one is made by the migrations themselves and belongs to their sources and to the versions of what they run
with; its name is the digest of all these. What is damaged is said once and made again.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import sqlite3
from contextlib import closing, suppress
from importlib.metadata import version
from pathlib import Path
from uuid import uuid4

import structlog

from core import types
from core.cache import cache_folder
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
    await asyncio.to_thread(_keep, path, kept)
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
        _log.warning("empty_database_damaged", file=str(kept), error=str(error), consequence="made again")
        return False
    return True


def _keep(made: Path, kept: Path) -> None:
    """Copy a closed database; where that cannot be written, the next start runs the migrations again."""
    draft = kept.with_name(f"{uuid4().hex}.tmp")
    try:
        shutil.copyfile(made, draft)
        os.replace(draft, kept)
    except OSError as error:
        _log.warning("empty_database_not_kept", file=str(kept), error=str(error))
        with suppress(OSError):
            draft.unlink()
        return
    newest_first = sorted(kept.parent.glob("empty-*.db"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in newest_first[_KEPT:]:
        with suppress(OSError):
            path.unlink()
