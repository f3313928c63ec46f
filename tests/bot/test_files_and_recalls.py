"""Files wait in the outbox with their message and do not outlive it; a recall is stored as what it is."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func
from sqlmodel import col, select

from bot.channels.protocol import SendUncertainError
from core import inbox, outbox
from core.clock import ManualClock
from core.database import Database
from core.inbox import InboxMessage
from core.messages import MessageKind, OutgoingFile, OutgoingMessage
from core.outbox import OutboxFile
from tests.bot.fake_channel import FakeChannel
from tests.bot.sending import ROOMS, Post, draft

SHEET = OutgoingFile("周末水果-订单.csv", "text/csv", "\ufeff昵称,草莓\r\n3栋阿梅,2\r\n".encode())


@pytest.fixture
def post(database: Database, clock: ManualClock) -> Post:
    return Post(database, clock)


async def files(database: Database) -> int:
    async with database.reading() as session:
        return (await session.exec(select(func.count()).select_from(OutboxFile))).one()


async def test_a_file_goes_out_and_is_not_kept(post: Post) -> None:
    await post.put(draft("订单如下"), draft("[文件]", file=SHEET, merge_key="offer:1"), draft("请核对"))
    assert await files(post.database) == 1
    await post.send()
    assert [message.file for message in post.channel.sent] == [None, SHEET, None]
    assert post.texts == ["订单如下", "[文件]", "请核对"]
    assert await post.states() == ["sent"] * 3
    assert await files(post.database) == 0


async def test_the_same_draft_twice_is_one_file(post: Post) -> None:
    same = draft("[文件]", file=SHEET)
    await post.put(same, same)
    await post.put(same)
    assert await files(post.database) == 1
    await post.send()
    assert [message.file for message in post.channel.sent] == [SHEET]


async def test_after_a_restart_the_file_is_still_there(post: Post) -> None:
    await post.put(draft("[文件]", file=SHEET))
    again = Post(post.database, post.clock)
    await again.send()
    assert [message.file for message in again.channel.sent] == [SHEET]


async def test_a_file_that_may_have_gone_out_is_not_sent_again(post: Post) -> None:
    post.channel.faults.append(SendUncertainError("no answer"))
    await post.put(draft("[文件]", file=SHEET))
    await post.send()
    await post.send()
    assert await post.states() == ["unknown"]
    assert post.channel.sent == []
    assert await files(post.database) == 0


async def test_a_chat_that_takes_no_files_refuses(post: Post) -> None:
    post.channel.sends_files = False
    await post.put(draft("[文件]", file=SHEET))
    await post.send()
    assert await post.states() == ["failed"]


@pytest.mark.parametrize(("lifetime", "hours"), [(timedelta(hours=1), 1), (None, 24)])
async def test_a_file_expires_with_its_message_or_after_a_day(
    post: Post, clock: ManualClock, lifetime: timedelta | None, hours: int
) -> None:
    await post.put(draft("[文件]", file=SHEET, lifetime=lifetime), draft("text"))
    clock.advance(hours * 3600 - 1)
    await post.housekeeping()
    assert await files(post.database) == 1
    clock.advance(1)
    await post.housekeeping()
    assert await files(post.database) == 0
    await post.send()
    assert await post.states() == ["expired", "sent"]
    assert post.texts == ["text"]


async def test_old_files_are_forgotten(post: Post, clock: ManualClock) -> None:
    await post.put(draft("[文件]", file=SHEET, lifetime=timedelta(days=400)))
    clock.advance(86_400)
    async with post.database.transaction() as session:
        await outbox.forget(session, clock.now() - timedelta(hours=25))
    assert await files(post.database) == 1
    async with post.database.transaction() as session:
        await outbox.forget(session, clock.now())
    assert await files(post.database) == 0


async def test_a_file_belongs_to_one_message(post: Post) -> None:
    await post.put(draft("a", merge_key="x"), draft("[文件]", file=SHEET, merge_key="x"), draft("b", merge_key="x"))
    await post.send()
    assert OutgoingMessage("a\nb", room_id="r1") in post.channel.sent
    assert len(post.channel.sent) == 2


async def test_a_recall_is_stored_with_what_it_takes_back(both_databases: Database, clock: ManualClock) -> None:
    chat = FakeChannel(clock, ROOMS)
    order = chat.message("r1", "lin", "草莓2份")
    recall = chat.recall(order)
    async with both_databases.transaction() as session:
        await inbox.store(session, [order, recall], clock.now())
        rows = (await session.exec(select(InboxMessage).order_by(col(InboxMessage.id)))).all()
        assert [inbox.message_of(row) for row in rows] == [order, recall]
        assert (recall.kind, recall.recalls) == (MessageKind.RECALL, order.key.message_id)
        for row in rows:
            row.message = {name: value for name, value in row.message.items() if name != "recalls"}
        older = [inbox.message_of(row).recalls for row in rows]
    assert older == ["", ""], "rows of earlier versions have no such field"
