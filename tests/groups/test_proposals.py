"""Which needs are worth a group of their own: pure rules on plain values."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.settings import SettingsError, validate
from groups.life.proposals import Wish, invitable, is_sensitive, new_topic, serves, unserved
from groups.settings import GroupsSettings
from groups.state import GroupKey, GroupState, LabelKind, LabelSource, LabelState, MemberState

CAT_FOOD = "宠物/猫粮"


def group(number: int, *members: str, labels: tuple[LabelState, ...] = (), **changed: MemberState) -> GroupState:
    state = GroupState(GroupKey("local", "bot", f"r{number}"), id=number, topic=f"{number}群", leader_id="lin")
    state.members = {**{member: MemberState(name=member) for member in ("lin", *members)}, **changed}
    state.relabel(labels)
    return state


def wishes(group_id: int, goods: str, *members: str, category: str = CAT_FOOD, unmet: bool = True) -> list[Wish]:
    return [Wish(group_id, member, goods, category, unmet) for member in members]


def names(states: list[GroupState], asked: list[Wish], least: int = 3, groups: int = 2) -> list[tuple[str, int]]:
    wants = unserved(states, asked, least_members=least, least_groups=groups)
    return [(want.name, len(want.members)) for want in wants]


def category(value: str, source: LabelSource = LabelSource.LEADER) -> LabelState:
    return LabelState(LabelKind.CATEGORY, value, source, 1.0)


def test_people_are_counted_once_over_all_groups() -> None:
    states = [group(1, "a", "b"), group(2, "b", "c")]
    asked = [*wishes(1, "猫粮", "a", "b", "b"), *wishes(2, "猫粮", "b")]
    assert names(states, asked) == []
    assert names(states, [*asked, *wishes(2, "猫粮", "c")]) == [("猫粮", 3)]
    assert names(states, [*asked, *wishes(2, "猫粮", "c")], groups=3) == []


def test_different_words_for_one_kind_are_that_kind() -> None:
    states = [group(1, "a", "b"), group(2, "c")]
    asked = [*wishes(1, "猫粮", "a"), *wishes(1, "幼猫粮", "b"), *wishes(2, "湿粮", "c")]
    (want,) = unserved(states, asked, least_members=3, least_groups=2)
    assert (want.key, want.name, want.category) == (CAT_FOOD, "猫粮", CAT_FOOD)
    assert want.label == category(CAT_FOOD)


def test_a_wide_kind_is_proposed_only_when_no_narrow_one_is() -> None:
    states = [group(1, "a", "b"), group(2, "c", "d")]
    wide = [*wishes(1, "猫粮", "a"), *wishes(1, "猫砂", "b", category="宠物/猫砂")]
    wide += wishes(2, "狗粮", "c", category="宠物/狗粮")
    assert names(states, wide) == [("宠物", 3)]
    assert names(states, [*wide, *wishes(2, "猫粮", "c", "d")]) == [("猫粮", 3)]


def test_a_word_of_no_list_stands_for_itself() -> None:
    states = [group(1, "a", "b"), group(2, "c")]
    asked = [*wishes(1, "蛐蛐罐", "a", "b", category=""), *wishes(2, "蛐蛐罐", "c", category="")]
    (want,) = unserved(states, asked, least_members=3, least_groups=2)
    assert want.label == LabelState(LabelKind.FREE, "蛐蛐罐", LabelSource.LEADER, 1.0, "商品")


@pytest.mark.parametrize(
    "label",
    [
        category(CAT_FOOD),
        category("宠物", LabelSource.TOPIC),
        category("猫粮"),
        LabelState(LabelKind.FREE, "猫粮", LabelSource.LEADER, 1.0, "商品"),
    ],
)
def test_a_group_that_is_for_it_serves_it(label: LabelState) -> None:
    states = [group(1, "a", "b"), group(2, "c"), group(3, labels=(label,))]
    assert names(states, [*wishes(1, "猫粮", "a", "b"), *wishes(2, "猫粮", "c")]) == []
    assert serves(states[2], CAT_FOOD, "猫粮")
    assert not serves(states[2], "水果/浆果", "草莓")


def test_what_was_answered_counts_only_where_a_group_is_bound_to_other_things() -> None:
    asked = [*wishes(1, "猫粮", "a", "b", unmet=False), *wishes(2, "猫粮", "c", unmet=False)]
    assert names([group(1, "a", "b"), group(2, "c")], asked) == []
    bound = [group(1, "a", "b", labels=(category("水果"),)), group(2, "c", labels=(category("蔬菜"),))]
    assert names(bound, asked) == [("猫粮", 3)]


def test_who_refuses_leads_or_left_is_not_counted() -> None:
    states = [
        group(1, "a", "b", "c", off=MemberState(personalisation_off=True), gone=MemberState(present=False)),
        group(2, "d", b=MemberState(unsubscribed=True)),
    ]
    asked = [*wishes(1, "猫粮", "a", "b", "c", "off", "gone", "lin", "stranger"), *wishes(2, "猫粮", "d")]
    (want,) = unserved(states, asked, least_members=3, least_groups=2)
    assert want.members == ("a", "c", "d")
    assert unserved(states, asked, least_members=3, least_groups=2, forgotten={"a"}) == []
    assert [who for who in ("a", "b", "off", "gone", "lin", "stranger") if invitable(states, who)] == ["a"]


@pytest.mark.parametrize(
    "words",
    [
        ("纸尿裤", "母婴/纸尿裤"),
        ("积木", "玩具/积木"),
        ("书包", "文具/书包"),
        ("血压计", ""),
        ("感冒药", ""),
        ("钙片", "", "孕妇"),
        ("防晒", "美妆", "儿童"),
        ("香烛", ""),
        ("清真牛肉", "肉禽"),
        ("成人纸尿裤", ""),
    ],
)
def test_health_children_and_faith_are_sensitive(words: tuple[str, ...]) -> None:
    assert is_sensitive(*words)
    states = [group(1, "a", "b"), group(2, "c")]
    sensitive = [*wishes(1, words[0], "a", "b", category=words[1]), *wishes(2, words[0], "c", category=words[1])]
    if len(words) == 2:
        assert names(states, sensitive) == []


def test_everyday_goods_are_not_sensitive() -> None:
    assert not any(
        is_sensitive(word) for word in ("猫粮", "草莓", "大米", "洗衣液", "电饭煲", "驱蚊水", "瑜伽垫", "牛奶")
    )


def test_topics_are_short_and_clean() -> None:
    assert new_topic("林姐", "猫粮") == "林姐猫粮群"
    assert new_topic("", "猫粮") == "猫粮群"
    assert len(new_topic("林" * 100, "猫\n粮\u202e")) == 30


@given(
    st.lists(
        st.builds(
            Wish,
            st.integers(1, 3),
            st.sampled_from("abcde"),
            st.sampled_from(["猫粮", "猫砂", "草莓", ""]),
            st.sampled_from([CAT_FOOD, "宠物/猫砂", "水果/浆果", ""]),
            st.booleans(),
        ),
        max_size=40,
    )
)
def test_no_want_is_below_the_least_and_none_holds_another(asked: list[Wish]) -> None:
    states = [group(number, *"abcde") for number in (1, 2)]
    wants = unserved(states, asked, least_members=3, least_groups=2)
    for want in wants:
        assert len(set(want.members)) == len(want.members) >= 3
        assert set(want.group_ids) == {1, 2}
        assert not any(other.key.startswith(f"{want.key}/") for other in wants)


@pytest.mark.parametrize(
    ("section", "key"),
    [
        ({"time": "25:00"}, "proposals.time"),
        ({"time": "morning"}, "proposals.time"),
        ({"least_members": 1}, "proposals.least_members"),
        ({"days": 0}, "proposals.days"),
        ({"leastmembers": 3}, "proposals.leastmembers"),
    ],
)
def test_a_wrong_setting_is_named(section: dict[str, object], key: str) -> None:
    with pytest.raises(SettingsError, match=key.replace(".", r"\.")):
        validate(GroupsSettings, {"proposals": section}, source="config.toml", base=Path())
