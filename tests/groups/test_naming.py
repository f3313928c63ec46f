"""Which group a leader's word in a private chat is about, for every word with an object."""

from __future__ import annotations

import pytest

from groups.state import GroupKey, GroupState
from groups.talk.hearing import parse
from groups.talk.naming import matching
from groups.talk.words import KINDS, Word, WordKind
from tests.groups.test_private import FRUIT, LIN, MUMS, _say

SPACED = GroupState(GroupKey("local", "bot", "r3"), topic="枫林苑 团购 一群", owner_id="lin")
ALL = (FRUIT, MUMS, SPACED)


@pytest.mark.parametrize(
    ("text", "wanted", "group"),
    [
        ("推荐 草莓 阳光小区水果群", "草莓", FRUIT),
        ("推荐 奶油 草莓 阳光小区水果群", "奶油 草莓", FRUIT),
        ("推荐 草莓 宝妈群", "草莓", MUMS),
        ("推荐草莓 宝妈群", "草莓", MUMS),
        ("不推 榴莲 枫林苑 团购 一群", "榴莲", SPACED),
        ("置顶 qingguo/QG1001 水果群", "qingguo/qg1001", FRUIT),
        ("取消置顶 草莓 水果群", "草莓", FRUIT),
        ("设助手 小美 水果群", "小美", FRUIT),
        ("撤助手 小美 星河湾宝妈群", "小美", MUMS),
        ("打开欢迎 宝妈", "", MUMS),
        ("关闭欢迎 阳光小区水果群", "", FRUIT),
        ("标签 加 零食 星河湾宝妈群", "零食", MUMS),
        ("级别 4 宝妈", "4", MUMS),
        ("同意 2 水果群", "2", FRUIT),
        ("全部商品 按销量 2 水果群", "按销量 2", FRUIT),
        ("更新标签 水果群", "", FRUIT),
        ("停用本群 水果群", "", FRUIT),
        ("拆群 养猫 水果群", "养猫", FRUIT),
    ],
)
def test_the_name_stands_behind_the_object(text: str, wanted: str, group: GroupState) -> None:
    word = parse(text, True)
    assert isinstance(word, Word)
    found, rest = matching(ALL, word)
    assert found is group
    assert (rest.object, rest.group) == (wanted, "")


@pytest.mark.parametrize(
    "text", ["推荐 草莓", "推荐 奶油 草莓", "不推 榴莲", "设助手 小美", "置顶 草莓 月亮群", "标签 加 枫林苑"]
)
def test_without_a_name_that_fits_one_group_the_leader_is_asked(text: str) -> None:
    word = parse(text, True)
    assert isinstance(word, Word)
    assert matching(ALL, word)[0] is None


def test_with_one_group_nothing_is_taken_off_the_object_but_its_whole_name() -> None:
    for text, wanted in (("推荐 奶油 水果", "奶油 水果"), ("推荐 草莓 阳光小区水果群", "草莓")):
        word = parse(text, True)
        assert isinstance(word, Word)
        found, rest = matching([FRUIT], word)
        assert (found, rest.object) == (FRUIT, wanted)


@pytest.mark.parametrize("form", KINDS)
def test_what_the_question_for_the_group_proposes_is_understood(form: str) -> None:
    """Said again as the example has it, the word must mean the first group."""
    kind = KINDS[form]
    said = {WordKind.LEVEL: "级别 3", WordKind.LABEL_ADD: "标签 加 零食", WordKind.LABEL_REMOVE: "标签 删 零食"}
    if kind in {WordKind.RECOMMEND, WordKind.EXCLUDE, WordKind.INCLUDE, WordKind.PIN, WordKind.UNPIN}:
        said[kind] = f"{form} 草莓"
    if kind in {WordKind.APPOINT, WordKind.DISMISS, WordKind.SPLIT, WordKind.MERGE, WordKind.MOVE}:
        said[kind] = f"{form} 小美"
    result = _say(said.get(kind, form), LIN, owned=(FRUIT, MUMS))
    answer = (result.answer if result else "") or ""
    if "请带上群名" not in answer:
        return  # a word about the speaker needs no group
    example = answer.split("例如“", 1)[1].split("”", 1)[0]
    word = parse(example, True)
    assert isinstance(word, Word), example
    assert word.kind is kind
    assert matching((FRUIT, MUMS), word)[0] is FRUIT, example
