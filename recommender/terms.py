"""What the text index knows a text by: words, character 1- and 2-grams, names and numbers, amounts. Pure.

One text gives each of these for itself, and a query asks for each with a factor of its own, so that the score stays
a plain sum over postings::

    10斤五常大米   w五常 w大米   五 常 大 米   五常 常大 大米   10   10斤   =5000g   斤
                  words        characters   2-grams          runs        amount
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_RUN = re.compile(r"[㐀-鿿]+|[a-z0-9]+(?:\.[0-9]+[a-z]*)?")
_PART = re.compile(r"[a-z]+|[0-9]+(?:\.[0-9]+)?")
_GRAM = 3
"""Length of the pieces of names in Latin letters; they find typec in type-c and forgive a slip."""
_SHORTEST_NAME = 4

_TENS = "十百"
_DIGITS = {"半": 0.5, "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
_UNITS = {
    **{"g": (1, "g"), "克": (1, "g"), "kg": (1000, "g"), "公斤": (1000, "g"), "千克": (1000, "g"), "斤": (500, "g")},
    **{"ml": (1, "ml"), "毫升": (1, "ml"), "l": (1000, "ml"), "升": (1000, "ml")},
    **{"mm": (0.1, "cm"), "cm": (1, "cm"), "厘米": (1, "cm"), "m": (100, "cm"), "米": (100, "cm")},
}
_AMOUNT = re.compile(
    r"(?P<number>[0-9]+(?:\.[0-9]+)?)(?P<unit>kg|ml|mm|cm|[gml](?![a-z0-9])|公斤|千克|毫升|厘米|[克斤升米])"
    r"|(?P<word>[一二两三四五六七八九十百]{1,4}|半)(?P<written>公斤|千克|斤|升)"
)


@dataclass(frozen=True, slots=True)
class TermFactors:
    """How much each kind of term of a query counts; the terms of documents all weigh by their rarity alone.

    ``inner`` are 2-grams inside a word, ``crossing`` those over the border of two: they say only that the words
    stand side by side. ``single`` comes on top for a character that is a word by itself (锅).
    """

    word: float = 0.5
    inner: float = 1.0
    crossing: float = 0.5
    character: float = 1.0
    single: float = 0.5
    name: float = 1.0
    part: float = 1.0
    gram: float = 0.3
    counted: float = 1.0
    amount: float = 1.0


def document_terms(words: Sequence[str]) -> list[str]:
    """Return the terms of a cut text, repeated as often as they stand there.

    Words are prefixed by ``w``, so that a word and a bigram with the same characters are two pieces of evidence.
    """
    return [term for _, term in _terms(words)]


def query_terms(words: Sequence[str], factors: TermFactors) -> dict[str, float]:
    """Return the terms that a cut query asks for, each with its factor; terms that count nothing are left out."""
    found: dict[str, float] = {}
    for kind, term in _terms(words):
        factor = getattr(factors, kind)
        if factor > found.get(term, 0.0):
            found[term] = factor
    for word in words:
        if len(word) == 1 and word in found and factors.single:
            found[word] = factors.character + factors.single
    return found


def amounts(text: str) -> dict[str, set[float]]:
    """Return the amounts that a text states, by base unit: grams, millilitres, centimetres."""
    found: dict[str, set[float]] = {}
    for unit, value in _stated(text):
        found.setdefault(unit, set()).add(value)
    return found


def _stated(text: str) -> Iterator[tuple[str, float]]:
    """Yield (base unit, value) of each amount in a text, in its order and as often as it stands there."""
    for match in _AMOUNT.finditer(text):
        number = float(match["number"]) if match["number"] else _written(match["word"])
        scale, unit = _UNITS[match["unit"] or match["written"]]
        if number:
            yield unit, round(number * scale, 3)


def _written(word: str) -> float:
    """Return the value of a number in Chinese characters below a thousand; 0 when it is none."""
    total, last = 0.0, 0.0
    for character in word:
        if character in _TENS:
            total += (last or 1) * 10 ** (_TENS.index(character) + 1)
            last = 0.0
        else:
            last = _DIGITS[character]
    return total + last


def _terms(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield (kind, term); a kind is a field of ``TermFactors``."""
    text = "".join(words)
    ends: set[int] = set()
    place = 0
    for word in words:
        place += len(word)
        ends.add(place)
        if len(word) > 1 and not word[0].isascii():
            yield "word", "w" + word
    for match in _RUN.finditer(text):
        run = match[0]
        if run[0].isascii():
            yield from _name_terms(run, text[match.end() : match.end() + 1])
            continue
        start = match.start()
        for offset, character in enumerate(run):
            yield "character", character
            if offset:
                yield "crossing" if start + offset in ends else "inner", run[offset - 1 : offset + 1]
    for unit, value in _stated(text):
        yield "amount", f"={value:g}{unit}"


def _name_terms(run: str, following: str) -> Iterator[tuple[str, str]]:
    """Yield the terms of a run of Latin letters and digits; ``following`` is what it counts (12枚)."""
    yield "name", run
    parts = _PART.findall(run)
    if len(parts) > 1:
        for part in parts:
            yield "part", part
    for part in parts:
        if part[0].isalpha() and len(part) >= _SHORTEST_NAME:
            for start in range(len(part) - _GRAM + 1):
                yield "gram", "~" + part[start : start + _GRAM]
    if run[-1].isdigit() and following > "㐀":
        yield "counted", parts[-1] + following
