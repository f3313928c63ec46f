"""Cuts a uniform text into what an order reply is made of: items, numbers, places, words with a part to play. Pure.

At each place the first of these that fits is taken: a note, an item or other goods (the longest name), a building or
room, a code of the list, a specification, a time or price, a number with its unit, a word of ``data/grammar.toml``. The
rest is unknown text.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Protocol

from orders.quantities import Quantity, not_numbers, one_of, quantity_at, units


class Kind(StrEnum):
    """What a piece of text is."""

    ITEM = "item"
    OTHER = "other"  # goods that are not on offer
    CODE = "code"
    QUANTITY = "quantity"
    SPECIFICATION = "specification"
    FIGURE = "figure"  # a time, date, price, phone number
    PLACE = "place"  # building, room
    NOTE = "note"
    WORD = "word"
    PAUSE = "pause"  # comma, line feed: ends a clause
    GAP = "gap"  # a space or a sign without meaning
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Token:
    """One piece: ``text[start:end]``; ``role`` of a word, ``items`` an item's name or a code may mean."""

    kind: Kind
    start: int
    end: int
    text: str
    role: str = ""
    quantity: Quantity | None = None
    items: frozenset[int] = field(default=frozenset())


class FindsNames(Protocol):
    """What knows how the things on offer are called."""

    def at(self, text: str, place: int) -> tuple[int, frozenset[int]] | None:
        """Return the end of the longest name that starts here and the items it may mean, none for other goods."""
        ...

    def code_at(self, text: str, place: int) -> tuple[int, frozenset[int]] | None:
        """Return the end of a code that starts here and its items."""
        ...


@cache
def grammar() -> Mapping[str, Mapping[str, str]]:
    """Return the tables of words as they stand in the file."""
    return tomllib.loads(files("orders").joinpath("data", "grammar.toml").read_text(encoding="utf-8"))


@cache
def roles() -> Mapping[str, str]:
    """Return the part each word plays; a word of several lists plays the first."""
    found: dict[str, str] = {}
    for role, words in grammar()["words"].items():
        for word in words.split():
            found.setdefault(word, role)
    for role in ("words", "about"):
        for word in grammar()["imprecise"][role].split():
            found.setdefault(word, "imprecise")
    return found


@cache
def _words() -> re.Pattern[str]:
    return re.compile(one_of(frozenset(roles())))


@cache
def _not_numbers() -> re.Pattern[str]:
    return re.compile(one_of(not_numbers()))


@cache
def _notes() -> re.Pattern[str]:
    document = tomllib.loads(files("orders").joinpath("data", "notes.toml").read_text(encoding="utf-8"))
    words = document["words"]
    patterns = []
    for pattern in document["note"].values():
        whole = "".join(pattern.split())
        for name, alternatives in words.items():
            whole = whole.replace("{" + name + "}", alternatives)
        patterns.append(f"(?:{whole})")
    return re.compile("|".join(patterns))


@cache
def _measures() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    """Return the patterns of places, specifications and figures."""
    unit = one_of(units().known)
    size = r"\d{1,5}(?:\.\d{1,2})?\s?(?:抽|片|支|枚|粒|只|ml|毫升|kg|千克|公斤|斤|l|升|g|克|cm|寸)"
    count = r"(?:\d{1,4}|[一二两三四五六七八九十]{1,3})"
    place = re.compile(
        r"\d{1,3}(?:号楼|栋|幢|#楼|号院|弄|期|单元|号线)(?:\d{1,2}单元)?(?:\d{2,4}(?:室|号|房)?(?![\d份个盒斤箱]))?"
        r"|(?<![\d+*×a-z-])\d{1,3}(?:[-#]\d{1,2}){0,2}[-#]\d{3,4}(?:室)?(?![\d.份个盒斤箱])"
        r"|[a-z][座栋区幢](?:\d{2,4}(?:室)?)?|[一二三四五六七八九十]{1,3}(?:号楼|栋|幢|期)"
        r"|(?<![a-z\d])\d{3,4}(?:室|房)|[东南西北][一二]?区|(?:东|南|西|北)门"
    )
    specification = re.compile(
        rf"{size}\s?[*×x]\s?\d{{1,3}}(?:\s?{unit}|\b)?(?=\s?[*×x+]?\s?(?:\d|[一二两三四五六七八九十半])|装)(?:装)?"
        rf"|{size}\s?[*×x]\s?\d{{1,3}}\s?{unit}"
        rf"|{count}\s?(?:{unit}|ml|毫升|寸)\s?(?:/\s?{unit}|装|一{unit}装|规格)(?:的)?"
        r"|\d{1,5}(?:\.\d{1,2})?\s?(?:ml|毫升|cm|厘米|mm|寸)"
    )
    figure = re.compile(
        r"1\d{10}(?!\d)|\d{6,}"
        r"|\d{4}年|\d{1,2}月(?:\d{1,2}[日号]?)?|\d{1,2}[./]\d{1,2}[日号]|\d{1,2}[:：]\d{2}"
        r"|(?:\d{1,2}|[一二两三四五六七八九十]{1,3})点(?:半|\d{1,2}分?|钟)?(?=[前后之以截到开半,。\s]|$)"
        r"|[¥$]\s?\d{1,6}(?:\.\d{1,2})?|\d{1,6}(?:\.\d{1,2})?\s?(?:元|块钱|rmb)"
        r"|第(?:\d{1,3}|[一二三四五六七八九十]{1,3})[份次天批期单箱件]"
        r"|(?:周|星期|礼拜)[一二三四五六日天末]"
        rf"|(?:\d{{1,4}}|[一二两三四五六七八九十几]{{1,3}})\s?[个张条件位家]{one_of(units().elsewhere)}"
    )
    return place, specification, figure


_OPENING = frozenset("([【")
_BRACKETS = re.compile(r"[(\[【]([^()\[\]【】\n]{1,40})[)\]】]")
NAME_MARK = "\ue000"
"""Stands for each character of a member's name in a masked text."""
_MASKED = re.compile(f"{NAME_MARK}+")
_PAUSES = frozenset(",;。!?~\n")
_PRICE = 9
"""A number with decimals above this and without a unit is a price."""
_ONE_OF = re.compile("(?<=[来要留拿带订买给整囤报团加])")
_SPACES = frozenset(" |/:-=_.·、()[]【】<>\"'\u200b#+*×&^%…→>—")


def may_hold_note(text: str) -> bool:
    """Tell whether a note can be in a text: one of the patterns, or something in brackets."""
    return not _OPENING.isdisjoint(text) or _notes().search(text) is not None


def scan(text: str, names: FindsNames | None = None) -> list[Token]:
    """Return the pieces of a uniform text in order, without gaps between them."""
    tokens: list[Token] = []
    place, unknown = 0, -1
    while place < len(text):
        token = _name_at(text, place) or _token_at(text, place, names)
        if token is not None and token.end > place:
            if unknown >= 0:
                tokens.append(Token(Kind.UNKNOWN, unknown, place, text[unknown:place]))
                unknown = -1
            tokens.append(token)
            place = token.end
        else:
            unknown = place if unknown < 0 else unknown
            place += 1
    if unknown >= 0:
        tokens.append(Token(Kind.UNKNOWN, unknown, place, text[unknown:place]))
    return tokens


def _name_at(text: str, place: int) -> Token | None:
    """Return a masked name, a piece of its own."""
    found = _MASKED.match(text, place)
    return _token(Kind.UNKNOWN, text, place, found.end()) if found else None


def _token_at(text: str, place: int, names: FindsNames | None) -> Token | None:
    """Return what starts at this place, None for text that means nothing to us."""
    brackets = _BRACKETS.match(text, place) if text[place] in _OPENING else None
    if brackets and not _orders_inside(brackets[1], names):
        return _token(Kind.NOTE, text, place, brackets.end())
    name = names.at(text, place) if names else None
    note = _notes().match(text, place)
    if note and note.end() > place and (name is None or note.end() > name[0]):
        return _token(Kind.NOTE, text, place, note.end())
    if name:
        return Token(Kind.ITEM if name[1] else Kind.OTHER, place, name[0], text[place : name[0]], items=name[1])
    return _measure_at(text, place, names) or _word_at(text, place)


def _measure_at(text: str, place: int, names: FindsNames | None) -> Token | None:
    """Return the place, code, specification, figure or number that starts here."""
    where, specification, figure = _measures()
    inside_number = place > 0 and text[place].isdecimal() and text[place - 1].isdecimal()
    if found := where.match(text, place):
        return _token(Kind.PLACE, text, place, found.end())
    if names and (code := names.code_at(text, place)):
        return Token(Kind.CODE, place, code[0], text[place : code[0]], items=code[1])
    for kind, pattern in ((Kind.SPECIFICATION, specification), (Kind.FIGURE, figure)):
        if not inside_number and (found := pattern.match(text, place)):
            return _token(kind, text, place, found.end())
    return _number_at(text, place, names)


def _number_at(text: str, place: int, names: FindsNames | None) -> Token | None:
    """Return the number that starts here with its unit, or the word that only begins like one (三文鱼)."""
    if found := _not_numbers().match(text, place):
        word = roles().get(found[0], "")
        return Token(Kind.WORD if word else Kind.UNKNOWN, place, found.end(), found[0], word)
    quantity = quantity_at(text, place) or _one_at(text, place, names)
    if quantity is None:
        return None
    if quantity.figure or (not quantity.unit and "." in text[place : quantity.end] and (quantity.value or 0) > _PRICE):
        return _token(Kind.FIGURE, text, place, quantity.end)
    if quantity.bare and not _stands_alone(text, quantity.end, names):
        return None
    return Token(Kind.QUANTITY, place, quantity.end, text[place : quantity.end], quantity=quantity)


def _one_at(text: str, place: int, names: FindsNames | None) -> Quantity | None:
    """Return the 1 that is left out between a word of ordering and a unit before an item: 来份牛腩饭, 留只土鸡."""
    if names is None or _ONE_OF.match(text, place) is None or (unit := _units().match(text, place)) is None:
        return None
    name = names.at(text, unit.end()) or names.code_at(text, unit.end())
    return Quantity(place, unit.end(), Decimal(1), units().canonical(unit[0])) if name and name[1] else None


@cache
def _units() -> re.Pattern[str]:
    return re.compile(one_of(units().known))


def _word_at(text: str, place: int) -> Token | None:
    """Return the word, the pause or the sign that starts here."""
    if found := _words().match(text, place):
        return Token(Kind.WORD, place, found.end(), found[0], roles()[found[0]])
    if text[place] in _PAUSES:
        return _token(Kind.PAUSE, text, place, place + 1)
    return _token(Kind.GAP, text, place, place + 1) if text[place] in _SPACES else None


def _stands_alone(text: str, end: int, names: FindsNames | None) -> bool:
    """Tell whether a Chinese number without a unit is one: nothing or a known word follows, not 三 in 三姐."""
    if end >= len(text) or text[end] in _PAUSES or text[end] in _SPACES:
        return True
    return bool(names and names.at(text, end)) or _words().match(text, end) is not None


def _orders_inside(inside: str, names: FindsNames | None) -> bool:
    """Tell whether brackets hold an order of their own (草莓2份) rather than a note (青)."""
    if names is None:
        return False
    return any((found := names.at(inside, place)) and found[1] for place in range(len(inside)))


def _token(kind: Kind, text: str, start: int, end: int) -> Token:
    return Token(kind, start, end, text[start:end])


def only(tokens: list[Token], *kinds: Kind) -> Iterator[Token]:
    """Yield the tokens of some kinds."""
    return (token for token in tokens if token.kind in kinds)
