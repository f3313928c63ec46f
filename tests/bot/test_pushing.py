"""What a batch decided to show is carried out together, and comes to the same as one after the other."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from sqlmodel import col, select

from bot import pipeline
from bot.stages.turn import Handled
from core.clock import ManualClock
from core.database import Database
from core.messages import IncomingMessage
from core.outbox import OutboxMessage
from core.settings import DatabaseSettings
from groups.models import MemberTag
from orders.models import OfferRecord
from recommender.models import NeedRecord, Push
from tests.bot.conftest import MakeTalk
from tests.bot.conversation import BOT, CATS, FRUIT, Conversation, settings
from tests.bot.shop import Shop

_NEEDS = Path(__file__).parents[1] / "data" / "needs_fresh.jsonl"
_MOTHERS = "星河湾宝妈群"
_PEOPLE = {
    FRUIT: ("小美", "老周", "豆豆妈", "阿强", "陈姨", "甜甜"),
    _MOTHERS: ("豆豆妈", "安安妈", "米糖", "乐乐爸", "小满"),
    CATS: ("甜甜", "棉花糖", "阿布"),
}
_WORDS = (
    *("退订", "恢复", "我的标签", "删标签 水果", "关闭个性化", "打开个性化", "我的订单", "为什么推荐", "不推 草莓"),
    *("A1 1盒", "A2 2份", "第一个来两份", "+1", "草莓2盒", "不要了", "今天好冷", "收到", f"@{BOT} 有草莓吗"),
)
_AT_ONCE, _BATCHES = 40, 6


def _messages(talk: Conversation) -> Iterator[IncomingMessage]:
    """Yield needs in three groups, with words about what is shown in between."""
    choice = random.Random(3)  # noqa: S311 - the same lines each time
    lines = [json.loads(line) for line in _NEEDS.read_text(encoding="utf-8").splitlines()]
    needs = [line["text"] for line in lines]
    for _ in range(_AT_ONCE * _BATCHES):
        talk.room = choice.choice(tuple(_PEOPLE))
        goods = choice.choice(("草莓", "牛奶", "大米", "猫粮", "橙子", "水果", "水果", "零食"))
        text = choice.choices((f"有{goods}吗", choice.choice(needs), choice.choice(_WORDS)), (5, 2, 2))[0]
        yield talk.message(choice.choice(_PEOPLE[talk.room]), text)


async def _came_to(shop: Shop, clock: ManualClock, file: Path) -> dict[str, list[Any]]:
    """Take all messages through a bot of its own; return everything they came to."""
    database = await Database.open(DatabaseSettings(url=f"sqlite:///{file}"))
    try:
        async with database.engine.begin() as connection:
            await connection.run_sync(OutboxMessage.metadata.create_all)
        await shop.stock(database)
        talk = Conversation(shop, database, clock, settings(recommender={"limits": False}))
        await talk.enter()
        handled: list[Handled] = []
        messages = list(_messages(talk))
        for start in range(0, len(messages), _AT_ONCE):
            handled += await talk.parts.pipeline.take(messages[start : start + _AT_ONCE])
        assert [one.message.key for one in handled] == [one.key for one in messages]
        async with database.reading() as session:
            rows = {
                model.__name__: [row.model_dump() for row in await session.exec(select(model).order_by(col(model.id)))]
                for model in (OutboxMessage, NeedRecord, Push, OfferRecord, MemberTag)
            }
        return {"handled": [_plain(one) for one in handled], **rows}
    finally:
        await database.close()


def _plain(one: Handled) -> tuple[Any, ...]:
    decision = one.decision
    shown = (decision.text, decision.reasons, [pick.item.id for pick in decision.picks]) if decision else None
    return one.row_id, one.outcome, one.reason, shown, one.drafts


async def test_carried_out_together_it_comes_to_the_same(
    shop: Shop, clock: ManualClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    together = await _came_to(shop, ManualClock(clock.now()), tmp_path / "together.db")
    monkeypatch.setattr(pipeline, "STAGES", tuple(stage._replace(apart=False) for stage in pipeline.STAGES))
    at_once = await _came_to(shop, ManualClock(clock.now()), tmp_path / "at_once.db")
    assert together == at_once
    assert len(together["Push"]) > len(together["handled"]) / 4
    assert any("because" in entry for row in together["Push"] for entry in row["products"])


async def test_tags_and_products_are_read_once_for_all_groups_of_a_batch(talk_with: MakeTalk) -> None:
    talk = await talk_with(recommender={"limits": False})
    said = []
    for talk.room, who, text in (
        (FRUIT, "小美", "有草莓吗"),
        (_MOTHERS, "米糖", "有牛奶吗"),
        (CATS, "阿布", "有猫粮吗"),
    ):
        said.append(talk.message(who, text))
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    event.listen(talk.database.engine.sync_engine, "before_cursor_execute", note)
    try:
        handled = await talk.parts.pipeline.take(said)
    finally:
        event.remove(talk.database.engine.sync_engine, "before_cursor_execute", note)
    assert [one.reason.value for one in handled] == ["pushed"] * 3
    for one, goods in zip(handled, ("草莓", "牛奶", "猫粮"), strict=True):
        assert one.decision is not None
        assert goods in one.decision.text
        assert [draft.text for draft in one.drafts] == [one.decision.text]
    assert len([one for one in seen if one.startswith("SELECT") and "member_tag.weight" in one]) == 1
    assert len([one for one in seen if one.startswith("SELECT") and "price_tiers" in one]) == 1
