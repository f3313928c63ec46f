"""What a stage says at once it keeps: where it could not answer a message, it does not when it is asked in full."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot import pipeline
from bot.stages.turn import Handled, Stage, Turn
from core.messages import IncomingMessage, MessageKind, Quote
from groups.talk.words import KINDS
from orders.words import OrderWordKind, forms
from tests.bot.conversation import BOT, CATS, FRUIT, Conversation

_TESTS = Path(__file__).parents[1]
_FILES = ("talk", "needs_fresh")
_ORDERS = _TESTS / "orders" / "data" / "order_lines.jsonl"
_NEAR_WORDS = _TESTS / "data" / "talk_near_words.txt"
_PEOPLE = ("小美", "林姐", "老周", "甜甜", "杰哥", "路过的人")
_PIECES = (
    *KINDS,
    *(form for kind in OrderWordKind for form in forms(kind)),
    *("我的数据", "小美的资料", "开团", "接龙", "草莓", "两盒", "3", "+1", "我也要", "不要了", "收到", "已付"),
    *(" ", "，", "！", "？", "的", "了", "吗", "一下", "[捂脸]", "😂", "@小美 ", BOT, *"推退丁Ａ團開"),
)
_SURELY = (
    *(("林姐", text) for text in ("统计", "导出小美的数据", "查老周的资料", "截单 今晚8点")),
    *(("小美", text) for text in ("我的订单", "导出老周的数据", "不用了", "草莓再来一盒")),
)
_MADE = 500
_AT_ONCE = 40


def _corpus() -> Iterator[tuple[str, str]]:
    """Yield who says what: labelled lines by people of the group, chance ones each by somebody new (退订 holds)."""
    choice = random.Random(5)  # noqa: S311 - chance lines, the same each time
    yield from _SURELY
    said = [
        line["text"]
        for name in _FILES
        for line in map(json.loads, (_TESTS / "data" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines())
    ]
    said += [json.loads(line)["said"] for line in _ORDERS.read_text(encoding="utf-8").splitlines()]
    said += _NEAR_WORDS.read_text(encoding="utf-8").split()
    for text in said:
        yield choice.choice(_PEOPLE), text
    for number in range(_MADE):
        yield f"邻居{number}", "".join(choice.choices(_PIECES, k=choice.randint(1, 5)))


def _messages(talk: Conversation) -> Iterator[IncomingMessage]:
    """Yield the corpus as it may be said in a group where much is on offer, in a quiet one, and in private."""
    choice = random.Random(6)  # noqa: S311 - see above
    for number, (who, text) in enumerate(_corpus()):
        talk.room = choice.choices((FRUIT, CATS, ""), (6, 2, 1))[0] if number >= len(_SURELY) else FRUIT
        values: dict[str, Any] = {"quote": Quote("小美", "草莓2份")} if number % 53 == 0 else {}
        if number % 97 == 0:
            values = {"kind": choice.choice((MessageKind.RECALL, MessageKind.IMAGE))}
        yield talk.message(who, text, **values)


async def test_a_stage_that_may_not_answer_never_does(talk: Conversation, monkeypatch: pytest.MonkeyPatch) -> None:
    spared: Counter[str] = Counter()
    answered: Counter[str] = Counter()

    def held_to_it(stage: Stage) -> Stage:
        name = f"{stage.answer.__module__}.{stage.answer.__qualname__}"

        async def answer(turn: Turn) -> Handled | None:
            may, handled = stage.may(turn), await stage.answer(turn)
            assert may or handled is None, f"{name} answers {turn.message.text!r}"
            spared[name] += not may
            answered[name] += handled is not None
            return handled

        return Stage(lambda _: True, answer)

    await talk.say("林姐", "开团 周末水果\n1. 丹东草莓 59.9元/盒\n2. 有机牛奶 39元/箱")
    await talk.say("小美", "草莓2盒")
    monkeypatch.setattr(pipeline, "STAGES", tuple(map(held_to_it, pipeline.STAGES)))
    messages = list(_messages(talk))
    for start in range(0, len(messages), _AT_ONCE):
        await talk.parts.pipeline.take(messages[start : start + _AT_ONCE])
        talk.clock.advance(60)
    assert len(answered) == len(pipeline.STAGES)
    assert all(answered.values()), answered
    for name in ("bot.stages.rights.others", "bot.stages.orders.word", "bot.stages.words.command"):
        assert spared[name] > len(messages) / 2, spared
