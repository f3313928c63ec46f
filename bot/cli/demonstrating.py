"""``qianqun demo``."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from typing import Any

from bot.bootstrap import Parts, open_parts
from bot.channels.local.channel import LocalChannel
from bot.cli import garbage
from bot.cli.serving import until_told
from bot.cli.session import execute, out
from bot.demo import SCRIPT, demo_settings
from bot.program import Program
from bot.replay import replay, replay_settings, result, scratch
from bot.settings import Settings
from bot.transcript import Said, read_transcript
from core import logs
from core.clock import SystemClock
from core.templates import render
from groups import repository as group_store
from orders import exporting
from orders import repository as order_store
from orders.state import OfferKind


def demo(port: int, *, script_only: bool) -> int:
    """Print the scripted conversation; then, unless only that was asked for, serve the chat page."""

    async def work() -> int:
        with TemporaryDirectory(prefix="qianqun-demo-") as name:
            folder = Path(name)
            settings = demo_settings(folder, port)
            logs.configure(settings.logging)
            await _print_script(settings)
            if not script_only:
                async with open_parts(settings, SystemClock(), folder) as parts:
                    await _serve(settings, parts)
        return 0

    return execute(work)


async def _print_script(settings: Settings) -> None:
    with SCRIPT.open(encoding="utf-8") as stream:
        said = list(read_transcript(stream, settings.zone))
    async with scratch(replay_settings(settings, unlimited=True)) as (parts, clock):
        await parts.catalog.sync_all()
        count = await parts.storefront.fill()
        out().print(render("bot", "demo_intro", products=count, suppliers=len(parts.catalog.suppliers)), style="bold")
        group = ""
        async for batch in replay(parts, clock, said):
            for n, handled in batch:
                message = said[n - 1]
                if message.group != group:
                    group = message.group
                    out().print(f"\n── {group} ──", style="bold green")
                _print(message, result(n, handled))
        await _print_sheet(settings, parts)


async def _print_sheet(settings: Settings, parts: Parts) -> None:
    """Export the book of the offer that the script ran, as 导出 does, and show its packing sheet."""
    now = SystemClock().now()
    async with parts.database.reading() as session:
        led = [row.id for row in await order_store.overview(session) if row.kind == OfferKind.LEADER]
        (offer,) = (await order_store.load(session, led)).values()
        topics = await group_store.topics(session, offer.group_ids)
    path = Path(gettempdir()) / "qianqun-demo.xlsx"
    _ = path.write_bytes(exporting.export_xlsx(offer, now, settings.zone, topics))
    sheet = exporting.sheets(offer, settings.zone, topics)[0]
    out().print(f"\n{render('bot', 'demo_sheet', path=path)}", style="bold green")
    for row in (sheet.header, *sheet.rows, sheet.total):
        out().print("    " + "  ".join(_cell(cell) for cell in row if cell not in {None, ""}), markup=False)


def _cell(cell: object) -> str:
    return f"{cell.normalize():f}" if isinstance(cell, Decimal) else str(cell)


def _print(message: Said, result: dict[str, Any]) -> None:
    out().print(f"{message.member}：{message.text}", markup=False)
    for text in result["says"]:
        for line in text.splitlines():
            out().print(f"    {line}", style="cyan", markup=False)
    if not result["says"]:
        out().print(f"    ({result['outcome']} · {result['reason']})", style="dim", markup=False)


async def _serve(settings: Settings, parts: Parts) -> None:
    program = Program(settings, parts, stocked=garbage.settle)
    (page,) = (channel for channel in program.channels if isinstance(channel, LocalChannel))
    telling = asyncio.create_task(_tell(page))
    try:
        await until_told(program)
    finally:
        telling.cancel()


async def _tell(page: LocalChannel) -> None:
    """Print the address once the page can be opened."""
    await page.online.wait()
    out().print(render("bot", "demo_page", url=page.url), style="bold")
