"""The main job over a real Wechaty gateway: a need said in a room becomes fitting products in that room."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from bot.channels.protocol import Link
from bot.program import Program
from core.clock import monotonic
from core.outbox import OutboxMessage
from tests.channels.contract import BOT, until
from tests.channels.wechaty_gateway import GatewayProcess
from tests.channels.wechaty_rig import TOKEN, WechatyRig
from tests.e2e.conftest import program_running, program_settings, rows_of
from tests.orders.chain_messages import chain_xml

pytestmark = pytest.mark.gateway

FRUIT, MOTHERS = "阳光小区水果群", "星河湾宝妈群"
ROOMS = [
    {"topic": FRUIT, "owner": "林姐", "members": {"林姐": "", "小美": "3栋502-小美", "老周": ""}},
    {"topic": MOTHERS, "owner": "苏珊", "members": {"苏珊": "", "安安妈": "7栋安安妈", "乐乐爸": ""}},
]


class Town:
    """A gateway with the demo's rooms, and the program behind it."""

    def __init__(self, rig: WechatyRig, program: Program) -> None:
        self.rig = rig
        self.program = program
        self.channel = program.channels[0]

    async def serve(self, process: GatewayProcess) -> None:
        """Open the gateway in a process and wait until the program has found it."""
        self.rig.process = process
        await open_gateway(self.rig)
        channel = self.channel
        await until(lambda: channel.health().link is Link.ONLINE, seconds=30, what=lambda: repr(channel.health()))

    async def says(self, room: str, member: str, text: str) -> None:
        await self.rig.process.do("say", room=room, member=member, text=text)

    async def heard(self, text: str) -> str:
        """Wait until a message is handled; return its reason. What somebody says who opted out is not kept."""
        async with asyncio.timeout(15):
            while True:
                came, _ = await rows_of(self.program.parts)
                for row in came:
                    if row.text == text and row.reason:
                        return row.reason
                await asyncio.sleep(0.02)

    async def sent(self, room: str, *facts: str, seconds: float = 15) -> str:
        """Wait until a text with these facts is in a room."""
        until_then = monotonic() + seconds
        while True:
            texts = [message["text"] for message in await self.rig.process.do("sent", room=room)]
            for text in texts:
                if all(fact in text for fact in facts):
                    return str(text)
            assert monotonic() < until_then, texts
            await asyncio.sleep(0.02)

    async def settled(self, kind: str) -> list[OutboxMessage]:
        """Wait until everything of a kind has an end; return it."""
        async with asyncio.timeout(15):
            while True:
                _, went = await rows_of(self.program.parts)
                rows = [row for row in went if row.kind == kind]
                if all(row.finished_at for row in rows):
                    return rows
                await asyncio.sleep(0.02)


async def open_gateway(rig: WechatyRig) -> None:
    await rig.process.do("serve", bot=BOT, rooms=ROOMS, token=TOKEN, port=rig.port)


@pytest_asyncio.fixture
async def town(rig_with: Callable[..., WechatyRig], database_url: str, tmp_path: Path) -> AsyncIterator[Town]:
    rig = rig_with()
    await open_gateway(rig)
    settings = program_settings(tmp_path, database_url, local=None, wechaty=rig.settings)
    async with program_running(settings, tmp_path) as program:
        (channel,) = program.channels
        await until(lambda: channel.health().link is Link.ONLINE, seconds=30, what=lambda: repr(channel.health()))
        town = Town(rig, program)
        for room in (FRUIT, MOTHERS):
            await town.sent(room, "退订", "暂停")  # it introduces itself once
        yield town


async def test_needs_are_answered_in_their_room_and_talk_is_not(town: Town) -> None:
    said = [
        (FRUIT, "小美", "🍓还有吗", ("草莓", "小美")),
        (FRUIT, "老周", "家里大米见底了", ("大米", "老周")),
        (MOTHERS, "安安妈", "求推荐儿童防晒，五十以内", ("儿童防晒", "安安妈")),
    ]
    for room, member, text, facts in said:
        await town.says(room, member, text)
        pushed = await town.sent(room, *facts, "元", "退订")
        assert await town.heard(text) == "pushed"
        other = MOTHERS if room == FRUIT else FRUIT
        assert pushed not in {message["text"] for message in await town.rig.process.do("sent", room=other)}
    for text in ("我都快吃完了", "你在哪买的票", "太贵了不买了", "她说想买个锅"):
        await town.says(FRUIT, "小美", text)
        assert await town.heard(text) not in {"pushed", "suggested", "failed"}
    pushes = await town.settled("push")
    assert [row.state for row in pushes] == ["sent"] * 3
    came, _ = await rows_of(town.program.parts)
    handled = {row.id: row.handled_at for row in came}
    for row in pushes:
        at = handled[int(row.dedupe_key.removeprefix("push:"))]
        assert row.claimed_at is not None
        assert at is not None
        assert (row.claimed_at - at).total_seconds() < 5
    assert not [row for row in came if row.reason is None]


async def test_a_refusal_holds_in_the_real_room(town: Town) -> None:
    await town.says(FRUIT, "小美", "退订")
    await town.sent(FRUIT, "已退订")
    await town.says(FRUIT, "小美", "有草莓吗")
    assert await town.heard("") == "member_unsubscribed"
    assert await town.settled("push") == []


async def test_a_gateway_that_was_killed_and_is_back_is_answered(town: Town) -> None:
    await town.says(FRUIT, "小美", "有草莓吗")
    await town.sent(FRUIT, "草莓", "小美")
    await town.rig.process.do("close")
    shared, doomed = town.rig.process, GatewayProcess()
    try:
        await town.serve(doomed)
        await town.says(FRUIT, "老周", "家里大米见底了")
        await town.sent(FRUIT, "大米", "老周", "退订")
    finally:
        doomed.end()
    await until(lambda: town.channel.health().link is not Link.ONLINE, seconds=20)
    await town.serve(shared)
    await town.says(MOTHERS, "安安妈", "求推荐儿童防晒，五十以内")
    await town.sent(MOTHERS, "儿童防晒", "安安妈", "退订")
    assert len(await town.settled("introduction")) == 2, "nobody is introduced to twice"
    assert [row.state for row in await town.settled("push")] == ["sent"] * 3


async def test_a_whole_group_buy(town: Town) -> None:
    contacts = ["林姐", "小美", "老周"]
    ids = (await town.rig.process.do("ids", contacts=contacts, rooms=[FRUIT]))["contacts"]
    opening = "开团 周末水果\n1. 丹东草莓 3斤 59.9元 限购5\n2. 蓝莓 45元 库存30\n满2份成团\n自提 南门驿站 明天下午"
    lines = [(ids["老周"], "老周 蓝莓2份"), (ids["林姐"], "林姐 蓝莓1份")]
    chain = chain_xml("#接龙\n周末水果", lines, creator=ids["林姐"])
    said = [
        ("林姐", opening, ("开团啦", "周末水果", "2. 蓝莓")),
        ("小美", "草莓2份", ("✓ 小美", "丹东草莓 2 份", "119.8 元")),
        ("老周", chain, ("✓ 老周", "蓝莓 2 份", "✓ 林姐", "蓝莓 1 份")),
        ("林姐", "截单", ("回复“确认”截单", "3 人已订 5 份")),
        ("林姐", "确认", ("截单了", "丹东草莓 2 份", "蓝莓 3 份")),
        ("林姐", "到货", ("到货啦", "南门驿站")),
        ("林姐", "核销 小美", ("小美 已取货", "丹东草莓 ×2")),
        ("林姐", "核销 老周", ("老周 已取货", "蓝莓 ×2")),
        ("林姐", "核销 林姐", ("林姐 已取货", "全部取完")),
    ]
    for member, text, facts in said:
        await town.says(FRUIT, member, text)
        await town.sent(FRUIT, *facts)
    assert not [text for text in await town.rig.sent_texts(MOTHERS) if "周末水果" in text]
    came, _ = await rows_of(town.program.parts)
    assert [row.text for row in came if row.reason == "failed"] == []
