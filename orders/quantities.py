"""Numbers with their units, as members write them: 2, 两盒, 半斤, 一斤半, 一打, 两三斤. Pure."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib.resources import files
from itertools import pairwise

from core.late import late
from core.numerals import read_numeral

MOST = Decimal(99)
"""More than this nobody orders of one item."""
_POINTS = 10
"""分 is a slip for 份 only below; 10分 are points or minutes."""
_CHINESE = "零〇一二两俩三仨四五六七八九十百"
NUMERALS = f"{_CHINESE}半几若"
"""Characters one of which is in every quantity that has no figure (半斤, 几份, 若干)."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number in a text. ``value`` None means that it is none (几份, 两三斤).

    ``unit`` is empty when none was said; ``figure`` tells that the unit is of size, time or money, so that the number
    is no quantity. ``sign`` is what stood before it: ``+``, ``×``, ``-``. ``bare`` is a Chinese numeral without a unit.
    """

    start: int
    end: int
    value: Decimal | None
    unit: str = ""
    sign: str = ""
    figure: bool = False
    bare: bool = False


@dataclass(frozen=True, slots=True)
class Units:
    """The measure words of ``data/units.toml``."""

    known: tuple[str, ...]
    generic: frozenset[str]
    loose: frozenset[str]
    same: Mapping[str, str]
    weight: Mapping[str, Decimal]
    group: Mapping[str, int]
    grouped: frozenset[str]
    figures: tuple[str, ...]
    elsewhere: tuple[str, ...]

    def canonical(self, unit: str) -> str:
        """Return the one way to write a unit; an item's unit may come as the leader typed it."""
        word = unit.strip().lower()
        return self.same.get(word, word)


@cache
def units() -> Units:
    """Return the measure words that come with the program."""
    document = tomllib.loads(files("orders").joinpath("data", "units.toml").read_text(encoding="utf-8"))
    same = {**document["slip"], **document["same"]}
    weight = {word: Decimal(size) for word, size in document["weight"].items()}
    return Units(
        known=tuple({*document["piece"].split(), *same, *weight}),
        generic=frozenset(document["generic"].split()),
        loose=frozenset(document["loose"].split()),
        same=same,
        weight=weight,
        group=document["group"],
        grouped=frozenset(document["grouped"]["of"].split()),
        figures=tuple(document["other"]["figure"].split()),
        elsewhere=tuple(document["other"]["behind"].split()),
    )


@cache
def not_numbers() -> frozenset[str]:
    """Return words that begin with a number word without being one (三文鱼, 一起)."""
    text = files("orders").joinpath("data", "not_numbers.txt").read_text(encoding="utf-8")
    return frozenset(word for line in text.splitlines() if not line.startswith("#") for word in line.split())


def one_of(words: tuple[str, ...] | frozenset[str]) -> str:
    """Return a pattern for any of the words, the longest first."""
    return "(?:" + "|".join(sorted(map(re.escape, words), key=lambda word: (-len(word), word))) + ")"


@cache
def _pattern() -> re.Pattern[str]:
    """Return the pattern of one quantity. Every repetition is bounded, so that a search stays linear."""
    book = units()
    unit = f"{one_of(book.known)}(?!{one_of(book.elsewhere)})"
    return re.compile(
        rf"(?:(?P<sign>[+×*]|(?<![a-z])x(?=\s?\d)|(?<![\da-z])-(?=\d))\s?)?"
        rf"(?:(?P<vague>(?:好?几十?(?={unit}|\s|[,。!]|\Z)|十[几来多]|[二三四五六七八九]十[几来多]|\d{{1,4}}[来多]|若干))\s?(?P<vagueunit>{unit})?"
        rf"|(?P<range>(?:\d{{1,2}}\s?(?:[-~～]|到|至)\s?\d{{1,2}}|[{_CHINESE}]{{1,3}}[到至][{_CHINESE}]{{1,3}}))\s?(?P<rangeunit>{unit})"
        rf"|(?P<half>半)\s?(?P<halfunit>{unit})"
        rf"|(?P<unithalf>公斤|斤)半"
        rf"|(?P<number>\d{{1,9}}(?:\.\d{{1,3}})?|[{_CHINESE}]{{1,6}})"
        rf"(?:\s?(?P<unit>{unit})(?P<more>半|[{_CHINESE}\d]两(?!{unit})|来?多(?![少大重贵久长])|左右|上下)?(?P<bound>以内|以下|以上|之内)?"
        rf"|\s?(?P<figure>{one_of(book.figures)}))?"
        rf")"
    )


def quantity_at(text: str, place: int) -> Quantity | None:
    """Return the quantity that starts at ``place`` of a uniform text, sign included."""
    match = _pattern().match(text, place)
    if match is None or match.end() == place:
        return None
    sign = {"*": "×", "x": "×"}.get(match["sign"] or "", match["sign"] or "")
    start, end = match.span()
    if match["vague"] or match["range"]:
        return Quantity(start, end, None, units().canonical(match["vagueunit"] or match["rangeunit"] or ""), sign)
    if match["half"]:
        return Quantity(start, end, Decimal("0.5"), units().canonical(match["halfunit"]), sign)
    if match["unithalf"]:
        return Quantity(start, end, Decimal("1.5"), units().canonical(match["unithalf"]), sign)
    return _plain(match, sign)


def _plain(match: re.Match[str], sign: str) -> Quantity | None:
    """Read a number with or without its unit."""
    start, end = match.span()
    number, unit = match["number"], match["unit"] or ""
    if number.isascii():
        value: Decimal | None = Decimal(number)
    else:
        if not unit and len(number) > 1 and number[-1] == "两":  # 二两, 十两: a weight
            number, unit = number[:-1], "两"
        elif unit and number in {"一两", "两两"}:  # 一两份 is one or two
            return Quantity(start, end, None, units().canonical(unit), sign)
        value = _chinese(number)
        if value is None and not (unit and _next_to_each_other(number)):
            return None
    more = match["more"] or ""
    figure = bool(match["figure"] or match["bound"]) or (unit == "分" and value is not None and value >= _POINTS)
    if value is not None and more:
        value = _with_rest(value, unit, more)
    return Quantity(start, end, value, units().canonical(unit), sign, figure, not unit and not number.isascii())


def _chinese(number: str) -> Decimal | None:
    value = read_numeral(number)
    return None if value is None else Decimal(str(value)).quantize(Decimal(1))


def _next_to_each_other(number: str) -> bool:
    """Tell 两三, 五六: not a number, but said in a number's place."""
    return len(number) == 2 and all(char in "一二两三四五六七八九" for char in number)


def _with_rest(value: Decimal, unit: str, more: str) -> Decimal | None:
    """Add what follows the unit: 一斤半, 三斤二两; 一斤多 is no number."""
    if more == "半":
        return value + Decimal("0.5")
    if more.endswith("两") and unit in {"斤", "市斤"}:
        rest = read_numeral(more[:-1])
        return None if rest is None else value + Decimal(str(rest)) / 10
    return None


_SPECIFIED = late(
    r"(\d{1,5}(?:\.\d{1,3})?)\s?([a-z]{1,3}|[一-龥])(?:\s?([*×x/])\s?(?:(\d{1,4})\s?)?([a-z]{1,3}|[一-龥])?)?"
)


def contents(specification: str) -> Mapping[str, Decimal]:
    """Return what one piece holds, unit by unit as written: ``125g*6盒`` is 6 盒 and 750 克, ``5斤/箱`` 5 斤."""
    book = units()
    found: dict[str, Decimal] = {}

    def note(unit: str, amount: Decimal) -> None:
        word = book.canonical(unit)
        if word in book.known or word in book.weight:
            found.setdefault(word, amount)

    for match in _SPECIFIED.finditer(specification.lower()[:80]):
        size, unit, joint, count, counted = match.groups()
        if joint in {"*", "×", "x"} and count:
            if counted:
                note(counted, Decimal(count))
            note(unit, Decimal(size) * Decimal(count))
        else:
            note(unit, Decimal(size))
    return found


def fits(pairs: list[Quantity]) -> bool:
    """Tell whether several numbers can be of one item: the units differ, so that the earlier ones describe it."""
    return all(first.unit and first.unit != then.unit for first, then in pairwise(pairs))
