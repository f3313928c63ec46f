"""Groups over a real Wechaty gateway: introduced once, newcomers welcomed, labelled anew, a proposal made a room."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import update
from sqlmodel import col

from bot.channels.protocol import Link
from bot.openings import Openings
from bot.program import Program
from bot.settings import Settings
from core.clock import monotonic
from core.database import execute
from core.outbox import OutboxMessage
from groups.repository import load
from groups.state import GroupKey, GroupState, LabelSource
from scheduler.jobs import WELCOME
from scheduler.models import WAITING, DueWork
from tests.channels.contract import BOT, until
from tests.channels.wechaty_rig import TOKEN, WechatyRig
from tests.e2e.conftest import program_running, program_settings, rows_of

pytestmark = pytest.mark.gateway

EAST, WEST = "城东团购群", "城西团购群"
GOODS = "驱蚊水"
LEADER = "林姐"
ROOMS = [
    {"topic": EAST, "owner": LEADER, "members": {LEADER: "", "小美": "", "老周": "", "阿强": ""}},
    {"topic": WEST, "owner": LEADER, "members": {LEADER: "", "陈姨": "", "甜甜": "", "米糖": "", "阿布": ""}},
]
NAMES = sorted({name for room in ROOMS for name in room["members"]})


class Town:
    """A gateway with two groups of one leader, and the program behind it."""

    def __init__(self, rig: WechatyRig, program: Program, settings: Settings, ids: dict[str, dict[str, str]]) -> None:
        self.rig = rig
        self.program = program
        self.settings = settings
        self.people, self.rooms = ids["contacts"], ids["rooms"]

    async def says(self, member: str, text: str, room: str = "") -> None:
        place = {"room": room} if room else {}
        await self.rig.process.do("say", member=member, text=text, **place)

    async def group(self, room_id: str) -> GroupState | None:
        key = GroupKey("wechaty", self.program.channels[0].account, room_id)
        async with self.program.parts.database.reading() as session:
            return (await load(session, [key])).get(key)

    async def group_that(self, room_id: str, holds: Callable[[GroupState], bool]) -> GroupState:
        """Wait until a group is so; return it."""
        until_then = monotonic() + 20
        while True:
            state = await self.group(room_id)
            if state is not None and holds(state):
                return state
            assert monotonic() < until_then, state
            await asyncio.sleep(0.05)

    async def told(self, *facts: str) -> OutboxMessage:
        """Wait until the leader was told a text with these facts in private."""
        until_then = monotonic() + 20
        while True:
            _, went = await rows_of(self.program.parts)
            rows = [row for row in went if row.contact_id == self.people[LEADER] and row.state == "sent"]
            for row in rows:
                if all(fact in row.text for fact in facts):
                    return row
            assert monotonic() < until_then, [row.text for row in rows]
            await asyncio.sleep(0.05)

    async def handled(self, text: str, times: int) -> None:
        """Wait until a text was said and handled so often."""
        async with asyncio.timeout(20):
            while True:
                came, _ = await rows_of(self.program.parts)
                if sum(row.text == text and row.reason is not None for row in came) >= times:
                    return
                await asyncio.sleep(0.05)

    async def made(self) -> list[dict[str, Any]]:
        return list(await self.rig.process.do("madeRooms"))

    async def heard(self, topic: str, *facts: str) -> str:
        """Wait until a room was told a text with these facts; return it."""
        until_then = monotonic() + 30
        while True:
            texts = [one["text"] for one in await self.rig.process.do("sent", room=topic)]
            for text in texts:
                if all(fact in text for fact in facts):
                    return text
            assert monotonic() < until_then, texts
            await asyncio.sleep(0.1)

    async def time_passes(self, kind: str) -> None:
        """Let due work of a kind be due now: nobody waits five minutes in a test."""
        parts, until_then, moved = self.program.parts, monotonic() + 20, 0
        while not moved:
            assert monotonic() < until_then, f"nothing is noted for {kind}"
            async with parts.database.transaction() as session:
                waiting = update(DueWork).where(col(DueWork.kind) == kind, col(DueWork.state) == WAITING)
                moved = (await execute(session, waiting.values(next_attempt_at=parts.clock.now()))).rowcount
            await asyncio.sleep(0.05)

    async def look(self) -> None:
        """Let the daily look for new groups happen now."""
        parts = self.program.parts
        async with parts.database.transaction() as session:
            await Openings(self.settings).run(session, parts.clock.now())


@pytest_asyncio.fixture
async def town(rig_with: Callable[..., WechatyRig], database_url: str, tmp_path: Path) -> AsyncIterator[Town]:
    rig = rig_with()
    await rig.process.do("serve", bot=BOT, rooms=ROOMS, token=TOKEN, port=rig.port)
    ids = await rig.process.do("ids", contacts=[*NAMES, BOT], rooms=[EAST, WEST])
    settings = program_settings(tmp_path, database_url, local=None, wechaty=rig.settings)
    proposals = settings.groups.proposals.model_copy(update={"least_members": 5})
    settings = settings.model_copy(
        update={"groups": settings.groups.model_copy(update={"proposals": proposals, "default_level": 4})}
    )
    async with program_running(settings, tmp_path) as program:
        (channel,) = program.channels
        await until(lambda: channel.health().link is Link.ONLINE, seconds=30, what=lambda: repr(channel.health()))
        town = Town(rig, program, settings, ids)
        for room, people in ((EAST, 4), (WEST, 5)):
            await town.group_that(ids["rooms"][room], lambda state, people=people: len(state.members) >= people)  # type: ignore[misc]
        yield town


async def test_a_room_is_introduced_to_once_and_labelled_anew_with_its_new_name(town: Town) -> None:
    room_id = town.rooms[EAST]
    assert (await town.group_that(room_id, lambda state: state.introduced)).neighbourhoods == ()
    await town.rig.process.do("rename", room=EAST, topic="星河湾水果群", member=LEADER)
    state = await town.group_that(room_id, lambda state: state.topic == "星河湾水果群")
    assert state.neighbourhoods == ("星河湾",)
    assert state.categories == ("水果",)
    assert {label.source for label in state.labels} == {LabelSource.TOPIC}
    await town.rig.process.do("rename", room=EAST, topic="枫林苑猫奴群", member=LEADER)
    state = await town.group_that(room_id, lambda state: state.topic == "枫林苑猫奴群")
    assert state.neighbourhoods == ("枫林苑",)
    assert "水果" not in state.categories
    _, went = await rows_of(town.program.parts)
    assert [row.group_id for row in went if row.kind == "introduction"].count(state.id) == 1


async def test_a_newcomer_is_welcomed_once_in_the_room(town: Town) -> None:
    await town.group_that(town.rooms[EAST], lambda state: state.introduced and state.roster_known)
    await town.rig.process.do("join", room=EAST, member="糯米", alias="3栋502-糯米")
    await town.time_passes(WELCOME)
    text = await town.heard(EAST, "糯米", "退订")
    assert "502" not in text
    await town.says("糯米", "大家好", EAST)
    await town.handled("大家好", 1)
    _, went = await rows_of(town.program.parts)
    assert [row.text for row in went if row.kind == "welcome"] == [text]


async def test_a_proposal_ends_in_a_new_room_with_the_right_people(town: Town) -> None:
    asked = [
        (EAST, "小美"),
        (EAST, "老周"),
        (EAST, "阿强"),
        (WEST, "陈姨"),
        (WEST, "甜甜"),
        (WEST, "米糖"),
        (WEST, "阿布"),
    ]
    for room, member in asked:
        await town.says(member, f"有{GOODS}吗", room)
    await town.handled(f"有{GOODS}吗", len(asked))
    await town.look()
    await town.told("7 位群友", "2 个群", GOODS, "“同意”", "“不用”")
    await town.says("小美", "退订", EAST)
    await town.group_that(town.rooms[EAST], lambda state: state.unsubscribed(town.people["小美"]))
    await town.says(LEADER, "同意")
    await town.told("建好了", "6 位")
    (room,) = await town.made()
    assert set(room["members"]) == {BOT, LEADER, "老周", "阿强", "陈姨", "甜甜", "米糖", "阿布"}
    assert GOODS in room["topic"]
    calls = await town.rig.process.do("calls")
    assert [call["method"] for call in calls].count("createRoom") == 1
    added = [call["id"] for call in calls if call["method"] == "addMember"]
    assert sorted(added) == sorted(set(added))
    assert len(added) == 2, "four with the leader at once, the rest one by one"
    state = await town.group_that(room["id"], lambda state: state.leader_id == town.people[LEADER] and state.introduced)
    assert state.owner_id == town.program.channels[0].account
    name = f"{room['topic']} #1"
    until_then = monotonic() + 20
    while True:
        texts = [message["text"] for message in await town.rig.process.do("sent", room=name)]
        if len(texts) >= 2:
            break
        assert monotonic() < until_then, texts
        await asyncio.sleep(0.05)
    assert any(LEADER in text and GOODS in text and "退群" in text and "退订" in text for text in texts)
    assert sum("消息最多保存" in text for text in texts) == 1


async def test_a_gateway_that_refuses_the_room_is_told_to_the_leader(town: Town) -> None:
    for room, member in ((EAST, "小美"), (EAST, "老周"), (EAST, "阿强"), (WEST, "陈姨"), (WEST, "甜甜")):
        await town.says(member, f"有{GOODS}吗", room)
    await town.handled(f"有{GOODS}吗", 5)
    await town.look()
    await town.told("5 位群友")
    await town.rig.process.do("fail", method="createRoom", times=1)
    await town.says(LEADER, "同意")
    await town.told("没有建成")
    assert await town.made() == []
