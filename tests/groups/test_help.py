"""Help is complete, short enough for a phone, and every word in it is understood."""

from __future__ import annotations

import re

import pytest

from groups.talk import speech
from groups.talk.hearing import parse
from groups.talk.words import Audience, Word, WordKind, audience
from tests.groups.conversation import Room, settings

NOT_LISTED = {WordKind.CONFIRM_DELETE, WordKind.HELP}
"""Said only after 删除我的数据 asks for it; and what has brought the reader here."""


def words_of(text: str) -> list[str]:
    """Return every word a help text shows: after a heading, and in quotation marks."""
    listed = [line.split("】", 1)[1] for line in text.splitlines() if line.startswith("【")]
    plain = [re.sub(r"（.*?）", "", one) for line in listed for one in line.split("、")]
    return [*plain, *re.findall(r"“(.+?)”", text)]


@pytest.mark.parametrize("name", ["help_leader", "help_member"])
def test_every_word_in_help_is_understood(name: str) -> None:
    for shown in words_of(speech.say(name)):
        assert isinstance(parse(shown, True), Word), shown


def kinds_in(text: str) -> set[WordKind]:
    return {word.kind for shown in words_of(text) if isinstance(word := parse(shown, True), Word)}


def test_help_for_members_is_complete_and_shows_no_word_of_a_leader() -> None:
    everybody = {kind for kind in WordKind if audience(kind) == Audience.EVERYONE}
    assert kinds_in(speech.say("help_member")) == everybody - NOT_LISTED


def test_help_for_leaders_is_complete() -> None:
    assert kinds_in(speech.say("help_leader")) == set(WordKind) - NOT_LISTED


def test_help_fits_on_a_phone() -> None:
    assert len(speech.say("help_member")) <= 120
    assert len(speech.say("help_leader")) <= 360
    assert max(map(len, speech.say("help_leader").splitlines())) <= 80


def test_the_line_for_a_word_that_was_not_understood_shows_words_that_are() -> None:
    line = speech.say("unknown", text="x")
    assert "\n" not in line
    shown = line.split("可以说：", 1)[1].split("；", 1)[0].split("、")
    assert len(shown) > 5
    for one in shown:
        assert isinstance(parse(one, True), Word), one


@pytest.mark.parametrize(
    "text", ["级别高一点", "把推荐关了", "关掉欢迎吧这个群", "暂停一下我去接电话", "我的数据线呢不见了"]
)
def test_a_leader_whose_word_is_not_understood_gets_one_line_and_a_member_nothing(text: str) -> None:
    room = Room()
    answer = room.says("lin", text, mentioned=True)
    assert room.says("xiaomei", text, mentioned=True) == ""
    if "呢" in text:
        assert answer == ""  # a question is no word
    else:
        assert answer.startswith("没听懂")
        assert "\n" not in answer


def test_the_introduction_says_all_it_owes_and_is_short() -> None:
    room = Room(settings(leaders=[{"id": "lin", "name": "林姐"}], retention_days=90))
    text = room.introduction or ""
    owed = (
        "千群",
        "林姐的团购小助手",
        "文字",
        "90 天",
        "订单按规定保存 3 年",
        "退订",
        "恢复",
        "我的数据",
        "删除我的数据",
        "暂停",
    )
    assert [fact for fact in owed if fact not in text] == []
    assert len(text) <= 260
    for word in ("退订", "恢复", "我的数据", "删除我的数据", "暂停"):
        assert isinstance(parse(word, False), Word)


def test_an_introduction_at_level_0_says_that_it_is_off() -> None:
    text = Room(settings(default_level=0)).introduction or ""
    assert "关闭" in text
    assert "我会看" not in text
    assert "删除我的数据" in text
