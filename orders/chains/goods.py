"""What one entry of a chain orders: its name, its items. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from core.late import late
from core.text import NormalText
from orders.chains.menu import MenuItem
from orders.chains.names import Known, split_name
from orders.entries import EntryItem, read_entry
from orders.naming import Words
from orders.scanning import Kind, scan
from orders.state import Item

_WITHDRAWN = late(r"(?:\A|[\s(,份个盒斤])(?:取消|退出|退了|撤了|撤销|划掉|作废|不订了|不买了|不要了)[了!.~)\s]*\Z")
_DELIVERY = late(r"请?送[到至去]|放[在到]|自提|自取|(?:周|星期|礼拜)[一二三四五六日天末]|[今明后]天")
_REMARKS = {Kind.NOTE, Kind.PLACE, Kind.UNKNOWN, Kind.SPECIFICATION}
_LONGEST = 2000
"""Characters of one entry that are read; nobody types more."""


class Wanted(NamedTuple):
    """One thing of an entry.

    ``text`` is what it is called as written, empty for the thing in the chain's title; ``item`` the id of an offer's
    item if there is one. ``quantity`` None means that what was said is no number (几份). ``items`` holds the ids when
    more than one fits. ``unsure`` tells that a list was given and nothing on it is meant for certain.
    """

    text: str
    quantity: Decimal | None
    unit: str = ""
    note: str = ""
    item: int | None = None
    items: frozenset[int] = frozenset()
    unsure: bool = False


class Said(NamedTuple):
    """What an entry says. ``withdrawn``: its author takes everything back (小美 取消)."""

    name: str
    items: tuple[Wanted, ...]
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class Goods:
    """Reads entries against a list: of an offer's items, else of the chain's own menu, else without any."""

    uniform: Callable[[str], NormalText]
    known: Known
    items: tuple[Item, ...] = ()
    words: Words | None = None
    own_menu: bool = False

    @classmethod
    def of(
        cls,
        uniform: Callable[[str], NormalText],
        *,
        items: Sequence[Item] = (),
        menu: Sequence[MenuItem] = (),
        people: Iterable[str] = (),
        words: Words | None = None,
    ) -> Goods:
        """Return the reader; ``uniform`` makes text uniform, ``words`` are goods' other names."""
        listed = tuple(items) or tuple(_as_item(place, item) for place, item in enumerate(menu, start=1) if item.title)
        titles = [name for item in listed for name in (item.title, item.title.split()[0] if item.title.split() else "")]
        return cls(uniform, Known.of(titles, people), listed, words, not items)

    def read(self, body: str, author_names: Iterable[str] = ()) -> Said:
        """Read one entry."""
        name, rest = split_name(body[:_LONGEST], self.known, author_names)
        normal = self.uniform(rest)
        text = normal.text
        if _WITHDRAWN.search(text):
            return Said(name, (), withdrawn=True)
        found = read_entry(text, self.items, words=self.words) if self.words else read_entry(text, self.items)
        goods = [one for one in found if one.item is not None or not _DELIVERY.match(one.text)]
        if goods:
            wanted = [self._wanted(one, normal) for one in goods]
            beside = [_as_written(one.text, normal) for one in found if one not in goods]
            wanted[-1] = wanted[-1]._replace(note="，".join(filter(None, [wanted[-1].note, *beside])))
            return Said(name, tuple(wanted))
        return Said(name, (self._nameless(normal),) if name or text else ())

    def _wanted(self, found: EntryItem, normal: NormalText) -> Wanted:
        quantity = found.quantity if found.quantity is not None or found.vague else Decimal(1)
        unsure = bool(self.items) and found.item is None
        text = _as_written(found.text, normal)
        note = "，".join(_as_written(part, normal) for part in found.note.split("，"))
        if not self.own_menu:
            return Wanted(text, quantity, found.unit, note, found.item, found.items, unsure)
        if found.item is not None:
            text = self.items[found.item - 1].title
        return Wanted(text, quantity, found.unit, note, unsure=unsure)

    def _nameless(self, normal: NormalText) -> Wanted:
        """Read an entry that names no goods: so many of the one thing there is, the rest is a note."""
        quantity: Decimal | None = Decimal(1)
        unit = ""
        notes: list[tuple[int, int]] = []
        for token in scan(normal.text, None):
            if token.kind is Kind.QUANTITY and token.quantity is not None:
                quantity, unit = token.quantity.value, token.quantity.unit
            elif token.kind in _REMARKS:
                joined = bool(notes) and notes[-1][1] == token.start
                notes.append((notes.pop()[0] if joined else token.start, token.end))
        note = "，".join(_as_written(normal.text[start:end].strip("()[]【】 "), normal) for start, end in notes)
        only = self.items[0] if len(self.items) == 1 else None
        if only is None or self.own_menu:
            return Wanted(only.title if only else "", quantity, unit, note, unsure=len(self.items) > 1)
        return Wanted(only.title, quantity, unit, note, only.id)


def _as_written(piece: str, normal: NormalText) -> str:
    """Return the raw text of a piece of the uniform text; a piece that was put together stays as it is."""
    place = normal.text.find(piece) if piece else -1
    if place < 0:
        return piece
    start, end = normal.raw_span(place, place + len(piece))
    return normal.raw[start:end]


def _as_item(number: int, item: MenuItem) -> Item:
    return Item(number, 0, number, item.code, item.title, item.unit, item.specification, item.price)
