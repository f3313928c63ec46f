"""What text is made uniform with: signs of the libraries for emoji and for traditional characters, as patterns.

They are worked out in some tens of milliseconds and kept for the next start, which then needs neither library before
the first traditional character.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.metadata import version
from itertools import groupby
from typing import Any, NamedTuple

from core.kept import kept, sources
from core.signs import DROPPED_EMOJI, FOLDED, KEPT_EMOJI

BARE = dict.fromkeys(map(ord, "\ufe0e\ufe0f\u20e3"))
"""The marks of an emoji that say only how it is drawn."""


class Tables(NamedTuple):
    """Patterns as text, and what emoji are called.

    ``plain`` matches lines that need no change at all, as most lines do; ``emoji`` one emoji with its modifiers and
    joined parts; ``pictures`` are all first characters of emoji.
    """

    traditional: str
    plain: str
    names: dict[str, str]
    emoji: str
    pictures: set[str]


def kept_tables(words: Mapping[str, str], uniform: Callable[[str], str], made_by: str) -> Tables:
    """Return the tables; ``words`` names emoji, ``uniform`` of the module ``made_by`` makes their names uniform."""
    made_of: list[str | bytes] = [
        *sources(__name__, made_by, "core.signs"),
        *(f"{name} {version(name)}" for name in ("emoji", "opencc")),
        unicodedata.unidata_version,
        repr(list(words.items())),
    ]
    return kept("signs", made_of, lambda: tables_of(words, uniform))


def tables_of(words: Mapping[str, str], uniform: Callable[[str], str]) -> Tables:
    """Work the tables out."""
    traditional = _traditional()
    return Tables(f"[{_ranges(traditional)}]", _plain(traditional), *_emoji_tables(words, uniform))


@cache
def _converter() -> Any:
    from opencc import OpenCC  # noqa: PLC0415 - a native library with dictionaries, loaded when there is something to do

    return OpenCC("t2s")


def simplified(text: str) -> str:
    """Return a text in simplified characters."""
    once = str(_converter().convert(text))
    return str(_converter().convert(once))  # a few characters take two steps (薴, 苧, 苎)


def _traditional() -> str:
    """Return the characters that are changed by themselves."""
    characters = [chr(code) for code in range(0x3400, 0xA000)]
    simple = _converter().convert("\n".join(characters)).split("\n")
    return "".join(old for old, new in zip(characters, simple, strict=True) if old != new)


def _plain(traditional: str) -> str:
    avoid = set(traditional)
    safe = "a-z0-9,!?:;()+*#~%、。" + _ranges([char for char in map(chr, range(0x4E00, 0xA000)) if char not in avoid])
    return rf"(?:[{safe}]+(?:(?: |(?<!w)\.(?=[0-9]))[{safe}]+)*)?\Z"


def _ranges(characters: Sequence[str]) -> str:
    """Return ascending characters, none a sign of patterns, as the inside of a class, neighbours as one range."""
    inside: list[str] = []
    for _, group in groupby(enumerate(map(ord, characters)), lambda pair: pair[1] - pair[0]):
        run = [code for _, code in group]
        inside.append(f"{chr(run[0])}-{chr(run[-1])}" if len(run) > 2 else "".join(map(chr, run)))
    return "".join(inside)


def _emoji_tables(words: Mapping[str, str], uniform: Callable[[str], str]) -> tuple[dict[str, str], str, set[str]]:
    """Return the names of emoji, the pattern of one with its modifiers and joined parts, and all first characters."""
    import emoji  # noqa: PLC0415 - five thousand entries, loaded when a normaliser is built

    emoji.config.load_language("zh")
    names: dict[str, str] = {}
    base: set[str] = set()
    wanted = {chr(code) for low, high in KEPT_EMOJI for code in range(low, high + 1)} - DROPPED_EMOJI
    for sign, entry in emoji.EMOJI_DATA.items():
        bare = sign.translate(BARE)
        if bare.isascii() or bare[0] in FOLDED or unicodedata.normalize("NFKC", bare[0]) != bare[0]:
            continue
        base.update(bare.replace("\u200d", ""))
        if bare[0] in wanted and "zh" in entry:
            names[bare] = uniform(str(entry["zh"]).strip(":"))
    names.update((re.sub("[\ufe0e\ufe0f]", "", sign), uniform(word)) for sign, word in words.items())
    base -= {char for char in base if char.isascii() or "\u4e00" <= char <= "\u9fff"}
    base.update(sign[0] for sign in words if not sign[0].isalnum() and not sign[0].isascii())
    one = f"[{_ranges(sorted(base))}]"
    modifier = "[\ufe0e\ufe0f\u20e3\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]"
    return names, rf"{one}{modifier}*+(?:\u200d{one}{modifier}*+)*+|[0-9#*]\ufe0f?\u20e3", base
