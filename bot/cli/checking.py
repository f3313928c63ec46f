"""``qianqun check``: everything that can be wrong before the bot runs, each fault by its name."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path

from bot.channels.local.settings import LocalSettings
from bot.channels.wechaty.settings import WechatySettings
from bot.cli.session import FAULT, execute, out, read_settings
from bot.settings import Settings
from catalog.aliases import AliasFileError, AliasTable
from catalog.feed import SourceError
from catalog.service import CatalogService
from core.clock import SystemClock
from core.database import Database, DatabaseUnavailableError
from core.migrate import upgrade
from groups import listing
from groups.segments.effects import effects_of
from groups.segments.matching import Segments

_FAULTS_SHOWN = 5


def check(config: Path) -> int:
    """Print a line for each part that was checked; return 2 if one of them has a fault."""

    async def work() -> int:
        settings = read_settings(config)
        out().print(f"settings: ok ({config})", markup=False)
        faults = 0
        async for part, fault in _looks(settings, config):
            faults += bool(fault)
            out().print(f"{part}: {fault or 'ok'}", style="red" if fault else None, markup=False)
        return FAULT if faults else 0

    return execute(work)


async def _looks(settings: Settings, config: Path) -> AsyncIterator[tuple[str, str]]:
    """Yield (what was looked at, its fault or nothing)."""
    try:
        AliasTable.load(settings.catalog.alias_files)
        yield "aliases", ""
    except AliasFileError as error:
        yield "aliases", str(error)
    base = await asyncio.to_thread(lambda: config.resolve().parent)
    try:
        database = await Database.open(settings.database, base=base)
    except DatabaseUnavailableError as error:
        yield "database", str(error)
    else:
        await upgrade(database)
        yield "database", ""
        async for look in _feeds(settings, database):
            yield look
        if settings.segments:
            yield "segments", await _segment_fault(settings, database)
        await database.close()
    if settings.channels.local is None and settings.channels.wechaty is None:
        yield "channels", "none is configured; add [channels.local] or [channels.wechaty]"
    if settings.channels.local is not None:
        yield "channel local", _port_fault(settings.channels.local)
    if settings.channels.wechaty is not None:
        yield "channel wechaty", await _gateway_fault(settings.channels.wechaty)


async def _feeds(settings: Settings, database: Database) -> AsyncIterator[tuple[str, str]]:
    catalog = CatalogService(settings.catalog, database, SystemClock())
    for supplier in catalog.suppliers:
        try:
            rows, faults = await catalog.check(supplier.id)
        except SourceError as error:
            yield f"feed {supplier.id}", str(error)
            continue
        shown = "\n  ".join(str(fault) for fault in faults[:_FAULTS_SHOWN])
        yield f"feed {supplier.id} ({rows} rows)", f"{len(faults)} broken row(s)\n  {shown}" if faults else ""


async def _segment_fault(settings: Settings, database: Database) -> str:
    """Return where two segments of one priority disagree about a group; the first listed counts, but who meant that?"""
    segments = Segments(settings.segments)
    if not segments.may_disagree():
        return ""
    found: list[str] = []
    async with database.reading() as session:
        async for state in listing.every_group(session):
            found += [f"group {state.id} ({state.topic}): {one}" for one in effects_of(state, segments).disagreements]
    shown = "\n  ".join(found[:_FAULTS_SHOWN])
    return f"{len(found)} disagreement(s)\n  {shown}" if found else ""


def _port_fault(settings: LocalSettings) -> str:
    if settings.port == 0:
        return ""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            return f"{settings.host}:{settings.port}: {error.strerror}; choose another channels.local.port"
    return ""


async def _gateway_fault(settings: WechatySettings) -> str:
    from bot.channels.wechaty.diagnosis import diagnose  # noqa: PLC0415 - the vendor's SDK, only when configured

    fault = await diagnose(settings)
    return "" if fault is None else f"{fault.link.value}: {fault.detail}"
