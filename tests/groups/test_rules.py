from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.messages import RoomMember, RoomSeen
from groups.labels.labelling import NameRules
from groups.observing import observe_room
from groups.rules import Act, Place, allowed, clean_name, estate_of, label_said, may, place_of, role_of
from groups.settings import GroupsSettings
from groups.state import (
    GroupKey,
    GroupState,
    LabelKind,
    LabelSource,
    LabelState,
    MemberState,
    Role,
    winners,
)
from groups.talk.words import WordKind

SETTINGS = GroupsSettings.model_validate(
    {
        "neighbourhoods": [
            {"name": "阳光小区", "aliases": ["阳光里"]},
            {"name": "星河湾", "patterns": ["星河\\d+栋"]},
            {"name": "星河湾二期"},
        ],
        "rooms": [{"topic": "甲群", "neighbourhoods": ["南门里"], "categories": ["水果"], "persons": ["宝妈"]}],
    }
)


@pytest.mark.parametrize(
    ("topic", "estate"),
    [
        ("阳光花园3期水果群", "阳光花园"),
        ("阳光小区水果群", "阳光小区"),
        ("星河湾宝妈群", "星河湾"),
        ("枫林苑猫奴群", "枫林苑"),
        ("🍓幸福里3期", "幸福里"),
        ("欢迎来到碧水湾业主群", "碧水湾"),
        ("实验幼儿园家长群", ""),
        ("同城水果批发", ""),
        ("买菜群", ""),
        ("朋友圈", ""),
        ("", ""),
        ("🍀🍀", ""),
    ],
)
def test_a_topic_names_its_estate(topic: str, estate: str) -> None:
    assert estate_of(topic) == estate


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("3栋502-小美", Place(building="3栋", room="502")),
        ("星河11栋 王姐", Place(neighbourhood="星河", building="11栋")),
        ("小美-星河2栋", Place(neighbourhood="星河", building="2栋")),
        ("🍀甲H区", Place(zone="甲H区")),
        ("苏珊（11栋）", Place(building="11栋")),
        ("阳光花园3#502", Place(neighbourhood="阳光花园", building="3栋", room="502")),
        ("七号楼 老王", Place(building="七号楼")),
        ("12栋米糖-二宝8个月", Place(building="12栋")),
        ("阿布", Place()),
        ("", Place()),
        ("\x00\u202e🍀", Place()),
    ],
)
def test_a_room_name_tells_where_somebody_lives(name: str, place: Place) -> None:
    assert place_of(name) == place


def _values(topic: str, names: list[str]) -> set[tuple[str, str, str]]:
    """Return the labels that a room gets when it is seen for the first time."""
    members = tuple(RoomMember(f"m{number}", "", name) for number, name in enumerate(names))
    seen = RoomSeen("local", "bot", "r", topic, members=members, complete=True)
    found = observe_room(NameRules(SETTINGS), None, seen, datetime(2026, 11, 20, tzinfo=UTC)).state.labels
    return {(label.kind.value, label.value, label.source.value) for label in found}


def test_a_topic_labels_the_group() -> None:
    assert _values("阳光花园3期水果群", []) == {("neighbourhood", "阳光花园", "topic"), ("category", "水果", "topic")}
    assert _values("枫林苑猫奴群", []) == {
        ("neighbourhood", "枫林苑", "topic"),
        ("category", "宠物", "topic"),
        ("person", "养猫", "topic"),
        ("free", "猫", "topic"),
    }


def test_a_configured_neighbourhood_goes_before_a_guess_and_the_longer_name_before_the_shorter() -> None:
    assert _values("阳光里团购", []) == {("neighbourhood", "阳光小区", "topic")}
    assert _values("星河湾二期群", []) == {("neighbourhood", "星河湾二期", "topic")}


def test_configuration_labels_the_room_it_names() -> None:
    assert _values("甲群", []) == {
        ("neighbourhood", "南门里", "configuration"),
        ("category", "水果", "configuration"),
        ("person", "宝妈", "configuration"),
    }


def test_room_names_are_believed_when_three_members_and_three_in_ten_agree() -> None:
    agree = ["星河11栋 王姐", "星河2栋", "小美-星河7栋"]
    assert _values("", agree) == {("neighbourhood", "星河湾", "room_names")}
    assert _values("", agree[:2]) == set()
    assert _values("", agree + [""] * 6) == {("neighbourhood", "星河湾", "room_names")}
    assert _values("", agree + [""] * 8) == set()


def _label(value: str, source: LabelSource, confidence: float = 1.0) -> LabelState:
    return LabelState(LabelKind.CATEGORY, value, source, confidence)


@pytest.mark.parametrize(
    ("labels", "wins"),
    [
        ([_label("水果", LabelSource.TOPIC)], ("水果",)),
        ([_label("水果", LabelSource.TOPIC), _label("母婴", LabelSource.CONFIGURATION)], ("母婴",)),
        ([_label("水果", LabelSource.TOPIC), _label("母婴", LabelSource.LEADER)], ("母婴", "水果")),
        ([_label("水果", LabelSource.TOPIC), _label("水果", LabelSource.LEADER, 0.0)], ()),
        ([_label("水果", LabelSource.CONFIGURATION), _label("水果", LabelSource.LEADER, 0.0)], ("水果",)),
        ([_label("水果", LabelSource.ROOM_NAMES), _label("母婴", LabelSource.TOPIC)], ("母婴",)),
        ([_label("水果", LabelSource.ROOM_NAMES)], ("水果",)),
    ],
)
def test_the_stronger_source_wins(labels: list[LabelState], wins: tuple[str, ...]) -> None:
    assert winners(tuple(labels), LabelKind.CATEGORY) == wins
    assert winners(tuple(labels), LabelKind.PERSON) == ()


@pytest.mark.parametrize(
    ("said", "label"),
    [
        ("阳光里", (LabelKind.NEIGHBOURHOOD, "阳光小区")),
        ("枫林苑", (LabelKind.NEIGHBOURHOOD, "枫林苑")),
        ("水果", (LabelKind.CATEGORY, "水果")),
        ("品类 零食", (LabelKind.CATEGORY, "零食")),
        ("小区 南门", (LabelKind.NEIGHBOURHOOD, "南门")),
        ("健身", (LabelKind.PERSON, "健身")),
    ],
)
def test_a_leader_names_a_label_in_words(said: str, label: tuple[LabelKind, str]) -> None:
    assert label_said(SETTINGS, said) == label


def test_roles_and_what_they_may_say() -> None:
    state = GroupState(GroupKey("local", "bot", "r"), leader_id="lin", owner_id="bot")
    state.members = {"ann": MemberState(role=Role.ASSISTANT), "gone": MemberState(role=Role.ASSISTANT, present=False)}
    roles = {who: role_of(state, who, {"root"}) for who in ("lin", "ann", "gone", "stranger", "root", "bot")}
    assert roles == {
        "lin": Role.LEADER,
        "ann": Role.ASSISTANT,
        "gone": Role.MEMBER,
        "stranger": Role.MEMBER,
        "root": Role.ADMIN,
        "bot": Role.MEMBER,
    }
    assert allowed(Role.LEADER, WordKind.LEVEL)
    assert allowed(Role.ASSISTANT, WordKind.PAUSE)
    assert not allowed(Role.ASSISTANT, WordKind.LEVEL)
    assert not allowed(Role.MEMBER, WordKind.PAUSE)
    assert allowed(Role.MEMBER, WordKind.UNSUBSCRIBE)


def test_each_level_allows_what_the_lower_ones_do() -> None:
    assert [[act for act in Act if may(level, act)][-1] for level in range(5)] == list(Act)


@given(st.text(max_size=300))
def test_no_name_breaks_the_rules(name: str) -> None:
    cleaned = clean_name(name)
    assert cleaned == clean_name(cleaned)
    assert len(cleaned) <= 64
    cleaned.encode()
    place_of(name)
    estate_of(name)
