"""Receipts of one group that fall within a few seconds become one message, and none is lost or doubled by it."""

from __future__ import annotations

import asyncio
import signal
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.channels.protocol import SendRefusedError, SendUncertainError
from bot.guard import Guard
from core.clock import ManualClock, SystemClock
from core.database import Database
from core.gathering import joined
from core.messages import OutgoingMessage
from core.outbox import PRIORITY_PUSH, Draft, OutboxMessage
from core.settings import DatabaseSettings
from tests.bot.fake_channel import FakeChannel
from tests.bot.sending import ROOMS, Post, draft

_ROOT = Path(__file__).parents[2]
_PACED: dict[str, Any] = {"before_answer": (0, 0), "between_groups": (0, 0), "warm_up_days": 0}


@pytest.fixture
def post(database: Database, clock: ManualClock) -> Post:
    return Post(database, clock)


def receipt(text: str, offer: int = 1, footer: str = "", **values: Any) -> Draft:
    return draft(text, kind="receipt", merge_key=f"offer:{offer}", footer=footer, **values)


async def states(post: Post) -> list[tuple[str, str, int | None]]:
    return [(row.text, row.state, row.merged_into) for row in await post.rows()]


async def test_what_waits_together_is_one_message_with_one_last_line(post: Post) -> None:
    await post.put(receipt("小美 草莓 +2", footer="共2份"), receipt("阿强 草莓 +1", footer="共3份"))
    await post.send()
    assert post.texts == ["小美 草莓 +2\n阿强 草莓 +1\n共3份"]
    first, second = await post.rows()
    assert (first.state, first.text, first.merged_into) == ("sent", post.texts[0], None)
    assert (second.state, second.text, second.merged_into) == ("merged", "阿强 草莓 +1", first.id)
    assert first.message_id == second.message_id == "sent-1"
    assert first.claimed_at == second.claimed_at == second.finished_at == post.clock.now()


async def test_one_alone_has_its_last_line_too(post: Post) -> None:
    await post.put(receipt("小美 草莓 +2", footer="共2份"), draft("没有可合并的", footer="还差3份", room_id="r2"))
    await post.send()
    assert post.texts == ["小美 草莓 +2\n共2份", "没有可合并的\n还差3份"]


async def test_two_offers_keep_their_order_and_each_its_newest_last_line(post: Post) -> None:
    await post.put(
        receipt("a", 1, "一团共1份"), receipt("b", 2, "二团共1份"), receipt("c", 1, "一团共2份"), receipt("d", 2)
    )
    await post.send()
    assert post.texts == ["a\nb\nc\nd\n一团共2份\n二团共1份"]


async def test_rooms_people_and_other_texts_stay_apart(post: Post) -> None:
    await post.put(
        receipt("a"),
        draft("一句回答"),
        receipt("b", room_id="r2"),
        receipt("c", room_id="", contact_id="lin"),
        receipt("d"),
    )
    await post.send()
    assert sorted(post.texts) == sorted(["a\nd", "一句回答", "b", "c"])


async def test_receipts_go_before_pushes(post: Post) -> None:
    await post.put(draft("推荐", priority=PRIORITY_PUSH), receipt("a"), receipt("b"))
    await post.send()
    assert post.texts == ["a\nb", "推荐"]


async def test_mentions_are_written_once(post: Post) -> None:
    lin, mei = ("lin", "林姐"), ("mei", "小美")
    await post.put(receipt("a", mentions=(lin,)), receipt("b", mentions=(mei, lin)), receipt("c"))
    await post.send()
    assert post.channel.sent == [OutgoingMessage("a\nb\nc", room_id="r1", mentions=(lin, mei))]


async def test_it_waits_after_the_first_and_takes_what_came_meanwhile(database: Database, clock: ManualClock) -> None:
    post = Post(database, clock, **_PACED)
    await post.put(receipt("a"))
    assert await post.send() == pytest.approx(1.0)
    clock.advance(1.5)
    await post.put(receipt("b"))
    assert await post.send() == pytest.approx(0.5)
    assert post.texts == []
    clock.advance(0.5)
    await post.put(receipt("c"))
    await post.send()
    assert post.texts == ["a\nb\nc"], "counted from the first, not from the last"


async def test_one_room_waits_and_another_does_not(database: Database, clock: ManualClock) -> None:
    post = Post(database, clock, **_PACED)
    await post.put(receipt("old", room_id="r2"))
    clock.advance(1.9)
    await post.put(receipt("new"), draft("一句回答"))
    clock.advance(0.1)
    await post.send()
    assert post.texts == ["old", "一句回答"]


async def test_a_gathered_message_counts_once_in_the_minute(database: Database, clock: ManualClock) -> None:
    post = Post(database, clock, **_PACED, per_minute=2)
    await post.put(*(receipt(str(number)) for number in range(10)))
    clock.advance(2)
    await post.send()
    again = Post(database, clock, post.channel, **_PACED, per_minute=2)
    await again.put(draft("next"))
    await again.send()
    assert len(post.texts) == 2


async def test_a_long_queue_becomes_several_messages_and_only_the_last_says_where_it_stands(post: Post) -> None:
    await post.put(*(receipt(f"第{number}单", footer=f"共{number}份") for number in range(1, 41)))
    assert await post.send() == 0.0, "more is waiting"
    while await post.send() == 0.0:
        pass
    assert [text.count("\n") + 1 for text in post.texts] == [15, 15, 11]
    assert "\n".join(post.texts) == "\n".join([*(f"第{number}单" for number in range(1, 41)), "共40份"])


async def test_a_message_has_at_most_fifteen_hundred_characters(post: Post) -> None:
    await post.put(receipt("长" * 1_400), receipt("b" * 200), receipt("c" * 3_000), receipt("d"))
    for _ in range(4):
        await post.send()
    assert [len(text) for text in post.texts] == [1_400, 200, 3_000, 1]


async def test_expired_receipts_are_not_taken_along(post: Post, clock: ManualClock) -> None:
    await post.put(receipt("a", lifetime=timedelta(seconds=5)), receipt("b"))
    clock.advance(6)
    await post.send()
    assert post.texts == ["b"]


async def test_every_text_is_guarded_by_itself(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    async def check(_self: Guard, _session: AsyncSession, row: OutboxMessage, _now: object) -> str | None:
        return "unsubscribed" if row.about_members == ["gone"] else None

    monkeypatch.setattr(Guard, "check", check)
    gone: dict[str, Any] = {"about_members": ("gone",)}
    await post.put(receipt("a", footer="1", **gone), receipt("b"), receipt("c", footer="3", **gone), receipt("d"))
    await post.send()
    assert post.texts == ["b\nd"]
    first, second, third, fourth = await post.rows()
    assert [(row.state, row.reason) for row in (first, third)] == [("held", "unsubscribed")] * 2
    assert (second.state, fourth.state, fourth.merged_into) == ("sent", "merged", second.id)
    await post.put(receipt("e", **gone))
    await post.send()
    assert post.texts == ["b\nd"]


@pytest.mark.parametrize(
    ("fault", "state"), [(SendRefusedError("not in this room"), "failed"), (SendUncertainError("no answer"), "unknown")]
)
async def test_they_fail_together_and_are_not_tried_again(post: Post, fault: Exception, state: str) -> None:
    post.channel.faults.append(fault)
    await post.put(receipt("a"), receipt("b"))
    for _ in range(3):
        await post.send()
    first, second = await post.rows()
    assert (first.state, second.state, second.merged_into) == (state, state, first.id)
    assert first.error == second.error == str(fault)
    assert post.texts == []


async def test_two_dispatchers_say_every_receipt_once(post: Post) -> None:
    other = Post(post.database, post.clock, post.channel)
    for start in range(0, 60, 12):
        await post.put(*(receipt(f"{number}", room_id=f"r{number % 3 + 1}") for number in range(start, start + 12)))
        await asyncio.gather(post.send(), other.send(), post.send(), other.send())
    while "queued" in await post.states():
        await post.send()
    lines = [line for text in post.texts for line in text.split("\n")]
    assert sorted(lines, key=int) == [str(number) for number in range(60)]
    assert set(await post.states()) == {"sent", "merged"}


async def test_killed_while_sending_all_of_them_are_unknown(database_url: str) -> None:
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bot.killed_sender", database_url, "offer:1"),
        cwd=_ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    assert child.stdout is not None
    assert await child.stdout.readline() == b"sending\n"
    child.kill()
    assert await child.wait() == -signal.SIGKILL
    database = await Database.open(DatabaseSettings(url=database_url))
    clock = ManualClock(SystemClock().now())
    post = Post(database, clock, FakeChannel(clock, ROOMS))
    first, _ = await post.rows()
    assert await states(post) == [("first\nsecond", "sending", None), ("second", "sending", first.id)]
    clock.advance(121)
    await post.housekeeping()
    await post.put(receipt("third"))
    await post.send()
    assert await post.states() == ["unknown", "unknown", "sent"]
    assert post.texts == ["third"]
    await database.close()


_rows = st.lists(st.tuples(st.sampled_from("abc"), st.text("x\n", max_size=5), st.text("f", max_size=3)), max_size=30)


@given(_rows, _rows)
def test_no_line_is_lost_and_a_footer_is_said_once(ours: list[Any], theirs: list[Any]) -> None:
    going, behind = ([_row(*values) for values in rows] for rows in (ours, theirs))
    text = joined(going, behind)
    body = "\n".join(row.text for row in going)
    assert text.startswith(body)
    footers = text[len(body) :].removeprefix("\n").split("\n") if len(text) > len(body) else []
    newest = {row.merge_key: row.footer for row in going if row.footer}
    later = {row.merge_key for row in behind if row.footer}
    assert [line for line in footers if line] == [footer for key, footer in newest.items() if key not in later]


def _row(key: str, text: str, footer: str) -> OutboxMessage:
    fields: dict[str, Any] = {"dedupe_key": "k", "channel": "c", "account": "a", "kind": "receipt", "priority": 0}
    return OutboxMessage(text=text, merge_key=key, footer=footer, **fields)
