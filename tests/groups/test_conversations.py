from __future__ import annotations

import pytest

from core.outcomes import Reason
from groups import changes as happened
from groups.state import Role
from groups.talk.words import WordKind
from tests.groups.conversation import KEY, Room, seen, settings

Line = tuple[str, str, str, Reason | None]
"""Who, says, a part of what the group then sees (nothing when empty), the reason code (none for talk)."""

CONVERSATIONS: dict[str, list[Line]] = {
    "the leader pauses and lets go on": [
        ("lin", "暂停", "已暂停", Reason.DONE),
        ("lin", "恢复！", "已恢复", Reason.DONE),
    ],
    "a member's leader word is refused and nothing is shown": [
        ("xiaomei", "暂停", "", Reason.REFUSED_ROLE),
        ("xiaomei", "级别 0", "", Reason.REFUSED_ROLE),
        ("xiaomei", "标签 加 宠物", "", Reason.REFUSED_ROLE),
        ("xiaomei", "需求", "", Reason.REFUSED_ROLE),
    ],
    "a member opts out, is not read, and comes back": [
        ("xiaomei", "退定", "已退订", Reason.DONE),
        ("xiaomei", "帮助", "", Reason.MEMBER_UNSUBSCRIBED),
        ("xiaomei", "为什么推荐", "", Reason.DONE),
        ("xiaomei", "关闭个性化", "已关闭个性化", Reason.DONE),
        ("xiaomei", "恢复", "欢迎回来", Reason.DONE),
        ("xiaomei", "帮助", "想买什么", Reason.DONE),
    ],
    "opting out works at every level and when paused": [
        ("lin", "级别 0", "0 级：关闭", Reason.DONE),
        ("lin", "暂停", "已暂停", Reason.DONE),
        ("xiaomei", "帮助", "", Reason.GROUP_OFF),
        ("xiaomei", "td", "已退订", Reason.DONE),
        ("lin", "级别四", "4 级：直接推荐", Reason.DONE),
    ],
    "agreeing in talk is not a word of a member": [
        ("xiaomei", "同意", "", None),
        ("xiaomei", "不用", "", None),
        ("xiaomei", "恢复", "", None),
        ("xiaomei", "暂停一下我去接电话", "", None),
    ],
    "the leader changes labels": [
        ("lin", "标签", "小区：阳光小区\n品类：水果\n人群：不限", Reason.DONE),
        ("lin", "标签 加 零食", "已加上标签“零食”", Reason.DONE),
        ("lin", "标签 删 水果", "已去掉标签“水果”", Reason.DONE),
        ("lin", "标签", "品类：零食\n人群：不限", Reason.DONE),
        ("lin", "标签 删 水果", "没有标签“水果”", Reason.UNKNOWN_WORD),
    ],
    "a level that does not exist is explained": [("lin", "级别 7", "0 到 4", Reason.UNKNOWN_WORD)],
}


@pytest.mark.parametrize("lines", CONVERSATIONS.values(), ids=CONVERSATIONS.keys())
def test_conversation(lines: list[Line]) -> None:
    room = Room()
    for who, text, sees, reason in lines:
        answer = room.says(who, text)
        assert (sees in answer) if sees else answer == "", (who, text, answer)
        assert room.reason == reason, (who, text)


def test_a_new_group_is_introduced_once_with_all_it_owes() -> None:
    room = Room(settings(leaders=[{"id": "lin", "name": "林姐"}], retention_days=90))
    assert room.introduction is not None
    for part in ("千群", "林姐的团购小助手", "文字", "90 天", "退订", "暂停"):
        assert part in room.introduction
    assert room.service.observe(room.state, seen("阳光小区水果2群")).introduction is None


def test_a_group_without_a_known_leader_is_introduced_too() -> None:
    room = Room(settings(default_level=1), seen("", x="", y=""))
    assert room.introduction is not None
    assert "不会主动发商品" in room.introduction
    assert room.state.level == 1


def test_an_opt_out_shows_no_name_and_stands_in_the_state_at_once() -> None:
    room = Room()
    answer = room.says("xiaomei", "退订")
    assert "小美" not in answer
    assert room.state.unsubscribed("xiaomei")
    assert room.changes == [happened.Unsubscribed(KEY, "xiaomei", "m1")]
    assert room.says("xiaomei", "退订") == answer
    assert room.changes == []


def test_an_opt_out_with_stray_words_to_the_bot_is_heard() -> None:
    room = Room()
    assert "已退订" in room.says("xiaomei", "退订 不要再发了", mentioned=True)
    assert room.says("lin", "暂停 月亮群", mentioned=True).startswith("没听懂")
    assert not room.state.paused


def test_who_opted_out_and_left_is_still_not_read_when_they_are_back() -> None:
    room = Room()
    room.says("xiaomei", "退订")
    room.apply(room.service.observe(room.state, seen(lin="团长林姐")).changes)
    assert not room.state.members["xiaomei"].present
    assert room.state.shown_name("xiaomei") == ""
    room.apply(room.service.observe(room.state, seen()).changes)
    assert room.state.unsubscribed("xiaomei")
    assert room.state.shown_name("xiaomei") == "3栋502-小美"


def test_an_unknown_word_gets_one_line_for_the_leader_and_nothing_for_a_member() -> None:
    room = Room()
    assert "\n" not in room.says("lin", "级别高一点", mentioned=True)
    assert room.reason == Reason.UNKNOWN_WORD
    assert room.says("xiaomei", "级别高一点", mentioned=True) == ""
    assert room.reason == Reason.UNKNOWN_WORD


def test_help_goes_to_the_asker_alone_where_the_bot_only_listens() -> None:
    room = Room(settings(default_level=1))
    assert room.says("xiaomei", "帮助") == ""
    assert "退订" in room.private


def test_a_configured_label_cannot_be_taken_away_by_word() -> None:
    room = Room(settings(rooms=[{"room": "room", "categories": ["母婴"]}]))
    assert "写在配置里" in room.says("lin", "标签 删 母婴")
    assert room.state.categories == ("母婴",)


def test_words_of_other_packages_are_passed_on_after_the_role_check() -> None:
    room = Room()
    for text, kind in (("同意 2", WordKind.AGREE), ("需求", WordKind.NEEDS)):
        word = room.service.parse(text, addressed=False)
        assert word is not None
        result = room.service.speak(room.state, "lin", word)
        assert result is not None
        assert result.passed_on == word
        assert result.passed_on is not None
        assert result.passed_on.kind == kind


def test_an_assistant_may_pause_but_not_set_the_level() -> None:
    room = Room()
    room.apply([happened.RoleSet(KEY, "laozhou", Role.ASSISTANT)])
    assert "已暂停" in room.says("laozhou", "暂停")
    assert room.says("laozhou", "级别 4") == ""
    assert room.reason == Reason.REFUSED_ROLE


def test_a_platform_admin_is_heard_in_every_group() -> None:
    room = Room(settings(platform_admins=["root"]))
    assert "已暂停" in room.says("root", "暂停")
