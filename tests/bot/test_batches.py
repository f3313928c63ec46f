"""Many messages in one batch: each ends as it would alone, and the database is asked once for all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from sqlalchemy import event
from sqlmodel import col, select

from bot.ahead import Ahead
from core import inbox
from core.clock import ManualClock
from core.database import Database
from core.inbox import DONE, InboxMessage
from core.messages import IncomingMessage
from core.outbox import Draft, OutboxMessage, claim, enqueue, settle, waiting
from core.outcomes import SendState
from tests.bot.conftest import MakeTalk
from tests.bot.conversation import Conversation


async def _ended(talk: Conversation, *said: tuple[str, str]) -> list[str]:
    """Say all of this in one batch; return how each message ended."""
    messages: list[IncomingMessage] = [talk.message(who, text) for who, text in said]
    handled = await talk.parts.pipeline.take(messages)
    return [f"{one.outcome.value}/{one.reason.value}" for one in handled]


async def test_words_of_a_batch_hold_for_what_follows_in_it(talk: Conversation) -> None:
    assert await _ended(
        talk,
        ("小美", "有草莓吗"),
        ("老周", "退订"),
        ("老周", "有没有卖牛奶的"),
        ("老周", "恢复"),
        ("老周", "哪里能买到牛奶"),
        ("小美", "收到了"),
    ) == [
        "need/pushed",
        "command/done",
        "ignored/member_unsubscribed",
        "command/done",
        "need/pushed",
        "ignored/negated",
    ]


async def test_an_offer_that_opens_in_a_batch_is_ordered_from_in_it(talk: Conversation) -> None:
    ended = await _ended(
        talk,
        ("老周", "+1"),
        ("林姐", "开团 周末水果\n1. 丹东草莓 59.9元"),
        ("老周", "我妈刚才去接人了"),
        ("老周", "+1"),
    )
    assert ended[1:] == ["command/done", "ignored/talk", "order/applied"]
    assert ended[0].startswith("ignored/")


async def test_what_each_message_came_to_is_what_its_row_says(talk: Conversation) -> None:
    said = [("小美", "有草莓吗"), ("老周", "今天风真大"), ("老周", "退订"), ("老周", "有没有卖牛奶的"), ("小美", "早")]
    ended = await _ended(talk, *said)
    assert "ignored/talk" in ended
    async with talk.parts.database.reading() as session:
        rows = (await session.exec(select(InboxMessage).order_by(col(InboxMessage.id)))).all()
    assert [f"{row.outcome}/{row.reason}" for row in rows][-len(said) :] == ended
    assert {row.state for row in rows} == {DONE}
    assert all(row.handled_at is not None for row in rows)
    assert [row.text for row in rows][-len(said) :] == ["有草莓吗", "今天风真大", "退订", "", "早"]


def test_names_that_are_kept_as_they_are_stored_go_when_a_lane_forgets(talk: Conversation) -> None:
    assert json.loads(inbox.names_stored("阳光小区水果群", "小美", "")) == {
        "room_topic": "阳光小区水果群",
        "sender_name": "小美",
    }
    assert inbox.names_stored.cache_info().currsize > 0
    talk.parts.pipeline.office.forget()
    assert inbox.names_stored.cache_info().currsize == 0


@contextmanager
def _statements(database: Database, begin: str = "SELECT") -> Iterator[list[str]]:
    """Collect the statements that run meanwhile and begin like this."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.startswith(begin):
            seen.append(statement)

    event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(database.engine.sync_engine, "before_cursor_execute", note)


async def test_tags_are_read_only_for_what_is_shown(talk: Conversation) -> None:
    with _statements(talk.database) as seen:
        assert await _ended(talk, ("小美", "有干燥剂吗"), ("老周", "求推荐床罩"), ("林姐", "今天好冷")) == [
            "need/unmet",
            "need/unmet",
            "ignored/talk",
        ]
        assert [one for one in seen if "member_tag.weight" in one] == []
        assert (await _ended(talk, ("小美", "有草莓吗"), ("老周", "今天好冷")))[0] == "need/pushed"
        assert len([one for one in seen if "member_tag.weight" in one]) == 1


async def test_what_a_batch_pushes_is_stored_at_once_and_can_be_ordered_in_it(talk_with: MakeTalk) -> None:
    talk = await talk_with(recommender={"limits": False})
    with _statements(talk.database, "INSERT INTO offer ") as seen:
        assert await _ended(talk, ("小美", "有草莓吗"), ("老周", "哪里能买到牛奶"), ("林姐", "今天好冷")) == [
            "need/pushed",
            "need/pushed",
            "ignored/talk",
        ]
        assert len(seen) == 1
    assert await _ended(talk, ("小美", "求推荐车厘子"), ("老周", "车厘子2盒")) == ["need/pushed", "order/applied"]
    assert await _ended(talk, ("小美", "A1 1盒"), ("小美", "我的订单")) == ["order/applied", "command/done"]


class _AnythingGoes:
    async def check(self, *_asked: object) -> str | None:
        return None


async def test_what_was_shown_is_read_at_once_for_all_groups_of_a_batch(database: Database, clock: ManualClock) -> None:
    for group_id, product in ((1, 11), (2, 22), (1, 13)):
        draft = Draft(f"push:{product}", "local", "bot", "push", "草莓", 1, group_id, "r", about_products=(product,))
        async with database.transaction() as session:
            await enqueue(session, [draft], clock.now())
        async with database.transaction() as session:
            row: OutboxMessage = (await waiting(session, "local", "bot", clock.now(), 1))[0]
            await claim(session, row, _AnythingGoes(), clock.now())
            await settle(session, row, SendState.SENT, clock.now())
        clock.advance(60)
    now = clock.now()
    early, minute = now - timedelta(minutes=3), timedelta(minutes=1)
    async with database.reading() as session:
        ahead = Ahead(session, early)
        with _statements(database) as seen:
            assert await ahead.shown(1, now - 2 * minute, now, groups=[2]) == {13}
            assert await ahead.shown(2, now - 2 * minute, now) == {22}
            assert await ahead.shown(1, early, early + minute) == {11}
            assert len(seen) == 1
            assert await ahead.shown(1, early - minute, now) == {11, 13}
