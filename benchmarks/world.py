"""What the benchmarks stand on: the real parts with the demo's settings, and any catalogue."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.bootstrap import Parts, open_parts
from bot.demo import demo_settings
from bot.replay import replay_settings
from bot.settings import Settings
from catalog.aliases import AliasTable
from catalog.repository import OnSale
from core.clock import ManualClock
from core.messages import IncomingMessage, MessageKey
from core.settings import DatabaseSettings
from core.text import Normaliser
from groups.state import GroupKey, GroupState, MemberState
from recommender.decisions import Asked, Decision
from recommender.memory import GroupMemory
from recommender.service import Recommender

START = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
CHANNEL = "bench"
ACCOUNT = "qianqun"
GROUPS = 100
MEMBERS = 20


def settings() -> Settings:
    """Return the demo's settings, with everything allowed that a replay with --unlimited allows."""
    return replay_settings(demo_settings(Path(), 0), unlimited=True)


@asynccontextmanager
async def opened(url: str = "") -> AsyncIterator[Parts]:
    """Open the real parts on a scratch SQLite database, or on the database at ``url``; the shelf is empty."""
    with TemporaryDirectory(prefix="qianqun-bench-") as folder:
        database = DatabaseSettings(url=url or f"sqlite:///{folder}/bench.db")
        changed = settings().model_copy(update={"database": database})
        async with open_parts(changed, ManualClock(START), Path(folder)) as parts:
            yield parts


async def demo_products() -> list[OnSale]:
    """Return the demo's products that are on sale."""
    async with opened() as parts:
        await parts.catalog.sync_all()
        return [product async for product in parts.catalog.on_sale(parts.clock.now())]


def understanding(products: Sequence[OnSale]) -> tuple[Normaliser, Recommender]:
    """Return what reads messages and finds products, with these products on the shelf."""
    chosen = settings()
    aliases = tuple(AliasTable.load())
    recommender = Recommender(chosen.recommender, chosen.zone, aliases)
    if products:
        recommender.adopt(recommender.prepare(products))
    return Normaliser({alias: word for alias, word, kind in aliases if kind == "emoji"}), recommender


@dataclass(slots=True)
class Room:
    """One group in memory, as a lane has it."""

    state: GroupState
    memory: GroupMemory


def rooms(*neighbourhoods: str) -> list[Room]:
    """Return the groups that the made-up talk goes through; with none given, only what is sold everywhere fits."""
    members = {f"m{number}": MemberState(name=f"成员{number}") for number in range(MEMBERS)}
    return [
        Room(
            GroupState(
                GroupKey(CHANNEL, ACCOUNT, f"room{number}"),
                id=number + 1,
                topic=f"第{number}群",
                owner_id="m0",
                leader_id="m0",
                level=4,
                neighbourhoods=neighbourhoods,
                members=dict(members),
            ),
            GroupMemory(),
        )
        for number in range(GROUPS)
    ]


def place_of(number: int) -> tuple[int, str, datetime]:
    """Return the room, the member and the time of the message with this number; the leader says nothing."""
    return number % GROUPS, f"m{1 + number // GROUPS % (MEMBERS - 1)}", START + timedelta(seconds=number)


def decide(number: int, text: str, normaliser: Normaliser, recommender: Recommender, known: list[Room]) -> Decision:
    """Take one message from its text to a decision, in memory."""
    room, member, at = place_of(number)
    asked = Asked(member, member, normaliser(text), at)
    return recommender.decide(asked, known[room].state, known[room].memory, 0)


def message(number: int, text: str, at: datetime | None = None) -> IncomingMessage:
    """Return the same message as a channel would deliver it."""
    room, member, when = place_of(number)
    return IncomingMessage(
        key=MessageKey(CHANNEL, ACCOUNT, f"message-{number}"),
        room_id=f"room{room}",
        room_topic=f"第{room}群",
        sender_id=member,
        sender_name=member,
        text=text,
        at=at or when,
    )
