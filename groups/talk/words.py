"""The words that leaders and members say to the bot, and who may give them; ``hearing`` beside it reads them. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

JOINTS = re.compile(r"[\W_]+")
"""What may stand between the characters of a word, and means nothing (退 订！)."""
POLITE = re.compile(r"^(?:请|麻烦|帮我|帮忙|给我|我要|我想|你|先)+|(?:一下|下|吧|啦|了|哦|呀|啊|谢谢|多谢)+$")
"""What politeness puts around a word that is said to the bot (帮我退订一下)."""


class WordKind(StrEnum):
    """What somebody wants the bot to do."""

    PAUSE = "pause"
    RESUME = "resume"  # the leader: go on; a member: opt in again
    LEVEL = "level"
    LABELS = "labels"
    LABEL_ADD = "label_add"
    LABEL_REMOVE = "label_remove"
    AGREE = "agree"  # to a suggestion
    DECLINE = "decline"
    NEEDS = "needs"  # what was asked for and nobody sells
    RECOMMEND = "recommend"  # show these goods in the group now
    EXCLUDE = "exclude"  # never show these goods here
    INCLUDE = "include"  # show them again
    PIN = "pin"  # these first where goods fit equally
    UNPIN = "unpin"
    WELCOME_ON = "welcome_on"
    WELCOME_OFF = "welcome_off"
    APPOINT = "appoint"  # an assistant
    DISMISS = "dismiss"
    RELABEL = "relabel"  # look again at what the group is
    SPLIT = "split"  # propose a group of its own for some of the members
    MERGE = "merge"  # let another group take this one over
    MOVE = "move"  # the group goes on in another room
    RETIRE = "retire"
    REVIVE = "revive"
    HELP = "help"
    UNSUBSCRIBE = "unsubscribe"
    PERSONALISATION_OFF = "personalisation_off"
    PERSONALISATION_ON = "personalisation_on"
    WHY = "why"
    ALL_PRODUCTS = "all_products"  # the neutral list
    MY_TAGS = "my_tags"
    DELETE_TAG = "delete_tag"
    MY_DATA = "my_data"
    DELETE_DATA = "delete_data"
    CONFIRM_DELETE = "confirm_delete"


class Audience(StrEnum):
    """Who may give a word."""

    EVERYONE = "everyone"
    HELPERS = "helpers"  # leader and assistants
    LEADER = "leader"


@dataclass(frozen=True, slots=True)
class Word:
    """A word, its object (the level, the label, the number of a suggestion) and the name of the group it is for.

    ``member`` is the contact id of the one person whom the message mentions, for words about a person.
    """

    kind: WordKind
    object: str = ""
    group: str = ""
    member: str = ""


@dataclass(frozen=True, slots=True)
class UnknownWord:
    """Addressed to the bot, looks like a command, and is none."""

    text: str


_TABLE: tuple[tuple[WordKind, Audience, str], ...] = (
    (WordKind.PAUSE, Audience.HELPERS, "暂停 暂停推荐 先暂停 zanting"),
    (WordKind.RESUME, Audience.EVERYONE, "恢复 恢复推荐 恢复订阅 重新订阅 huifu"),
    (WordKind.LEVEL, Audience.LEADER, "级别 等级 权限级别"),
    (WordKind.LABELS, Audience.HELPERS, "标签 群标签 看标签 查看标签"),
    (WordKind.LABEL_ADD, Audience.LEADER, "标签加 标签添加 加标签 添加标签"),
    (WordKind.LABEL_REMOVE, Audience.LEADER, "标签删 标签删除 标签去掉"),
    (WordKind.AGREE, Audience.HELPERS, "同意"),
    (WordKind.DECLINE, Audience.HELPERS, "不用 不同意"),
    (WordKind.NEEDS, Audience.HELPERS, "需求 未满足需求 看需求"),
    (WordKind.RECOMMEND, Audience.HELPERS, "推荐 推荐一下"),
    (WordKind.EXCLUDE, Audience.HELPERS, "不推 别推 不要推"),
    (WordKind.INCLUDE, Audience.HELPERS, "取消不推 恢复推 可以推"),
    (WordKind.PIN, Audience.HELPERS, "置顶"),
    (WordKind.UNPIN, Audience.HELPERS, "取消置顶 不置顶"),
    (WordKind.WELCOME_ON, Audience.HELPERS, "打开欢迎 开启欢迎 欢迎开 开欢迎"),
    (WordKind.WELCOME_OFF, Audience.HELPERS, "关闭欢迎 关掉欢迎 欢迎关 关欢迎"),
    (WordKind.APPOINT, Audience.LEADER, "设助手 加助手 任命助手 设置助手"),
    (WordKind.DISMISS, Audience.LEADER, "撤助手 取消助手 删助手 免助手"),
    (WordKind.RELABEL, Audience.LEADER, "更新标签 重新分群 重新识别 刷新标签"),
    (WordKind.SPLIT, Audience.LEADER, "拆群"),
    (WordKind.MERGE, Audience.LEADER, "并入 合并到 并到"),
    (WordKind.MOVE, Audience.LEADER, "搬到 搬群到 换群到"),
    (WordKind.RETIRE, Audience.LEADER, "停用本群 停用这个群"),
    (WordKind.REVIVE, Audience.LEADER, "启用本群 启用这个群 重新启用"),
    (WordKind.HELP, Audience.EVERYONE, "帮助 使用说明 help bangzhu"),
    (WordKind.UNSUBSCRIBE, Audience.EVERYONE, "退订 退定 退钉 td t tuiding 退订谢谢 退订吧 请退订 我要退订 我退订"),
    (WordKind.UNSUBSCRIBE, Audience.EVERYONE, "不要推荐 不要推荐了 别推荐 别推荐了 别再推荐 别再推荐了"),
    (WordKind.UNSUBSCRIBE, Audience.EVERYONE, "不要再推荐 不要再推荐了"),
    (WordKind.PERSONALISATION_OFF, Audience.EVERYONE, "关闭个性化 关掉个性化 关闭个性化推荐 关个性化 关闭个性花"),
    (WordKind.PERSONALISATION_ON, Audience.EVERYONE, "打开个性化 开启个性化 打开个性化推荐 开个性化 打开个性花"),
    (WordKind.WHY, Audience.EVERYONE, "为什么推荐 为啥推荐 为什么推荐这个 为啥推荐这个 为什么推荐给我"),
    (WordKind.ALL_PRODUCTS, Audience.EVERYONE, "全部商品 所有商品 商品列表"),
    (WordKind.MY_TAGS, Audience.EVERYONE, "我的标签 看我的标签 查看我的标签"),
    (WordKind.DELETE_TAG, Audience.EVERYONE, "删标签 删除标签 删我的标签"),
    (WordKind.MY_DATA, Audience.EVERYONE, "我的数据 查我的数据 导出我的数据 我的资料"),
    (WordKind.DELETE_DATA, Audience.EVERYONE, "删除我的数据 清除我的数据 删掉我的数据 删我的数据"),
    (WordKind.CONFIRM_DELETE, Audience.EVERYONE, "确认删除 确定删除"),
)
KINDS = {form: kind for kind, _, forms in _TABLE for form in forms.split()}
"""What each form of a word means."""
_AUDIENCES = {kind: who for kind, who, _ in _TABLE}


def audience(kind: WordKind) -> Audience:
    """Return who may give this word."""
    return _AUDIENCES[kind]


def forms(kind: WordKind) -> tuple[str, ...]:
    """Return how a word may be written, for help and for tests."""
    return tuple(form for form, one in KINDS.items() if one is kind)
