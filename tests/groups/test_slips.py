"""Words are heard through slips, and talk is never taken for a word."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypinyin import lazy_pinyin

from groups.talk.hearing import parse
from groups.talk.slips import Slips, spoken
from groups.talk.words import KINDS, UnknownWord, Word, WordKind

DATA = Path(__file__).parents[1] / "data"
NEAR = (DATA / "talk_near_words.txt").read_text(encoding="utf-8").splitlines()
TALK = [json.loads(line)["text"] for line in (DATA / "talk.jsonl").read_text(encoding="utf-8").splitlines()]
K = WordKind

SLIPS = [
    ("退丁", Word(K.UNSUBSCRIBE)),
    ("赞停", Word(K.PAUSE)),
    ("同一", Word(K.AGREE)),
    ("几别3", Word(K.LEVEL, "3")),
    ("级別 3", Word(K.LEVEL, "3")),
    ("赞停 阳光小区水果群", Word(K.PAUSE, group="阳光小区水果群")),
    ("推见 草莓", Word(K.RECOMMEND, "草莓")),
    ("标前", Word(K.LABELS)),
    ("全部商", Word(K.ALL_PRODUCTS)),
    ("全部产品", Word(K.ALL_PRODUCTS)),
    ("全部商商品", Word(K.ALL_PRODUCTS)),
    ("全部上品 按销量", Word(K.ALL_PRODUCTS, "按销量")),
    ("关闭个性", Word(K.PERSONALISATION_OFF)),
    ("关闭个人化", Word(K.PERSONALISATION_OFF)),
    ("打开个性华", Word(K.PERSONALISATION_ON)),
    ("请帮我赞停一下", Word(K.PAUSE)),
    ("暂暂停", Word(K.PAUSE)),
    ("我的数剧", Word(K.MY_DATA)),
    ("删除我的数", Word(K.DELETE_DATA)),
    ("设助首 小美", Word(K.APPOINT, "小美")),
]
RIGHTS_BY_SOUND = [
    ("退丁", K.UNSUBSCRIBE),
    ("推订！", K.UNSUBSCRIBE),
    ("腿 丁", K.UNSUBSCRIBE),
    ("别在推荐", K.UNSUBSCRIBE),
    ("关必个性化", K.PERSONALISATION_OFF),
    ("打开个姓化", K.PERSONALISATION_ON),
    ("我的树据", K.MY_DATA),
    ("删除我的树据", K.DELETE_DATA),
    ("山除我的数据", K.DELETE_DATA),
    ("我的表签", K.MY_TAGS),
]
OPPOSITES = [
    ("主要推荐", "求推荐一下吗"),
    ("不满意", "可以的"),
    ("我要退货", "我要退款"),
    ("有什么推荐", "有啥推荐"),
    ("小美的数据", "他的数据"),
    ("你的标签", "她的标签"),
    ("指定", "统一"),
    ("回复", "不退"),
    ("确认山除", "确定删去"),
]


@pytest.mark.parametrize(("text", "word"), SLIPS)
def test_addressed_to_the_bot_a_word_is_heard_through_a_slip(text: str, word: Word) -> None:
    assert parse(text, True) == word


@pytest.mark.parametrize(("text", "kind"), RIGHTS_BY_SOUND)
def test_a_word_about_rights_is_heard_by_its_sound_even_unaddressed(text: str, kind: WordKind) -> None:
    assert parse(text, False) == Word(kind)


@pytest.mark.parametrize("text", ["赞停", "同一", "全部商", "推见 草莓", "退丁那个会员", "我退丁了吗", "退丁？"])
def test_other_slips_are_talk_where_nobody_addressed_the_bot(text: str) -> None:
    assert parse(text, False) is None


@pytest.mark.parametrize("text", [text for pair in OPPOSITES for text in pair])
def test_a_slip_never_turns_a_word_round_or_means_somebody_else(text: str) -> None:
    assert not isinstance(parse(text, True), Word)


def test_what_cannot_be_undone_is_never_heard_through_a_slip() -> None:
    assert parse("确认删除", True) == Word(K.CONFIRM_DELETE)
    for text in ("确认山除", "确人删除", "确认删", "确认删删除", "确认删处"):
        assert not isinstance(parse(text, True), Word)


def test_the_set_of_everyday_talk_is_large_enough() -> None:
    assert len(set(NEAR)) >= 200
    assert len(TALK) >= 400


@pytest.mark.parametrize("lines", [NEAR, TALK], ids=["near words", "everyday"])
def test_no_line_of_talk_is_heard_as_a_word_when_nobody_addressed_the_bot(lines: list[str]) -> None:
    heard = [line for line in lines if parse(line, False) is not None]
    assert heard == []


def test_everyday_talk_to_the_bot_is_no_word_either() -> None:
    assert [line for line in TALK if isinstance(parse(line, True), Word)] == []


def test_a_need_said_to_the_bot_stays_a_need() -> None:
    """Only 推荐 X is a word as well; from a member it is talk, see ``groups.talk.speaking``."""
    for name in ("needs", "needs_fresh"):
        for line in (DATA / f"{name}.jsonl").read_text(encoding="utf-8").splitlines():
            word = parse(json.loads(line)["text"], True)
            assert not isinstance(word, Word) or word.kind is K.RECOMMEND, line


@pytest.mark.parametrize("form", KINDS)
def test_every_form_is_its_own_word(form: str) -> None:
    for addressed in (True, False):
        assert parse(form, addressed) == Word(KINDS[form])


@given(st.sampled_from(sorted(KINDS)), st.integers(0, 8), st.sampled_from("不别我你他开关取消删"))
def test_a_form_with_another_direction_is_no_slip_of_it(form: str, place: int, char: str) -> None:
    """打开 with 关 for 开 is not 打开, 不要推荐 with 你 for 不 no refusal."""
    if place < len(form) and form[place] != char:
        turned = form[:place] + char + form[place + 1 :]
        assert form not in Slips([], KINDS).nearly(turned)


@given(
    st.text(alphabet="退订暂停个性化别推荐不要开关闭我的数据删除标签全部商品按销量 ?，0123", max_size=30), st.booleans()
)
def test_no_mixture_of_words_breaks_the_reader(text: str, mentioned: bool) -> None:
    assert isinstance(parse(text, mentioned), Word | UnknownWord | None)


def test_a_form_of_two_kinds_by_sound_is_neither() -> None:
    slips = Slips(["退订", "推定"], [])
    assert sorted(slips.of_same_sound("腿丁")) == ["推定", "退订"]
    assert slips.of_same_sound("吃饭") == []


@pytest.mark.parametrize("form", [form for form in KINDS if len(form) > 1 and not form.isascii()])
def test_a_word_of_ours_is_said_as_the_dictionary_of_phrases_says_it(form: str) -> None:
    assert spoken(form) == " ".join(lazy_pinyin(form))
