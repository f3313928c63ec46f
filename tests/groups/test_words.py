from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groups.talk.hearing import parse
from groups.talk.words import UnknownWord, Word, WordKind

NAMES = ("千群",)

WHOLE = [
    ("暂停", Word(WordKind.PAUSE)),
    ("暂停！", Word(WordKind.PAUSE)),
    ("暂 停。", Word(WordKind.PAUSE)),
    ("恢复", Word(WordKind.RESUME)),
    ("退订", Word(WordKind.UNSUBSCRIBE)),
    ("退定", Word(WordKind.UNSUBSCRIBE)),
    ("#退订", Word(WordKind.UNSUBSCRIBE)),
    ("TD", Word(WordKind.UNSUBSCRIBE)),
    ("ｔｄ", Word(WordKind.UNSUBSCRIBE)),
    ("t", Word(WordKind.UNSUBSCRIBE)),
    ("不要推荐", Word(WordKind.UNSUBSCRIBE)),
    ("退订，谢谢", Word(WordKind.UNSUBSCRIBE)),
    ("我要退订！", Word(WordKind.UNSUBSCRIBE)),
    ("别再推荐了!", Word(WordKind.UNSUBSCRIBE)),
    ("级别 3", Word(WordKind.LEVEL, "3")),
    ("级别：３", Word(WordKind.LEVEL, "3")),
    ("级别三", Word(WordKind.LEVEL, "3")),
    ("级别改成两级", Word(WordKind.LEVEL, "2")),
    ("级别9", Word(WordKind.LEVEL, "9")),
    ("标签", Word(WordKind.LABELS)),
    ("标签 加 水果", Word(WordKind.LABEL_ADD, "水果")),
    ("标签 删 水果", Word(WordKind.LABEL_REMOVE, "水果")),
    ("同意", Word(WordKind.AGREE)),
    ("同意 2", Word(WordKind.AGREE, "2")),
    ("不用", Word(WordKind.DECLINE)),
    ("帮助？", Word(WordKind.HELP)),
    ("需求", Word(WordKind.NEEDS)),
    ("关闭个性化", Word(WordKind.PERSONALISATION_OFF)),
    ("打开个性化", Word(WordKind.PERSONALISATION_ON)),
    ("为什么推荐?", Word(WordKind.WHY)),
    ("千群，暂停", Word(WordKind.PAUSE)),
    ("千群 级别2", Word(WordKind.LEVEL, "2")),
]

TALK = [
    "恢复得怎么样了",
    "暂停一下我去接电话",
    "暂停营业的店又开了",
    "退订一下那个会员",
    "不用了谢谢",
    "不用？",
    "恢复?",
    "标签加错了",
    "我同意",
    "需求量很大",
    "级别不一样",
    "t恤",
    "暂停 阳光小区水果群",
    "",
    " ",
    "？？",
    "千群",
    "家里大米见底了",
]


@pytest.mark.parametrize(("text", "word"), WHOLE)
def test_a_word_is_heard_alone_and_through_small_slips(text: str, word: Word) -> None:
    assert parse(text, False, NAMES) == word
    assert parse(text, True, NAMES) == word


@pytest.mark.parametrize("text", TALK)
def test_talk_that_only_looks_like_a_word_stays_talk(text: str) -> None:
    assert parse(text, False, NAMES) is None


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("请帮我退订一下", Word(WordKind.UNSUBSCRIBE)),
        ("先暂停吧", Word(WordKind.PAUSE)),
        ("标签加水果", Word(WordKind.LABEL_ADD, "水果")),
        ("标签 加 小区 枫林苑", Word(WordKind.LABEL_ADD, "小区 枫林苑")),
        ("暂停 阳光小区水果群", Word(WordKind.PAUSE, group="阳光小区水果群")),
        ("阳光小区水果群 暂停", Word(WordKind.PAUSE, group="阳光小区水果群")),
        ("级别 4 阳光小区", Word(WordKind.LEVEL, "4", "阳光小区")),
    ],
)
def test_addressed_to_the_bot_a_word_may_be_dressed_up(text: str, word: Word) -> None:
    assert parse(text, True) == word


@pytest.mark.parametrize("text", ["级别高一点", "暂停一下我去接电话", "标签是啥意思写一下"])
def test_a_command_that_went_wrong_is_told_from_talk_when_addressed(text: str) -> None:
    expected = None if "啥" in text else UnknownWord(text)
    assert parse(text, True) == expected


@pytest.mark.parametrize("text", ["恢复得怎么样了", "草莓还有吗", "暂停推荐可以吗", "你好", "谢谢"])
def test_talk_to_the_bot_is_no_command(text: str) -> None:
    assert parse(text, True) is None


@given(st.text(max_size=200), st.booleans())
def test_no_text_breaks_the_parser(text: str, mentioned: bool) -> None:
    assert isinstance(parse(text, mentioned, NAMES), Word | UnknownWord | None)
