"""``qianqun run``."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

from bot.cli import garbage
from bot.cli.session import execute, opened
from bot.program import Program


def run(config: Path) -> int:
    """Run the bot until it is told to stop."""

    async def work() -> int:
        async with opened(config) as (settings, parts):
            await until_told(Program(settings, parts, stocked=lambda: garbage.settle(thorough=True)))
        return 0

    return execute(work)


async def until_told(program: Program) -> None:
    """Run a program until SIGINT or SIGTERM; what is under way is finished or given back."""
    running = asyncio.create_task(program.run())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, running.cancel)
    try:
        await running
    except asyncio.CancelledError:
        return
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
