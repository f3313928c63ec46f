"""Hearing a word through a slip: another character of the same sound, or one character wrong, missing or doubled. Pure.

What a slip must never do is turn a word into its opposite, or talk into a word. So a character that carries the
direction of a word (不, 取消, 打开, 我) is never taken for a slip, and what is a word of its own is no slip of another.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import islice, product

from core.pinyin import readings

_DIRECTION = frozenset("不别没无未勿取消打开启关闭停删除去掉加添设撤免退我你他她它谁")
"""Characters that say which way, or whose: with another one the word means something else."""
_OWN_WORDS = frozenset(
    {
        *("回复", "会付", "汇付", "统一", "通义", "痛意", "指定", "制定", "制订", "不退", "推定"),
        *("半岛", "搬倒", "扳倒", "绊倒", "补用"),
    }
)
"""Words that sound like one of ours and mean something else."""
_SAID_HERE = {"重": "chong"}
"""Characters that are not read in our words (重新) as they usually are."""
_MOST_READINGS = 16
_LEAST_EDITED = 3
"""Of a shorter word too little is left when a character is wrong or missing; a doubled one leaves it whole."""


@lru_cache(4096)
def _readings(char: str) -> tuple[str, ...]:
    """Return how one character may be read, without tones; itself when it is no Chinese character."""
    return readings(char) or (char,)


def spoken(form: str) -> str:
    """Return the one way in which a form of ours is said, its syllables separated by spaces."""
    return " ".join(_SAID_HERE.get(char) or _readings(char)[0] for char in form)


def _sounds(text: str) -> Iterable[str]:
    return islice((" ".join(parts) for parts in product(*map(_readings, text))), _MOST_READINGS)


class Slips:
    """The forms that slips are looked for in; build it once.

    ``heard`` are forms that may be written by another character of the same sound; ``edited`` those that may have one
    character wrong, missing or doubled.
    """

    def __init__(self, heard: Iterable[str], edited: Iterable[str]) -> None:
        sounds: defaultdict[str, list[str]] = defaultdict(list)
        for form in heard:
            if len(form) > 1 and not form.isascii():
                sounds[spoken(form)].append(form)
        self._sounds: Mapping[str, list[str]] = dict(sounds)
        begun = [tuple(sound.split(" ")[:2]) for sound in sounds]
        self._first = frozenset(one for one, _ in begun)
        self._begun = frozenset(begun)
        self._longest = max(map(len, (sound.split(" ") for sound in sounds)), default=0)
        self._edited = [form for form in edited if not form.isascii()]
        self._longest_edited = max(map(len, self._edited), default=0) + 1

    def may_begin(self, beginning: str) -> bool:
        """Tell whether a form begins with the sounds of these one or two characters; where most texts end."""
        first = self._first.intersection(_readings(beginning[0]))
        if len(beginning) == 1 or not first:
            return bool(first)
        return not self._begun.isdisjoint(product(first, _readings(beginning[1])))

    def of_same_sound(self, text: str) -> list[str]:
        """Return the forms that sound like a text without spaces."""
        if not 1 < len(text) <= self._longest or not self.may_begin(text[:2]) or text in _OWN_WORDS:
            return []
        return [form for sound in _sounds(text) for form in self._sounds.get(sound, ())]

    def nearly(self, text: str) -> list[str]:
        """Return the forms that differ from a text by one slip of the finger."""
        if not 1 < len(text) <= self._longest_edited:
            return []
        return [form for form in self._edited if _one_slip(form, text)]


def _one_slip(form: str, text: str) -> bool:
    """Tell whether a text is a form with one character wrong, missing or doubled."""
    short, long = sorted((form, text), key=len)
    if len(long) - len(short) > 1 or (len(text) <= len(form) and len(form) < _LEAST_EDITED):
        return False
    at = next((place for place, (one, other) in enumerate(zip(short, long, strict=False)) if one != other), len(short))
    if len(form) == len(text):
        same = form[at + 1 :] == text[at + 1 :]
        return at < len(form) and same and _DIRECTION.isdisjoint((form[at], text[at]))
    if short[at:] != long[at + 1 :]:
        return False
    if len(text) < len(form):
        return form[at] not in _DIRECTION
    return long[at] in long[max(at - 1, 0) : at]  # the first difference is the second of two equal characters
