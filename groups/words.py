"""The words that leaders and members say to the bot, and how to hear them through small slips. Pure.

In a group a word counts when it is the whole message ("暂停", "退订！"); with the bot's name or mention, and in a
private chat, it may be dressed up ("请帮我退订一下") and carry an object ("暂停 阳光小区水果群"). Talk that only begins
with a word ("恢复得怎么样了", "暂停一下我去接电话") is never one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


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
    """A word, its object (the level, the label, the number of a suggestion) and the name of the group it is for."""

    kind: WordKind
    object: str = ""
    group: str = ""


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
    (WordKind.ALL_PRODUCTS, Audience.EVERYONE, "全部商品 所有商品 商品列表 全部商品按时间 全部商品按销量"),
    (WordKind.MY_TAGS, Audience.EVERYONE, "我的标签 看我的标签 查看我的标签"),
    (WordKind.DELETE_TAG, Audience.EVERYONE, "删标签 删除标签 删我的标签"),
    (WordKind.MY_DATA, Audience.EVERYONE, "我的数据 查我的数据 导出我的数据 我的资料"),
    (WordKind.DELETE_DATA, Audience.EVERYONE, "删除我的数据 清除我的数据 删掉我的数据 删我的数据"),
    (WordKind.CONFIRM_DELETE, Audience.EVERYONE, "确认删除 确定删除"),
)
_KINDS = {form: kind for kind, _, forms in _TABLE for form in forms.split()}
_AUDIENCES = {kind: who for kind, who, _ in _TABLE}
_FIRST = frozenset(form[0] for form in _KINDS)
_LONGEST = max(map(len, _KINDS))

_ASKS = {WordKind.HELP, WordKind.WHY, WordKind.NEEDS, WordKind.LABELS, WordKind.MY_TAGS, WordKind.ALL_PRODUCTS}
_WITH_OBJECT = {
    *(WordKind.RECOMMEND, WordKind.EXCLUDE, WordKind.INCLUDE, WordKind.PIN, WordKind.UNPIN),
    *(WordKind.APPOINT, WordKind.DISMISS, WordKind.DELETE_TAG, WordKind.ALL_PRODUCTS),
}
"""Words that stand in front of what they are about (推荐 草莓), whether the bot is addressed or not."""
_WITH_OBJECT_ADDRESSED = {WordKind.SPLIT, WordKind.MERGE, WordKind.MOVE}
"""The same, but only to the bot: 搬到 三楼 is talk."""
_NUMBERED = {WordKind.AGREE, WordKind.DECLINE}
_NAMES_GROUP = {WordKind.PAUSE, WordKind.RESUME, WordKind.LABELS, WordKind.NEEDS, WordKind.UNSUBSCRIBE} | _NUMBERED
_NAMES_GROUP |= {WordKind.RELABEL}
_DIGITS = str.maketrans("零〇一二两三四五六七八九", "001223456789")

_JOINTS = re.compile(r"[\W_]+")
_EDGES = re.compile(r"^[\W_]+|[\W_]+$")
_POLITE = re.compile(r"^(?:请|麻烦|帮我|帮忙|给我|我要|我想|你|先)+|(?:一下|下|吧|啦|了|哦|呀|啊|谢谢|多谢)+$")
_LEVEL = re.compile(
    r"(?:级别|等级|权限级别|level)(?:改成|改为|设为|调到|到)?[\s:=]*(?P<level>\d+|[零〇一二两三四五六七八九])级?"
    r"(?:[\s:]+(?P<group>\S.{0,63}))?"
)
_LABEL = re.compile(r"标签[\s:]*(?P<act>加|添加|增加|删|删除|去掉)(?P<gap>[\s:]*)(?P<label>\S.{0,63})")
_LABEL_TURNED = re.compile(r"(?P<act>加|添加)标签(?P<gap>[\s:]*)(?P<label>\S.{0,63})")
_OBJECT = re.compile(r"(?P<word>[^\s:]+)[\s:]+(?P<object>\S.{0,127})")
_TURNED = re.compile(r"(?P<object>\S.{0,127}?)[\s:,]+(?P<word>[^\s:,]+)")
_QUESTION = re.compile(r"[?？]|吗|么|呢|怎|啥|多少|几时|不了$")


def audience(kind: WordKind) -> Audience:
    """Return who may give this word."""
    return _AUDIENCES[kind]


def parse(text: str, mentioned: bool, bot_names: Sequence[str] = ()) -> Word | UnknownWord | None:
    """Return the word that a message is, or None for talk.

    ``text`` is the message made uniform; ``mentioned`` when it is addressed to the bot: by mention, or privately.
    A message that begins with one of ``bot_names`` is addressed as well.
    """
    if len(text) > 160:
        return None
    plain = text
    for name in bot_names:
        if text.startswith(name) and len(text) > len(name):
            plain, mentioned = text[len(name) :], True
            break
    if not mentioned and "\u4e00" <= plain[:1] <= "\u9fff" and plain[0] not in _FIRST:
        return None  # most messages end here
    plain = _EDGES.sub("", unicodedata.normalize("NFKC", plain).lower()) + ("?" if plain.rstrip()[-1:] in "?？" else "")
    word = _bare(plain) or _with_object(plain, mentioned)
    if word is not None or not mentioned:
        return word
    return _dressed(plain) or _unknown(plain)


def _bare(text: str) -> Word | None:
    """Read a word alone, however it is spaced and punctuated."""
    if len(text) > 4 * _LONGEST:
        return None
    kind = _KINDS.get(_JOINTS.sub("", text))
    if kind is None or (text.endswith("?") and kind not in _ASKS):
        return None
    return Word(kind)


def _with_object(text: str, mentioned: bool) -> Word | None:
    """Read a word with the object that belongs to it; a group's name only where the bot is addressed."""
    level = _LEVEL.fullmatch(text)
    if level and (mentioned or level["group"] is None) and not text.endswith("?"):
        return Word(WordKind.LEVEL, level["level"].translate(_DIGITS), level["group"] or "")
    label = _LABEL.fullmatch(text) or _LABEL_TURNED.fullmatch(text)
    if label and (mentioned or label["gap"]) and not text.endswith("?"):
        added = label["act"] in {"加", "添加", "增加"}
        return Word(WordKind.LABEL_ADD if added else WordKind.LABEL_REMOVE, label["label"].strip())
    for pattern in (_OBJECT, _TURNED):
        pair = pattern.fullmatch(text)
        kind = _KINDS.get(pair["word"]) if pair else None
        if pair is None or kind is None or text.endswith("?"):
            continue
        if kind in _NUMBERED and pair["object"].isdigit() and pattern is _OBJECT:
            return Word(kind, pair["object"])
        if pattern is _OBJECT and (kind in _WITH_OBJECT or (mentioned and kind in _WITH_OBJECT_ADDRESSED)):
            return Word(kind, pair["object"].strip())
        if kind in _NAMES_GROUP and mentioned:
            return Word(kind, group=pair["object"].strip())
    return None


def _dressed(text: str) -> Word | None:
    """Read a word with what politeness puts around it."""
    bare = _POLITE.sub("", _JOINTS.sub("", text))
    kind = _KINDS.get(bare)
    if kind is None or (_QUESTION.search(text) and kind not in _ASKS):
        return None
    return Word(kind)


def _unknown(text: str) -> UnknownWord | None:
    """Tell a command that went wrong from talk: short, begins like a word, asks nothing."""
    compact = _JOINTS.sub("", text)
    begins = any(compact.startswith(form) for form in _KINDS if len(form) > 1)
    if begins and len(compact) <= 12 and not _QUESTION.search(text):
        return UnknownWord(text)
    return None
