"""Reads what one person wrote behind their name in a list: 苹果4斤，香蕉（熟点）3斤; 8份晚餐; 红和黄 各一斤. Pure.

With the items of an offer it finds those; without a list whatever stands beside the numbers is an item.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from orders.naming import Names, Words
from orders.quantities import Quantity
from orders.scanning import Kind, Token, scan
from orders.state import Item

_NOTHING = Words(frozenset(), {})
_AND = re.compile(r"\s*(?:以及|和|跟|与|及|、|\+)\s*")
_SKIPPED = frozenset({"verb", "add", "filler", "self", "me_too", "plus_one", "and"})
_PHONE = re.compile(r"1[3-9]\d{9}")
_EDGES = " |/:-=_.·*×+#&"


class EntryItem(NamedTuple):
    """One thing of an entry.

    ``text`` is what it is called, with its specification; ``quantity`` None means that no number was said, or one
    that is none (几份, then ``vague``). ``item`` is the id of the list's item that it means, None if there is no list,
    no such item or more than one (then ``items``). ``span`` is the stretch of the text that was read for it.
    """

    text: str
    quantity: Decimal | None
    unit: str
    note: str
    item: int | None
    span: tuple[int, int]
    vague: bool = False
    items: frozenset[int] = frozenset()


@dataclass(slots=True)
class _Part:
    """An item while the text is read."""

    start: int
    end: int
    named: frozenset[int] = frozenset()
    words: list[tuple[int, int]] = field(default_factory=list)
    quantities: list[Quantity] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def reach(self, token: Token) -> None:
        """Let the part cover a token, wherever it stands."""
        self.start, self.end = min(self.start, token.start), max(self.end, token.end)


def read_entry(text: str, items: Sequence[Item] | None = None, *, words: Words = _NOTHING) -> list[EntryItem]:
    """Return the items of an entry's body, in order. ``text`` is uniform, without the marker and the nickname.

    ``words`` are names of goods and their other names (``naming.words_of``), to know one item by another name and to
    keep numbers that are part of a name. What cannot be an item is kept as a note of the item before it, else behind.
    """
    names = _names(tuple(items or ()), words) if items or words is not _NOTHING else None
    reading = _Entry(text, listed=bool(items))
    for run in _runs(scan(text, names)):
        reading.take(run)
    return reading.items()


def _names(items: tuple[Item, ...], words: Words) -> Names:
    """Return the finder of a list; a chain reads its list once for each entry."""
    return _remembered(_Listed(items), words)


class _Listed:
    """Items as a key: equal when they are called and counted alike."""

    def __init__(self, items: tuple[Item, ...]) -> None:
        self.items = items
        self._key = tuple((item.id, item.code, item.title) for item in items)

    def __hash__(self) -> int:
        return hash(self._key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Listed) and self._key == other._key


@lru_cache(maxsize=64)
def _remembered(listed: _Listed, words: Words) -> Names:
    return Names(listed.items, words)


def _runs(tokens: list[Token]) -> Iterator[list[Token]]:
    """Yield what stands between commas, plus signs and line feeds."""
    run: list[Token] = []
    for token in tokens:
        if token.kind is Kind.PAUSE or (token.kind is Kind.GAP and token.text in "、+") or token.text == "、":
            yield run
            run = []
        else:
            run.append(token)
    yield run


class _Entry:
    """Puts names and numbers together, run by run."""

    def __init__(self, text: str, *, listed: bool) -> None:
        self._text = text
        self._listed = listed
        self._parts: list[_Part] = []
        self._early_notes: list[str] = []
        self._shared = 0  # parts before this one have their numbers

    def take(self, run: list[Token]) -> None:
        """Read one run: numbers before their names (8份晚餐) if it begins with one, else behind them."""
        telling = [token for token in run if token.kind is Kind.QUANTITY or self._names_something(token)]
        number_first = bool(telling) and telling[0].kind is Kind.QUANTITY and len(telling) > 1
        waiting: list[Token] = []
        current: _Part | None = None
        for token in run:
            if token.kind is Kind.NOTE or _PHONE.fullmatch(token.text):
                self._note(token.text)
            elif token.kind is Kind.QUANTITY:
                if number_first:
                    waiting, current = [token], None
                else:
                    self._count(token, current)
            elif token.kind is Kind.WORD and token.role == "each":
                self._share(run, token)
                return
            elif self._names_something(token):
                if current is None or current.quantities or (token.items and current.named):
                    current = self._begin(token)
                    for early in waiting:
                        self._count(early, current)
                    waiting = []
                self._name(token, current)
            elif current is not None and not current.quantities and token.kind is not Kind.GAP:
                self._name(token, current)
            elif token.kind is Kind.PLACE or (self._listed and token.kind is Kind.UNKNOWN):
                self._note(token.text)

    def _names_something(self, token: Token) -> bool:
        if token.kind in {Kind.ITEM, Kind.CODE}:
            return True
        if self._listed:
            return token.kind is Kind.OTHER
        if token.kind is Kind.WORD:
            return token.role not in _SKIPPED and token.role != "each"
        return token.kind in {Kind.OTHER, Kind.UNKNOWN}

    def _begin(self, token: Token) -> _Part:
        part = _Part(token.start, token.end, notes=self._early_notes)
        self._early_notes = []
        self._parts.append(part)
        return part

    def _name(self, token: Token, part: _Part) -> None:
        part.reach(token)
        part.named = part.named or token.items
        part.words.append((token.start, token.end))

    def _count(self, token: Token, current: _Part | None) -> None:
        """Give a number to its item: the last of several counts, those before it describe the item."""
        part = current or (self._parts[-1] if self._parts and not self._parts[-1].quantities else None)
        if part is None or token.quantity is None:
            return
        part.reach(token)
        part.quantities.append(token.quantity)

    def _share(self, run: list[Token], each: Token) -> None:
        """Give the number behind 各 to every item before it that has none."""
        number = next((token for token in run if token.kind is Kind.QUANTITY and token.start >= each.end), None)
        if number is None or number.quantity is None:
            return
        waiting = self._parts[self._shared :]
        if not self._listed:
            waiting = [piece for part in waiting for piece in self._pieces(part)]
            self._parts[self._shared :] = waiting
        for part in waiting:
            if not part.quantities:
                part.quantities.append(number.quantity)
        self._shared = len(self._parts)

    def _pieces(self, part: _Part) -> Iterator[_Part]:
        """Cut 红和黄 into two, where one number is said for each."""
        if part.quantities:
            yield part
            return
        place = part.words[0][0]
        cuts = [match.span() for match in _AND.finditer(self._text, place, part.words[-1][1])]
        for start, end in [*cuts, (part.words[-1][1], part.words[-1][1])]:
            if start > place:
                yield _Part(place, start, words=[(place, start)], notes=list(part.notes))
            place = end

    def _note(self, text: str) -> None:
        note = text.strip("()[]【】 ")
        (self._parts[-1].notes if self._parts else self._early_notes).append(note)

    def items(self) -> list[EntryItem]:
        """Return what was read."""
        return [self._item(part) for part in self._parts if self._called(part)]

    def _called(self, part: _Part) -> str:
        """Return the item's name with the specification that stands beside it."""
        start, end = part.words[0][0], part.words[-1][1]
        described = [number.end for number in part.quantities[:-1] if number.start >= end]
        return self._text[start : max([end, *described])].strip(_EDGES)

    def _item(self, part: _Part) -> EntryItem:
        last = part.quantities[-1] if part.quantities else None
        return EntryItem(
            text=self._called(part),
            quantity=last.value if last else None,
            unit=last.unit if last else "",
            note="，".join(part.notes),
            item=next(iter(part.named)) if len(part.named) == 1 else None,
            span=(part.start, part.end),
            vague=last is not None and last.value is None,
            items=part.named,
        )
