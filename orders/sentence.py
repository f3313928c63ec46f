"""One message as the order reader sees it: its pieces, who it is for, and what lies on the table. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from core.text import NormalText
from orders.edits import Span
from orders.naming import Names, fold
from orders.people import NAME_MARK, find_people
from orders.scanning import Kind, Token, scan
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

    @cached_property
    def whom(self) -> str:
        """Return for whom it is, as written; empty for the speaker."""
        if self._people.whom:
            return self.raw(*self._people.whom)
        if self._people.family:
            return self.raw(*self._people.family)
        return self._named_in_front()

    @property
    def for_family(self) -> bool:
        """Tell whether somebody of the family is said to want it (我妈也要一份), which the speaker has to confirm."""
        return self._people.family is not None

    @cached_property
    def sketch(self) -> str:
        """Return the text with known things as one letter each, for the rules of refusal."""
        return "".join(_LETTERS.get(token.kind, token.text) for token in self.tokens)

    @cached_property
    def items(self) -> dict[int, Item]:
        """Return everything that can be meant, by id: open offers, and those closed a short time ago."""
        return {item.id: item for offer in self.table.offers if offer.state in _STILL_THERE for item in offer.on_list}

    @cached_property
    def orderable(self) -> frozenset[int]:
        """Return the items of open offers."""
        return frozenset(item.id for item in self.table.items())

    def lines(self) -> dict[LineKey, Line]:
        """Return the speaker's lines in open offers, in those just closed when there are none; for ``whom`` if named."""
        mine = {key: line for key, line in self.table.lines().items() if not self.whom or key.for_whom == self.whom}
        still_open = {key: line for key, line in mine.items() if key.item in self.orderable}
        return still_open or {key: line for key, line in mine.items() if key.item in self.items}

    def own_line(self, item: int) -> Line | None:
        """Return the line of this item that the message would change."""
        line = next(
            (line for key, line in self.table.lines().items() if key.item == item and key.for_whom == self.whom), None
        )
        return line if line is not None and line.quantity > 0 else None

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
        found = [
            self.raw(token.start, token.end).strip("()（）[]【】 ")
            for clause in self.clauses
            if not clause.asks
            for token in clause.of(Kind.NOTE, Kind.PLACE)
        ]
        return "，".join(dict.fromkeys(note for note in found if note))

    @property
    def only_words(self) -> bool:
        """Tell whether nothing but known words is there."""
        return all(token.kind is Kind.WORD or token.kind in {Kind.GAP, Kind.PAUSE} for token in self.tokens)

    @cached_property
    def understood(self) -> bool:
        """Tell whether every piece is known: no other goods, no unknown text."""
        return not any(is_unknown(token) or token.kind is Kind.OTHER for token in self.tokens)

    def _named_in_front(self) -> str:
        """Return the name in #1 小明 2, 小明|草莓×2 and 小美 草莓2份 (a known name), empty otherwise."""
        loud = [token for token in self.tokens if token.kind is not Kind.GAP]
        for place, token in enumerate(loud[:2]):
            if token.kind is not Kind.UNKNOWN or len(token.text) > 10 or place + 1 >= len(loud):
                continue
            following = self.text.text[token.end : token.end + 2].strip(" ")[:1]
            after = loud[place + 1]
            marked = token.text.startswith(NAME_MARK) and after.kind in {Kind.ITEM, Kind.CODE, Kind.QUANTITY}
            barred = place == 0 and following in {"|", ":"} and after.kind in {Kind.ITEM, Kind.CODE}
            coded = place == 1 and loud[0].kind is Kind.CODE and after.kind is Kind.QUANTITY
            if marked or barred or coded:
                name = self.raw(token.start, token.end)
                return "" if fold(name) in map(fold, self.table.own_names) else name
        return ""


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
