from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta, timezone
from random import Random
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError
from sqlmodel import col, select

from core import inbox
from core.clock import ManualClock
from core.database import Database
from core.inbox import Ended, InboxMessage, Waiting
from core.messages import IncomingMessage, MessageKey, MessageKind, Quote
from core.types import NaiveDateTimeError


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


async def _store(database: Database, messages: Sequence[IncomingMessage], now: datetime) -> list[Waiting | None]:
    async with database.transaction(short=True) as session:
        return await inbox.store(session, messages, now)


async def _pending(database: Database) -> list[Waiting]:
    async with database.reading(short=True) as session:
        return await inbox.pending(session, limit=5_000)


async def test_a_message_comes_back_as_it_was_stored(both_databases: Database, clock: ManualClock) -> None:
    message = _message(clock)
    (stored,) = await _store(both_databases, [message], clock.now())
    (row,) = await _pending(both_databases)
    assert row == stored
    assert row.message == message


async def test_what_storing_hands_on_is_what_is_read_back(both_databases: Database, clock: ManualClock) -> None:
    """Lanes that store and handle in one transaction see the messages that any other lane would read."""
    dice = Random(5)  # noqa: S311 - repeatable
    messages = [_odd(dice, clock.now(), str(number)) for number in range(1_500)]
    stored = await _store(both_databases, messages, clock.now())
    assert await _pending(both_databases) == stored
    changed = [row.message for row, message in zip(stored, messages, strict=True) if row and row.message != message]
    assert all("\x00" not in message.text for message in changed)
    assert 0 < len(changed) < len(messages)
    assert {row.message.at.tzinfo for row in stored if row} == {UTC}
    async with both_databases.reading() as session:
        kept = (await session.exec(select(InboxMessage.message).order_by(col(InboxMessage.id)))).all()
    assert list(kept) == [json.loads(json.dumps(inbox.row_of(one, clock.now()).message)) for one in messages]


def _odd(dice: Random, now: datetime, message_id: str) -> IncomingMessage:
    """Return a message that says some of what a message can say, in a zone and with signs that may be odd."""
    zone = dice.choice([UTC, timezone(timedelta(hours=8)), timezone(timedelta(hours=-9, minutes=-30))])
    optional: dict[str, Any] = {
        "kind": dice.choice(list(MessageKind)),
        "room_topic": "阳光小区🍓群",
        "sender_name": "小美",
        "room_name": "林姐 ' \" \\ {}",
        "mentions": ("bot", "lin"),
        "mentions_bot": True,
        "quote": Quote("林姐", "今天的草莓\n还有"),
        "is_self": True,
        "recalls": "m0",
        "raw": {"n": 1, "pair": (1, 2), "none": None, "草莓": [0.5, True]},
    }
    return IncomingMessage(
        MessageKey("local", "bot", message_id),
        room_id=dice.choice(["r1", "r2", ""]),
        sender_id=dice.choice(["xiaomei", "lin", ""]),
        text="".join(dice.choices("草莓🍓\n\x00\ud800\u200b',?$1%s:x 9", k=dice.randrange(5))),
        at=(now + timedelta(microseconds=dice.randrange(10**12))).astimezone(zone),
        **{name: value for name, value in optional.items() if dice.random() < 0.3},
    )


async def test_a_plain_line_is_stored_without_what_nobody_said(database: Database, clock: ManualClock) -> None:
    plain = IncomingMessage(MessageKey("local", "bot", "m1"), "r1", "xiaomei", "在的", clock.now(), sender_name="小美")
    await _store(database, [plain], clock.now())
    async with database.reading() as session:
        row = (await session.exec(select(InboxMessage))).one()
    assert row.message == {"sender_name": "小美"}
    assert inbox.message_of(row) == plain


async def test_a_row_that_names_every_field_is_read_as_well(clock: ManualClock) -> None:
    """As rows were written before fields that say nothing were left out."""
    message = _message(clock)
    rest = asdict(message)
    for name in ("key", "room_id", "sender_id", "text", "at"):
        del rest[name]
    row = inbox.row_of(message, clock.now())._replace(message=json.loads(json.dumps(rest)))
    assert inbox.message_of(row) == message


async def test_a_second_delivery_of_the_same_key_is_not_stored(both_databases: Database, clock: ManualClock) -> None:
    first, second = _message(clock), _message(clock, "m2")
    assert None not in await _store(both_databases, [first], clock.now())
    assert [one is None for one in await _store(both_databases, [first, second, second], clock.now())] == [
        True,
        False,
        True,
    ]
    assert [row.message for row in await _pending(both_databases)] == [first, second]


async def test_more_messages_than_one_statement_takes(both_databases: Database, clock: ManualClock) -> None:
    messages = [_message(clock, f"m{number}") for number in range(2_500)]
    stored = await _store(both_databases, messages, clock.now())
    assert [row.message for row in stored if row] == messages
    assert await _store(both_databases, messages, clock.now()) == [None] * len(messages)
    assert await _store(both_databases, [], clock.now()) == []


async def test_what_is_too_long_for_its_column_is_never_cut(both_databases: Database, clock: ManualClock) -> None:
    """Two long ids cut to the same would count as one message; SQLite has no lengths and keeps them whole."""
    long = _message(clock, "m" * 200)
    if both_databases.dialect == "sqlite":
        assert [row.message for row in await _store(both_databases, [long], clock.now()) if row] == [long]
        return
    with pytest.raises(DBAPIError, match="too long"):
        await _store(both_databases, [long], clock.now())
    assert await _pending(both_databases) == []


async def test_a_message_without_a_time_zone_is_refused(both_databases: Database, clock: ManualClock) -> None:
    naive = replace(_message(clock), at=clock.now().replace(tzinfo=None))
    with pytest.raises(NaiveDateTimeError, match="no time zone"):
        await _store(both_databases, [naive], clock.now())


async def test_an_announced_message_waits_until_its_content_comes(database: Database, clock: ManualClock) -> None:
    key = MessageKey("local", "bot", "m1")
    async with database.transaction() as session:
        assert await inbox.announce(session, key, {"id": "m1"}, clock.now())
    async with database.transaction() as session:
        assert await inbox.announce(session, key, {"id": "m1"}, clock.now())
        assert await inbox.unfetched(session, "local", "bot") == [key]
        assert await inbox.pending(session, limit=10) == []
    other = _message(clock, "m2")
    stored = await _store(database, [other, _message(clock)], clock.now())
    assert [row.message for row in stored if row] == [other, _message(clock)]
    async with database.transaction() as session:
        assert not await inbox.announce(session, key, {}, clock.now())
        assert await inbox.unfetched(session, "local", "bot") == []


async def test_a_finished_message_keeps_its_outcome(both_databases: Database, clock: ManualClock) -> None:
    stored = await _store(both_databases, [_message(clock, f"m{number}") for number in range(3)], clock.now())
    ids = [row.id for row in stored if row]
    ended = [("need", "pushed"), ("ignored", "talk")]
    outcomes = [{"row_id": one, "outcome": how, "reason": why} for one, (how, why) in zip(ids, ended, strict=False)]
    async with both_databases.transaction() as session:
        await inbox.finish(session, outcomes, clock.now())
        await inbox.finish(session, [], clock.now())
    assert [row.id for row in await _pending(both_databases)] == ids[2:]
    async with both_databases.reading() as session:
        rows = (await session.exec(select(InboxMessage).order_by(col(InboxMessage.id)))).all()
    assert [(row.state, row.outcome, row.reason, row.handled_at) for row in rows] == [
        (inbox.DONE, "need", "pushed", clock.now()),
        (inbox.DONE, "ignored", "talk", clock.now()),
        (inbox.PENDING, None, None, None),
    ]


async def test_messages_stored_as_what_most_come_to_wait_for_no_lane(
    both_databases: Database, clock: ManualClock
) -> None:
    """Whoever stores and handles in one transaction finishes only those that came to something else."""
    talk = Ended("ignored", "talk")
    announced = MessageKey("local", "bot", "m1")
    async with both_databases.transaction() as session:
        assert await inbox.announce(session, announced, {"id": "m1"}, clock.now())
        stored = await inbox.store(session, [_message(clock, f"m{number}") for number in range(3)], clock.now(), talk)
        again = await inbox.store(session, [_message(clock, f"m{number}") for number in range(3)], clock.now(), talk)
        ids = [row.id for row in stored if row]
        await inbox.finish(session, [{"row_id": ids[2], "outcome": "need", "reason": "pushed"}], clock.now())
    assert again == [None] * 3
    assert [row.message.key.message_id for row in stored if row] == ["m0", "m1", "m2"]
    assert await _pending(both_databases) == []
    async with both_databases.reading() as session:
        rows = {row.message_id: row for row in (await session.exec(select(InboxMessage))).all()}
    assert [rows[f"m{number}"].id for number in range(3)] == ids
    assert {(row.state, row.handled_at) for row in rows.values()} == {(inbox.DONE, clock.now())}
    assert [(rows[one].outcome, rows[one].reason) for one in ("m0", "m1", "m2")] == [talk, talk, ("need", "pushed")]
    assert inbox.message_of(rows["m1"]) == _message(clock, "m1")
