"""Into the inbox and through the lane while the database is locked, gone, or full of broken messages."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlmodel import col, select
from structlog.testing import capture_logs

from bot import lane
from core import inbox
from core.database import Database, is_unavailable
from core.inbox import InboxMessage
from core.messages import IncomingMessage
from core.settings import DatabaseSettings
from tests.bot.conversation import FRUIT, Conversation, sees
from tests.channels.contract import until


@asynccontextmanager
async def working(talk: Conversation) -> AsyncIterator[None]:
    """Let the lane run as the program lets it; whatever ends it fails the test."""
    tasks = [asyncio.create_task(talk.lane.run())]
    talk.intake._stored = talk.lane.wake
    try:
        yield
        assert not tasks[0].done(), tasks[0]
    finally:
        for task in tasks:
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*tasks)


async def handled(talk: Conversation) -> list[str | None]:
    return [row.outcome for row in await talk.inbox()]


async def until_handled(talk: Conversation, count: int) -> None:
    """Wait until so many messages are stored and none of them is without an outcome."""
    async with asyncio.timeout(10):
        while len(outcomes := await handled(talk)) < count or None in outcomes:  # noqa: ASYNC110 - rows, no event
            await asyncio.sleep(0.02)


class Away:
    """Makes writing transactions fail, as a database does that is locked or gone."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
        self.error = error
        self.is_away = False
        self.refused = 0
        real = Database.transaction

        @asynccontextmanager
        async def transaction(database: Database, *, short: bool = False) -> AsyncIterator[Any]:
            if self.is_away:
                self.refused += 1
                raise self.error
            async with real(database, short=short) as session:
                yield session

        monkeypatch.setattr(Database, "transaction", transaction)


LOCKED = OperationalError("BEGIN IMMEDIATE", {}, sqlite3.OperationalError("database is locked"))


class _Shutdown(Exception):
    sqlstate = "57P01"


FAULTS = [
    LOCKED,
    ConnectionRefusedError("nothing listens"),
    DBAPIError("SELECT 1", {}, _Shutdown("terminating connection due to administrator command")),
]


@pytest.mark.parametrize("error", FAULTS, ids=lambda error: type(error).__name__)
async def test_nothing_is_acknowledged_before_it_is_stored(
    talk: Conversation, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    away = Away(monkeypatch, error)
    message = talk.message("小美", "有草莓吗")
    away.is_away = True
    with pytest.raises(type(error)):
        await talk.intake.receive(message)
    assert await talk.inbox() == []
    away.is_away = False
    assert await talk.intake.receive(message) is True
    assert await talk.intake.receive(message) is False
    assert len(await talk.inbox()) == 1


@pytest.mark.parametrize("error", FAULTS, ids=lambda error: type(error).__name__)
async def test_the_lane_waits_for_the_database_and_goes_on(
    talk: Conversation, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    away = Away(monkeypatch, error)
    await talk.intake.receive(talk.message("小美", "有草莓吗"))
    away.is_away = True
    with capture_logs() as logs:
        async with working(talk):
            await until(lambda: away.refused > 0)
            assert await handled(talk) == [None]
            away.is_away = False
            await until_handled(talk, 1)
    assert "lane.database_unavailable" in [entry["event"] for entry in logs]
    assert "message.failed" not in [entry["event"] for entry in logs]
    assert await talk.outcome() == "need/pushed"


async def test_an_idle_lane_disturbs_no_writer_and_finds_what_nobody_woke_it_for(
    talk: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lane, "_LOOK_SECONDS", 0.01)
    away = Away(monkeypatch, LOCKED)
    with capture_logs() as logs:
        async with working(talk):
            await asyncio.sleep(0.1)
            away.is_away = True
            await asyncio.sleep(0.1)
            away.is_away = False
            async with talk.database.transaction() as session:
                await inbox.store(session, [talk.message("小美", "早")], talk.clock.now())
            await until_handled(talk, 1)
    assert away.refused == 0
    assert "lane.database_unavailable" not in [entry["event"] for entry in logs]


async def test_what_a_channel_offers_meanwhile_waits_in_the_channel(
    talk: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Back-pressure: the chat keeps it until the database is back, in order and once."""
    away = Away(monkeypatch, LOCKED)
    away.is_away = True
    talk.room = FRUIT
    said = [talk.message("小美", f"第{number}句") for number in range(20)]
    running = asyncio.create_task(talk.channel.run(talk.intake))
    async with working(talk):
        for message in said:
            talk.channel.deliver(message)
        await until(lambda: away.refused > 3)
        assert await talk.inbox() == []
        away.is_away = False
        await until_handled(talk, 20)
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    assert [row.text for row in await talk.inbox()] == [message.text for message in said]


async def test_a_busy_sqlite_file_delays_and_loses_nothing(talk: Conversation, backend: str) -> None:
    """Somebody else holds the write lock for a moment, as a backup does."""
    if backend != "sqlite":
        return
    path = str(talk.database.engine.url.database)
    holder = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    holder.execute("BEGIN IMMEDIATE")
    async with working(talk):
        storing = asyncio.create_task(talk.intake.receive(talk.message("小美", "有草莓吗")))
        await asyncio.sleep(0.3)
        assert not storing.done()
        holder.execute("COMMIT")
        assert await storing is True
        await until_handled(talk, 1)
    holder.close()
    assert await talk.outcome() == "need/pushed"


async def test_connections_that_a_server_ends_are_taken_up_again(talk: Conversation, backend: str) -> None:
    """A restart of PostgreSQL, as its clients see it."""
    if backend != "postgresql":
        return
    other = await Database.open(DatabaseSettings(url=_url(talk.database)))
    async with working(talk):
        for number in range(3):
            await talk.intake.receive(talk.message("小美", "有草莓吗"))
            async with other.transaction() as session:
                ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
                await session.exec(text(f"{ended} AND datname = current_database()"))  # type: ignore[call-overload]
            refused: list[Exception] = []
            async with asyncio.timeout(10):
                while not await _stored(talk, talk.message("老周", f"哈哈{number}"), refused):
                    pass
            assert [error for error in refused if not is_unavailable(error)] == []
        await until_handled(talk, 6)
    await other.close()
    assert "failed" not in {row.reason for row in await talk.inbox()}


async def _stored(talk: Conversation, message: IncomingMessage, refused: list[Exception]) -> bool:
    try:
        return await talk.intake.receive(message)
    except Exception as error:
        refused.append(error)
        return False


def _url(database: Database) -> str:
    url = database.engine.url
    return f"postgresql://postgres@/{url.database}?host={url.query['host']}"


async def test_what_comes_at_the_same_moment_is_one_commit(talk: Conversation, monkeypatch: pytest.MonkeyPatch) -> None:
    batches: list[int] = []
    store = inbox.store

    async def counted(session: Any, messages: Any, now: Any) -> Any:
        batches.append(len(messages))
        return await store(session, messages, now)

    monkeypatch.setattr(inbox, "store", counted)
    said = [talk.message("小美", f"第{number}句") for number in range(200)]
    results = await asyncio.gather(*(talk.intake.receive(message) for message in [*said, *said[:50]]))
    assert results == [True] * 200 + [False] * 50
    assert len(batches) <= 3
    assert [row.text for row in await talk.inbox()] == [message.text for message in said]


async def test_a_message_that_cannot_be_stored_fails_alone(talk: Conversation) -> None:
    good = [talk.message("小美", f"第{number}句") for number in range(3)]
    broken = talk.message("小美", "有草莓吗", sender_id="\ud800")
    results = await asyncio.gather(
        *(talk.intake.receive(message) for message in [good[0], broken, *good[1:]]), return_exceptions=True
    )
    assert results[0] is True
    assert isinstance(results[1], Exception)
    assert results[2:] == [True, True]


async def test_a_caller_that_is_cancelled_takes_nobody_with_it(talk: Conversation) -> None:
    messages = [talk.message("小美", f"第{number}句") for number in range(10)]

    async def deliver(message: IncomingMessage) -> bool:
        while True:
            try:
                return await talk.intake.receive(message)
            except ConnectionAbortedError:
                continue

    tasks = [asyncio.create_task(deliver(message)) for message in messages]
    await asyncio.sleep(0)
    tasks[0].cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(results[0], asyncio.CancelledError)
    stored = [row.text for row in await talk.inbox()]
    assert set(stored) >= {message.text for message in messages[1:]}
    assert len(stored) == len(set(stored))


async def test_an_announced_message_is_filled_once(talk: Conversation) -> None:
    talk.room = FRUIT
    message = talk.message("小美", "有草莓吗")
    assert await talk.intake.announce(message.key, message.raw) is True
    assert await talk.intake.announce(message.key, message.raw) is True
    assert await talk.intake.unfetched("fake", talk.channel.account) == [message.key]
    assert not await talk.lane.drain(), "its content is not there yet"
    assert await talk.intake.receive(message) is True
    assert await talk.intake.announce(message.key, message.raw) is False
    assert await talk.intake.unfetched("fake", talk.channel.account) == []
    assert await talk.lane.drain()
    assert await talk.outcome() == "need/pushed"


async def test_a_room_event_waits_for_the_batch_and_fails_to_its_channel(
    talk: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = Away(monkeypatch, LOCKED)
    away.is_away = True
    with pytest.raises(OperationalError):
        await talk.intake.observe(talk.channel.seen(talk.room_id(FRUIT)))
    away.is_away = False
    await talk.intake.observe(talk.channel.seen(talk.room_id(FRUIT)))


async def test_memory_holds_only_what_was_committed(talk: Conversation, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commit fails after everything was decided: the next try decides the same again."""
    await talk.intake.receive(talk.message("小美", "有草莓吗"))
    finish, calls = inbox.finish, []

    async def failing(session: Any, outcomes: Any, now: Any) -> None:
        calls.append(1)
        if len(calls) == 1:
            raise LOCKED
        await finish(session, outcomes, now)

    monkeypatch.setattr(inbox, "finish", failing)
    with pytest.raises(OperationalError):
        await talk.lane.drain()
    assert await talk.outbox("push") == []
    await talk.lane.drain()
    assert await talk.outcome() == "need/pushed"
    assert len(await talk.send()) == 1
    await talk.verify(("老周", "有纯牛奶吗", sees("牛奶")))


async def test_a_row_that_cannot_be_read_is_given_up_alone(talk: Conversation) -> None:
    """Stored by a later version, say: the others of its batch are answered."""
    talk.room = FRUIT
    for line in ("有纯牛奶吗", "有草莓吗", "早"):
        await talk.intake.receive(talk.message("小美", line))
    async with talk.database.transaction() as session:
        row = (await session.exec(select(InboxMessage).where(col(InboxMessage.text) == "有纯牛奶吗"))).one()
        row.message = {**row.message, "kind": "hologram"}
    assert await talk.lane.drain()
    ended = [f"{row.outcome}/{row.reason}" for row in await talk.inbox()]
    assert ended == ["ignored/failed", "need/pushed", "ignored/talk"]
    assert not await talk.lane.drain()


@pytest.mark.parametrize(
    ("state", "away"),
    [
        ("57P01", True),
        ("08006", True),
        ("40P01", True),
        ("53300", True),
        ("57014", False),
        ("22001", False),
        ("", False),
    ],
)
def test_which_words_of_postgresql_mean_away(state: str, away: bool) -> None:
    original = _Shutdown("x")
    original.sqlstate = state
    assert is_unavailable(DBAPIError("SELECT 1", {}, original)) is away
