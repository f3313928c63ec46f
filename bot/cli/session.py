"""What the commands share: reading settings, opening the parts, and ending with a clear error."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.bootstrap import Parts, open_database, open_parts
from bot.channels.local.addresses import AddressError
from bot.cli import garbage
from bot.settings import Settings, load_settings
from bot.transcript import TranscriptError
from catalog.aliases import AliasFileError
from catalog.service import SyncBusyError, UnknownSupplierError
from core import logs
from core.clock import SystemClock
from core.database import Database, DatabaseUnavailableError
from core.settings import SettingsError
from recommender.labelled_queries import LabelledFileError

if TYPE_CHECKING:
    from rich.console import Console

FAULT = 2
"""Exit code when something the user gave is wrong; the text says what."""

_EXPECTED = (
    AddressError,
    AliasFileError,
    DatabaseUnavailableError,
    LabelledFileError,
    SettingsError,
    SyncBusyError,
    TranscriptError,
    UnknownSupplierError,
)


@cache
def out() -> Console:
    """Return where results are printed; rich is imported for the first of them, and never by a replay to a file."""
    return _console(stderr=False)


@cache
def err() -> Console:
    """Return where faults are printed."""
    return _console(stderr=True)


def _console(*, stderr: bool) -> Console:
    from rich.console import Console  # noqa: PLC0415 - see out

    return Console(stderr=stderr, soft_wrap=True, highlight=False)


def execute(work: Callable[[], Coroutine[Any, Any, int]]) -> int:
    """Run a command; an expected fault becomes one clear text and exit code 2."""
    garbage.resume()
    try:
        return asyncio.run(work())
    except KeyboardInterrupt:
        return 0
    except _EXPECTED as error:
        return report(error)
    except BaseExceptionGroup as group:
        found = _expected_in(group)
        if found is None:
            raise
        return report(found)


def report(error: BaseException) -> int:
    """Print an expected fault and return its exit code."""
    err().print(str(error), markup=False, style="red")
    return FAULT


def read_settings(config: Path) -> Settings:
    """Read the settings and set the logs up; raises ``SettingsError``."""
    settings = load_settings(config, os.environ)
    logs.configure(settings.logging)
    return settings


@asynccontextmanager
async def opened(config: Path) -> AsyncIterator[tuple[Settings, Parts]]:
    """Read the settings and open the parts on the configured database."""
    settings = read_settings(config)
    base = await asyncio.to_thread(lambda: config.resolve().parent)
    async with open_parts(settings, SystemClock(), base) as parts:
        yield settings, parts


@asynccontextmanager
async def opened_database(config: Path) -> AsyncIterator[tuple[Settings, Database]]:
    """Read the settings and open the database alone: what needs no understanding of chat is done at once."""
    settings = read_settings(config)
    base = await asyncio.to_thread(lambda: config.resolve().parent)
    async with open_database(settings, base) as database:
        yield settings, database


def _expected_in(group: BaseExceptionGroup[BaseException]) -> BaseException | None:
    for error in group.exceptions:
        if isinstance(error, _EXPECTED):
            return error
        if isinstance(error, BaseExceptionGroup) and (found := _expected_in(error)) is not None:
            return found
    return None
