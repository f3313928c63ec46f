from __future__ import annotations

from core.messages import MemberLeft, RoomMember, RoomSeen
from groups import changes as happened
from groups.state import LabelSource, RuleKind
from tests.groups.conversation import KEY, Room, message, seen, settings


def test_a_group_exists_as_soon_as_the_bot_is_in_the_room() -> None:
    room = Room(settings(default_level=1))
    assert room.state.level == 1
    assert room.state.neighbourhoods == ("阳光小区",)
    assert room.state.categories == ("水果",)
    assert room.state.leader_ids == {"lin"}
    assert set(room.state.members) == {"lin", "xiaomei", "laozhou"}
    assert room.state.introduced


def test_the_same_sight_again_changes_nothing() -> None:
    room = Room()
    assert room.service.observe(room.state, seen()).changes == ()


def test_configuration_gives_level_threshold_labels_and_product_rules() -> None:
    configured = {"room": "room", "level": 2, "threshold": 0.4, "leader": "laozhou", "neighbourhoods": ["南门里"]}
    room = Room(settings(rooms=[{**configured, "excluded": ["榴莲"], "pinned": ["qingguo/QG1001"]}]))
    assert (room.state.level, room.state.threshold) == (2, 0.4)
    assert room.state.neighbourhoods == ("南门里",)
    assert room.state.excluded_texts == {"榴莲"}
    assert room.state.pinned_texts == {"qingguo/QG1001"}
    assert room.state.leader_ids == {"laozhou", "lin"}
    without = Room(settings())
    without.state = room.state
    without.apply(without.service.observe(room.state, seen()).changes)
    assert without.state.neighbourhoods == ("阳光小区",)
    assert without.state.rules == ()
    assert without.state.threshold is None
    assert {rule.kind for rule in room.state.rules} == {RuleKind.EXCLUDED, RuleKind.PINNED}


def test_the_leaders_level_stands_until_the_configuration_asks_for_another() -> None:
    room = Room(settings(rooms=[{"room": "room", "level": 2}]))
    room.says("lin", "级别 4")
    room.apply(room.service.observe(room.state, seen()).changes)
    assert room.state.level == 4
    stricter = Room(settings(rooms=[{"room": "room", "level": 0}]))
    stricter.state = room.state
    stricter.apply(stricter.service.observe(room.state, seen()).changes)
    assert stricter.state.level == 0


def test_a_new_topic_relabels_but_the_leaders_word_stays() -> None:
    room = Room()
    room.says("lin", "标签 加 母婴")
    room.apply(room.service.observe(room.state, seen("枫林苑猫奴群")).changes)
    assert room.state.neighbourhoods == ("枫林苑",)
    assert room.state.categories == ("母婴", "宠物")
    assert {label.source for label in room.state.labels} == {LabelSource.LEADER, LabelSource.TOPIC}


def test_room_names_label_a_group_whose_topic_says_nothing() -> None:
    room = Room(room=seen("聊天", a="星河11栋 王姐", b="星河2栋小李", c="老张-星河7栋", d=""))
    assert room.state.neighbourhoods == ("星河",)


def test_a_message_shows_its_sender_and_a_second_one_nothing_new() -> None:
    room = Room()
    first = room.service.heard(room.state, message("new", "大家好", name="新邻居", topic="阳光小区水果群"))
    assert first.changes == (happened.MemberSeen(KEY, "new", "新邻居", ""), happened.MemberJoined(KEY, "new"))
    room.apply(first.changes)
    again = room.service.heard(room.state, message("new", "在吗", name="新邻居", topic="阳光小区水果群"))
    assert again.changes == ()
    assert room.service.heard(room.state, message("xiaomei", "在")).changes == ()


def test_a_message_from_an_unknown_room_makes_the_group() -> None:
    room = Room()
    observation = room.service.heard(None, message("a", "在吗", name="阿强", topic="星河湾宝妈群"))
    assert isinstance(observation.changes[0], happened.GroupCreated)
    assert observation.introduction is not None


def test_the_bot_leaves_and_comes_back_without_a_second_introduction() -> None:
    room = Room()
    room.apply(room.service.left(room.state, MemberLeft(*KEY, member_id="bot")))
    assert not room.state.active
    back = room.service.observe(room.state, seen())
    assert back.changes == (happened.ActiveSet(KEY, active=True),)
    assert back.introduction is None


def test_a_list_that_is_not_complete_removes_nobody() -> None:
    room = Room()
    assert room.service.observe(room.state, seen(complete=False, lin="团长林姐")).changes == ()


def test_hostile_names_are_cut_and_cleaned() -> None:
    evil = "\x00\u202e坏\ud800" + "名" * 65_536
    room = Room(room=RoomSeen(*KEY, topic=evil, members=(RoomMember("a", evil, evil), RoomMember("bot", "千群"))))
    assert room.state.topic == "坏" + "名" * 63
    assert len(room.state.members["a"].room_name) == 64
    assert "bot" not in room.state.members
    noisy = message("a", "在", name=evil, room_name=evil, topic=evil)
    assert room.service.heard(room.state, noisy).changes == ()


def test_invitations_are_accepted_from_leaders_and_listed_people_only() -> None:
    service = Room(settings(leaders=[{"id": "lin"}], allow_list=["ann"], platform_admins=["root"])).service
    assert [service.may_enter(who) for who in ("lin", "ann", "root", "stranger", "")] == [
        True,
        True,
        True,
        False,
        False,
    ]
