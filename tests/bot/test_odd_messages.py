"""Messages that nobody types: nothing hangs, nothing is pushed for them, and what is said next is answered as ever."""

from __future__ import annotations

import pytest

from bot.stages.gate import LONGEST_MESSAGE, LONGEST_TALK
from tests.bot.conversation import FRUIT, Conversation, sees

EMOJI = {
    "one thing over and over": "🍓" * 200,
    "as long as talk may be": "🍓" * LONGEST_TALK,
    "faces": "😀😂🙏" * 100,
    "families that are joined": "👨‍👩‍👧‍👦" * 500,
    "modifiers of nothing": "\ufe0f\u200d\U0001f3fb" * 500,
    "flags": "🇨🇳" * 1_000,
}
CHARACTERS = {
    "a lone surrogate": "\ud83d",
    "surrogates in the wrong order": "\udf53\ud83c" * 100,
    "control characters": "".join(map(chr, range(32))) * 20,
    "noughts": "\0" * 500,
    "directions that are overridden": "\u202e家里大米\u202c" * 50,
    "marks that pile up": "米" + "\u0301" * 5_000,
    "the last code points": "\U0010ffff\ufffe\uffff" * 300,
}
REPEATED = {
    "a need, as long as talk may be": ("家里大米见底了，" * 1_000)[:LONGEST_TALK],
    "a need without an end": "想买" * (LONGEST_TALK // 2),
    "goods only": "草莓" * (LONGEST_TALK // 2),
    "numbers": "9" * LONGEST_TALK,
    "prices": "30块以内" * (LONGEST_TALK // 5),
    "one bracket": "「" * LONGEST_TALK,
    "64 kB of one need": ("家里大米见底了，" * 3_000)[: LONGEST_MESSAGE // len("米".encode())],
}


async def _said(talk: Conversation, text: str) -> str:
    """Say something odd and then something plain, which must be answered; return what became of the odd one."""
    talk.room = FRUIT
    await talk.say("老周", text)
    became = await talk.outcome()
    talk.channel.sent.clear()
    await talk.verify(("小美", "有草莓吗", sees("草莓")))
    return became


@pytest.mark.parametrize("text", EMOJI.values(), ids=EMOJI)
async def test_nothing_but_emoji_asks_for_nothing(talk: Conversation, text: str) -> None:
    assert (await _said(talk, text)).startswith("ignored/")


@pytest.mark.parametrize("text", CHARACTERS.values(), ids=CHARACTERS)
async def test_any_character_can_be_said(talk: Conversation, text: str) -> None:
    assert (await _said(talk, text)).startswith(("ignored/", "need/held/", "need/unmet"))


async def test_half_an_emoji_behind_a_need_takes_nothing_from_it(talk: Conversation) -> None:
    assert await _said(talk, "家里大米见底了\ud83c") == "need/pushed"


@pytest.mark.parametrize("text", REPEATED.values(), ids=REPEATED)
async def test_what_is_said_a_thousand_times_is_no_need(talk: Conversation, text: str) -> None:
    assert (await _said(talk, text)).startswith("ignored/")
