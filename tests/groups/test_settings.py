from __future__ import annotations

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
