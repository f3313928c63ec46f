from __future__ import annotations

from typing import Any

import pytest

from groups.labels.labelling import NameRules, attribute_said, idle_rules
from groups.settings import GroupsSettings
from groups.state import LabelKind, Slot


def rules(**values: Any) -> NameRules:
    return NameRules(GroupsSettings.model_validate(values))


def rule(name: str, pattern: str, priority: int = 0, **values: Any) -> dict[str, Any]:
    return {"name": name, "patterns": [pattern], "priority": priority, **values}


def values(found: NameRules, topic: str, kind: LabelKind, key: str = "") -> list[str]:
    return [value for one in found.topic(topic) if one.slot == Slot(kind, key) for value in one.values or ()]


def test_of_rules_that_fit_only_those_of_the_highest_priority_count() -> None:
    found = rules(categories=[rule("水果", "果"), rule("干果", "干果", 5), rule("坚果", "坚果", 5), rule("零食", "食")])
    assert values(found, "水果群", LabelKind.CATEGORY) == ["水果"]
    assert values(found, "干果零食群", LabelKind.CATEGORY) == ["干果"]
    assert values(found, "干果坚果群", LabelKind.CATEGORY) == ["干果", "坚果"]


def test_priorities_hold_for_neighbourhoods_and_within_one_key() -> None:
    found = rules(
        neighbourhoods=[{"name": "星河湾"}, {"name": "阳光小区", "priority": 1}],
        attributes=[rule("城东", "东", 1, key="片区"), rule("老城", "老城", key="片区"), rule("猫", "猫", key="宠物")],
    )
    topic = "星河湾和阳光小区老城东门猫友"
    assert values(found, topic, LabelKind.NEIGHBOURHOOD) == ["阳光小区"]
    assert values(found, topic, LabelKind.FREE, "片区") == ["城东"]
    assert values(found, topic, LabelKind.FREE, "宠物") == ["猫"]


@pytest.mark.parametrize("pattern", [r"(?i)CATS?", r"(猫)\1", r"(?P<x>猫猫)"])
def test_patterns_with_groups_and_flags_of_their_own_work_beside_others(pattern: str) -> None:
    found = rules(persons=[rule("养猫", pattern), rule("宝妈", "(?i:mom)")])
    assert values(found, "猫猫 cats", LabelKind.PERSON) == ["养猫"]
    assert values(found, "MOM club", LabelKind.PERSON) == ["宝妈"]


def test_rules_are_tried_on_room_names_too_and_shares_count_everybody() -> None:
    names = ["养猫的阿布", "棉花糖 养猫", "养猫人", "杰哥", "", "", ""]
    found = {one.slot: one.values for one in rules().room_names(names)}
    persons = found[Slot(LabelKind.PERSON)]
    assert persons is not None
    assert (round(persons["养猫"].share, 2), persons["养猫"].members) == (0.43, 3)
    assert found[Slot(LabelKind.FREE, "宠物")] is not None


def test_one_place_with_two_owners_belongs_to_the_first() -> None:
    found = rules(neighbourhoods=[{"name": "甲苑", "aliases": ["老街"]}, {"name": "乙苑", "aliases": ["老街"]}])
    assert values(found, "老街群", LabelKind.NEIGHBOURHOOD) == ["甲苑"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("宠物=猫", ("宠物", "猫")),
        ("宠物 = 橘猫", ("宠物", "橘猫")),
        ("宠物 猫", ("宠物", "猫")),
        ("片区=城东", ("片区", "城东")),
        ("星座=狮子", None),
        ("宠物", None),
        ("宠物=", None),
        ("=猫", None),
    ],
)
def test_a_leader_names_an_attribute_whose_key_is_known(text: str, said: tuple[str, str] | None) -> None:
    assert attribute_said(GroupsSettings(), ["片区"], text) == said


def test_only_rules_of_the_operators_own_are_reported_idle() -> None:
    own = GroupsSettings.model_validate(
        {"categories": [rule("水果", "果"), rule("矿石", "矿")], "neighbourhoods": [{"name": "星河湾"}]}
    )
    assert idle_rules(own, {("category", "", "水果")}) == ["groups.neighbourhoods: 星河湾", "groups.categories: 矿石"]
    assert idle_rules(GroupsSettings(), set()) == []
