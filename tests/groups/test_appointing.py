"""设助手 and 撤助手: who is meant, and what the room may read of it."""

from __future__ import annotations

import pytest

from core.outcomes import Reason
from groups import changes as happened
from groups.state import Role
from tests.groups.conversation import KEY, Room, seen

TWO = {"lin": "团长林姐", "a": "3栋502-小美", "b": "7栋101-小美", "c": "1栋1101-老周"}


def room() -> Room:
    return Room(room=seen(**TWO))


def test_an_assistant_is_appointed_by_name_and_may_pause() -> None:
    here = room()
    assert (
        here.says("lin", "设助手 老周")
        == "C 现在是助手了：可以暂停和恢复、推荐、开团、看统计。级别、标签和助手还是由团长定。"
    )
    assert here.changes == [happened.RoleSet(KEY, "c", Role.ASSISTANT)]
    assert "已暂停" in here.says("c", "暂停")
    assert here.says("c", "设助手 小美") == ""
    assert here.reason == Reason.REFUSED_ROLE
    assert "不再是助手" in here.says("lin", "撤助手 老周")
    assert here.says("c", "恢复") == ""


def test_twice_is_said_and_changes_nothing() -> None:
    here = room()
    here.says("lin", "设助手 老周")
    assert "已经是助手了" in here.says("lin", "设助手 1栋1101-老周")
    assert here.changes == []
    here.says("lin", "撤助手 老周")
    assert "本来就不是" in here.says("lin", "撤助手 老周")
    assert here.changes == []


def test_two_of_one_name_are_asked_about_in_private_since_room_names_tell_where_people_live() -> None:
    here = room()
    assert here.says("lin", "设助手 小美") == ""
    assert "对得上 2 位：A（3栋502-小美）、B（7栋101-小美）" in here.private
    assert here.reason == Reason.UNKNOWN_WORD
    assert here.changes == []
    assert "A 现在是助手" in here.says("lin", "设助手 3栋502-小美")


@pytest.mark.parametrize("text", ["设助手 没有这个人", "设助手 qianqun", "设助手 " + "很长" * 40])
def test_nobody_of_that_name_is_said_to_the_leader_alone(text: str) -> None:
    here = room()
    assert here.says("lin", text) == ""
    assert "没有找到" in here.private


def test_a_word_without_a_name_says_how_to_write_it() -> None:
    here = room()
    assert here.says("lin", "设助手") == "要写上名字，例如“设助手 小美”。"
    assert here.says("lin", "撤助手") == "要写上名字，例如“撤助手 小美”。"
    assert here.says("a", "设助手") == ""


def test_the_leader_needs_no_appointment() -> None:
    here = room()
    assert "就是团长" in here.says("lin", "设助手 团长林姐")
    assert here.changes == []


def test_who_opted_out_is_not_named() -> None:
    here = room()
    here.says("c", "退订")
    assert here.says("lin", "设助手 老周").startswith("现在是助手了")


def test_who_left_cannot_be_appointed() -> None:
    here = room()
    here.apply([happened.MemberGone(KEY, "c")])
    assert here.says("lin", "设助手 老周") == ""
    assert "没有找到" in here.private
