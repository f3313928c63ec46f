from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from core.settings import SettingsError, validate
from groups.settings import GroupsSettings


def _read(document: dict[str, Any]) -> GroupsSettings:
    return validate(GroupsSettings, document, source="test.toml", base=Path())


@pytest.mark.parametrize(
    ("document", "path", "says"),
    [
        (
            {"categories": [{"name": "水果", "patterns": ["水果", "("]}]},
            "categories[0].patterns[1]",
            "regular expression",
        ),
        ({"rooms": [{"topic_pattern": "["}]}, "rooms[0].topic_pattern", "regular expression"),
        (
            {"neighbourhoods": [{"name": "甲", "patterns": ["*"]}]},
            "neighbourhoods[0].patterns[0]",
            "regular expression",
        ),
        ({"rooms": [{"level": 5, "room": "r"}]}, "rooms[0].level", "less than or equal to 4"),
        ({"rooms": [{"level": 1}]}, "rooms[0]", "names no room"),
        ({"rooms": [{"room": "r", "topic": "t"}]}, "rooms[0]", "names no room"),
        ({"leaders": [{"name": "林姐"}]}, "leaders[0].id", "is required"),
        ({"default_levle": 1}, "default_levle", "unknown key"),
    ],
)
def test_a_fault_is_named_by_its_key_path(document: dict[str, Any], path: str, says: str) -> None:
    with pytest.raises(SettingsError) as caught:
        _read(document)
    (fault,) = caught.value.faults
    assert fault[0] == path
    assert says in fault[1]


def test_the_first_room_that_matches_counts() -> None:
    settings = _read(
        {
            "rooms": [
                {"room": "r1", "level": 4},
                {"topic": "甲群", "level": 3, "channel": "wechaty"},
                {"topic_pattern": "水果", "level": 2, "account": "bot2"},
            ]
        }
    )
    levels = [
        (room.level if (room := settings.room(*place)) else None)
        for place in (
            ("local", "bot", "r1", "水果"),
            ("wechaty", "bot", "r2", "甲群"),
            ("local", "bot", "r2", "甲群"),
            ("local", "bot2", "r2", "阳光水果群"),
            ("local", "bot", "r2", ""),
        )
    ]
    assert levels == [4, 3, None, 2, None]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"segmentation": {"enter_share": 0.2, "leave_share": 0.2}}, "leave_share must be below enter_share"),
        ({"segmentation": {"leave_confidence": 0.9}}, "leave_confidence must be below enter_confidence"),
        ({"segmentation": {"enter_confidence": 0.5}}, "greater than 0.5"),
        ({"attributes": [{"key": "品类", "name": "猫", "patterns": ["猫"]}]}, "品类 is a kind of label of its own"),
        ({"attributes": [{"key": "片 区", "name": "城东", "patterns": ["城东"]}]}, "String should match pattern"),
        ({"attributes": [{"key": "片区", "name": "城东", "patterns": ["城东("]}]}, "is not a regular expression"),
    ],
)
def test_segmentation_that_cannot_work_is_refused(values: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(said)):
        _read(values)
