"""Members race for the last pieces, from several processes, on both databases."""

from __future__ import annotations

import asyncio
import os
import sys
from collections import Counter
from decimal import Decimal
from pathlib import Path

from core.database import Database
from tests.orders.shelves import an_item, an_offer, stored, sums

PROCESSES, MEMBERS, PIECES = 5, 50, 20


async def test_fifty_members_race_for_twenty_pieces(both_databases: Database) -> None:
    """Exactly twenty are sold and thirty are told so, whoever was first."""
    offer = await an_offer(both_databases, an_item(stock=Decimal(PIECES)))
    url = both_databases.engine.url.set(drivername=both_databases.dialect).render_as_string(hide_password=False)
    share = MEMBERS // PROCESSES
    root = Path(__file__).parents[2]
    runners = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.orders.racing", url, str(offer.id), str(1 + place * share), str(share)),
            cwd=root,
            env={**os.environ, "PYTHONPATH": str(root)},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        for place in range(PROCESSES)
    ]
    for runner in runners:
        assert runner.stdout is not None
        assert await runner.stdout.readline() == b"ready\n"
    outputs = await asyncio.gather(*(runner.communicate(b"go\n") for runner in runners))
    told = Counter(line for output, _ in outputs for line in output.decode().split())
    assert [runner.returncode for runner in runners] == [0] * PROCESSES
    assert told == {"sold": PIECES, "over_stock": MEMBERS - PIECES}
    book = await stored(both_databases, offer.id)
    assert sum(line.quantity for line in book.lines.values()) == PIECES
    assert [item.taken for item in book.items.values()] == [PIECES]
    assert sum((await sums(both_databases, offer.id)).values()) == PIECES
    assert len({buyer.code for buyer in book.buyers.values()}) == PIECES
