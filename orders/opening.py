"""The message with which a leader opens an offer: 开团, a list, when and where. Pure but for the templates."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from core.late import late
from core.text import strip_quote
from orders.drafts import Fault, ItemDraft, OfferDraft
from orders.folding import fold
from orders.itemlines import MARKER, ItemLine, Trouble, examine, read_item_line
from orders.terms import ALL_GROUPS, CLOSING, EDGES, REACHED, Ill, Terms, advice, cut

__all__ = [
    "ALL_GROUPS",
    "Head",
    "Opening",
    "OpeningFromPush",
    "opening_head",
    "read_item_line",
    "read_opening",
    "read_terms",
    "reads_as_opening",
]

_HEAD = late(
    r"(?:@[^\n@]{1,32}? )?[^\w\n#]{0,8}(?:今日|今天|本期|新品|新团)?(?:开团|开囤)(?P<said>[啦了咯喽哦哈]*)"
    r"(?P<gap>[^\w\n]*)"
)
_TALK = late(r"[?吗么呢]|什么|怎|多少|几点|没有?$")
_CODE = late(r"#?([a-z]{0,2}[0-9]{1,3})号?")
_CODES = late(r"[ ,、和跟+;]+")
_HEADING = late(r"[^\w]*(?:今日|本期|团购)?(?:商品|菜单|清单|品种|价格|价目|产品)(?:列表|清单|如下|表|单)?[^\w]*")
_PIECES = (late(r"[,;.|]+(?![0-9])"), late(r"[,;| ]+"))
_SPACES = late(r"[ ,;]+")
_WORDS = late(r"[^\W_]")
_FIELDS = ("unit", "specification", "price", "tiers", "stock", "limit_per_member", "minimum_quantity")
_EMPTY = ItemDraft("")
_LONG_LINE = 1000


@dataclass(frozen=True, slots=True)
class OpeningFromPush:
    """``开团 1 3``: an offer of pushed products, by their codes; ``terms`` is what else was written, without items."""

    codes: tuple[str, ...]
    terms: OfferDraft


Opening = OfferDraft | OpeningFromPush


@dataclass(frozen=True, slots=True)
class Head:
    """The line that says 开团: its row, what stands behind the word, whether the word was said in passing (开团啦)."""

    row: int
    rest: str
    loose: bool


def read_opening(text: str, now: datetime, zone: ZoneInfo) -> Opening | None:
    """Read a leader's opening message; None when it is none, or talk (开团了吗, 什么时候开团).

    ``now`` is when it was written, aware. Texts stand as written. A line that is not understood becomes a fault and the
    rest goes on: who opens the offer decides whether it can. Items keep the numbers that the leader gave them, if these
    are all there and all different, because that is what members will type.
    """
    head = opening_head(text)
    if head is None:
        return None
    lines = text.split("\n")
    reader = _Reader(Terms(now, zone))
    codes = _codes(head.rest)
    if not codes:
        reader.heading(head.row, head.rest)
    for row, line in enumerate(lines[head.row :], head.row + 1):
        reader.line(row, line.strip())
    draft = reader.finish()
    if draft.items:
        return draft
    if codes:
        return OpeningFromPush(codes, draft)
    if head.loose or _TALK.search(fold(head.rest)):
        return None
    fault = Fault(head.row, lines[head.row - 1].strip()[:200], advice(Ill.NO_ITEMS))
    return replace(draft, faults=(fault, *draft.faults))


def read_terms(text: str, now: datetime, zone: ZoneInfo) -> OfferDraft:
    """Read terms and items without the word 开团, for changes (满30份成团), added items and copies."""
    reader = _Reader(Terms(now, zone))
    for row, line in enumerate(text.split("\n"), 1):
        reader.line(row, line.strip())
    return reader.finish()


def reads_as_opening(text: str) -> bool:
    """Tell whether a message that starts with 开团 lists things, or names pushed products; before any time is read."""
    head = opening_head(text)
    if head is None:
        return False
    lines = [head.rest, *text.split("\n")[head.row :]]
    return bool(_codes(head.rest)) or any(_lists(line.strip(), first=n == 0) for n, line in enumerate(lines))


def _lists(line: str, *, first: bool) -> bool:
    found = examine(line)
    priced = found.item.price is not None and found.trouble in {None, Trouble.NO_TITLE, Trouble.SENTENCE}
    return priced or (not first and found.trouble is None and (found.marked or found.fields))


def opening_head(text: str) -> Head | None:
    """Return the line that says 开团, if a message starts with one."""
    _, body = strip_quote(text)
    start = body + len(text[body:]) - len(text[body:].lstrip())
    row = text.count("\n", 0, start) + 1
    end = text.find("\n", start)
    line = text[start : end if end >= 0 else len(text)]
    plain = fold(line)
    match = _HEAD.match(plain)
    if match is None or "?" in match["gap"]:
        return None
    rest = line[match.end() :].strip(EDGES + "】]")
    if rest and not match["gap"] and (match["said"] or not _codes(rest)):
        return None  # 开团通知, 开团了吗
    return Head(row, rest, bool(match["said"]))


def _codes(text: str) -> tuple[str, ...]:
    """Return the codes of 1 3 or A3、A4; none when anything else is written."""
    if len(text) > 200:
        return ()
    parts = [part for part in _CODES.split(fold(text)) if part]
    matches = [_CODE.fullmatch(part) for part in parts]
    if not all(matches):
        return ()
    return tuple(dict.fromkeys(match[1].upper() for match in matches if match))


@dataclass(slots=True)
class _Reader:
    """Reads line after line into one draft. ``waiting`` is a name alone, whose price may stand on the next line."""

    terms: Terms
    title: str = ""
    titled: bool = False
    items: list[tuple[int, ItemLine]] = field(default_factory=list)
    waiting: tuple[int, str, ItemLine] | None = None

    def heading(self, row: int, text: str) -> None:
        """Read what follows the word on its line: a title, or an offer of one thing (开团 草莓 3斤 59元)."""
        rest = self._shed(row, text)
        found = examine(rest)
        if found.item.price is not None and found.trouble is None:
            self.items.append((row, found))
            rest = found.item.title
        self.title, self.titled = rest[:60], bool(rest)

    def line(self, row: int, text: str) -> None:
        """Read one line; never raises."""
        plain = fold(text)
        if not _WORDS.search(plain) or _HEADING.fullmatch(plain):
            return
        if len(text) > _LONG_LINE:
            self.terms.fault(row, text, Trouble.LONG)
            return
        marker = MARKER.match(plain)
        bare = text[marker.end() if marker else 0 :].strip()
        if not self.terms.read(row, bare) and not any(self.terms.read_all(row, pieces) for pieces in _several(bare)):
            self._item(row, text, self._shed(row, text))

    def finish(self) -> OfferDraft:
        """Return the draft of what was read."""
        self._give_up()
        items = self._numbered()
        self.terms.settle()
        faults = tuple(sorted(self.terms.faults, key=lambda fault: fault.row))
        return replace(OfferDraft(self.title, items, faults=faults), **self.terms.kept)  # type: ignore[arg-type]

    def _item(self, row: int, whole: str, text: str) -> None:
        found = examine(text)
        bare = found.trouble is Trouble.NO_TITLE and found.fields and not found.marked
        if bare and self.waiting and found.item.price is not None:
            self.items.append((self.waiting[0], self.waiting[2]))
            self.waiting = None
        self._give_up()
        if found.trouble is None and (found.marked or found.fields):
            self.items.append((row, found))
        elif found.trouble is None:
            self.waiting = (row, whole, found)
        elif not (bare and self._extends(found.item)):
            self._refuse(row, whole, found)

    def _give_up(self) -> None:
        """Decide what a name alone was: the title that the first line lacked, or nothing that can be understood."""
        if self.waiting is None:
            return
        row, text, _ = self.waiting
        self.waiting = None
        if not self.titled and not self.items:
            self.title, self.titled = text.strip(EDGES)[:60], True
        else:
            self._refuse(row, text, None)

    def _shed(self, row: int, text: str) -> str:
        """Take terms from the end of an item's line (草莓 59元 今晚8点截单); return what is left."""
        ends = [match.start() for match in _SPACES.finditer(fold(text))][-3:]
        for end in ends:
            if self.terms.read_all(row, [text[end:].strip(EDGES)]):
                return self._shed(row, text[:end])
        return text

    def _extends(self, new: ItemDraft) -> bool:
        """Add a line of fields alone (a price, a stock) to the item above it, which must not have them yet."""
        if not self.items:
            return False
        row, line = self.items[-1]
        merged = line.item
        for name in _FIELDS:
            said, had, nothing = getattr(new, name), getattr(merged, name), getattr(_EMPTY, name)
            if said == nothing:
                continue
            if had not in (nothing, said):
                return False
            merged = replace(merged, **{name: said})
        self.items[-1] = row, replace(line, item=merged)
        return True

    def _numbered(self) -> tuple[ItemDraft, ...]:
        """Give items the leader's own numbers where that is possible, and say so where it is not."""
        numbers = [line.number for _, line in self.items]
        own = all(numbers) and len(numbers) == len(set(numbers))
        if not own and any(number not in (None, place) for place, number in enumerate(numbers, 1)):
            self.terms.fault(self.items[0][0], self.items[0][1].item.title, Ill.NUMBERED)
        return tuple(
            replace(line.item, position=line.number if own and line.number else place)
            for place, (_, line) in enumerate(self.items, 1)
        )

    def _refuse(self, row: int, text: str, found: ItemLine | None) -> None:
        plain = fold(text)
        if re.match(rf"{CLOSING}|开始", plain):
            key: str = Ill.TIME
        elif re.search(REACHED, plain):
            key = Ill.MINIMUM
        elif found is None or found.trouble in {None, Trouble.NO_TITLE, Trouble.SENTENCE}:
            key = Ill.UNREAD
        else:
            key = str(found.trouble)
        self.terms.fault(row, text, key)


def _several(text: str) -> list[list[str]]:
    """Return the ways in which one line may be several terms: 满20份成团，今晚8点截单，自提南门驿站."""
    ways = [cut(pattern, text) for pattern in _PIECES]
    return [pieces for pieces in ways if 1 < len(pieces) <= 8]
