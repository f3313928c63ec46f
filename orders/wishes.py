"""Puts names and numbers of a message together: what is wanted, how many, and in which way (more, anew, less). Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from orders.quantities import Quantity, fits
from orders.scanning import Kind, Token, grammar
from orders.sentence import Clause, Sentence, is_unknown

_WANTING = ("verb", "add", "set", "me_too", "plus_one", "each", "imprecise")
_SLIPS = re.compile("错|手滑|手误")
"""打错了，是2盒 corrects what was said before."""
_SHORT = 2
"""Unknown text of this length beside a name may be part of the name: worth a question."""


class Mode(StrEnum):
    """How a wish is said."""

    PLAIN = "plain"
    MORE = "more"  # 再来一份
    TOTAL = "total"  # 改成3份
    SWAP = "swap"  # 换成大果
    LESS = "less"  # 少要一份
    CANCEL = "cancel"  # 不要了, 取消2份
    REFUSE = "refuse"  # 不要草莓: takes back what was ordered, otherwise nothing


@dataclass(slots=True)
class Wish:
    """One thing wanted. ``items`` may be meant, all of them one thing; none for a reply without a name (两份).

    ``old`` is what it replaces in a swap. ``wanted``: a word says so, so that no number means one. ``garbled``: unknown
    text touches it. ``described``: an earlier number says what one piece holds (3斤的2份).
    """

    mode: Mode
    named: bool = False
    items: frozenset[int] = frozenset()
    quantity: Quantity | None = None
    tokens: list[Token] = field(default_factory=list)
    wanted: bool = False
    garbled: bool = False
    other: bool = False
    unclear_number: bool = False
    described: bool = False
    old: frozenset[int] = frozenset()
    specified: str = ""
    whom: str = ""


def wishes_of(said: Sentence) -> list[Wish]:
    """Return what the message wants, in its order."""
    found: list[Wish] = []
    for clause in said.clauses:
        _take(clause, found)
    if len(found) == 2 and _instead(*found):  # 不要2盒了，要1盒
        found = [found[1]]
        found[0].mode = Mode.TOTAL
    slip = any(token.kind is Kind.WORD and _SLIPS.search(token.text) for token in said.tokens)
    for wish in found:
        wish.whom = said.whom_at(wish.tokens[0].start if wish.tokens else 0)
        if slip and wish.mode is Mode.PLAIN and wish.quantity is not None and said.lines(wish.whom):
            wish.mode, wish.wanted = Mode.TOTAL, True
    return [wish for wish in found if wish.named or wish.quantity or wish.wanted or wish.mode is Mode.CANCEL]


def _instead(first: Wish, second: Wish) -> bool:
    """Tell whether the second number stands in for the first one."""
    bare = not first.named and not second.named and first.quantity is not None and second.quantity is not None
    return bare and first.mode in {Mode.REFUSE, Mode.CANCEL} and second.mode is Mode.PLAIN


def mode_of(clause: Clause) -> Mode:
    """Return how a clause speaks: taking back before changing before adding."""
    for role, mode in (("cancel", Mode.CANCEL), ("less", Mode.LESS), ("refuse", Mode.REFUSE)):
        if clause.words(role):
            return mode
    if clause.words("not_but") and clause.words("but"):
        return Mode.TOTAL
    if clause.words("set"):
        return Mode.TOTAL
    return Mode.MORE if clause.words("add") else Mode.PLAIN


def _take(clause: Clause, found: list[Wish]) -> None:
    mode = mode_of(clause)
    telling = clause.of(Kind.ITEM, Kind.CODE, Kind.OTHER, Kind.QUANTITY)
    wanted = bool(clause.words(*_WANTING))
    if not telling:
        if mode is Mode.CANCEL or clause.words("me_too", "plus_one", "imprecise") or (wanted and _bare_verb(clause)):
            wish = Wish(mode, wanted=wanted, tokens=[*clause.words("cancel", *_WANTING)], garbled=_touched(clause))
            wish.unclear_number = bool(clause.words("imprecise"))
            found.append(wish)
        return
    if mode is Mode.TOTAL and clause.words("not_but"):
        telling = _corrected(clause, telling)
    if not telling:
        return
    wishes = _pair(telling, mode, clause, found)
    specified = " ".join(token.text for token in clause.of(Kind.SPECIFICATION))
    for wish in wishes:
        wish.wanted = wanted and (wish.quantity is not None or _wants_one(clause))
        wish.garbled = wish.garbled or _touched(clause) or (wish.quantity is None and bool(clause.of(Kind.FIGURE)))
        wish.specified = specified
        wish.unclear_number = wish.unclear_number or bool(clause.words("imprecise"))
    if mode is Mode.TOTAL and (old := _swapped(clause, wishes)):
        wishes = old
    found.extend(wishes)
    _share(clause, found)


def _wants_one(clause: Clause) -> bool:
    """Tell whether a name without a number is ordered: 要草莓, not 买草莓 or 草莓换."""
    strong = frozenset(grammar()["alone"]["verb"].split())
    first = min((token.start for token in clause.of(Kind.ITEM, Kind.CODE)), default=0)
    return bool(clause.words(*_WANTING[3:], "add")) or any(
        word.text in strong and (word.start < first or word.text in {"要", "我要"}) for word in clause.words("verb")
    )


def _bare_verb(clause: Clause) -> bool:
    """Tell whether a clause says nothing but that something is wanted: 我要."""
    return not any(is_unknown(token) for token in clause.tokens) and any(w.text == "我要" for w in clause.words("verb"))


def _pair(telling: Sequence[Token], mode: Mode, clause: Clause, found: list[Wish]) -> list[Wish]:
    """Give each number to the name before it, or behind it when the clause begins with a number (两盒草莓)."""
    names = [token for token in telling if token.kind is not Kind.QUANTITY]
    if not names and found and found[-1].named and found[-1].quantity is None and not clause.words("cancel", "less"):
        _count(found[-1], telling)  # 草莓，两份
        return []
    number_first = telling[0].kind is Kind.QUANTITY and bool(names)
    wishes: list[Wish] = []
    waiting: list[Token] = []
    numbers: list[Token] = []
    for token in telling:
        if token.kind is Kind.QUANTITY:
            (waiting if number_first else numbers).append(token)
            continue
        last = wishes[-1] if wishes else None
        if last is not None and not numbers and last.quantity is None and _same_thing(last, token):
            last.items &= token.items
            last.tokens.append(token)
            continue
        if last is not None:
            _count(last, numbers)
            numbers = []
        wish = Wish(mode, True, token.items, tokens=[token], other=token.kind is Kind.OTHER)
        if number_first:
            _count(wish, waiting)
            waiting = []
        wishes.append(wish)
    if not wishes:
        wishes.append(Wish(mode))
    _count(wishes[-1], [*waiting, *numbers] if wishes[-1].quantity is None or not waiting else waiting)
    return wishes


def _same_thing(wish: Wish, token: Token) -> bool:
    """Tell whether two names are of one item: 大果沃柑, 1号草莓."""
    return bool(wish.items & token.items)


def _count(wish: Wish, numbers: Sequence[Token]) -> None:
    """Take the last number; those before it must be able to describe the item (3斤的2份)."""
    if not numbers:
        return
    quantities = [token.quantity for token in numbers if token.quantity is not None]
    if wish.quantity is not None:
        quantities.insert(0, wish.quantity)
    wish.quantity = quantities[-1]
    if len(quantities) > 1:
        wish.described = True
        wish.unclear_number = wish.unclear_number or not fits(quantities)
        wish.garbled = not quantities[-1].unit and not quantities[-1].sign and bool(quantities[-2].unit)  # 2盒59
    wish.tokens.extend(numbers)


def _share(clause: Clause, found: list[Wish]) -> None:
    """Give the number behind 各 to every name before it that has none."""
    number = next((wish.quantity for wish in reversed(found) if wish.quantity is not None), None)
    if clause.words("each"):
        for wish in found:
            if wish.quantity is None and wish.named:
                wish.quantity, wish.wanted = number, True


def _corrected(clause: Clause, telling: list[Token]) -> list[Token]:
    """Leave out what stands behind 不是: only what is behind 是 counts."""
    kept: list[Token] = []
    denied = False
    for token in clause.tokens:
        if token.kind is Kind.WORD and token.role in {"not_but", "but"}:
            denied = token.role == "not_but"
        elif token in telling and not (denied and token.kind is Kind.QUANTITY):
            kept.append(token)
    return kept


def _swapped(clause: Clause, wishes: list[Wish]) -> list[Wish]:
    """Return the one wish of 草莓换成蓝莓 or 换成大果, nothing if only a number changes."""
    word = clause.words("set")
    if not word or not word[0].text.startswith(("换", "改", "变")):
        return []
    before = [wish for wish in wishes if wish.named and wish.tokens[0].start < word[0].start]
    behind = [wish for wish in wishes if wish.named and wish.tokens[0].start > word[0].start]
    if len(behind) != 1 or len(before) > 1 or (before and before[0].items == behind[0].items):
        return []
    new = behind[0]
    new.mode = Mode.SWAP
    new.old = before[0].items if before else frozenset()
    return [new]


def _touched(clause: Clause) -> bool:
    """Tell whether unknown text touches what is ordered: 草莓酱2瓶, 2份不够. Text set apart by a space does not."""
    tokens = clause.tokens
    for place, token in enumerate(tokens):
        alien = is_unknown(token)
        for near in (tokens[place - 1] if place else None, tokens[place + 1] if place + 1 < len(tokens) else None):
            if near is None:
                continue
            if alien and near.kind not in {Kind.GAP, Kind.NOTE}:
                return True
            if token.kind is Kind.OTHER and near.kind in {Kind.ITEM, Kind.OTHER}:
                return True
    return False


def unknown_length(said: Sentence) -> int:
    """Return how much of the message means nothing to us."""
    return sum(token.end - token.start for token in said.tokens if is_unknown(token))


def may_be_part_of_a_name(said: Sentence) -> bool:
    """Tell whether the unknown text is so short that it may belong to an item's name."""
    return 0 < unknown_length(said) <= _SHORT
