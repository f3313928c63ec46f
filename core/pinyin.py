"""How Chinese characters are read: pypinyin's table of single characters.

The file is read without the package around it, whose dictionary of phrases takes another 0.2 s and 50 MB.
``tests/core/test_pinyin.py`` holds it against the package. Source: pypinyin, https://github.com/mozillazg/python-pinyin.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from unicodedata import normalize

_TONES = dict.fromkeys(map(ord, "\u0300\u0301\u0304\u030c"))


def readings(character: str) -> tuple[str, ...]:
    """Return how a character may be read, the usual reading first, without tones; ü is v.

    Empty for what is no Chinese character.
    """
    known = _table().get(str(ord(character)))
    return tuple(dict.fromkeys(map(_plain, known.split(",")))) if known else ()


def _plain(reading: str) -> str:
    return normalize("NFC", normalize("NFD", reading).translate(_TONES)).replace("ü", "v")


@cache
def _table() -> Mapping[str, str]:
    """Return the readings with their tones, separated by commas, by code point in decimal digits."""
    package = find_spec("pypinyin")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("pypinyin is not installed; install the program again", name="pypinyin")
    table: dict[str, str] = json.loads(Path(package.origin).with_name("pinyin_dict.json").read_text(encoding="utf-8"))
    return table
