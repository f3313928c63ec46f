"""Words by how they sound: 草霉 for 草莓, caomei for 草莓. Pure; built from the words of the index when first needed.

Sounds are without tones, and with the confusions of many accents and input methods folded together (zh and z, n and
l, in and ing). A word found by its sound costs: ``query`` gives it a smaller factor, and asks only where what was
written finds little.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache

from core.pinyin import readings

LONGEST = 5
"""Characters of a word that is looked for by its sound."""
_MOST_WAYS = 8
"""Ways of reading a run of letters as syllables (xian: xi'an, xian) that are tried."""
_LONGEST_TYPED = 30
_FIRST, _LAST = 0x4E00, 0x9FFF
_SPELT = re.compile(r"[a-z]*[aeiouv][a-z]*")
_FOLDS = (
    (re.compile(r"^([zcs])h"), r"\1"),
    (re.compile(r"^l(?!v)|^n(?!v)"), "l"),
    (re.compile(r"^(hu(?=[aeio])|f)"), "f"),
    (re.compile(r"(?<=[aei])ng$"), "n"),
)


class SoundIndex:
    """Words by sound. ``words`` are those that products are named by; other lengths than 2 to ``LONGEST`` are left."""

    def __init__(self, words: Iterable[str]) -> None:
        self._by_sound: dict[tuple[str, ...], list[str]] = {}
        for word in words:
            self.add(word)

    def add(self, word: str) -> None:
        """Take in one more word that products are named by."""
        if 1 < len(word) <= LONGEST and (key := sound(word)):
            self._by_sound.setdefault(key, []).append(word)

    def like(self, written: str) -> list[str]:
        """Return the words that sound like Chinese text, without the text itself."""
        return [word for word in self._by_sound.get(sound(written), ()) if word != written]

    def typed(self, letters: str) -> list[str]:
        """Return the words that a run of letters spells in pinyin."""
        found: dict[str, None] = {}
        for syllables in syllable_runs(letters):
            found.update(dict.fromkeys(self._by_sound.get(tuple(map(_folded, syllables)), ())))
        return list(found)


def sound(word: str) -> tuple[str, ...]:
    """Return the folded syllables of a word of Chinese characters; empty when one has none."""
    syllables = tuple(_character_sound(character) for character in word)
    return syllables if all(syllables) else ()


def syllable_runs(letters: str) -> Iterator[tuple[str, ...]]:
    """Yield the ways in which letters are whole syllables of pinyin, two at least; none for other words."""
    if not 3 <= len(letters) <= _LONGEST_TYPED or not letters.isascii() or not letters.isalpha():
        return
    ways = 0
    waiting: list[tuple[int, tuple[str, ...]]] = [(0, ())]
    while waiting and ways < _MOST_WAYS:
        place, done = waiting.pop()
        if place == len(letters):
            if len(done) > 1:
                ways += 1
                yield done
            continue
        if len(done) < LONGEST:
            ends = (end for end in range(place + 1, min(place + 6, len(letters)) + 1))
            waiting.extend((end, (*done, letters[place:end])) for end in ends if letters[place:end] in _syllables())


@cache
def _character_sound(character: str) -> str:
    return _folded(_reading(ord(character)))


@cache
def _folded(syllable: str) -> str:
    for pattern, folded in _FOLDS:
        syllable = pattern.sub(folded, syllable)
    return syllable


def _reading(code: int) -> str:
    """Return the usual reading of a character, without tone; ü is v; empty for what is no Chinese character."""
    return next(iter(readings(chr(code))), "") if _FIRST <= code <= _LAST else ""


@cache
def _syllables() -> frozenset[str]:
    """Return every syllable of pinyin; worked out when letters are first looked at."""
    return frozenset(filter(_SPELT.fullmatch, map(_reading, range(_FIRST, _LAST + 1))))
