"""Who is mentioned in a line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.local.mentions import find, write

NAMES = {"mei": "小美", "mama": "小美妈", "bot": "千群", "mei2": "小美"}


@pytest.mark.parametrize(
    ("text", "picked", "found"),
    [
        ("@千群\u2005今天有什么", [], ["bot"]),
        ("@千群 今天有什么", [], ["bot"]),
        ("今天有什么 @千群", [], ["bot"]),
        ("@千群今天有什么", [], []),
        ("@千群今天有什么", ["bot"], ["bot"]),
        ("千群 在吗", [], []),
        ("@小美妈 在吗", [], ["mama"]),
        ("@小美 在吗", [], ["mei", "mei2"]),
        ("@小美 在吗", ["mei2"], ["mei2"]),
        ("@小美妈 @千群 @小美妈 ", [], ["mama", "bot"]),
        ("@@千群 ", [], ["bot"]),
        ("a@千群", [], ["bot"]),
        ("@", [], []),
        ("在吗", ["mama"], []),
    ],
)
def test_mentions(text: str, picked: list[str], found: list[str]) -> None:
    assert find(text, NAMES, picked) == found


@given(st.text(), st.lists(st.sampled_from(["小美妈", "千群"]), unique=True))
def test_what_is_written_is_found(text: str, names: list[str]) -> None:
    ids = {"小美妈": "mama", "千群": "bot"}
    assert find(write(text, names), NAMES)[: len(names)] == [ids[name] for name in names]
