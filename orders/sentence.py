"""One message as the order reader sees it: its pieces, who it is for, and what lies on the table. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from core.text import NormalText
from orders.edits import Span
from orders.naming import Names, fold
from orders.people import Person, find_people
from orders.scanning import NAME_MARK, Kind, Token, scan
from orders.state import Item, Line, LineKey, OfferState
from orders.table import Table

_QUIET = frozenset({Kind.GAP, Kind.PAUSE, Kind.NOTE, Kind.PLACE, Kind.FIGURE, Kind.SPECIFICATION})
_LETTERS = {
    Kind.ITEM: "G",
    Kind.CODE: "G",
    Kind.OTHER: "O",
    Kind.QUANTITY: "N",
    Kind.FIGURE: "F",
    Kind.PLACE: "P",
    Kind.NOTE: "",
}
_REMARK = 6
_HANDLING = re.compile("[拿取放送提寄]")
"""A note of where or when goods change hands; what is said of that alone is no order (我来拿2盒)."""
_STILL_THERE = frozenset({OfferState.OPEN, OfferState.CLOSED, OfferState.SUCCEEDED})


@dataclass(frozen=True, slots=True)
class Clause:
    """What stands between two pauses; ``asks`` when it ends in a question mark."""

    tokens: tuple[Token, ...]
    asks: bool = False

    def of(self, *kinds: Kind) -> list[Token]:
        """Return its tokens of some kinds."""
        return [token for token in self.tokens if token.kind in kinds]

    def words(self, *roles: str) -> list[Token]:
        """Return its words with some parts to play."""
        return [token for token in self.tokens if token.kind is Kind.WORD and token.role in roles]


class Sentence:
    """A message and its table."""

    def __init__(self, text: NormalText, table: Table, names: Names) -> None:
        self.text = text
        self.table = table
        self.names = names
        self._people = find_people(text.text, table.names, names)
        self.tokens = tuple(scan(self._people.masked, names))
        self.clauses = tuple(_clauses(self.tokens))

    def whom_at(self, place: int) -> str:
        """Return for whom the words at a place are, as written; empty for the speaker.

        One person counts for the whole message (草莓2盒，帮我妈带的); of several, or beside 我, each counts from where
        they are named on.
        """
        persons = self._people.persons
        own = [clause.tokens[0].start for clause in self.clauses if _speaks_of_self(clause)]
        if not persons:
            return self._named_in_front
        if len(persons) == 1 and not own:
            return self._name(persons[0])
        clause_end = next((c.tokens[-1].end for c in self.clauses if c.tokens and c.tokens[-1].end > place), place)
        before = [person for person in persons if person.start < clause_end]
        if not before or any(before[-1].start < start <= place for start in own):
            return ""
        return self._name(before[-1])

    @property
    def hearsay(self) -> bool:
        """Tell whether the speaker may only tell what a relative wants (我妈要一份)."""
        return any(not person.sure for person in self._people.persons)

    @property
    def for_others(self) -> bool:
        """Tell whether somebody is named whom it is for."""
        return bool(self._people.persons) or bool(self._named_in_front)

    def _name(self, person: Person) -> str:
        name = self.raw(*person.name) if person.name else ""
        return "" if fold(name) in map(fold, self.table.own_names) else name

    @cached_property
    def sketch(self) -> str:
        """Return the text with known things as one letter each, for the rules of refusal."""
        return "".join(_letter(token) for token in self.tokens)

    @cached_property
    def items(self) -> dict[int, Item]:
        """Return everything that can be meant, by id: open offers, and those closed a short time ago."""
        return {item.id: item for offer in self.table.offers if offer.state in _STILL_THERE for item in offer.on_list}

    @cached_property
    def orderable(self) -> frozenset[int]:
        """Return the items of open offers."""
        return frozenset(item.id for item in self.table.items())

    def lines(self, whom: str = "") -> dict[LineKey, Line]:
        """Return the speaker's lines in open offers, else in those just closed; only those for ``whom`` if given."""
        mine = {key: line for key, line in self.table.lines().items() if not whom or key.for_whom == whom}
        still_open = {key: line for key, line in mine.items() if key.item in self.orderable}
        return still_open or {key: line for key, line in mine.items() if key.item in self.items}

    def has_line(self, item: int, whom: str) -> bool:
        """Tell whether the speaker has ordered this item for this person."""
        return any(key.item == item and key.for_whom == whom for key in self.table.lines())

    def raw(self, start: int, end: int) -> str:
        """Return what was typed for a stretch of the text."""
        low, high = self.text.raw_span(start, end)
        return self.text.raw[low:high].strip()

    def spans(self, tokens: Iterable[Token]) -> tuple[Span, ...]:
        """Return where tokens stand in the raw message."""
        return tuple(
            Span(*self.text.raw_span(token.start, token.end)) for token in sorted(tokens, key=lambda t: t.start)
        )

    @cached_property
    def note(self) -> str:
        """Return what belongs on the packing sheet: notes in the text and rooms."""
        noted = [
            token
            for clause in self.clauses
            if not clause.asks
            for token in (*clause.of(Kind.NOTE, Kind.PLACE), *_remark(clause))
        ]
        found = [self.raw(token.start, token.end).strip("()（）[]【】 ") for token in noted]
        return "，".join(dict.fromkeys(note for note in found if note))

    @property
    def only_words(self) -> bool:
        """Tell whether nothing but known words is there."""
        return all(token.kind is Kind.WORD or token.kind in {Kind.GAP, Kind.PAUSE} for token in self.tokens)

    @cached_property
    def understood(self) -> bool:
        """Tell whether every piece is known: no other goods, no unknown text."""
        return not any(is_unknown(token) or token.kind is Kind.OTHER for token in self.tokens)

    @cached_property
    def _named_in_front(self) -> str:
        """Return the name in #1 小明 2, 小明|草莓×2 and 小美 草莓2份 (a known name), empty otherwise."""
        loud = [token for token in self.tokens if token.kind is not Kind.GAP]
        for place, token in enumerate(loud[:2]):
            if token.kind is not Kind.UNKNOWN or len(token.text) > 10 or place + 1 >= len(loud):
                continue
            following = self.text.text[token.end : token.end + 2].strip(" ")[:1]
            after = loud[place + 1]
            marked = token.text.startswith(NAME_MARK) and after.kind in {Kind.ITEM, Kind.CODE, Kind.QUANTITY}
            barred = place == 0 and following == "|" and after.kind in {Kind.ITEM, Kind.CODE}
            coded = place == 1 and loud[0].kind is Kind.CODE and after.kind is Kind.QUANTITY
            if marked or barred or coded:
                name = self.raw(token.start, token.end)
                return "" if fold(name) in map(fold, self.table.own_names) else name
        return ""


def _remark(clause: Clause) -> list[Token]:
    """Return a short word of its own at the end of an order (C+1 多汁), which is for the one who packs."""
    last = clause.tokens[-2:]
    remark = len(last) == 2 and last[0].kind is Kind.GAP and is_unknown(last[1]) and len(last[1].text) <= _REMARK
    return [last[1]] if remark and clause.of(Kind.QUANTITY) else []


def _letter(token: Token) -> str:
    if token.text.startswith(NAME_MARK):
        return "M"
    if token.quantity is not None and token.quantity.value is None:
        return "V"
    if token.kind is Kind.NOTE and _HANDLING.search(token.text):
        return "T"
    return _LETTERS.get(token.kind, token.text)


def _speaks_of_self(clause: Clause) -> bool:
    """Tell whether a clause begins with 我: 我自己一盒."""
    first = next((token for token in clause.tokens if token.kind is not Kind.GAP), None)
    return first is not None and first.kind is Kind.WORD and (first.role == "self" or first.text.startswith("我"))


def is_unknown(token: Token) -> bool:
    """Tell whether a token is text that means nothing to us; a known name is no such text."""
    return token.kind is Kind.UNKNOWN and not token.text.startswith(NAME_MARK)


def is_quiet(token: Token) -> bool:
    """Tell whether a token changes nothing in what is ordered."""
    return token.kind in _QUIET or (token.kind is Kind.WORD and token.role == "filler")


def _clauses(tokens: tuple[Token, ...]) -> Iterator[Clause]:
    piece: list[Token] = []
    for token in tokens:
        if token.kind is Kind.PAUSE:
            yield Clause(tuple(piece), token.text == "?")
            piece = []
        else:
            piece.append(token)
    yield Clause(tuple(piece))
