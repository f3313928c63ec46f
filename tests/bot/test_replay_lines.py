"""Lines of ``qianqun replay --format jsonl``: of talk only the number is new, and every line is its result."""

from __future__ import annotations

import json
from itertools import product

from bot.cli.replaying import JsonLines
from bot.replay import result
from bot.stages.turn import Handled
from core.outcomes import Hold, Outcome, Reason
from tests.bot.conversation import Conversation

_SAID = (
    *(("林姐", "开团 周末水果\n1. 丹东草莓 59.9元/盒"), ("小美", "草莓2盒"), ("小美", "+1"), ("小美", "谢谢团长")),
    *(("老周", "今晚风好大"), ("老周", "有大米吗"), ("甜甜", "有草莓吗"), ("甜甜", "大米怎么煮好吃")),
    *(("林姐", "暂停"), ("杰哥", "有大米吗"), ("杰哥", "上次的苹果真甜"), ("小美", "退订"), ("小美", "有牛奶吗")),
)


def _written(n: int, handled: Handled) -> str:
    return json.dumps(result(n, handled), ensure_ascii=False) + "\n"


async def _handled(talk: Conversation) -> list[Handled]:
    return await talk.parts.pipeline.take([talk.message(who, text) for who, text in _SAID])


async def test_every_line_is_its_result(talk: Conversation) -> None:
    lines, ended = JsonLines(), await _handled(talk)
    assert {one.outcome for one in ended} >= {Outcome.NEED, Outcome.ORDER, Outcome.COMMAND, Outcome.IGNORED}
    assert any(one.decision and one.decision.hold is Hold.PAUSED for one in ended)
    for n, one in enumerate([*ended, *ended], start=1):
        assert lines.line(n, one) == _written(n, one)


async def test_talk_of_every_outcome_is_its_result_under_any_number(talk: Conversation) -> None:
    lines, (first, *_) = JsonLines(), await _handled(talk)
    for n in (1, 20, 30_000):
        for outcome, reason in product(Outcome, Reason):
            talked = Handled(first.row_id, first.message, outcome, reason)
            assert lines.line(n, talked) == _written(n, talked)
