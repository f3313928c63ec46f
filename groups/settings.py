"""The groups' part of the settings: who leads, which rooms are known, what their names mean."""

from __future__ import annotations

import re
from typing import Annotated, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from core.settings import ConfigPath, Section

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
    priority: int = Field(default=0, description="Where several fit one text, only those of the highest count.")
    aliases: tuple[Name, ...] = Field(default=(), description="Other ways of writing it.")
    patterns: tuple[Pattern, ...] = Field(
        default=(), description="Regular expressions over topics and room names that also mean it."
    )

    @property
    def spellings(self) -> tuple[str, ...]:
        """Return the name and its aliases."""
        return (self.name, *self.aliases)


class TopicRule(Section):
    """A label, and the topics and room names that mean it."""

    name: Name = Field(description="The label; for categories the beginning of the catalogue's category (水果).")
    patterns: tuple[Pattern, ...] = Field(
        description="Regular expressions over the topic, and over room names if enough members agree; one is enough."
    )
    priority: int = Field(default=0, description="Where several fit one text, only those of the highest count.")


_WORDS_OF_LABELS = {"小区", "品类", "分类", "人群"}


class AttributeRule(TopicRule):
    """A value of a free attribute: key 宠物, value 猫."""

    key: Annotated[str, Field(min_length=1, max_length=32, pattern=r"^[^\s=＝]+$")] = Field(
        description="The attribute, without spaces (宠物, 运动, 片区); a leader says 标签 加 宠物=猫."
    )

    @field_validator("key")
    @classmethod
    def _free(cls, key: str) -> str:
        if key in _WORDS_OF_LABELS:
            raise ValueError(f"{key} is a kind of label of its own; choose another word for the attribute")
        return key


def _rules(table: str) -> tuple[TopicRule, ...]:
    """Read one rule a line: the label, then its pattern."""
    rows = [line.split(None, 1) for line in table.strip().splitlines()]
    return tuple(TopicRule(name=name, patterns=(pattern.strip(),)) for name, pattern in rows)


CATEGORIES = _rules("""
水果 水果|鲜果|果园|果蔬|蔬果|瓜果|果切|(?i:fruit)
蔬菜 蔬菜|买菜|菜篮|果蔬|蔬果|有机菜|拼菜|鲜菜|青菜
肉禽 买肉|牛肉(?!面)|羊肉|猪肉|牛羊肉|鲜肉|土鸡(?!蛋)|肉禽
蛋品 鸡蛋|鸭蛋|蛋品
水产 海鲜|水产|三文鱼|小龙虾|大闸蟹
粮油 大米|米团|粮油|面粉|杂粮|食用油
调料 调料|调味
豆制品 豆腐|豆制品
熟食 熟食|卤味|水饺|饺子|包子|馒头|预制菜
乳品 牛奶|鲜奶|酸奶|奶酪
饮料 饮料|酒水|茶友|茶叶|咖啡|红酒|白酒|啤酒
零食 零食|坚果|炒货|糕点
日用 日用|百货|纸巾|抽纸
清洁 清洁|洗衣液
个护 个护|护肤|洗护|面膜
美妆 美妆|彩妆|化妆品
厨具 厨具|餐具|锅碗
家居 家居|收纳
家纺 家纺|四件套|床品|被子
小家电 家电|电器
母婴 母婴|奶粉|尿不湿|纸尿裤|婴儿|孕婴
玩具 玩具
文具 文具|学习用品
宠物 宠物|猫奴|铲屎|撸猫|养猫|养狗|狗友|猫友|猫粮|猫砂|狗粮|遛狗|柴犬|布偶|(?i:\\b(?:cats?|dogs?)\\b)
服饰鞋帽 女装|男装|童装|童鞋|服装|服饰|鞋
鲜花绿植 鲜花|绿植|多肉|花友|养花|盆栽
""")
"""Categories that a topic names by itself, used unless the configuration has its own list."""

PERSONS = _rules("""
宝妈 宝妈|妈妈(?!的味道|菜)|辣妈|奶爸|宝爸|孕妈|新手爸妈|(?i:\\bmoms?\\b)
养猫 猫奴|铲屎|撸猫|养猫|猫友|布偶|(?i:\\bcat lovers?\\b)
养狗 养狗|狗友|遛狗|柴犬|柯基
同事 同事|公司|写字楼|部门|(?:市场|财务|设计|人事|行政|销售|技术|研发|运营|采购|客服)部
""")
"""Circles of people that a topic names by itself, used unless the configuration has its own list."""

ATTRIBUTES = (
    AttributeRule(key="宠物", name="猫", patterns=("猫奴|养猫|撸猫|猫友|喵星",)),
    AttributeRule(key="宠物", name="狗", patterns=("养狗|狗友|遛狗|汪星",)),
    AttributeRule(key="厨艺", name="烘焙", patterns=("烘焙",)),
    AttributeRule(key="运动", name="跑步", patterns=("跑步|跑团|夜跑|晨跑",)),
    AttributeRule(key="运动", name="球类", patterns=("羽毛球|篮球|乒乓|足球|网球",)),
    AttributeRule(key="运动", name="骑行", patterns=("骑行",)),
    AttributeRule(key="运动", name="瑜伽", patterns=("瑜伽",)),
)
"""Free attributes that a topic names by itself, used unless the configuration has its own list."""


class SegmentationSettings(Section):
    """How slowly learned labels move, and how much evidence they need."""

    relabel_days: int = Field(
        default=30, ge=1, le=365, description="Days between two changes of one kind of label that nothing caused."
    )
    least_members: int = Field(
        default=3,
        ge=1,
        le=1000,
        description="Members that must agree before their names, places or tags mean anything.",
    )
    enter_share: float = Field(
        default=0.3, gt=0, le=1, description="Share of members from which names, places or tags give a label."
    )
    leave_share: float = Field(default=0.2, ge=0, le=1, description="Share below which such a label goes again.")
    enter_confidence: float = Field(
        default=0.6, gt=0.5, le=1, description="Share of needs and orders from which they give a category."
    )
    leave_confidence: float = Field(default=0.4, ge=0, le=1, description="Share below which it goes again.")
    least_needs: int = Field(
        default=8, ge=1, le=10_000, description="Needs and orders that must be known before a category is judged."
    )
    evidence_days: int = Field(default=90, ge=1, le=3650, description="Days that needs and orders count as evidence.")
    category_model: ConfigPath | None = Field(
        default=None, description="File of the category model; default: the packaged one."
    )

    @model_validator(mode="after")
    def _two_bounds(self) -> Self:
        for enter, leave in (("enter_share", "leave_share"), ("enter_confidence", "leave_confidence")):
            if getattr(self, leave) >= getattr(self, enter):
                raise ValueError(f"{leave} must be below {enter}, or labels would come and go")
        return self


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


class ProposalsSettings(Section):
    """New groups that are proposed to leaders because several of their groups asked for the same."""

    enabled: bool = Field(default=True, description="Whether the bot proposes new groups by itself.")
    time: str = Field(
        default="10:00", pattern=r"^([01]?\d|2[0-3]):[0-5]\d$", description="When it looks, once a day, HH:MM."
    )
    days: int = Field(default=14, ge=1, le=90, description="Days of needs that count.")
    least_members: int = Field(default=8, ge=2, le=400, description="Least different people who asked.")
    least_groups: int = Field(default=2, ge=1, description="Least groups of the leader in which it was asked.")
    again_days: int = Field(default=30, ge=1, le=365, description="Days in which the same is not proposed again.")


class ProfileSettings(Section):
    """What is remembered of a member's own words and orders, and for how long."""

    enabled: bool = Field(default=True, description="False remembers nothing more and uses nothing that is there.")
    half_life_days: float = Field(default=60, gt=0, le=3650, description="Days in which a tag loses half its weight.")
    most_tags: int = Field(default=40, ge=1, le=200, description="Most tags of one person; the strongest are kept.")
    least_weight: float = Field(
        default=0.1, ge=0, lt=1, description="Tags below this weight are deleted; one need of today weighs 1."
    )


class GroupsSettings(Section):
    """Groups, leaders and what their names mean."""

    default_level: int = Field(default=1, ge=0, le=4, description="Level of a new group: " + _LEVEL)
    bot_names: tuple[Name, ...] = Field(default=("千群",), description="Names that people call the bot by.")
    leaders: tuple[LeaderSettings, ...] = Field(default=(), description="Who leads groups; they may invite the bot.")
    allow_list: tuple[Name, ...] = Field(default=(), description="Contact ids that may also invite the bot to a room.")
    platform_admins: tuple[Name, ...] = Field(default=(), description="Contact ids heard as leader in every group.")
    welcome: bool = Field(default=True, description="Whether newcomers are welcomed; a leader's word changes it.")
    welcome_minutes: int = Field(
        default=5, ge=1, le=60, description="Minutes whose newcomers are welcomed in one message."
    )
    retention_days: int = Field(default=180, ge=1, description="How long messages are kept; the introduction says so.")
    backup_days: int = Field(
        default=30, ge=0, description="How long backups are kept; the receipt of a deletion says so."
    )
    neighbourhoods: tuple[NeighbourhoodSettings, ...] = Field(default=(), description="Neighbourhoods by name.")
    categories: tuple[TopicRule, ...] = Field(default=CATEGORIES, description="Which topics mean which category.")
    persons: tuple[TopicRule, ...] = Field(default=PERSONS, description="Which topics mean which kind of people.")
    proposals: ProposalsSettings = Field(default=ProposalsSettings(), description="New groups proposed to leaders.")
    profiles: ProfileSettings = Field(default=ProfileSettings(), description="Tags of members.")
    attributes: tuple[AttributeRule, ...] = Field(
        default=ATTRIBUTES, description="Which topics and room names mean which value of a free attribute."
    )
    segmentation: SegmentationSettings = Field(default=SegmentationSettings())
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
