"""The groups' part of the settings: who leads, which rooms are known, what their names mean."""

from __future__ import annotations

import re
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from core.settings import Section

_LEVEL = "0 off, 1 listen, 2 answer when mentioned, 3 suggest to the leader, 4 push."


def _compiles(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(
            f"{pattern!r} is not a regular expression: {error}; mask signs like ( with a backslash"
        ) from None
    return pattern


Pattern = Annotated[str, AfterValidator(_compiles)]
"""A regular expression, checked when the settings are read."""

Name = Annotated[str, Field(min_length=1, max_length=64)]


class LeaderSettings(Section):
    """A person who leads groups, on any of the accounts."""

    id: Annotated[str, Field(min_length=1, max_length=128)] = Field(description="Contact id in the channel.")
    name: str = Field(default="", description="Shown in the introduction; default: the name in the room.")


class NeighbourhoodSettings(Section):
    """A neighbourhood: its name as the suppliers write it, and how people write it."""

    name: Name = Field(description="The name; products list the neighbourhoods they are delivered to by it.")
    aliases: tuple[Name, ...] = Field(default=(), description="Other ways of writing it.")
    patterns: tuple[Pattern, ...] = Field(
        default=(), description="Regular expressions over topics and room names that also mean it."
    )

    @property
    def spellings(self) -> tuple[str, ...]:
        """Return the name and its aliases."""
        return (self.name, *self.aliases)


class TopicRule(Section):
    """A label and the topics that mean it."""

    name: Name = Field(description="The label; for categories the beginning of the catalogue's category (水果).")
    patterns: tuple[Pattern, ...] = Field(description="Regular expressions over the topic; one match is enough.")


CATEGORIES = (
    TopicRule(name="水果", patterns=("水果|鲜果|果园",)),
    TopicRule(name="蔬菜", patterns=("蔬菜|买菜|菜篮",)),
    TopicRule(name="水产", patterns=("海鲜|水产",)),
    TopicRule(name="母婴", patterns=("母婴",)),
    TopicRule(name="宠物", patterns=("宠物|猫奴|铲屎|撸猫|养猫|养狗|狗友|猫友",)),
)
"""Categories that a topic names by itself, used unless the configuration has its own list."""

PERSONS = (
    TopicRule(name="宝妈", patterns=("宝妈|妈妈|辣妈|奶爸|宝爸",)),
    TopicRule(name="养猫", patterns=("猫奴|铲屎|撸猫|养猫|猫友",)),
    TopicRule(name="养狗", patterns=("养狗|狗友|遛狗",)),
    TopicRule(name="同事", patterns=("同事|公司|写字楼|部门",)),
)
"""Circles of people that a topic names by itself, used unless the configuration has its own list."""


class RoomSettings(Section):
    """What the configuration says about one room or one kind of room. The first that matches counts."""

    channel: str = Field(default="", description="Only rooms of this channel; empty for any.")
    account: str = Field(default="", description="Only rooms of this account; empty for any.")
    room: str = Field(default="", description="The channel's id of the room.")
    topic: str = Field(default="", description="The room's topic, exactly.")
    topic_pattern: Pattern = Field(default="", description="Regular expression somewhere in the topic.")
    leader: str = Field(default="", description="Contact id of who leads it; default: who owns the room.")
    level: int | None = Field(default=None, ge=0, le=4, description=_LEVEL + " The leader's word may change it later.")
    neighbourhoods: tuple[Name, ...] = Field(default=(), description="Neighbourhoods that can be delivered to.")
    categories: tuple[Name, ...] = Field(default=(), description="Categories that may be shown; default: learned.")
    persons: tuple[Name, ...] = Field(default=(), description="What kind of people it is for.")
    threshold: float | None = Field(default=None, ge=0, le=1, description="Least score of a push here.")
    excluded: tuple[Name, ...] = Field(default=(), description="Words in titles, or supplier/id, never shown here.")
    pinned: tuple[Name, ...] = Field(default=(), description="Words in titles, or supplier/id, preferred here.")

    @model_validator(mode="after")
    def _names_a_room(self) -> Self:
        if sum(map(bool, (self.room, self.topic, self.topic_pattern))) != 1:
            raise ValueError("names no room; write exactly one of room, topic and topic_pattern")
        return self


class GroupsSettings(Section):
    """Groups, leaders and what their names mean."""

    default_level: int = Field(default=1, ge=0, le=4, description="Level of a new group: " + _LEVEL)
    bot_names: tuple[Name, ...] = Field(default=("千群",), description="Names that people call the bot by.")
    leaders: tuple[LeaderSettings, ...] = Field(default=(), description="Who leads groups; they may invite the bot.")
    allow_list: tuple[Name, ...] = Field(default=(), description="Contact ids that may also invite the bot to a room.")
    platform_admins: tuple[Name, ...] = Field(default=(), description="Contact ids heard as leader in every group.")
    retention_days: int = Field(default=180, ge=1, description="How long messages are kept; the introduction says so.")
    backup_days: int = Field(
        default=30, ge=0, description="How long backups are kept; the receipt of a deletion says so."
    )
    neighbourhoods: tuple[NeighbourhoodSettings, ...] = Field(default=(), description="Neighbourhoods by name.")
    categories: tuple[TopicRule, ...] = Field(default=CATEGORIES, description="Which topics mean which category.")
    persons: tuple[TopicRule, ...] = Field(default=PERSONS, description="Which topics mean which kind of people.")
    rooms: tuple[RoomSettings, ...] = Field(default=(), description="Known rooms; all others work with the defaults.")

    def room(self, channel: str, account: str, room_id: str, topic: str) -> RoomSettings | None:
        """Return what the configuration says about a room."""
        for room in self.rooms:
            if (room.channel and room.channel != channel) or (room.account and room.account != account):
                continue
            if room_id == room.room or (topic and topic == room.topic):
                return room
            if room.topic_pattern and re.search(room.topic_pattern, topic):
                return room
        return None
