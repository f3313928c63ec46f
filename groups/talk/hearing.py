"""Hearing the words of ``groups.talk.words`` in what people write. Pure.

In a group a word counts when it is the whole message ("暂停", "退订！"); with the bot's name or mention, and in a
private chat, it may be dressed up ("请帮我退订一下"), carry an object ("暂停 阳光小区水果群") and have a slip
("赞停", "全部商"). Talk that only begins with a word ("恢复得怎么样了", "暂停一下我去接电话") is never one.

Words about rights are heard by their sound even where nobody addressed the bot ("退丁"): a refusal must not fail for a
slip.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import cache, lru_cache

from groups.talk.beginnings import KEPT, Beginnings
from groups.talk.slips import Slips
from groups.talk.words import JOINTS, KINDS, POLITE, UnknownWord, Word, WordKind, forms

_LONGEST = max(map(len, KINDS))

_ASKS = {WordKind.HELP, WordKind.WHY, WordKind.NEEDS, WordKind.LABELS, WordKind.MY_TAGS, WordKind.ALL_PRODUCTS}
_WITH_OBJECT = {
    *(WordKind.RECOMMEND, WordKind.EXCLUDE, WordKind.INCLUDE, WordKind.PIN, WordKind.UNPIN),
    *(WordKind.APPOINT, WordKind.DISMISS, WordKind.DELETE_TAG),
}
"""Words that stand in front of what they are about (推荐 草莓), whether the bot is addressed or not."""
_WITH_OBJECT_ADDRESSED = {WordKind.SPLIT, WordKind.MERGE, WordKind.MOVE}
"""The same, but only to the bot: 搬到 三楼 is talk."""
_NUMBERED = {WordKind.AGREE, WordKind.DECLINE}
_NAMES_GROUP = {
    *(WordKind.PAUSE, WordKind.RESUME, WordKind.LABELS, WordKind.NEEDS, WordKind.UNSUBSCRIBE, *_NUMBERED),
    *(WordKind.WELCOME_ON, WordKind.WELCOME_OFF, WordKind.RELABEL, WordKind.RETIRE, WordKind.REVIVE),
}
_HEARD_BY_SOUND = {
    *(WordKind.UNSUBSCRIBE, WordKind.PERSONALISATION_OFF, WordKind.PERSONALISATION_ON),
    *(WordKind.MY_DATA, WordKind.DELETE_DATA, WordKind.MY_TAGS),
}
"""Words about rights that their sound alone makes, also where nobody addressed the bot."""
_EXACT = {WordKind.CONFIRM_DELETE}
"""What cannot be undone is never heard through a slip."""
_NOT_NEARLY = {
    *(WordKind.AGREE, WordKind.DECLINE, WordKind.EXCLUDE, WordKind.INCLUDE, WordKind.WHY),
    *_WITH_OBJECT_ADDRESSED,
    *_EXACT,
}
"""Words that are one character away from everyday talk: 不满意, 可以的, 有什么推荐, 换群主."""
_NOT_BEGUN = _WITH_OBJECT | _NUMBERED
"""Words that everyday talk begins with too (不用谢): what follows them is no command that went wrong."""
_DIGITS = str.maketrans("零〇一二两三四五六七八九", "001223456789")

_EDGES = re.compile(r"^[\W_]+|[\W_]+$")
_PLEASE = re.compile(r"^(?:请|麻烦|帮我|帮忙|给我|我要|我想|你|先)+\s*")
_LEVEL = re.compile(
    r"(?:级别|等级|权限级别|level)(?:改成|改为|设为|调到|到)?[\s:=]*(?P<level>\d+|[零〇一二两三四五六七八九])级?"
    r"(?:[\s:]+(?P<group>\S.{0,63}))?"
)
_LABEL = re.compile(r"标签[\s:]*(?P<act>加|添加|增加|删|删除|去掉)(?P<gap>[\s:]*)(?P<label>\S.{0,63})")
_LABEL_TURNED = re.compile(r"(?P<act>加|添加)标签(?P<gap>[\s:]*)(?P<label>\S.{0,63})")
_LIST = re.compile(
    r"(?:全部商品|所有商品|商品列表)[\s:]*(?P<order>按(?:时间|销量))?[\s:]*(?:第? ?(?P<page>\d{1,3}) ?页?)?"
    r"(?:[\s:]+(?P<group>\S.{0,63}))?"
)
_DELETE_TAG = re.compile(r"(?:删|删除|删掉)我?的?标签(?P<tag>[^\s:?].{0,63})")
_BETWEEN = re.compile(r"(?P<group>\S.{0,63}?)[\s:,]+(?P<word>[^\s:,]+)[\s:]+(?P<object>\S.{0,63})")
_NUMBER = re.compile(r"(?P<number>\d{1,6})(?:\s+(?P<group>\S.{0,63}))?")
_OBJECT = re.compile(r"(?P<word>[^\s:]+)[\s:]+(?P<object>\S.{0,127})")
_TURNED = re.compile(r"(?P<object>\S.{0,127}?)[\s:,]+(?P<word>[^\s:,]+)")
_QUESTION = re.compile(r"[?？]|吗|么|呢|怎|啥|多少|几时|不了$")
_NO_OBJECT = re.compile(r"荐|送|了|的|得|过|着|完|一下")
"""What follows a word in talk, not in front of an object: 推荐的, 不推荐."""
_COMMANDING = re.compile(r"把|将|让|关|停|开|调|改|设")
_ABOUT = re.compile(r"推荐|推送|暂停|级别|标签|欢迎|助手|置顶|个性化")
_BESIDE_FORMS = ("level", "删的")
"""How these patterns begin where no form does."""
_LONGEST_UNKNOWN = 12
_LONGEST_NEGATION = 3
_LONGEST_SOUND = 24
"""Characters, with what stands between them, of a word that its sound makes."""


def may_be_word(text: str) -> bool:
    """Tell whether a text that does not address the bot can be a word, by how it begins; false only where none is.

    Quick: nine of ten messages are talk that begins like no word.
    """
    return _may_begin(text[:2])


@lru_cache(KEPT)
def _may_begin(beginning: str) -> bool:
    return _beginnings().may_begin(beginning) or _may_begin_a_right(beginning)


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
    if not mentioned and not may_be_word(plain):
        return None  # most messages end here
    plain = _EDGES.sub("", _folded(plain)) + ("?" if plain.rstrip()[-1:] in "?？" else "")
    word = _bare(plain) or _own_tag(plain)
    word = word or (_between(plain) if mentioned else None) or _with_object(plain, mentioned)
    if word is not None:
        return word
    if not mentioned:
        return _right(plain) if len(plain) <= _LONGEST_SOUND else None
    return _dressed(plain) or _glued(plain) or _slipped(plain) or _unknown(plain)


def _bare(text: str) -> Word | None:
    """Read a word alone, however it is spaced and punctuated."""
    if len(text) > 4 * _LONGEST:
        return None
    kind = KINDS.get(JOINTS.sub("", text))
    if kind is None or (text.endswith("?") and kind not in _ASKS):
        return None
    return Word(kind)


def _own_tag(text: str) -> Word | None:
    """Read 删标签 with the tag right behind it."""
    tag = _DELETE_TAG.fullmatch(text)
    return Word(WordKind.DELETE_TAG, tag["tag"].strip()) if tag and not _QUESTION.search(text) else None


def _between(text: str) -> Word | None:
    """Read what happens to one group with another or with goods: 阳光小区水果群 并入 枫林苑猫奴群."""
    triple = _BETWEEN.fullmatch(text)
    kind = KINDS.get(triple["word"]) if triple else None
    if triple is None or kind not in _WITH_OBJECT_ADDRESSED or text.endswith("?"):
        return None
    return Word(kind, triple["object"].strip(), triple["group"].strip())


def _with_object(text: str, mentioned: bool) -> Word | None:
    """Read a word with the object that belongs to it; a group's name only where the bot is addressed."""
    if text.endswith("?"):
        return None
    level = _LEVEL.fullmatch(text)
    if level and (mentioned or level["group"] is None):
        return Word(WordKind.LEVEL, level["level"].translate(_DIGITS), level["group"] or "")
    listed = _LIST.fullmatch(text)
    if listed and (mentioned or listed["group"] is None):
        wanted = " ".join(filter(None, (listed["order"], listed["page"])))
        return Word(WordKind.ALL_PRODUCTS, wanted, listed["group"] or "")
    label = _LABEL.fullmatch(text) or _LABEL_TURNED.fullmatch(text)
    if label and (mentioned or label["gap"]):
        added = label["act"] in {"加", "添加", "增加"}
        return Word(WordKind.LABEL_ADD if added else WordKind.LABEL_REMOVE, label["label"].strip())
    for said in (text, _PLEASE.sub("", text)) if mentioned else (text,):
        word = _apart(said, mentioned)
        if word is not None:
            return word
    return None


def _apart(text: str, mentioned: bool) -> Word | None:
    """Read a word that stands apart before or behind its object."""
    for pattern in (_OBJECT, _TURNED):
        pair = pattern.fullmatch(text)
        kind = KINDS.get(pair["word"]) if pair else None
        if pair is None or kind is None:
            continue
        said = pair["object"].strip()
        number = _NUMBER.fullmatch(said) if kind in _NUMBERED and pattern is _OBJECT else None
        if number and (mentioned or number["group"] is None):
            return Word(kind, number["number"], number["group"] or "")
        if pattern is _OBJECT and (kind in _WITH_OBJECT or (mentioned and kind in _WITH_OBJECT_ADDRESSED)):
            return Word(kind, said)
        if kind in _NAMES_GROUP and mentioned:
            return Word(kind, group=said)
    return None


def _dressed(text: str) -> Word | None:
    """Read a word with what politeness puts around it."""
    bare = POLITE.sub("", JOINTS.sub("", text))
    kind = KINDS.get(bare)
    if kind is None or (_QUESTION.search(text) and kind not in _ASKS):
        return None
    return Word(kind)


def _glued(text: str) -> Word | None:
    """Read a word that its object follows without a space (推荐草莓), where the bot is addressed."""
    plain = _PLEASE.sub("", text)
    form = max((form for form in KINDS if plain.startswith(form)), key=len, default="")
    said = plain[len(form) :].strip()
    if not form or not said or KINDS[form] not in _WITH_OBJECT or _NO_OBJECT.match(said) or _QUESTION.search(said):
        return None
    return Word(KINDS[form], said)


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).lower()


@cache
def _beginnings() -> Beginnings:
    return Beginnings((*KINDS, *_BESIDE_FORMS), _folded, _EDGES)


@cache
def _rights() -> Slips:
    return Slips([form for form, kind in KINDS.items() if kind in _HEARD_BY_SOUND], ())


def _may_begin_a_right(beginning: str) -> bool:
    """Tell whether a word about rights can begin with the sound of these characters, joints between them aside."""
    said = JOINTS.sub("", _folded(beginning))[:2]
    return bool(said) and _rights().may_begin(said)


@cache
def _slips() -> Slips:
    heard = [form for form, kind in KINDS.items() if kind not in _EXACT]
    return Slips(heard, [form for form in heard if _may_be_edited(form)])


def _may_be_edited(form: str) -> bool:
    """Tell whether a slip of the finger leaves a form clear: a short 不要推 and a dressed 我要退订 are near to talk."""
    kind = KINDS[form]
    dressed = any(form != one and (form.startswith(one) or form.endswith(one)) for one in forms(kind))
    return kind not in _NOT_NEARLY and not dressed and (form[0] not in "不别" or len(form) > _LONGEST_NEGATION)


def _right(text: str) -> Word | None:
    """Hear a word about rights by its sound, when it is the whole message."""
    if text.rstrip()[-1:] in {"?", "？"}:
        return None
    kinds = {KINDS[form] for form in _rights().of_same_sound(JOINTS.sub("", text))}
    return Word(kinds.pop()) if len(kinds) == 1 else None


def _slipped(text: str) -> Word | None:
    """Hear a word through a slip, alone or in front of its object."""
    if _QUESTION.search(text):
        return None
    for said in dict.fromkeys((text, _PLEASE.sub("", text))):
        compact = JOINTS.sub("", said)
        for bare in dict.fromkeys((compact, POLITE.sub("", compact))):
            form = _meant(bare)
            if form:
                return Word(KINDS[form])
        chunk = re.match(r"[^\s:\d]+", said)
        form = _meant(chunk[0]) if chunk and chunk[0] != said else ""
        word = _with_object(form + said[len(chunk[0]) :], mentioned=True) if form and chunk else None
        if word is not None:
            return word
    return None


def _meant(text: str) -> str:
    """Return the form that a text with a slip means; nothing when it may mean two different words."""
    found = _slips().of_same_sound(text) or _slips().nearly(text)
    return found[0] if len({KINDS[form] for form in found}) == 1 else ""


def _unknown(text: str) -> UnknownWord | None:
    """Tell a command that went wrong from talk: short, begins or commands like a word, asks nothing."""
    compact = JOINTS.sub("", text)
    if len(compact) > _LONGEST_UNKNOWN or _QUESTION.search(text):
        return None
    begins = any(compact.startswith(form) for form, kind in KINDS.items() if len(form) > 1 and kind not in _NOT_BEGUN)
    commands = _COMMANDING.match(_PLEASE.sub("", compact)) and _ABOUT.search(compact)
    return UnknownWord(text) if begins or commands else None
