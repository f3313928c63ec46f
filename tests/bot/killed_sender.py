"""Claims a text, hands it to a chat that never answers, and waits to be killed."""

from __future__ import annotations

import asyncio
import sys

from core.clock import SystemClock
from core.database import Database
from core.messages import OutgoingMessage
from core.migrate import upgrade
from core.settings import DatabaseSettings
from tests.bot.fake_channel import FakeChannel
from tests.bot.sending import ROOMS, Post, draft


class Silent(FakeChannel):
    """Never answers."""

    async def send(self, message: OutgoingMessage) -> str:
        _ = sys.stdout.write("sending\n")
        _ = sys.stdout.flush()
        await asyncio.Event().wait()
        return message.text


async def main(url: str) -> None:
    database = await Database.open(DatabaseSettings(url=url))
    await upgrade(database)
    clock = SystemClock()
    post = Post(database, clock, Silent(clock, ROOMS))
    keys = sys.argv[2:]  # with one, the two are gathered into one message
    await post.put(*(draft(text, merge_key="".join(keys)) for text in ("first", "second")))
    await post.send()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
