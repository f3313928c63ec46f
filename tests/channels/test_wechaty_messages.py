"""What only this chat does with messages: odd types, contents that come late, names that cost."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.channels.protocol import SendRefusedError
from bot.channels.wechaty.payloads import LARGEST_FILE
from core.messages import MessageKey, MessageKind, OutgoingFile, OutgoingMessage, RoomSeen
from tests.channels.contract import AMEI, BOT, FRUIT, LAOGUO, chain_record, running
from tests.channels.recording_sink import RecordingSink
from tests.channels.wechaty_rig import WechatyRig

pytestmark = pytest.mark.gateway

MakeRig = Callable[..., WechatyRig]


@pytest.fixture
def sink() -> RecordingSink:
    return RecordingSink()


@pytest.mark.parametrize("number", [0, 6, 7, 10, 15, 16, 99])
async def test_text_of_an_unknown_type_is_not_lost(wechaty_rig: WechatyRig, sink: RecordingSink, number: int) -> None:
    async with running(wechaty_rig.channel, sink):
        await wechaty_rig.say(FRUIT, AMEI, "来两箱车厘子", type=number)
        message = await sink.message("来两箱车厘子")
    assert message.kind is MessageKind.TEXT
    assert message.raw["type"] == number


async def test_a_picture_is_no_text_although_its_number_says_so(wechaty_rig: WechatyRig, sink: RecordingSink) -> None:
    record = '<?xml version="1.0"?><msg><img aeskey="0" /></msg>'
    async with running(wechaty_rig.channel, sink):
        await wechaty_rig.say(FRUIT, AMEI, record, type=6)
        message = await sink.message(record)
    assert message.kind is MessageKind.IMAGE


async def test_an_unknown_event_does_no_harm(wechaty_rig: WechatyRig, sink: RecordingSink) -> None:
    async with running(wechaty_rig.channel, sink):
        await wechaty_rig.process.do("emit", event="post", payload={"postId": "1"})
        await wechaty_rig.process.do("emit", event="message", payload={"messageId": ""})
        await wechaty_rig.process.do("emit", event="error", payload={"gerror": "boom"})
        await wechaty_rig.say(FRUIT, AMEI, "还好吗")
        await sink.message("还好吗")


async def test_a_content_that_fails_first_comes_in_its_place(wechaty_rig: WechatyRig, sink: RecordingSink) -> None:
    async with running(wechaty_rig.channel, sink):
        await wechaty_rig.process.do("fail", method="message", times=2)
        await wechaty_rig.say(FRUIT, AMEI, "第一句")
        await wechaty_rig.say(FRUIT, AMEI, "第二句")
        await sink.message("第二句")
    assert sink.texts(wechaty_rig.room_id(FRUIT)) == ["第一句", "第二句"]


async def test_a_content_that_does_not_come_is_put_off_and_holds_nobody_up(
    rig_with: MakeRig, sink: RecordingSink
) -> None:
    rig = rig_with(call_timeout_s=0.6)
    await rig.start()
    async with running(rig.channel, sink):
        await rig.process.do("hang", method="message")
        message_id = await rig.say(FRUIT, AMEI, "卡住了")
        await sink.until(lambda: any(key.message_id == message_id for key in sink.announced))
        await asyncio.sleep(0.1)
        await rig.process.do("unhang", method="message")
        await rig.say(FRUIT, AMEI, "我先说")
        await sink.message("我先说")
        await sink.message("卡住了")


async def test_what_an_earlier_process_left_is_fetched(rig_with: MakeRig, sink: RecordingSink) -> None:
    rig = rig_with(sweep_interval_s=3600)  # only the login asks for them
    await rig.start()
    async with running(rig.channel, sink):
        await sink.event(RoomSeen)
    message_id = await rig.say(FRUIT, AMEI, "没人听见的话")  # kept by the gateway, no event came
    account = rig.member_id(BOT)
    sink.preload(MessageKey("wechaty", account, message_id), MessageKey("wechaty", account, "long-forgotten"))
    async with running(rig.channel, sink):
        await sink.message("没人听见的话")


async def test_a_mention_without_an_id_is_known_by_its_name(wechaty_rig: WechatyRig, sink: RecordingSink) -> None:
    room_id = wechaty_rig.room_id(FRUIT)
    async with running(wechaty_rig.channel, sink):
        await sink.event(RoomSeen, lambda e: e.room_id == room_id and e.complete)
        await wechaty_rig.say(FRUIT, LAOGUO, "今天几点到", mentions=[BOT, AMEI], silent=True)
        await sink.until(lambda: bool(sink.messages))
    (message,) = sink.messages
    assert message.mentions_bot
    assert set(message.mentions) == {wechaty_rig.member_id(BOT), wechaty_rig.member_id(AMEI)}


async def test_mentions_go_out_with_their_ids(wechaty_rig: WechatyRig, sink: RecordingSink) -> None:
    amei = wechaty_rig.member_id(AMEI)
    async with running(wechaty_rig.channel, sink):
        message = OutgoingMessage("到了", room_id=wechaty_rig.room_id(FRUIT), mentions=((amei, "3栋阿梅"),))
        message_id = await wechaty_rig.channel.send(message)
    assert message_id
    (sent,) = await wechaty_rig.process.do("sent", room=FRUIT)
    assert sent == {"text": "@3栋阿梅\u2005到了", "mentions": [amei]}


async def test_a_private_chat_goes_both_ways(wechaty_rig: WechatyRig, sink: RecordingSink) -> None:
    async with running(wechaty_rig.channel, sink):
        await wechaty_rig.process.do("say", member=LAOGUO, text="暂停")
        message = await sink.message("暂停")
        assert (message.room_id, message.sender_id) == ("", wechaty_rig.member_id(LAOGUO))
        assert message.sender_name == LAOGUO
        await wechaty_rig.channel.send(OutgoingMessage("好的", contact_id=wechaty_rig.member_id(LAOGUO)))
        own = await sink.message("好的")
        assert own.is_self


async def test_many_strangers_at_once_do_not_hammer_the_account(rig_with: MakeRig, sink: RecordingSink) -> None:
    rig = rig_with(lookups_per_second=4, lookup_burst=2)
    await rig.start()
    strangers = [f"邻居{n}" for n in range(20)]
    async with running(rig.channel, sink):
        for stranger in strangers:
            await rig.join(FRUIT, stranger)
            await rig.say(FRUIT, stranger, f"{stranger}报到")
        await sink.message("邻居19报到", seconds=2)  # no message waits for a name
        await asyncio.sleep(1)
        calls = [c for c in await rig.process.do("calls") if c["method"] in {"contact", "room", "member"}]
        in_a_second = max(sum(0 <= c["at"] - first["at"] < 1000 for c in calls) for first in calls)
        assert 0 < in_a_second <= 6  # a burst of 2 and 4 a second
        assert len(sink.texts(rig.room_id(FRUIT))) == 20


def test_importing_the_channel_leaves_no_folder_behind(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[2]
    command = [sys.executable, "-c", "import bot.channels.wechaty.channel, sys; print('wechaty' in sys.modules)"]
    environment = {"PYTHONPATH": str(root), "PATH": ""}
    run = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"  # the package that prints and makes folders is not even loaded
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "text", ["{id}", "<sysmsg type='revokemsg'><revokemsg><newmsgid>{id}</newmsgid></revokemsg></sysmsg>"]
)
async def test_a_recall_is_read_as_puppets_write_it(wechaty_rig: WechatyRig, sink: RecordingSink, text: str) -> None:
    async with running(wechaty_rig.channel, sink):
        order = await wechaty_rig.say(FRUIT, AMEI, "草莓2份")
        await wechaty_rig.recall(FRUIT, AMEI, order, text=text.format(id=order))
        await sink.until(lambda: len(sink.messages) == 2)
    recall = sink.messages[-1]
    assert (recall.kind, recall.recalls) == (MessageKind.RECALL, order)


@pytest.mark.parametrize("number", [0, 7, 9, 10, 14])
async def test_a_chain_card_is_read_whatever_its_number(
    wechaty_rig: WechatyRig, sink: RecordingSink, number: int
) -> None:
    text = chain_record()
    async with running(wechaty_rig.channel, sink):
        await wechaty_rig.say(FRUIT, AMEI, text, type=number)
        message = await sink.message(text)
    assert message.kind in {MessageKind.TEXT, MessageKind.UNKNOWN}


async def test_a_file_that_no_gateway_takes_is_refused_at_once(wechaty_rig: WechatyRig, sink: RecordingSink) -> None:
    room = wechaty_rig.room_id(FRUIT)
    async with running(wechaty_rig.channel, sink):
        largest = OutgoingFile("订单.xlsx", "application/octet-stream", bytes(LARGEST_FILE))
        await wechaty_rig.channel.send(OutgoingMessage("", room_id=room, file=largest))
        larger = OutgoingFile("订单.xlsx", "application/octet-stream", bytes(LARGEST_FILE + 1))
        with pytest.raises(SendRefusedError, match="bytes"):
            await wechaty_rig.channel.send(OutgoingMessage("", room_id=room, file=larger))
        await wechaty_rig.process.do("fail", method="send", times=1)
        with pytest.raises(SendRefusedError, match="fails as the test asked"):
            await wechaty_rig.channel.send(
                OutgoingMessage("", room_id=room, file=OutgoingFile("a.csv", "text/csv", b"x"))
            )
    assert [len(content) for _, content in await wechaty_rig.sent_files(FRUIT)] == [LARGEST_FILE]
