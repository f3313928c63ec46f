from __future__ import annotations

import json
from dataclasses import asdict

from core import inbox
from core.clock import ManualClock
from core.database import Database
from core.messages import IncomingMessage, MessageKey, Quote


def _message(clock: ManualClock, message_id: str = "m1", text: str = "🍓还有吗") -> IncomingMessage:
    return IncomingMessage(
        key=MessageKey("local", "bot", message_id),
        room_id="r1",
        sender_id="xiaomei",
        text=text,
        at=clock.now(),
        quote=Quote("林姐", "今天的草莓"),
        mentions=("bot",),
        raw={"n": 1},
    )


async def test_a_message_comes_back_as_it_was_stored(database: Database, clock: ManualClock) -> None:
    message = _message(clock)
    async with database.transaction() as session:
        (row_id,) = await inbox.store(session, [message], clock.now())
    async with database.reading() as session:
        (row,) = await inbox.pending(session, after=0, limit=10)
    assert row.id == row_id
    assert inbox.message_of(row) == message


async def test_a_plain_line_is_stored_without_what_nobody_said(database: Database, clock: ManualClock) -> None:
    plain = IncomingMessage(MessageKey("local", "bot", "m1"), "r1", "xiaomei", "在的", clock.now(), sender_name="小美")
    async with database.transaction() as session:
        await inbox.store(session, [plain], clock.now())
    async with database.reading() as session:
        (row,) = await inbox.pending(session, after=0, limit=10)
    assert row.message == {"sender_name": "小美"}
    assert inbox.message_of(row) == plain


async def test_a_row_that_names_every_field_is_read_as_well(clock: ManualClock) -> None:
    """As rows were written before fields that say nothing were left out."""
    message = _message(clock)
    rest = asdict(message)
    key = rest.pop("key")
    columns = [rest.pop(name) for name in ("room_id", "sender_id", "text", "at")]
    row = inbox.InboxRow(1, *key.values(), *columns[:3], json.loads(json.dumps(rest)), columns[3])
    assert inbox.message_of(row) == message


async def test_a_second_delivery_of_the_same_key_is_not_stored(database: Database, clock: ManualClock) -> None:
    async with database.transaction() as session:
        await inbox.store(session, [_message(clock)], clock.now())
    async with database.transaction() as session:
        assert await inbox.store(session, [_message(clock)], clock.now()) == [None]


async def test_an_announced_message_waits_until_its_content_comes(database: Database, clock: ManualClock) -> None:
    key = MessageKey("local", "bot", "m1")
    async with database.transaction() as session:
        assert await inbox.announce(session, key, {"id": "m1"}, clock.now())
    async with database.transaction() as session:
        assert await inbox.announce(session, key, {"id": "m1"}, clock.now())
        assert await inbox.unfetched(session, "local", "bot") == [key]
        assert await inbox.pending(session, after=0, limit=10) == []
    async with database.transaction() as session:
        (row_id,) = await inbox.store(session, [_message(clock)], clock.now())
        assert row_id is not None
        assert not await inbox.announce(session, key, {}, clock.now())
        assert await inbox.unfetched(session, "local", "bot") == []


async def test_a_finished_message_keeps_its_outcome(database: Database, clock: ManualClock) -> None:
    async with database.transaction() as session:
        (row_id,) = await inbox.store(session, [_message(clock)], clock.now())
    async with database.transaction() as session:
        await inbox.finish(session, [{"row_id": row_id, "outcome": "need", "reason": "pushed"}], clock.now())
    async with database.reading() as session:
        assert await inbox.pending(session, after=0, limit=10) == []
