"""How slowly an account speaks: pure figures, then with outbox and guard."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.pacing import Pace, scaled, unasked_hold, wait_seconds
from bot.settings import PacingSettings
from core.clock import ManualClock
from core.database import Database
from core.outbox import OutboxMessage
from core.outcomes import Hold
from tests.bot.fake_channel import FakeChannel
from tests.bot.sending import ROOMS, Post, draft

NOW = datetime(2026, 11, 22, 11, 0, tzinfo=UTC)
OLD = NOW - timedelta(days=30)
AT_ONCE: dict[str, Any] = {"before_answer": (0, 0), "between_groups": (0, 0), "warm_up_days": 0}


def row(number: int = 1, room: str = "r1", *, age: float = 60, contact: str = "") -> OutboxMessage:
    return OutboxMessage(
        id=number,
        dedupe_key=f"k{number}",
        channel="fake",
        account="bot",
        room_id=room,
        contact_id=contact,
        kind="answer",
        priority=0,
        text="x",
        created_at=NOW - timedelta(seconds=age),
    )


def pacing(**values: Any) -> PacingSettings:
    return PacingSettings.model_validate(values)


@given(st.integers(1, 2**40), st.floats(0, 10))
def test_an_answer_waits_one_to_four_seconds(number: int, age: float) -> None:
    wait = wait_seconds(row(number, age=age), Pace(OLD), NOW, pacing())
    assert max(0.0, 1 - age) <= wait <= max(0.0, 4 - age)


@given(st.integers(1, 2**40), st.floats(0, 10))
def test_between_two_groups_it_waits_three_to_eight_seconds(number: int, since: float) -> None:
    pace = Pace(OLD, [NOW - timedelta(seconds=since)], "r2")
    wait = wait_seconds(row(number), pace, NOW, pacing())
    assert max(0.0, 3 - since) - 1e-3 <= wait <= max(0.0, 8 - since) + 1e-3
    assert wait_seconds(row(number, "r2"), pace, NOW, pacing()) == 0


def test_asked_again_it_gives_the_same_answer() -> None:
    pace = Pace(OLD, [NOW], "r2")
    first = wait_seconds(row(), pace, NOW, pacing())
    assert wait_seconds(row(), pace, NOW + timedelta(seconds=2), pacing()) == pytest.approx(first - 2)


def test_two_people_are_two_conversations() -> None:
    pace = Pace(OLD, [NOW], "private:a")
    assert wait_seconds(row(room="", contact="a"), pace, NOW, pacing()) == 0
    assert wait_seconds(row(room="", contact="b"), pace, NOW, pacing()) > 0


def test_ten_a_minute_and_a_third_while_it_warms_up() -> None:
    sent = [NOW - timedelta(seconds=59 - number) for number in range(10)]
    assert wait_seconds(row(), Pace(OLD, sent, "r1"), NOW, pacing()) == pytest.approx(1)
    assert wait_seconds(row(), Pace(OLD, sent[:9], "r1"), NOW, pacing()) == 0
    new = NOW - timedelta(days=6.9)
    assert wait_seconds(row(), Pace(new, sent[:3], "r1"), NOW, pacing()) == pytest.approx(1)
    assert wait_seconds(row(), Pace(new, sent[:2], "r1"), NOW, pacing()) == 0


@given(st.integers(1, 1000), st.floats(0, 30))
def test_a_cap_is_whole_or_a_third_and_never_nothing(cap: int, days: float) -> None:
    pace = Pace(NOW - timedelta(days=days))
    assert scaled(cap, pace, NOW, pacing()) == (max(1, cap // 3) if days < 7 else cap)
    assert scaled(cap, Pace(), NOW, pacing(warm_up_days=0)) == cap


def test_who_never_sent_is_warming_up() -> None:
    assert scaled(9, Pace(), NOW, pacing()) == 3


def test_off_means_off() -> None:
    pace = Pace(None, [NOW] * 100, "r2")
    assert wait_seconds(row(age=0), pace, NOW, pacing(enabled=False)) == 0
    assert unasked_hold([NOW] * 1000, [NOW] * 1000, pace, NOW, pacing(enabled=False)) is None


def test_unasked_caps_count_one_day() -> None:
    yesterday = [NOW - timedelta(hours=25)] * 500
    assert unasked_hold(yesterday, yesterday, Pace(OLD), NOW, pacing()) is None
    assert unasked_hold([], [NOW] * 2, Pace(OLD), NOW, pacing()) is Hold.CAP_GROUP
    assert unasked_hold([NOW] * 200, [], Pace(OLD), NOW, pacing()) is Hold.CAP_ACCOUNT
    assert unasked_hold([NOW] * 66, [], Pace(NOW), NOW, pacing()) is Hold.CAP_ACCOUNT


@pytest.mark.parametrize("span", [(5, 1), (-1, 2)])
def test_a_span_has_its_shorter_time_first(span: tuple[float, float]) -> None:
    with pytest.raises(ValidationError, match="shorter time first"):
        pacing(between_groups=span)


async def sent_in(post: Post, clock: ManualClock, seconds: float) -> int:
    """Let time pass in small steps, as a dispatcher that rests does; return how many texts went out."""
    before = len(post.texts)
    while seconds > 0:
        wait = min(max(await post.send(), 0.05), seconds)
        clock.advance(wait)
        seconds -= wait
    return len(post.texts) - before


async def test_many_texts_go_out_ten_a_minute(database: Database, clock: ManualClock) -> None:
    post = Post(database, clock, **AT_ONCE)
    await post.put(*(draft(str(number)) for number in range(40)))
    assert await sent_in(post, clock, 59) == 10
    assert await sent_in(post, clock, 60) == 10
    await sent_in(post, clock, 180)
    assert post.texts == [str(number) for number in range(40)]
    times = [row.claimed_at for row in await post.rows() if row.claimed_at]
    assert all(late - early >= timedelta(minutes=1) for early, late in zip(times, times[10:], strict=False))


async def test_it_rests_while_everything_waits(database: Database, clock: ManualClock) -> None:
    """With twenty rows and more it once looked again at once, for as long as the minute's cap held."""
    post = Post(database, clock, **AT_ONCE)
    await post.put(*(draft(str(number)) for number in range(40)))
    await post.send()
    assert len(post.texts) == 10
    assert await post.send() == pytest.approx(1.0)


async def test_a_restart_is_no_fresh_start(database: Database, clock: ManualClock) -> None:
    post = Post(database, clock, **AT_ONCE)
    await post.put(*(draft(str(number)) for number in range(30)))
    await sent_in(post, clock, 10)
    again = Post(database, clock, post.channel, **AT_ONCE)
    assert await sent_in(again, clock, 45) == 0
    assert await sent_in(again, clock, 10) > 0


async def test_the_warm_up_of_an_account_goes_on_after_a_restart(database: Database, clock: ManualClock) -> None:
    """A gateway names its account only when it is online; before that the program has another name for it."""
    values = {**AT_ONCE, "warm_up_days": 7}
    first = Post(database, clock, FakeChannel(clock, ROOMS, account="wxid_1"), **values)
    await first.put(draft("the first of all", account="wxid_1"))
    await first.send()
    clock.advance(8 * 86_400)
    channel = FakeChannel(clock, ROOMS, account="not known yet")
    post = Post(database, clock, channel, **values)
    await post.put(*(draft(str(number), account="wxid_1") for number in range(10)))
    await post.send()
    channel._account = "wxid_1"
    assert await sent_in(post, clock, 5) == 10, "the warm-up is over"


async def test_one_group_does_not_hold_up_another(database: Database, clock: ManualClock) -> None:
    post = Post(database, clock, before_answer=(0, 0), between_groups=(30, 30), warm_up_days=0)
    await post.put(draft("a1"), draft("b1", room_id="r2"), draft("a2"), draft("a3"))
    await post.send()
    assert post.texts == ["a1", "a2", "a3"]
    await sent_in(post, clock, 31)
    assert post.texts[-1] == "b1"


async def test_unasked_texts_stop_at_the_days_caps(database: Database, clock: ManualClock) -> None:
    post = Post(database, clock, **AT_ONCE)
    unasked = {"asked": False, "kind": "introduction", "group_id": 1}
    await post.put(*(draft(str(number), **unasked) for number in range(3)), draft("asked"))
    await post.send()
    assert sorted(post.texts) == ["0", "1", "asked"]
    held = [(row.text, row.state, row.reason) for row in await post.rows() if row.state != "sent"]
    assert held == [("2", "held", "cap_group")]
    clock.advance(86_401)
    await post.put(draft("next day", **unasked))
    await post.send()
    assert post.texts[-1] == "next day"


async def test_unasked_texts_to_people_count_for_the_account(database: Database, clock: ManualClock) -> None:
    post = Post(database, clock, **AT_ONCE, unasked_per_day=2)
    values = {"asked": False, "kind": "answer", "room_id": ""}
    await post.put(*(draft(str(number), contact_id=f"c{number}", **values) for number in range(4)))
    await post.send()
    assert [row.reason for row in await post.rows()] == [None, None, "cap_account", "cap_account"]


async def test_rooms_beyond_the_accounts_day_are_held_for_the_account(database: Database, clock: ManualClock) -> None:
    post = Post(database, clock, **AT_ONCE, unasked_per_day=1)
    values = {"asked": False, "kind": "introduction"}
    await post.put(draft("a", group_id=1, **values), draft("b", group_id=2, room_id="r2", **values))
    await post.send()
    assert [row.reason for row in await post.rows()] == [None, "cap_account"]
