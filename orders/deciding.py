"""From wishes to edits of the book: which item, how many, or which question. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import islice, product

from core.outcomes import Outcome, Reason
from orders.amounts import amount_of
from orders.edits import Change, Doubt, Edit, Missing, Reading
from orders.quantities import Quantity, contents, units
from orders.sentence import Sentence
from orders.state import Item, LineKey
from orders.wishes import Mode, Wish

_MOST_OPTIONS = 8
_MOST_UNSAID = 20
"""草莓45 is a price more often than an order: above this a number needs a unit, a sign or a word of ordering."""
_CHANGES = {Mode.MORE: Change.ADD, Mode.TOTAL: Change.SET}
_OF_LINES = frozenset({Mode.MORE, Mode.TOTAL, Mode.LESS, Mode.CANCEL, Mode.REFUSE})
"""Ways of speaking that mean what the speaker has, when they have it."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What a wish may become: alternatives of edits. ``reason`` tells why to ask, None when there is nothing to ask."""

    options: tuple[tuple[Edit, ...], ...]
    reason: Reason | None = None
    missing: Missing = Missing.ITEM


def ignored(reason: Reason = Reason.TALK) -> Reading:
    """Return the reading of a message that changes nothing."""
    return Reading(Outcome.IGNORED, reason)


def ask(said: Sentence, reason: Reason, missing: Missing, options: tuple[tuple[Edit, ...], ...]) -> Reading:
    """Return a question about the message."""
    return Reading(Outcome.ASK, reason, doubt=Doubt(reason, missing, options, said.text.text[:80]))


def ordered(edits: Sequence[Edit]) -> Reading:
    """Return the reading of a clear order."""
    if all(edit.change is Change.CANCEL for edit in edits):
        return Reading(Outcome.ORDER, Reason.CANCELLED, tuple(edits))
    reason = Reason.RESTATED if any(edit.restated for edit in edits) else Reason.APPLIED
    return Reading(Outcome.ORDER, reason, tuple(edits))


def decide(said: Sentence, wishes: Sequence[Wish]) -> Reading | None:
    """Return the reading of all wishes together, None when one of them means nothing on this table."""
    choices: list[Choice] = []
    for wish in wishes:
        choice = _choice(said, wish)
        if choice is None:
            return None
        choices.append(choice)
    if not choices:
        return None
    combined = tuple(
        tuple(edit for part in parts for edit in part)
        for parts in islice(product(*(choice.options for choice in choices)), _MOST_OPTIONS)
    )
    doubtful = [choice for choice in choices if choice.reason is not None]
    if not doubtful:
        return ordered(combined[0]) if combined[0] else None
    first = next((choice for choice in doubtful if choice.missing is Missing.ITEM), doubtful[0])
    assert first.reason is not None  # noqa: S101 - filtered above, for the type checker
    return ask(said, first.reason, first.missing, combined)


def _choice(said: Sentence, wish: Wish) -> Choice | None:
    if wish.mode in {Mode.LESS, Mode.CANCEL, Mode.REFUSE}:
        return _taken_back(said, wish)
    if wish.mode is Mode.SWAP:
        return _swap(said, wish)
    ids = _meant(said, wish)
    no_number = wish.mode is Mode.TOTAL and wish.quantity is None and not wish.unclear_number
    only_described = wish.described and not any(_counts(said.items[item], wish) for item in ids)
    return _wanted(said, wish, ids) if ids and not no_number and not only_described else None


def _wanted(said: Sentence, wish: Wish, ids: Sequence[int]) -> Choice:
    """Return the edits of what is wanted, one alternative for each item it may be."""
    drafts = [_edit(said, wish, item) for item in ids]
    options = tuple((edit,) for edit, _ in drafts)
    if len(ids) > 1:
        return Choice(options, Reason.SEVERAL_ITEMS)
    if (fault := drafts[0][1]) is not None:
        return Choice(options, fault, Missing.QUANTITY)
    if wish.mode is Mode.TOTAL and not wish.named and not said.has_line(ids[0], wish.whom):
        return Choice(options, Reason.CONFIRM_ALL, Missing.CONFIRMATION)
    return Choice(options)


def _counts(item: Item, wish: Wish) -> bool:
    """Tell whether the last of several numbers counts pieces: 3斤的2份 does, 一盒3斤 says what is in a box."""
    unit = wish.quantity.unit if wish.quantity else ""
    return unit in {"", units().canonical(item.unit)} or unit in units().generic


def _meant(said: Sentence, wish: Wish) -> list[int]:
    """Return the items a wish may mean, in the order of the list."""
    quoted = said.table.quoted
    if not wish.named:
        if wish.mode in _OF_LINES and (own := _own_items(said, wish.whom)):
            return own
        ids = frozenset(quoted) if quoted is not None else frozenset(said.table.bare)
        return [item for item in said.items if item in ids]
    ids = (wish.items & said.orderable) or (wish.items & said.items.keys())
    if quoted and ids & quoted:
        ids &= quoted
    if len(ids) > 1 and wish.specified:
        ids = _described(said, ids, wish.specified) or ids
    if len(ids) > 1 and wish.mode in _OF_LINES and len(own_ids := ids & set(_own_items(said, wish.whom))) == 1:
        ids = own_ids
    if len(ids) > 1 and wish.quantity is not None:
        ids = _sold_by(said, ids, wish.quantity.unit) or ids
    return [item for item in said.items if item in ids]


def _own_items(said: Sentence, whom: str) -> list[int]:
    """Return the items of the speaker's lines, those of the quotation if there is one."""
    found = list(dict.fromkeys(key.item for key in said.lines(whom)))
    quoted = said.table.quoted
    return [item for item in found if item in quoted] if quoted else found


def _described(said: Sentence, ids: frozenset[int], specification: str) -> frozenset[int]:
    """Return the items whose own specification says what the member said of it (5斤装)."""
    wanted = contents(specification)
    return frozenset(
        item
        for item in ids
        if wanted and contents(f"{said.items[item].specification} {said.items[item].title}") == wanted
    )


def _sold_by(said: Sentence, ids: frozenset[int], unit: str) -> frozenset[int]:
    """Return the items that are sold by this very unit (草莓来一箱); 份, 个 and weights tell none from another."""
    book = units()
    if not unit or unit in book.generic or unit in book.loose or unit in book.weight:
        return frozenset()
    return frozenset(item for item in ids if book.canonical(said.items[item].unit) == unit)


def _edit(said: Sentence, wish: Wish, item: int) -> tuple[Edit, Reason | None]:
    """Return the edit of one item, without a quantity and with the reason when there is something to ask."""
    restated = wish.mode is Mode.PLAIN and said.has_line(item, wish.whom)
    change = Change.SET if restated else _CHANGES.get(wish.mode, Change.ADD)
    edit = Edit(item, change, None, wish.whom, said.note, said.spans(wish.tokens), restated)
    amount = _amount(said, wish, item)
    return (edit, amount) if isinstance(amount, Reason) else (replace(edit, quantity=amount), None)


def _amount(said: Sentence, wish: Wish, item: int) -> Decimal | Reason:
    if wish.unclear_number:
        return Reason.IMPRECISE_QUANTITY
    if wish.quantity is None:
        return Decimal(1) if wish.wanted else Reason.IMPRECISE_QUANTITY
    number = wish.quantity
    if not number.unit and not number.sign and not wish.wanted and (number.value or 0) > _MOST_UNSAID:
        return Reason.IMPRECISE_QUANTITY
    return amount_of(said.items[item], number, pointed=not wish.named)


def _taken_back(said: Sentence, wish: Wish) -> Choice | None:
    """Take lines away: all, those of an item, or a number of one."""
    lines = {key: line for key, line in said.lines(wish.whom).items() if line.quantity > 0}
    if said.table.quoted and (there := {key: line for key, line in lines.items() if key.item in said.table.quoted}):
        lines = there
    number = wish.quantity
    items = wish.items if wish.named else _coded(said, wish, lines)
    if items is not None:
        lines = {key: line for key, line in lines.items() if key.item in items}
        number = number if wish.named else None
    if not lines or (wish.mode is Mode.REFUSE and items is None) or (wish.mode is Mode.LESS and number is None):
        return None
    if number is None:
        edits = tuple(_cancel(said, wish, key) for key in lines)
        offers = {said.items[key.item].offer_id for key in lines}
        return Choice((edits,)) if len(offers) == 1 else Choice((edits,), Reason.CONFIRM_ALL, Missing.CONFIRMATION)
    options = tuple((replace(_cancel(said, wish, key), quantity=_fewer(said, key, number)),) for key in lines)
    if len(options) > 1:
        return Choice(options, Reason.SEVERAL_ITEMS)
    key = next(iter(lines))
    amount = amount_of(said.items[key.item], number, pointed=not wish.named)
    return Choice(options, amount, Missing.QUANTITY) if isinstance(amount, Reason) else Choice(options)


def _coded(said: Sentence, wish: Wish, lines: dict[LineKey, object] | object) -> frozenset[int] | None:
    """Return the items of 退出1: a number without a unit behind a word of cancelling is a code of the list."""
    number = wish.quantity
    if wish.mode is not Mode.CANCEL or number is None or number.unit or number.sign or number.value is None:
        return None
    ids = said.names.coded(str(number.value))
    return ids if isinstance(lines, dict) and any(key.item in ids for key in lines) else None


def _cancel(said: Sentence, wish: Wish, key: LineKey) -> Edit:
    return Edit(key.item, Change.CANCEL, None, key.for_whom, "", said.spans(wish.tokens))


def _fewer(said: Sentence, key: LineKey, number: Quantity) -> Decimal | None:
    amount = amount_of(said.items[key.item], number, pointed=True)
    return None if isinstance(amount, Reason) else amount


def _swap(said: Sentence, wish: Wish) -> Choice | None:
    """Replace a line by another item: the same quantity unless one is said."""
    targets = [item for item in said.items if item in wish.items and item in said.orderable]
    lines = {key: line for key, line in said.lines(wish.whom).items() if line.quantity > 0}
    if wish.old:
        lines = {key: line for key, line in lines.items() if key.item in wish.old}
    elif any(item == key.item for key in lines for item in targets):
        return _choice(said, replace(wish, mode=Mode.TOTAL)) if wish.quantity is not None else None
    options: list[tuple[Edit, ...]] = []
    for target in targets:
        for key, line in lines.items():
            if key.item == target:
                continue
            amount = line.quantity if wish.quantity is None else amount_of(said.items[target], wish.quantity)
            if isinstance(amount, Reason):
                new = Edit(target, Change.SET, None, key.for_whom, said.note, said.spans(wish.tokens))
                return Choice(((_cancel(said, wish, key), new),), amount, Missing.QUANTITY)
            new = Edit(target, Change.SET, amount, key.for_whom, said.note or line.note, said.spans(wish.tokens))
            options.append((_cancel(said, wish, key), new))
    if not options:
        return None
    return Choice(tuple(options), Reason.SEVERAL_ITEMS if len(options) > 1 else None)
