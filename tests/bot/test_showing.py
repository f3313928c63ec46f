"""Words that show products: 推荐, 不推, 置顶, 全部商品."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from core.outcomes import SendState
from tests.bot.conftest import MakeTalk
from tests.bot.conversation import CATS, FRUIT, MOTHERS, NOTHING, Conversation, sees, told
from tests.bot.fake_channel import shown


async def test_the_leader_has_something_shown_and_it_can_be_ordered(talk: Conversation) -> None:
    await talk.verify(
        ("林姐", "推荐 草莓", sees("林姐推荐草莓", "草莓", "元", "林姐的团购助手千群", "退订", "编号"), "command/done"),
        ("小美", "A1 2份", sees("✓ 小美", "草莓"), "order/applied"),
    )
