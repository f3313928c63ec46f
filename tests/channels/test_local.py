"""The local channel as its pages meet it: what is kept, who sees what, and what happens to nonsense."""

from __future__ import annotations

import asyncio
import json
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.resources import files

import aiohttp
import pytest
from sqlalchemy import text as sql

from bot.channels.local.addresses import PortInUseError
from bot.channels.local.channel import LocalChannel
from bot.channels.local.repository import ChatLog
from bot.channels.local.settings import LocalSettings
from bot.channels.protocol import SendRefusedError, SendUncertainError
from core.clock import SystemClock
from core.database import Database
from core.messages import OutgoingMessage
from tests.channels.contract import running
from tests.channels.page_client import PageClient, page_at
from tests.channels.recording_sink import RecordingSink

ROOMS = [
    {
        "id": "peach",
        "topic": "桃源里水果群",
        "owner": "guo",
        "members": [{"id": "guo", "name": "老郭"}, {"id": "mei", "name": "阿梅", "room_name": "3栋阿梅"}],
    },
    {"id": "cats", "topic": "橘座猫友群", "owner": "tang", "members": [{"id": "tang", "name": "小棠"}]},
]
SETTINGS = LocalSettings.model_validate({"port": 0, "rooms": ROOMS, "notice": "演示"})


def channel_on(database: Database, settings: LocalSettings = SETTINGS) -> LocalChannel:
    return LocalChannel(settings, ChatLog(database), SystemClock())


@asynccontextmanager
async def online(database: Database, sink: RecordingSink | None = None) -> AsyncIterator[LocalChannel]:
    channel = channel_on(database)
    async with running(channel, sink or RecordingSink()):
        yield channel


def texts(history: dict[str, object]) -> list[str]:
    lines = history["lines"]
    assert isinstance(lines, list)
    return [line["text"] for line in lines]


async def test_two_pages_see_each_other(database: Database) -> None:
    async with online(database) as channel, page_at(channel.url) as one, page_at(channel.url) as two:
        await one.hello("mei")
        await two.hello("guo")
        await one.say("mei", "🍓还有吗", "peach")
        line = (await two.next("line"))["line"]
        assert (line["room"], line["name"], line["text"]) == ("peach", "3栋阿梅", "🍓还有吗")


async def test_a_reloaded_page_gets_what_was_said(database: Database) -> None:
    async with online(database) as channel:
        async with page_at(channel.url) as page:
            await page.hello("mei")
            await page.say("mei", "想吃桃子", "peach")
        await channel.send(OutgoingMessage("有的\n9.9 元一斤", room_id="peach", mentions=(("mei", "3栋阿梅"),)))
        async with page_at(channel.url) as page:
            histories = await page.hello("mei")
        assert texts(histories["peach", ""]) == ["想吃桃子", "@3栋阿梅\u2005有的\n9.9 元一斤"]
        assert texts(histories["cats", ""]) == []


async def test_a_restart_keeps_what_was_said(database: Database) -> None:
    async with online(database) as channel, page_at(channel.url) as page:
        await page.hello()
        before = await page.say("mei", "想吃桃子", "peach")
    async with online(database) as channel, page_at(channel.url) as page:
        histories = await page.hello()
        assert histories["peach", ""]["lines"] == [before]
        after = await page.say("mei", "还是梨吧", "peach")
    assert after["id"] > before["id"]


async def test_a_page_that_comes_back_gets_only_what_it_missed(database: Database) -> None:
    async with online(database) as channel:
        async with page_at(channel.url) as page:
            await page.hello("mei")
            seen = await page.say("mei", "一", "peach")
        await channel.send(OutgoingMessage("二", room_id="cats"))
        await channel.send(OutgoingMessage("三", contact_id="mei"))
        async with page_at(channel.url) as page:
            histories = await page.hello("mei", after=seen["id"], after_at=seen["at"], private_after=seen["id"])
            assert page.frames[0]["resumed"]
    assert {key: texts(frame) for key, frame in histories.items()} == {
        ("peach", ""): [],
        ("cats", ""): ["二"],
        ("", "mei"): ["三"],
    }
    assert {frame["mode"] for frame in histories.values()} == {"since"}


async def test_a_page_of_another_log_starts_anew(database: Database) -> None:
    async with online(database) as channel, page_at(channel.url) as page:
        await channel.send(OutgoingMessage("一", room_id="peach"))
        histories = await page.hello(after=1, after_at="2020-01-01T00:00:00+00:00")
        assert not page.frames[0]["resumed"]
        assert texts(histories["peach", ""]) == ["一"]
        assert histories["peach", ""]["mode"] == "newest"


async def test_a_long_history_comes_in_portions(database: Database) -> None:
    async with online(database) as channel, page_at(channel.url) as page:
        for number in range(103):
            await channel.send(OutgoingMessage(str(number), room_id="peach"))
        first = (await page.hello())["peach", ""]
        assert texts(first) == [str(number) for number in range(3, 103)]
        assert first["more"]
        await page.send(type="older", room="peach", before=first["lines"][0]["id"])
        older = await page.next("history")
        assert (texts(older), older["mode"], older["more"]) == (["0", "1", "2"], "older", False)


async def test_a_line_sent_again_is_kept_once(database: Database) -> None:
    sink = RecordingSink()
    async with online(database, sink) as channel:
        async with page_at(channel.url) as page:
            await page.hello()
            first = await page.say("mei", "来两箱", "peach", client_id="same-mark")
        async with page_at(channel.url) as page:
            histories = await page.hello()
            again = await page.say("mei", "来两箱", "peach", client_id="same-mark")
        await sink.message("来两箱")
        assert again == first
        assert texts(histories["peach", ""]) == ["来两箱"]
    assert sink.texts("peach") == ["来两箱"]


async def test_a_mark_of_somebody_elses_line_shows_nothing_of_it(database: Database) -> None:
    async with online(database) as channel, page_at(channel.url) as page:
        await page.hello()
        await page.say("mei", "只给机器人", client_id="same-mark")
        await page.send(type="say", client_id="same-mark", member="guo", room="peach", text="早")
        error = await page.next("error")
    assert (error["code"], error["client_id"]) == ("client_id_taken", "same-mark")
    assert "只给机器人" not in json.dumps(error, ensure_ascii=False)


async def test_a_private_chat_is_seen_by_its_member_only(database: Database) -> None:
    sink = RecordingSink()
    async with online(database, sink) as channel, page_at(channel.url) as mine, page_at(channel.url) as other:
        await mine.hello("mei")
        await other.hello("guo")
        await mine.say("mei", "我的数据")
        await channel.send(OutgoingMessage("都在这里", contact_id="mei"))
        await channel.send(OutgoingMessage("大家好", room_id="peach"))
        assert (await other.next("line"))["line"]["text"] == "大家好"
        message = await sink.message("我的数据")
        assert (message.room_id, message.sender_id, message.shown_name) == ("", "mei", "阿梅")
        await other.send(type="be", member="mei")
        assert texts(await other.next("history")) == ["我的数据", "都在这里"]


async def test_a_quote_is_taken_from_the_log(database: Database) -> None:
    sink = RecordingSink()
    async with online(database, sink) as channel, page_at(channel.url) as page:
        await page.hello()
        quoted = await page.say("mei", "蓝莓 59.9", "peach")
        line = await page.say("guo", "要一份", "peach", quote=quoted["id"])
        assert line["quote"] == {"id": quoted["id"], "member": "3栋阿梅", "text": "蓝莓 59.9"}
        await page.send(type="say", client_id="x" * 8, member="tang", room="cats", text="要", quote=quoted["id"])
        assert (await page.next("error"))["code"] == "unknown_quote"


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("not json", "malformed"),
        ("[]", "malformed"),
        ('"' + "[" * 5000 + '"', "malformed"),
        ("[" * 5000, "malformed"),
        ('{"type": "nonsense"}', "malformed"),
        ('{"type": "hello", "after": -1}', "malformed"),
        ('{"type": "hello", "extra": 1}', "malformed"),
        ('{"type": "older", "room": "peach", "before": 1e400}', "malformed"),
        (
            '{"type": "say", "client_id": "12345678", "member": "mei", "room": "peach", "text": "a\\u0000b"}',
            "malformed",
        ),
        ('{"type": "say", "client_id": "12345678", "member": "mei", "room": "peach", "text": "\\ud800"}', "malformed"),
        ('{"type": "say", "client_id": "short", "member": "mei", "room": "peach", "text": "a"}', "malformed"),
        ('{"type": "say", "client_id": "12345678", "member": "mei", "room": "peach", "text": " \\n"}', "empty"),
        ('{"type": "say", "client_id": "12345678", "member": "mei", "room": "nowhere", "text": "a"}', "unknown_room"),
        ('{"type": "say", "client_id": "12345678", "member": "tang", "room": "peach", "text": "a"}', "unknown_member"),
        ('{"type": "say", "client_id": "12345678", "member": "nobody", "text": "a"}', "unknown_member"),
        ('{"type": "be", "member": "nobody"}', "unknown_member"),
    ],
)
async def test_nonsense_is_answered_and_the_page_lives_on(database: Database, frame: str, code: str) -> None:
    async with online(database) as channel, page_at(channel.url) as page:
        await page.hello()
        await page.socket.send_str(frame)
        assert (await page.next("error"))["code"] == code
        await page.socket.send_bytes(b"\x00\xff")
        assert (await page.next("error"))["code"] == "malformed"
        assert (await page.say("mei", "还在", "peach"))["text"] == "还在"


async def test_more_than_64_kb_is_refused_with_the_sizes(database: Database) -> None:
    async with online(database) as channel, page_at(channel.url) as page:
        await page.hello()
        await page.say("mei", "x" * 65_536, "peach")
        await page.send(type="say", client_id="too-long-mark", member="mei", room="peach", text="长" * 21_846)
        error = await page.next("error")
        assert (error["code"], error["client_id"]) == ("too_long", "too-long-mark")
        assert error["detail"] == "65538 bytes of text, at most 65536"


async def test_an_enormous_frame_ends_only_its_own_connection(database: Database) -> None:
    async with online(database) as channel, page_at(channel.url) as rude, page_at(channel.url) as calm:
        await rude.hello()
        await calm.hello()
        await rude.socket.send_str("x" * 3_000_000)
        closed = await rude.socket.receive(timeout=5)
        assert closed.type is aiohttp.WSMsgType.CLOSE
        assert closed.data == aiohttp.WSCloseCode.MESSAGE_TOO_BIG
        await calm.say("mei", "还在", "peach")


async def test_a_page_that_reads_nothing_is_cut_off_and_holds_nobody_up(database: Database) -> None:
    async with online(database) as channel, page_at(channel.url) as slow, page_at(channel.url) as quick:
        await slow.hello()
        await quick.hello()
        for number in range(400):
            await channel.send(OutgoingMessage(f"{number} " + "长" * 20_000, room_id="peach"))
            assert (await quick.next("line"))["line"]["text"].startswith(f"{number} ")
        async with asyncio.timeout(5):
            received = [message async for message in slow.socket]  # ends with the connection
        assert len(received) < 400


@pytest.mark.parametrize("origin", ["https://evil.example", "http://127.0.0.1:1", "null", "file://"])
async def test_a_foreign_page_cannot_open_the_socket(database: Database, origin: str) -> None:
    async with online(database) as channel:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
            async with page_at(channel.url, Origin=origin):
                pass
        assert refusal.value.status == 403
        async with page_at(channel.url, Origin=channel.url.rstrip("/")) as page:
            await page.hello()


async def test_a_foreign_name_for_this_machine_is_refused(database: Database) -> None:
    async with online(database) as channel, aiohttp.ClientSession() as session:
        for path in ("", "ws", "static/app.js", "health"):
            async with session.get(channel.url + path, headers={"Host": "rebound.example"}) as answer:
                assert answer.status == 421


async def test_a_port_in_use_is_named_with_the_way_out(database: Database) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        channel = channel_on(database, SETTINGS.model_copy(update={"port": port}))
        with pytest.raises(PortInUseError, match=rf"port {port} on 127\.0\.0\.1 is in use.*--port") as error:
            await channel.run(RecordingSink())
    assert (error.value.host, error.value.port) == ("127.0.0.1", port)


async def test_what_the_program_had_not_taken_when_it_died_is_handed_over_later(database: Database) -> None:
    deaf = RecordingSink()
    async with online(database, deaf) as channel, page_at(channel.url) as page:
        await deaf.until(lambda: len(deaf.events) == 2)
        deaf.fail_next(1_000_000)
        await page.hello()
        await page.say("mei", "来三箱苹果", "peach")
        await page.say("mei", "再来一箱梨", "peach")
    sink = RecordingSink()
    async with online(database, sink):
        await sink.message("再来一箱梨")
    assert sink.texts("peach") == ["来三箱苹果", "再来一箱梨"]


async def test_without_its_table_it_says_so_and_goes_on(database: Database) -> None:
    async with online(database) as channel, page_at(channel.url) as page:
        await page.hello()
        async with database.transaction() as session:
            await (await session.connection()).execute(sql("ALTER TABLE local_chat_line RENAME TO gone"))
        with pytest.raises(SendUncertainError):
            await channel.send(OutgoingMessage("在吗", room_id="peach"))
        await page.send(type="say", client_id="kept-by-page", member="mei", room="peach", text="在")
        error = await page.next("error")
        assert (error["code"], error["client_id"]) == ("storage", "kept-by-page")
        async with database.transaction() as session:
            await (await session.connection()).execute(sql("ALTER TABLE gone RENAME TO local_chat_line"))
        assert (await page.say("mei", "在", "peach", client_id="kept-by-page"))["text"] == "在"


async def test_nobody_in_particular_gets_no_message(database: Database) -> None:
    async with online(database) as channel:
        with pytest.raises(SendRefusedError, match="nobody"):
            await channel.send(OutgoingMessage("在吗", contact_id="nobody"))


async def test_open_pages_learn_of_changed_rooms(database: Database) -> None:
    async with online(database) as channel, page_at(channel.url) as page:
        await page.hello()
        channel.set_rooms(channel.rooms[:1])
        assert [room["id"] for room in (await page.next("rooms"))["rooms"]] == ["peach"]


async def test_every_answer_carries_the_protective_headers(database: Database) -> None:
    async with online(database) as channel, aiohttp.ClientSession() as session:
        for path, status in (("", 200), ("static/app.js", 200), ("static/nothing.js", 404), ("health", 200)):
            async with session.get(channel.url + path) as answer:
                assert answer.status == status
                assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
                assert "unsafe" not in answer.headers["Content-Security-Policy"]
                assert answer.headers["X-Content-Type-Options"] == "nosniff"
        async with session.get(channel.url + "health") as answer:
            assert (await answer.json())["link"] == "online"
        async with session.get(channel.url + "static/..%2fchannel.py") as answer:
            assert answer.status == 404


def test_the_page_asks_nobody_else_and_builds_no_markup_from_text() -> None:
    for entry in (files("bot.channels.local") / "static").iterdir():
        source = entry.read_text(encoding="utf-8").replace("http://www.w3.org/", "")
        assert not re.search(r"(https?:)?//[a-z0-9.-]+\.[a-z]{2,}", source), entry.name
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", source), entry.name


async def test_the_bots_own_lines_do_not_come_back_in(database: Database) -> None:
    sink = RecordingSink()
    async with online(database, sink) as channel, page_at(channel.url) as page:
        await page.hello()
        await channel.send(OutgoingMessage("我是群助手", room_id="peach"))
        await page.say("mei", "好的", "peach")
        await sink.message("好的")
        await asyncio.sleep(0)
    assert [message.text for message in sink.messages] == ["好的"]


async def test_a_pong_answers_a_ping(database: Database) -> None:
    async with online(database) as channel, page_at(channel.url) as page:
        client: PageClient = page
        await client.send(type="ping")
        await client.next("pong")


async def test_a_room_that_the_bot_made_is_on_every_open_page_and_there_after_a_restart(database: Database) -> None:
    sink = RecordingSink()
    async with online(database, sink) as channel, page_at(channel.url) as page:
        await page.hello("mei")
        room_id = await channel.create_room("桃子群", ["guo", "mei"])
        shown = [room for room in (await page.next("rooms"))["rooms"] if room["id"] == room_id]
        assert [(room["topic"], room["owner"], len(room["members"])) for room in shown] == [("桃子群", "guo", 2)]
        await page.say("mei", "有桃子吗", room_id)
        assert (await sink.message("有桃子吗")).room_id == room_id
        await channel.invite(room_id, "tang")
        await channel.invite(room_id, "tang")
    async with online(database) as channel, page_at(channel.url) as page:
        await page.hello("tang")
        (made,) = [room for room in channel.rooms if room.id == room_id]
        assert [member.id for member in made.members] == ["guo", "mei", "tang"]
        await page.say("tang", "我也要", room_id)


async def test_rooms_of_the_settings_are_not_filled_by_the_bot(database: Database) -> None:
    async with online(database) as channel:
        with pytest.raises(SendRefusedError, match="stands in the settings"):
            await channel.invite("peach", "tang")
        with pytest.raises(SendRefusedError, match="no member 'nobody'"):
            await channel.create_room("桃子群", ["guo", "nobody"])
        with pytest.raises(SendRefusedError):
            await channel.create_room("桃子群", [])
    with pytest.raises(SendRefusedError):
        await channel.create_room("桃子群", ["guo"])


async def test_a_room_that_may_not_have_been_kept_is_uncertain(database: Database) -> None:
    async with online(database) as channel:
        async with database.transaction() as session:
            await session.exec(sql("DROP TABLE local_chat_room"))  # type: ignore[call-overload]
        with pytest.raises(SendUncertainError):
            await channel.create_room("桃子群", ["guo", "mei"])
        assert [room.id for room in channel.rooms] == ["peach", "cats"]
