"""How Chinese characters are read: pypinyin's table of single characters.

Its file is read without the package around it, whose dictionary of phrases takes another 0.2 s and 50 MB, and kept for
the next start as what is asked of it: as a Python dictionary it takes 9 MB. ``tests/core/test_pinyin.py`` holds it
against the package. Source: pypinyin, https://github.com/mozillazg/python-pinyin.
"""

from __future__ import annotations

import json
from array import array
from bisect import bisect_left
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple
from unicodedata import normalize, unidata_version

from core.kept import kept, sources

_TONES = dict.fromkeys(map(ord, "\u0300\u0301\u0304\u030c"))


class _Table(NamedTuple):
    """``codes`` are the characters' code points, ascending, and ``which`` the place of each one's readings in ``ways``.

    ::

        codes  … 26757 梅 … 29028 煤 … 38271 长 …
        which  …  2477    …  2477    …  4889    …        ways[2477] ("mei",)   ways[4889] ("zhang", "chang")
    """

    codes: array[int]
    which: array[int]
    ways: list[tuple[str, ...]]


def readings(character: str) -> tuple[str, ...]:
    """Return how a character may be read, the usual reading first, without tones; ü is v.

    Empty for what is no Chinese character.
    """
    code, table = ord(character), _table()
    place = bisect_left(table.codes, code)
    known = place < len(table.codes) and table.codes[place] == code
    return table.ways[table.which[place]] if known else ()


@cache
def _table() -> _Table:
    return kept("readings", [*sources(__name__), version("pypinyin"), unidata_version], _made)


def _made() -> _Table:
    package = _packaged()
    ways = {said: _ways(said) for said in set(package.values())}
    found = sorted((int(code), ways[said]) for code, said in package.items())
    places = {way: place for place, way in enumerate(sorted(set(ways.values())))}
    which = array("H", [places[way] for _, way in found])
    return _Table(array("I", [code for code, _ in found]), which, list(places))


def _ways(said: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(map(_plain, said.split(","))))


def _plain(reading: str) -> str:
    return normalize("NFC", normalize("NFD", reading).translate(_TONES)).replace("ü", "v")


def _packaged() -> Mapping[str, str]:
    """Return the readings with their tones, separated by commas, by code point in decimal digits."""
    package = find_spec("pypinyin")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("pypinyin is not installed; install the program again", name="pypinyin")
    table: dict[str, str] = json.loads(Path(package.origin).with_name("pinyin_dict.json").read_text(encoding="utf-8"))
    return table
