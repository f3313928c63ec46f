"""The outbox by itself: conditional moves decide who sends, and counts see what may have gone out."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from core import outbox, switches
from core.clock import ManualClock
from core.database import Database
from core.outbox import Draft, OutboxMessage
from core.outcomes import SendState


class Nobody:
    """A guard that stops what it was told to."""

    def __init__(self, reason: str | None = None) -> None:
        self.reason = reason

    async def check(self, session: AsyncSession, row: OutboxMessage, now: datetime) -> str | None:
        return self.reason


def draft(key: str, **values: object) -> Draft:
    fields: dict[str, Any] = {
        "channel": "c",
        "account": "a",
        "kind": "push",
        "text": key,
        "priority": 1,
        "room_id": "r",
        **values,
    }
    return Draft(dedupe_key=key, **fields)


async def put(database: Database, clock: ManualClock, *drafts: Draft) -> list[OutboxMessage]:
    async with database.transaction() as session:
        await outbox.enqueue(session, drafts, clock.now())
    return await rows(database)


async def rows(database: Database) -> list[OutboxMessage]:
    async with database.reading() as session:
        return list((await session.exec(select(OutboxMessage).order_by(col(OutboxMessage.id)))).all())


async def test_only_one_claims_a_row(both_databases: Database, clock: ManualClock) -> None:
    (row,) = await put(both_databases, clock, draft("k", mentions=(("m", "小美"),), about_members=("m",), group_id=4))
    assert (row.mentions, row.about_members, row.state) == ([["m", "小美"]], ["m"], SendState.QUEUED)
    assert outbox.outgoing(row).mentions == (("m", "小美"),)
    async with both_databases.transaction() as session:
        assert await outbox.claim(session, row, Nobody(), clock.now()) is None
        assert await outbox.claim(session, row, Nobody(), clock.now()) == "taken"
    async with both_databases.transaction() as session:
        await outbox.settle(session, row, SendState.SENT, clock.now(), message_id="m1")
        await outbox.settle(session, row, SendState.FAILED, clock.now(), error="too late")
        assert await outbox.claim(session, row, Nobody(), clock.now()) == "taken"
        assert await outbox.count_by_state(session) == {"sent": 1}


async def test_a_guard_holds_a_row_for_good(both_databases: Database, clock: ManualClock) -> None:
    (row,) = await put(both_databases, clock, draft("k"))
    async with both_databases.transaction() as session:
        assert await outbox.claim(session, row, Nobody("paused"), clock.now()) == "paused"
        assert await outbox.claim(session, row, Nobody(), clock.now()) == "taken"
    (row,) = await rows(both_databases)
    assert (row.state, row.reason, row.finished_at) == ("held", "paused", clock.now())


async def test_the_first_of_two_drafts_with_one_key_stays(both_databases: Database, clock: ManualClock) -> None:
    await put(both_databases, clock, draft("k", text="first"), draft("k", text="second"), draft("other"))
    assert [row.text for row in await put(both_databases, clock, draft("k", text="third"))] == ["first", "other"]
    await put(both_databases, clock)


async def test_waiting_knows_order_and_lifetime(both_databases: Database, clock: ManualClock) -> None:
    await put(
        both_databases,
        clock,
        draft("late", priority=2),
        draft("short", lifetime=timedelta(minutes=1)),
        draft("first", priority=0),
        draft("other", account="b"),
    )
    async with both_databases.reading() as session:
        now = [row.text for row in await outbox.waiting(session, "c", "a", clock.now(), 10)]
        later = await outbox.waiting(session, "c", "a", clock.now() + timedelta(minutes=1), 10)
        few = await outbox.waiting(session, "c", "a", clock.now(), 1)
    assert now == ["first", "short", "late"]
    assert [row.text for row in later] == ["first", "late"]
    assert [row.text for row in few] == ["first"]


async def test_what_may_have_gone_out_counts(both_databases: Database, clock: ManualClock) -> None:
    keys = ("sent", "unknown", "sending", "failed", "queued")
    stored = await put(both_databases, clock, *(draft(key, asked=key != "unknown", group_id=1) for key in keys))
    async with both_databases.transaction() as session:
        for row in stored[:4]:
            await outbox.claim(session, row, Nobody(), clock.now())
        for row, state in zip(stored, (SendState.SENT, SendState.UNKNOWN), strict=False):
            await outbox.settle(session, row, state, clock.now())
        await outbox.settle(session, stored[3], SendState.FAILED, clock.now())
        whose: dict[str, Any] = {"channel": "c", "account": "a"}
        since = clock.now() - timedelta(minutes=1)
        assert len(await outbox.claimed_since(session, since, **whose)) == 3
        assert len(await outbox.claimed_since(session, since, **whose, asked=False)) == 1
        assert len(await outbox.claimed_since(session, since, **whose, group_id=2)) == 0
        assert len(await outbox.claimed_since(session, since, **whose, kinds=["push"])) == 3
        assert len(await outbox.claimed_since(session, clock.now() + timedelta(seconds=1), **whose)) == 0
        assert await outbox.first_claim(session, "c", "a") == clock.now()
        assert await outbox.first_claim(session, "c", "b") is None
        assert await outbox.count_created(session, "c", "a", "push", since) == 5


async def test_old_rows_are_seen_to(both_databases: Database, clock: ManualClock) -> None:
    stored = await put(
        both_databases, clock, draft("stuck"), draft("fresh"), draft("over", lifetime=timedelta(hours=1))
    )
    async with both_databases.transaction() as session:
        await outbox.claim(session, stored[0], Nobody(), clock.now())
    clock.advance(3600)
    now = clock.now()
    async with both_databases.transaction() as session:
        await outbox.claim(session, stored[1], Nobody(), now)
        assert await outbox.abandon(session, now - timedelta(minutes=2), now) == 1
        assert await outbox.expire(session, now) == 1
        assert await outbox.forget(session, now) == 0
    assert [row.state for row in await rows(both_databases)] == ["unknown", "sending", "expired"]
    async with both_databases.transaction() as session:
        assert await outbox.forget(session, now + timedelta(seconds=1)) == 2
    assert [row.text for row in await rows(both_databases)] == ["fresh"]


async def test_switches(both_databases: Database, clock: ManualClock) -> None:
    async with both_databases.transaction() as session:
        assert await switches.stopped(session, "c", "a") is None
        await switches.throw(session, "c/a", stopped=True, reason="x" * 1000, now=clock.now())
        await switches.throw(session, "c/a", stopped=True, reason="again", now=clock.now())
        found = await switches.stopped(session, "c", "a")
        assert found is not None
        assert found.reason == "again"
        assert await switches.stopped(session, "c", "b") is None
        await switches.throw(session, switches.EVERYTHING, stopped=True, reason="", now=clock.now())
        assert await switches.stopped(session, "c", "b") is not None
        await switches.throw(session, switches.EVERYTHING, stopped=False, reason="", now=clock.now())
        assert await switches.stopped(session, "c", "b") is None
        assert [switch.name for switch in await switches.all_switches(session)] == ["*", "c/a"]
