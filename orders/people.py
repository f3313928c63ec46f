"""Finds for whom an order is, and names of members, before numbers are read. Pure."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import islice
from typing import NamedTuple

from core.late import late
from orders.naming import Names, fold
from orders.quantities import one_of, quantity_at
from orders.scanning import NAME_MARK, roles

_LONGEST_NAME = 10
_ROOM = late(r"(?:\d{1,3}(?:号楼|栋|幢|座|期|号|单元|[-#])(?:\d{1,4}(?:室|号|[-#]\d{1,4})?)?|[a-z]座(?:\d{2,4})?)?")
_NAME_SIGN = late(r"[一-龥a-z·.]")
_ORDERING = frozenset({"verb", "add", "me_too", "plus_one", "cancel", "less", "set", "each", "refuse"})


class Person(NamedTuple):
    """Somebody an order is for: ``text[start:end]`` is all that says so (帮我妈), ``name`` the span of the name alone.

    ``name`` is None for the speaker's own household. ``sure`` is false where the speaker may only tell what somebody
    else wants (我妈要一份).
    """

    start: int
    end: int
    name: tuple[int, int] | None
    sure: bool = True


@dataclass(frozen=True, slots=True)
class People:
    """A text in which names are masked, with the persons it is for, in order."""

    masked: str
    persons: tuple[Person, ...] = ()


@cache
def _words() -> Mapping[str, frozenset[str]]:
    document = tomllib.loads(files("orders").joinpath("data", "people.toml").read_text(encoding="utf-8"))
    return {name: frozenset(words.split()) for name, words in document.items()}


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    """Return patterns of 帮 and its like, of the speaker's own household, and of somebody known by kinship."""
    words = _words()
    kin = rf"(?:{one_of(words['whose'])}的?)?(?:家的?)?{one_of(words['kin'])}(?:家|他们|那边)?"
    return re.compile(one_of(words["carry"])), re.compile(one_of(words["own"])), re.compile(kin)


@cache
def _kinship() -> re.Pattern[str]:
    """Return the pattern of a relative at the start of a clause: 我妈也要一份, 我妈一盒, 我妈那份不要了."""
    words = _words()
    kin = rf"{one_of(frozenset({'我', '俺', '咱', '我家'}))}{one_of(words['kin'])}家?"
    return re.compile(
        rf"(?:\A|(?<=[,;。! \n]))({kin})(?:(?=也|那|的?[\d一二两三四五六七八九十半])|(?=要|再|来)(?P<unsure>))"
    )


def find_people(text: str, members: Collection[str], names: Names) -> People:
    """Look for 帮我妈, 代3栋王姐, 我妈也要, and for names of members that are not part of an item's name."""
    persons = list(_carried(text, members, names))
    for match in _kinship().finditer(text):
        if not any(one.start < match.end() and one.end > match.start() for one in persons):
            persons.append(Person(*match.span(1), match.span(1), match["unsure"] is None))
    masked = list(text)
    for start, end in _known(text, members, names):
        masked[start:end] = NAME_MARK * (end - start)
    for one in persons:
        masked[one.start : one.end] = " " * (one.end - one.start)
    return People("".join(masked), tuple(sorted(persons)))


def _carried(text: str, members: Collection[str], names: Names) -> Iterator[Person]:
    """Yield whom 帮, 代, 替, 给 name."""
    carry, own, kin = _patterns()
    behind = 0
    for found in islice(carry.finditer(text), 6):
        start, sure = found.end(), True
        if found.start() < behind:
            continue
        if member := _longest_member(text, start, members):
            end = start + member
        elif (match := kin.match(text, start)) and (
            match.end() == len(text) or _order_begins(text, match.end(), names)
        ):
            end = match.end()
        elif match := own.match(text, start):
            if match[0] not in {"我", "俺", "本人", "我们"}:
                yield Person(found.start(), match.end(), None)
            continue
        else:
            end, sure = _unknown_name(text, start, names), found[0] != "给"
        if end > start and text[start:end] not in _words()["nobody"]:
            yield Person(found.start(), end, (start, end), sure)
            behind = end


def _unknown_name(text: str, start: int, names: Names) -> int:
    """Return the end of a name of nobody we know: it reaches to the order word, the number or the item."""
    room = _ROOM.match(text, start)
    place = room.end() if room else start
    first = place
    while place < len(text) and place - first < _LONGEST_NAME:
        if place > start and _order_begins(text, place, names):
            return place
        if not _NAME_SIGN.match(text[place]):
            return place if place > start and text[place] in " |:,-" and place + 1 < len(text) else start
        if place == start and _order_begins(text, place, names):
            return start
        place += 1
    return start


def _order_begins(text: str, place: int, names: Names) -> bool:
    if (found := names.at(text, place)) and found[1]:
        return True
    quantity = quantity_at(text, place)
    if quantity is not None and (quantity.unit or not quantity.bare):
        return True
    return any(
        roles().get(text[place : place + length]) in _ORDERING or text.startswith("也", place) for length in (3, 2, 1)
    )


def _longest_member(text: str, start: int, members: Collection[str]) -> int:
    return max(
        (len(name) for member in members if len(name := fold(member)) > 1 and text.startswith(name, start)), default=0
    )


def _known(text: str, members: Collection[str], names: Names) -> tuple[tuple[int, int], ...]:
    """Return where members' names stand, where no item's name or order word is meant."""
    spans: list[tuple[int, int]] = []
    # a group has up to 500 names, nearly all of which begin with a character that is not in the text
    possible = [name for name in members if not "一" <= name[:1] <= "龥" or name[0] in text]
    for member in sorted(possible, key=len, reverse=True):
        name = fold(member)
        if len(name) < 2 or name in roles():
            continue
        start = text.find(name)
        if start < 0:
            continue
        end = start + len(name)
        item = names.at(text, start)
        if (item and item[1] and item[0] >= end) or any(low < end and high > start for low, high in spans):
            continue
        spans.append((start, end))
    return tuple(sorted(spans))
