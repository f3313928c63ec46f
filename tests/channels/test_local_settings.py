"""The local channel's settings say what is wrong and where."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

import bot
from bot.channels.local.settings import LocalSettings, load_rooms
from core.settings import SettingsError


def room(**more: Any) -> dict[str, Any]:
    return {"id": "r", "topic": "群", "owner": "a", "members": [{"id": "a", "name": "甲"}], **more}


def test_it_runs_as_it_stands_on_loopback() -> None:
    assert LocalSettings().host == "127.0.0.1"


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.8.8.8"])
def test_loopback_is_fine(host: str) -> None:
    assert LocalSettings(host=host).host == host


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.org", ""])  # noqa: S104 - refused
def test_an_address_for_others_needs_a_word(host: str) -> None:
    with pytest.raises(ValidationError, match="allow_remote"):
        LocalSettings(host=host)
    assert LocalSettings(host=host, allow_remote=True).host == host


@pytest.mark.parametrize(
    ("rooms", "fault"),
    [
        ([room(), room()], "room 'r' is listed twice"),
        ([room(owner="b")], "owner 'b' is not among its members"),
        ([room(members=[{"id": "a", "name": "甲"}, {"id": "a", "name": "乙"}])], "member 'a' is listed twice"),
        ([room(), room(id="s", members=[{"id": "a", "name": "乙"}])], "use room_name"),
        ([room(members=[])], "at least 1 item"),
        ([room(members=[{"id": "a", "name": "甲"}, {"id": "qianqun-bot", "name": "乙"}])], "the bot's own id"),
        ([room(colour="red")], "Extra inputs"),
    ],
)
def test_rooms_that_contradict_themselves_are_refused(rooms: list[Any], fault: str) -> None:
    with pytest.raises(ValidationError, match=fault):
        LocalSettings.model_validate({"rooms": rooms})


def test_every_field_is_described() -> None:
    assert all(field.description for field in LocalSettings.model_fields.values())


def test_the_demos_rooms_are_as_promised() -> None:
    rooms = load_rooms(Path(bot.__file__).parent / "demo" / "rooms.toml")
    assert [room.topic for room in rooms] == ["阳光小区水果群", "星河湾宝妈群", "枫林苑猫奴群"]
    assert all(5 <= len(room.members) <= 7 for room in rooms)
    people = [member.id for room in rooms for member in room.members]
    assert len(set(people)) < len(people)


def test_a_broken_rooms_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "rooms.toml"
    path.write_text('[[rooms]]\nid = "r"\n', encoding="utf-8")
    with pytest.raises(SettingsError, match=r"rooms\.toml[\s\S]*rooms\[0\]\.topic: is required"):
        load_rooms(path)
