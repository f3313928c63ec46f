"""One process of a race: each member orders one piece in a transaction of its own; prints who got one, who did not."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime
from decimal import Decimal

from core.database import Database, is_unavailable
from core.settings import DatabaseSettings
from orders.book import By
from orders.desk import OfferMemory
from orders.edits import Change, Edit

AT = datetime(2026, 11, 22, 11, 0, tzinfo=UTC)


async def order_one(database: Database, memory: OfferMemory, offer_id: int, member: str, inbox_id: int) -> str:
    """Order one piece; return the reason it was refused for, or nothing."""
    async with database.transaction() as session:
        desk = memory.desk(session, AT)
        await desk.look([1])
        await desk.lock([offer_id])
        offer = desk.offers[offer_id]
        (item,) = offer.items.values()
        edit = Edit(item.id, Change.ADD, Decimal(1))
        rung = await desk.ring_up(offer, [edit], By(member, member, member, 1, AT, inbox_id))
        await desk.flush()
    memory.keep(desk)
    return rung.refused[0].reason if rung.refused else ""


async def race(url: str, offer_id: int, first: int, count: int) -> None:
    """Let members number ``first`` to ``first + count - 1`` order, all at once, and print what came of each."""
    database = await Database.open(DatabaseSettings(url=url))
    memory = OfferMemory()

    async def member(number: int) -> str:
        while True:
            try:
                refused = await order_one(database, memory, offer_id, f"member-{number}", number)
            except Exception as error:
                if not is_unavailable(error):
                    raise
                await asyncio.sleep(0.01)  # as a lane does: the same work may succeed later
                continue
            return refused or "sold"

    _ = sys.stdout.write("ready\n")
    sys.stdout.flush()
    _ = await asyncio.to_thread(sys.stdin.readline)  # everybody starts at the same moment
    results = await asyncio.gather(*(member(number) for number in range(first, first + count)))
    _ = sys.stdout.write("\n".join(results) + "\n")
    await database.close()


if __name__ == "__main__":
    asyncio.run(race(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])))
