"""A bot in the demo's rooms, as often as a test wants one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio

from core.clock import ManualClock
from core.database import Database
from tests.bot.conversation import Conversation, settings
from tests.bot.shop import Shop

MakeTalk = Callable[..., Awaitable[Conversation]]


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return Shop.read(tmp_path_factory.mktemp("shop"))


@pytest_asyncio.fixture
async def talk_with(shop: Shop, database: Database, clock: ManualClock) -> MakeTalk:
    """Builds a conversation with single keys of settings sections replaced; it has seen every room."""
    await shop.stock(database)

    async def make(**sections: dict[str, Any]) -> Conversation:
        talk = Conversation(shop, database, clock, settings(**sections))
        await talk.enter()
        return talk

    return make


@pytest_asyncio.fixture
async def talk(talk_with: MakeTalk) -> Conversation:
    """The demo's bot with its limits on: level 4, no pacing, seven in the evening."""
    return await talk_with()
