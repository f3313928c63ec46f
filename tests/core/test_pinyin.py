"""Characters are read as pypinyin reads them."""

from __future__ import annotations

import subprocess
import sys

from pypinyin import Style, pinyin

from core.pinyin import readings


def test_every_chinese_character_has_the_readings_of_the_package() -> None:
    for block in (range(0x3400, 0xA000), range(0x20000, 0x20400)):
        characters = list(map(chr, block))
        expected = pinyin(characters, style=Style.NORMAL, heteronym=True)
        for character, found in zip(characters, expected, strict=True):
            assert readings(character) == (() if found == [character] else tuple(dict.fromkeys(found)))


def test_what_is_no_chinese_character_has_none() -> None:
    assert [readings(character) for character in "a1，🍓あ"] == [()] * 5


def test_the_package_with_its_phrases_is_not_imported() -> None:
    script = "import sys; from core.pinyin import readings; print(readings('长')[0], 'pypinyin' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "zhang False", done.stderr
