"""Files and recalls on the chat page: who may fetch what, and what is left of a line that was taken back."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest

from bot.channels.local.channel import LocalChannel
from bot.channels.local.repository import ChatLog, Conversation, RecalledAlreadyError
from core.clock import ManualClock, SystemClock
from core.database import Database
from core.messages import MessageKind, OutgoingFile, OutgoingMessage
from tests.channels.contract import running
from tests.channels.page_client import page_at
from tests.channels.recording_sink import RecordingSink
from tests.channels.test_local import SETTINGS, online


async def test_a_file_can_be_fetched_with_its_key_only(database: Database) -> None:
    async with online(database) as channel, page_at(channel.url) as one, page_at(channel.url) as two:
        await one.hello("mei")
        await two.hello("guo")
        file = OutgoingFile("订单 <b>&'\"\r\n.html", "text/html", b"<script>alert(1)</script>")
        await channel.send(OutgoingMessage("只是名字", contact_id="mei", file=file))
        line = (await one.next("line"))["line"]
        assert (line["text"], line["mentions"]) == ("", [])
        assert {name: line["file"][name] for name in ("name", "size")} == {"name": file.name, "size": 25}
        with pytest.raises(TimeoutError):
            await two.next("line", seconds=0.2)
        async with aiohttp.ClientSession() as session:
            path = f"{channel.url}file/{line['id']}/"
            for wrong in ("", "x", line["file"]["key"][:-1], f"{line['file']['key']}x", "é"):
                assert (await session.get(path + wrong)).status == 404
            assert (await session.get(f"{channel.url}file/999/{line['file']['key']}")).status == 404
            answer = await session.get(path + line["file"]["key"])
            assert await answer.read() == file.content
    assert answer.headers["Content-Disposition"] == f"attachment; filename*=UTF-8''{quote(file.name, safe='')}"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


async def test_a_file_of_an_odd_type_is_only_bytes(database: Database) -> None:
    async with online(database) as channel, page_at(channel.url) as page:
        await page.hello("mei")
        await channel.send(
            OutgoingMessage("", room_id="peach", file=OutgoingFile("a", "text/html\r\nSet-Cookie: a=b", b"x"))
        )
        line = (await page.next("line"))["line"]
        async with aiohttp.ClientSession() as session:
            answer = await session.get(f"{channel.url}file/{line['id']}/{line['file']['key']}")
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert "Set-Cookie" not in answer.headers


async def test_files_go_with_their_lines(database: Database) -> None:
    async with online(database) as channel:
        message_id = await channel.send(
            OutgoingMessage("", room_id="peach", file=OutgoingFile("a.csv", "text/csv", b"x"))
        )
    log = ChatLog(database)
    assert await log.content(int(message_id)) == b"x"
    async with database.transaction() as session:
        await log.forget(session, SystemClock().now())
    assert await log.content(int(message_id)) is None


async def test_a_line_that_was_taken_back_says_nothing_any_more(database: Database) -> None:
    sink = RecordingSink()
    async with online(database, sink) as channel, page_at(channel.url) as one, page_at(channel.url) as two:
        await one.hello("mei")
        await two.hello("guo")
        said = await one.say("mei", "草莓2份", "peach", mentions=["guo"])
        taken = await one.recall("mei", said["id"])
        assert (taken["recalls"], taken["text"], taken["name"]) == (said["id"], "", "3栋阿梅")
        assert [(await two.next("line"))["line"]["recalls"] for _ in range(2)] == [0, said["id"]]
        async with page_at(channel.url) as late:
            lines = (await late.hello())["peach", ""]["lines"]
        assert [(line["recalled"], line["text"]) for line in lines] == [(True, ""), (False, "")]
        await sink.until(lambda: len(sink.messages) == 2)
        await two.send(type="say", client_id="quotes-it", member="guo", room="peach", text="?", quote=said["id"])
        assert (await two.next("error"))["code"] == "unknown_quote"
    order, recall = sink.messages
    assert (order.text, order.kind, order.recalls) == ("草莓2份", MessageKind.TEXT, "")
    assert (recall.text, recall.kind, recall.recalls) == ("", MessageKind.RECALL, order.key.message_id)


async def test_a_private_line_can_be_taken_back_too(database: Database) -> None:
    async with online(database) as channel, page_at(channel.url) as one, page_at(channel.url) as two:
        await one.hello("mei")
        await two.hello("guo")
        said = await one.say("mei", "帮我订两份")
        assert (await one.recall("mei", said["id"]))["contact"] == "mei"
        with pytest.raises(TimeoutError):
            await two.next("line", seconds=0.2)


async def test_nobody_takes_back_what_is_not_theirs_or_gone_or_old(database: Database) -> None:
    clock = ManualClock(SystemClock().now())
    channel = LocalChannel(SETTINGS, ChatLog(database), clock)
    async with running(channel, RecordingSink()), page_at(channel.url) as page:
        await page.hello("mei")
        said = await page.say("mei", "草莓2份", "peach")
        old = await page.say("mei", "蓝莓1份", "peach")
        bots = int(await channel.send(OutgoingMessage("收到", room_id="peach")))
        taken = await page.recall("mei", said["id"])

        async def refused(member: str, line: int) -> str:
            await page.send(type="recall", client_id=uuid.uuid4().hex, member=member, line=line)
            return str((await page.next("error"))["code"])

        assert await refused("guo", old["id"]) == "unknown_line"
        assert await refused("mei", bots) == "unknown_line"
        assert await refused("mei", said["id"]) == "unknown_line"
        assert await refused("mei", taken["id"]) == "unknown_line"
        assert await refused("mei", 999) == "unknown_line"
        await page.send(type="recall", client_id=old["client_id"], member="mei", line=old["id"])
        assert (await page.next("error"))["code"] == "client_id_taken"
        clock.advance(121)
        assert await refused("mei", old["id"]) == "recall_too_late"
    lines, _ = await ChatLog(database).latest(Conversation("peach"))
    assert [line.recalled for line in lines] == [True, False, False, False]


async def test_two_pages_take_a_line_back_once(database: Database) -> None:
    log, now = ChatLog(database), SystemClock().now()
    place = Conversation("peach")
    who: dict[str, Any] = {"sender_id": "mei", "sender_name": "阿梅", "at": now}
    line, _ = await log.append(place, text="草莓2份", **who)
    both = [log.append(place, text="", recalls=line.id, **who) for _ in range(2)]
    done = await asyncio.gather(*both, return_exceptions=True)
    assert sorted(isinstance(one, RecalledAlreadyError) for one in done) == [False, True]
    lines, _ = await log.latest(place)
    assert [line.recalls for line in lines] == [0, line.id]
