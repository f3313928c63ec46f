"""From the outbox to a chat: every state, no text twice, and what stops it."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.channels.protocol import Link, SendRefusedError, SendUncertainError
from core import switches
from core.clock import ManualClock, SystemClock
from core.database import Database
from core.messages import OutgoingMessage
from core.outbox import PRIORITY_PUSH, PRIORITY_UNASKED
from core.settings import DatabaseSettings
from tests.bot.fake_channel import FakeChannel
from tests.bot.sending import ROOMS, Post, draft
from tests.channels.contract import until

_ROOT = Path(__file__).parents[2]


@pytest.fixture
def post(database: Database, clock: ManualClock) -> Post:
    return Post(database, clock)


async def throw(post: Post, name: str, *, stopped: bool) -> None:
    async with post.database.transaction() as session:
        await switches.throw(session, name, stopped=stopped, reason="test", now=post.clock.now())


@asynccontextmanager
async def running(post: Post) -> AsyncIterator[None]:
    task = asyncio.create_task(post.dispatcher.run())
    try:
        yield
        assert not task.done(), task
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def test_a_text_goes_out_and_is_settled(post: Post) -> None:
    await post.put(draft("到货了", mentions=(("lin", "林姐"),)))
    assert await post.states() == ["queued"]
    await post.send()
    (row,) = await post.rows()
    assert (row.state, row.message_id, row.error) == ("sent", "sent-1", None)
    assert row.claimed_at == row.finished_at == post.clock.now()
    assert post.channel.sent == [OutgoingMessage("到货了", room_id="r1", mentions=(("lin", "林姐"),))]
    await post.send()
    assert len(post.channel.sent) == 1


async def test_answers_go_before_pushes_and_pushes_before_what_nobody_asked_for(post: Post) -> None:
    await post.put(
        draft("汇总", priority=PRIORITY_UNASKED, asked=False),
        draft("推荐", priority=PRIORITY_PUSH),
        draft("回执一"),
        draft("回执二"),
    )
    await post.send()
    assert post.texts == ["回执一", "回执二", "推荐", "汇总"]


async def test_the_same_draft_twice_is_one_text(post: Post) -> None:
    same = draft("只说一次")
    await post.put(same, same)
    await post.put(same)
    await post.send()
    await post.put(same)
    await post.send()
    assert post.texts == ["只说一次"]


async def test_a_refused_text_has_failed_and_is_not_tried_again(post: Post) -> None:
    post.channel.faults.append(SendRefusedError("not in this room any more"))
    await post.put(draft("a"))
    await post.send()
    await post.send()
    (row,) = await post.rows()
    assert (row.state, row.error) == ("failed", "not in this room any more")
    assert post.texts == []


@pytest.mark.parametrize("fault", [SendUncertainError("no answer in 10 s"), ValueError("a fault of the channel")])
async def test_an_uncertain_text_is_unknown_and_never_repeated(
    post: Post, clock: ManualClock, fault: Exception
) -> None:
    post.channel.faults.append(fault)
    await post.put(draft("a"))
    await post.send()
    await post.housekeeping()
    clock.advance(3600)
    await post.send()
    (row,) = await post.rows()
    assert row.state == "unknown"
    assert row.error
    assert post.texts == []


async def test_after_a_failure_it_pauses_before_the_next_text(post: Post) -> None:
    post.channel.faults.append(SendRefusedError("no"))
    await post.put(*(draft(str(number)) for number in range(25)))
    assert await post.send() > 0
    assert (await post.states()).count("queued") == 24


async def test_repeated_failures_stop_the_account_until_somebody_resumes(post: Post) -> None:
    post.channel.faults.extend(SendRefusedError("blocked") for _ in range(5))
    await post.put(*(draft(str(number)) for number in range(7)))
    with capture_logs() as logs:
        for _ in range(8):
            await post.send()
    assert (await post.states()) == ["failed"] * 5 + ["queued"] * 2
    assert [entry["event"] for entry in logs if entry["log_level"] == "error"] == ["dispatch.stopped"]
    async with post.database.reading() as session:
        switch = await switches.stopped(session, "fake", "qianqun-bot")
    assert switch is not None
    assert "blocked" in switch.reason
    await throw(post, "fake/qianqun-bot", stopped=False)
    await post.send()
    assert post.texts == ["5", "6"]


async def test_a_success_forgives_earlier_failures(post: Post) -> None:
    for _ in range(3):
        post.channel.faults.extend(SendRefusedError("no") for _ in range(4))
        await post.put(*(draft("x") for _ in range(5)))
        for _ in range(5):
            await post.send()
    assert (await post.states()).count("sent") == 3


@pytest.mark.parametrize("name", [switches.EVERYTHING, "fake/qianqun-bot"])
async def test_the_kill_switch_stops_and_resumes(post: Post, name: str) -> None:
    await throw(post, name, stopped=True)
    await post.put(draft("a"))
    await post.send()
    assert await post.states() == ["queued"]
    await throw(post, "fake/somebody-else", stopped=True)
    await throw(post, name, stopped=False)
    await post.send()
    assert post.texts == ["a"]


async def test_the_kill_switch_stops_in_the_middle_of_a_batch(post: Post) -> None:
    class Slow(FakeChannel):
        async def send(self, message: OutgoingMessage) -> str:
            await throw(post, switches.EVERYTHING, stopped=True)
            return await super().send(message)

    post = Post(post.database, post.clock, Slow(post.clock, ROOMS))
    await post.put(draft("a"), draft("b"), draft("c"))
    await post.send()
    assert post.texts == ["a"]
    assert await post.states() == ["sent", "queued", "queued"]


@pytest.mark.parametrize("link", [link for link in Link if link is not Link.ONLINE])
async def test_nothing_is_claimed_while_the_chat_is_away(post: Post, link: Link) -> None:
    post.channel.become(link, "away")
    await post.put(draft("a"))
    await post.send()
    assert await post.states() == ["queued"]
    post.channel.become(Link.ONLINE)
    await post.send()
    assert post.texts == ["a"]


async def test_what_came_too_late_expires_and_is_not_sent(post: Post, clock: ManualClock) -> None:
    await post.put(draft("a", lifetime=timedelta(minutes=10)), draft("b"))
    clock.advance(601)
    await post.send()
    await post.housekeeping()
    assert await post.states() == ["expired", "sent"]
    assert post.texts == ["b"]


async def test_two_dispatchers_send_a_text_once(post: Post) -> None:
    other = Post(post.database, post.clock, post.channel)
    await post.put(*(draft(str(number)) for number in range(30)))
    for _ in range(4):
        await asyncio.gather(post.send(), other.send())
    assert sorted(post.texts, key=int) == [str(number) for number in range(30)]


async def test_accounts_do_not_send_each_others_texts(post: Post) -> None:
    await post.put(draft("mine"), draft("other account", account="other"), draft("other channel", channel="wechaty"))
    await post.send()
    assert post.texts == ["mine"]


async def test_a_text_stored_while_it_was_busy_is_sent_at_once(database: Database) -> None:
    """A dispatcher that forgot the call lets such a text wait for its next look, a second later."""
    clock = SystemClock()

    class Answering(FakeChannel):
        async def send(self, message: OutgoingMessage) -> str:
            if message.text == "a":
                await office.put(draft("b"))
                office.dispatcher.wake()
            return await super().send(message)

    office = Post(database, clock, Answering(clock, ROOMS))
    await office.put(draft("a"))
    async with running(office):
        await until(lambda: len(office.texts) == 2)
    first, second = await office.rows()
    assert second.claimed_at is not None
    assert first.claimed_at is not None
    assert second.claimed_at - first.claimed_at < timedelta(seconds=0.9)


async def test_it_lives_through_a_database_that_is_away(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SystemClock()
    post = Post(database, clock)
    reading, failures = Database.reading, [ConnectionRefusedError("gone")]

    def gone(self: Database) -> object:
        if failures:
            raise failures.pop()
        return reading(self)

    monkeypatch.setattr(Database, "reading", gone)
    await post.put(draft("a"))
    with capture_logs() as logs:
        async with running(post):
            await until(lambda: post.texts == ["a"])
    assert [entry["event"] for entry in logs if entry["log_level"] == "warning"] == ["dispatch.database_unavailable"]


async def test_an_answer_that_cannot_be_noted_is_never_sent_again(
    database: Database, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database goes away between sending and noting it."""

    class Cutting(FakeChannel):
        async def send(self, message: OutgoingMessage) -> str:
            sent = await super().send(message)
            monkeypatch.setattr(Database, "transaction", _gone)
            return sent

    post = Post(database, clock, Cutting(clock, ROOMS))
    await post.put(draft("a"))
    with pytest.raises(ConnectionResetError):
        await post.send()
    monkeypatch.undo()
    assert await post.states() == ["sending"]
    again = Post(database, clock)
    await again.send()
    clock.advance(200)
    await again.housekeeping()
    await again.send()
    assert again.texts == []
    assert await again.states() == ["unknown"]


def _gone(_self: Database) -> object:
    raise ConnectionResetError("the server went away")


async def test_killed_between_claim_and_answer_it_is_unknown(database_url: str) -> None:
    """SIGKILL while the chat is being asked: nobody knows, so nobody sends it again."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bot.killed_sender", database_url), cwd=_ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert child.stdout is not None
    assert await child.stdout.readline() == b"sending\n"
    child.kill()
    assert await child.wait() == -signal.SIGKILL
    database = await Database.open(DatabaseSettings(url=database_url))
    clock = ManualClock(SystemClock().now())
    post = Post(database, clock)
    assert await post.states() == ["sending", "queued"]
    await post.send()
    assert post.texts == ["second"]
    await post.housekeeping()
    assert await post.states() == ["sending", "sent"], "it may still be under way"
    clock.advance(121)
    await post.housekeeping()
    await post.send()
    first, _ = await post.rows()
    assert (first.state, post.texts) == ("unknown", ["second"])
    assert first.error
    await database.close()
