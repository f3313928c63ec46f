"""After a deletion nothing of the person is left but a keyed hash and frozen orders: every column, worlds, races."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest
from sqlalchemy import JSON, LargeBinary, String, select
from sqlmodel import SQLModel

import bot.bootstrap  # noqa: F401 - every table must be known
from bot import personal
from bot.dispatcher import Dispatcher
from core.database import execute
from core.outcomes import SendState
from core.personal import ERASED, Treatment, keyed_mark
from groups import ledger
from orders.masking import mask_name
from orders.models import BuyerRecord, OfferItem, OrderEdit, OrderLine
from tests.bot.conftest import shop, talk, talk_with  # noqa: F401 - fixtures
from tests.bot.conversation import Conversation
from tests.worlds_of_people import World, in_database, texts_in

WORLDS = 32
INTERLEAVINGS = 24


def _columns() -> set[str]:
    """Every column that can hold a text, by table and name."""
    return {
        f"{table.name}.{column.name}"
        for table in SQLModel.metadata.tables.values()
        for column in table.columns
        if isinstance(getattr(column.type, "impl_instance", column.type), String | JSON | LargeBinary)
    }


def test_every_column_is_answered_for_by_one_package() -> None:
    named = Counter(column for part in personal.PARTS for column in part.columns)
    assert sorted(_columns() - set(named)) == []
    assert sorted(set(named) - _columns()) == []
    assert [column for column, times in named.items() if times > 1] == []


def test_what_is_not_deleted_has_its_reason() -> None:
    treated = {name: column for part in personal.PARTS for name, column in part.columns.items()}
    bare = [name for name, one in treated.items() if one.how is Treatment.NOT_PERSONAL and not one.reason]
    assert bare == []
    likely = ("member", "contact_id", "sender_id", "said_by", "name", "room_name", "for_whom", "evidence", "note")
    wrong = [
        name
        for name, one in treated.items()
        if name.partition(".")[2] in likely and one.how is Treatment.NOT_PERSONAL and name != "switch.name"
    ]
    assert wrong == []


@pytest.mark.parametrize("seed", range(WORLDS))
async def test_nothing_of_a_person_is_left(talk: Conversation, seed: int) -> None:  # noqa: F811
    world = await World.made(talk, seed)
    await world.live(12)
    assert await in_database(talk.database, world.needles), "the search finds what is there"
    assert world.contact in set(texts_in(talk.parts.pipeline.office)), "in memory as well"
    sums = await _sums(talk)
    await world.delete()
    assert await world.left() == []
    assert set(sums) <= set(await _sums(talk)), "stock and pick-up codes stay as they were"
    await _book_is_whole(talk, world)
    talk.start()
    await talk.intake.observe(talk.channel.seen("room-fruit"))
    assert await world.left() == []


async def _sums(talk: Conversation) -> list[tuple[Any, ...]]:  # noqa: F811
    async with talk.database.reading() as session:
        items = await execute(session, select(OfferItem.__table__.c.id, OfferItem.__table__.c.taken))
        codes = await execute(session, select(BuyerRecord.__table__.c.offer_id, BuyerRecord.__table__.c.code))
        return sorted([tuple(row) for row in items]) + sorted(tuple(row) for row in codes)


async def _book_is_whole(talk: Conversation, world: World) -> None:  # noqa: F811
    """Each line is still the sum of its ledger, and whoever was frozen stands under the keyed hash."""
    async with talk.database.reading() as session:
        edits = list(await execute(session, select(OrderEdit.__table__)))
        lines = list(await execute(session, select(OrderLine.__table__)))
        secret = await ledger.key(session)
    totals: Counter[tuple[Any, ...]] = Counter()
    for edit in edits:
        totals[edit.item_id, edit.member, edit.for_whom] += int(edit.delta * 100)
    assert {(one.item_id, one.member, one.for_whom): int(one.quantity * 100) for one in lines} == dict(totals)
    frozen = [line for line in lines if line.member.startswith(ERASED)]
    assert {line.name for line in frozen} <= {"（已删除）"}
    assert {line.note for line in frozen} <= {""}
    called = [f"~{name}" for name in (*world.needles, mask_name(world.room_name))]
    marks = [keyed_mark(secret, *world.account, one)[:16] for one in (world.contact, *called)]
    assert {line.member for line in frozen} <= {f"{ERASED}{mark}" for mark in marks}


@pytest.mark.parametrize("seed", range(INTERLEAVINGS))
async def test_a_refusal_committed_before_a_claim_always_stops_it(talk: Conversation, seed: int) -> None:  # noqa: F811
    """Needs, refusals and two dispatchers in any order: what goes out was claimed before the refusal was committed."""
    dice = random.Random(seed)  # noqa: S311 - no secret, a world that can be made again
    second = Dispatcher(
        talk.database, talk.clock, talk.channel, pacing=talk.settings.pacing,
        recommender=talk.settings.recommender, zone=talk.settings.zone,
    )  # fmt: skip
    people = ["小美", "老周", "阿强"]
    wanted = dict(zip(people, dice.sample(["有草莓吗", "有纯牛奶吗", "有蓝莓吗", "家里大米见底了"], 3), strict=True))
    word = dice.choice(["退订", "@千群 退订", "删除我的数据"])
    acts = [(act, one) for act in ("need", "refuse") for one in people]
    acts += [("send", ""), ("send", ""), ("send", ""), ("restart", "")]
    dice.shuffle(acts)
    refused: dict[str, int] = {}
    for act, who in acts:
        if act == "need":
            await talk.take(talk.message(who, wanted[who]))
        elif act == "refuse":
            await talk.take(talk.message(who, word))
            if word == "删除我的数据":
                await talk.take(talk.message(who, "确认删除"))
            refused[who] = len(talk.channel.sent)
        elif act == "restart":
            talk.start()
        else:
            await dice.choice([talk.dispatcher, second]).send_waiting()
    await second.send_waiting()
    for who, before in refused.items():
        late = [message.text for message in talk.channel.sent[before:] if message.room_id and who in message.text]
        assert late == [], (seed, who)
    for push in await talk.outbox("push"):
        assert push.state in {SendState.SENT, SendState.HELD}
