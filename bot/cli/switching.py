"""``qianqun sending``: the kill switch."""

from __future__ import annotations

from pathlib import Path

from bot.cli.session import execute, opened_database, out
from core import outbox, switches
from core.clock import SystemClock


def throw(config: Path, account: str, *, stopped: bool, reason: str) -> int:
    """Stop sending or let it go on."""

    async def work() -> int:
        async with opened_database(config) as (_, database), database.transaction() as session:
            await switches.throw(session, account, stopped=stopped, reason=reason, now=SystemClock().now())
        out().print(f"sending {'stopped' if stopped else 'resumed'}: {account}", markup=False)
        return 0

    return execute(work)


def status(config: Path) -> int:
    """Print the switches and the outbox."""

    async def work() -> int:
        async with opened_database(config) as (_, database), database.reading() as session:
            thrown = await switches.all_switches(session)
            counts = await outbox.count_by_state(session)
        for switch in thrown:
            state = f"stopped since {switch.at:%Y-%m-%d %H:%M} UTC: {switch.reason}" if switch.stopped else "on"
            out().print(f"{switch.name}: {state}", markup=False)
        if not thrown:
            out().print("sending is on")
        out().print(", ".join(f"{state} {count}" for state, count in sorted(counts.items())) or "the outbox is empty")
        return 0

    return execute(work)
