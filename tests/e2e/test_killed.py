"""kill -9 of the whole program while messages come in: everything stored is handled once, nothing goes out twice."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections import Counter
from itertools import count
from pathlib import Path

import aiohttp
from sqlalchemy import text
from sqlmodel import col, select

from bot.channels.local.models import ChatLine
from core.clock import monotonic
from core.database import Database
from core.inbox import DONE, InboxMessage
from core.outbox import OutboxMessage
from core.settings import DatabaseSettings
from tests.channels.contract import until
from tests.channels.page_client import page_at
from tests.channels.wechaty_gateway import free_port
from tests.demo_config import write_demo_config

QIANQUN = str(Path(sys.executable).parent / "qianqun")
LINES = ("有草莓吗", "家里大米见底了", "今晚风好大", "太贵了不买了", "有纯牛奶吗", "求推荐儿童防晒", "为什么推荐")
ROUNDS = 2


async def start(config: Path, url: str) -> asyncio.subprocess.Process:
    """Start the program and wait until its page answers."""
    process = await asyncio.create_subprocess_exec(QIANQUN, "run", "--config", str(config))
    deadline = monotonic() + 40
    async with aiohttp.ClientSession() as session:
        while monotonic() < deadline:
            assert process.returncode is None
            with contextlib.suppress(aiohttp.ClientError):
                async with session.get(f"{url}health") as response:
                    if response.status == 200:
                        return process
            await asyncio.sleep(0.05)
    raise TimeoutError("the page did not come up")


async def chatter(url: str, numbers: count[int], said: list[int]) -> None:
    """Speak as fast as the page takes it until it is gone; ``said`` are the lines that it has confirmed."""
    with contextlib.suppress(aiohttp.ClientError, TypeError, OSError):  # the socket ends in the middle of a frame
        async with page_at(url) as page:
            await page.hello()
            for number in numbers:
                line = await page.say(
                    client_id=f"line-{number:08d}",
                    member=("xiaomei", "laozhou", "chenyi")[number % 3],
                    room="room-fruit",
                    text=f"{LINES[number % len(LINES)]}",
                    mentions=[],
                    quote=None,
                )
                said.append(int(line["id"]))


async def handled(database: Database) -> bool:
    """Tell whether nothing waits any more, in the page's log, the inbox or the outbox."""
    async with database.reading() as session:
        lines = (await session.exec(select(ChatLine.id).where(~col(ChatLine.handed)))).all()
        inbox = (await session.exec(select(InboxMessage.id).where(col(InboxMessage.state) != DONE))).all()
        outbox = (await session.exec(select(OutboxMessage.id).where(col(OutboxMessage.state) == "queued"))).all()
    return not (lines or inbox or outbox)


async def test_killed_in_the_middle_of_everything(tmp_path: Path, database_url: str) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}/"
    config = write_demo_config(tmp_path, port=port, url=database_url)
    numbers, said = count(1), list[int]()
    for _ in range(ROUNDS):
        process = await start(config, url)
        talking = asyncio.create_task(chatter(url, numbers, said))
        enough = len(said) + 15
        await until(lambda: len(said) >= enough or talking.done(), seconds=20)  # noqa: B023 - called here
        process.kill()
        assert await process.wait() == -signal.SIGKILL
        await asyncio.wait_for(talking, 10)
    process = await start(config, url)
    database = await Database.open(DatabaseSettings(url=database_url))
    async with asyncio.timeout(30):
        while not await handled(database):  # noqa: ASYNC110 - rows, no event
            await asyncio.sleep(0.1)
    process.send_signal(signal.SIGTERM)
    assert await process.wait() == 0
    await _judge(database, said)
    await database.close()


async def _judge(database: Database, said: list[int]) -> None:
    async with database.reading() as session:
        inbox = list((await session.exec(select(InboxMessage))).all())
        outbox = list((await session.exec(select(OutboxMessage))).all())
        lines = list((await session.exec(select(ChatLine))).all())
        needs = (await session.exec(text("SELECT inbox_id FROM need"))).all()  # type: ignore[call-overload]
    assert len(said) > 20, "too little was said to mean anything"
    ids = [int(row.message_id) for row in inbox]
    assert len(ids) == len(set(ids))
    assert set(ids) >= set(said), "what the page confirmed is in the inbox"
    assert all(row.outcome and row.reason != "failed" for row in inbox)
    assert len(needs) == len(set(needs))
    by_bot = Counter((line.room_id, line.contact_id, line.text) for line in lines if line.sender_id == "qianqun-bot")
    rows = Counter(
        (row.room_id, row.contact_id, row.text) for row in outbox if row.state in {"sent", "sending", "unknown"}
    )
    assert not by_bot - rows, "something went out more often than it was decided"
    sent = Counter((row.room_id, row.contact_id, row.text) for row in outbox if row.state == "sent")
    assert not sent - by_bot, "something counts as sent that nobody saw"
    assert len({row.dedupe_key for row in outbox}) == len(outbox)
