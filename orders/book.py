"""Applying edits to the book of one offer, on a working copy: limits, stock, lines, ledger. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from core.outcomes import Reason
from orders.edits import Change, Edit
from orders.state import Buyer, Item, Line, LineKey, Offer, OfferState

MOST = Decimal(99)
"""Nobody orders more of one thing in a group; whoever means it tells the leader."""
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class By:
    """Who makes edits, and by which message.

    ``member`` is whose lines they are (a contact id, or ``~`` and a name), ``said_by`` the contact who typed it.
    ``names`` are what the speaker is called in the room: lines that others placed for them are theirs to cancel.
    ``late`` lets a leader's word change an offer that is closed already.
    """

    member: str
    name: str
    said_by: str
    group_id: int
    at: datetime
    inbox_id: int | None = None
    source: str = "reply"
    text: str = ""
    names: frozenset[str] = frozenset()
    late: bool = False


@dataclass(frozen=True, slots=True)
class Applied:
    """One edit that went into the book: the line before and after."""

    item: Item
    key: LineKey
    edit: Edit
    before: Decimal
    after: Decimal
    name: str


@dataclass(frozen=True, slots=True)
class Refused:
    """One edit that cannot be had. ``left`` is what could: of the stock, of the limit; None where that is no answer."""

    item: Item
    edit: Edit
    reason: Reason
    left: Decimal | None = None


@dataclass(slots=True)
class Rung:
    """What came of edits: what was applied, what was refused, and what must be stored for it."""

    applied: list[Applied] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    ledger: list[dict[str, Any]] = field(default_factory=list)
    allocated: dict[int, Decimal] = field(default_factory=dict)


def ring_up(
    offer: Offer,
    edits: Sequence[Edit],
    by: By,
    *,
    products: Mapping[int, Decimal],
    make_code: Callable[[frozenset[str]], str],
    undoes: Sequence[int | None] = (),
) -> Rung:
    """Apply edits to a working copy of an offer; what cannot be had is refused and the rest goes in.

    ``products`` is what suppliers have left of the products behind items, where that is known. ``make_code`` returns a
    pick-up code that is none of those given. The copy must be locked: nobody else changes it meanwhile.
    """
    rung = Rung()
    left = dict(products)
    for place, edit in enumerate(edits):
        item = offer.items[edit.item]
        key = _key(offer, edit, by)
        before = offer.lines[key].quantity if key in offer.lines else _ZERO
        after = _total(edit, before)
        refusal = _refusal(offer, item, edit, before, after, left, by)
        if refusal is not None:
            rung.refused.append(refusal)
            continue
        delta = after - before
        item.taken += delta
        if item.product_id is not None:
            rung.allocated[item.product_id] = rung.allocated.get(item.product_id, _ZERO) + delta
            if item.product_id in left:
                left[item.product_id] -= delta
        _write(offer, key, edit, after, by, make_code)
        rung.applied.append(Applied(item, key, edit, before, after, offer.lines[key].name))
        undone = undoes[place] if place < len(undoes) else None
        rung.ledger.append(_ledger_row(offer, edit, key, delta, after, by, undone))
    return rung


def _key(offer: Offer, edit: Edit, by: By) -> LineKey:
    """Find the line that is meant: the speaker's own, or one between the speaker and somebody else."""
    key = LineKey(edit.item, by.member, edit.for_whom)
    if key in offer.lines or edit.change is Change.ADD:
        return key
    theirs = [one for one in offer.lines_of(by.member, by.names) if one[::2] == (edit.item, edit.for_whom)]
    return theirs[0] if len(theirs) == 1 else key


def _total(edit: Edit, before: Decimal) -> Decimal:
    quantity = edit.quantity
    if edit.change is Change.CANCEL:
        return _ZERO if quantity is None else max(_ZERO, before - quantity)
    if quantity is None:
        return before  # only the note changes
    return before + quantity if edit.change is Change.ADD else quantity


def _refusal(
    offer: Offer, item: Item, edit: Edit, before: Decimal, after: Decimal, products: Mapping[int, Decimal], by: By
) -> Refused | None:
    """Say why a line cannot become what was asked; fewer of something can always be had while the offer is open."""
    over = offer.state is not OfferState.OPEN or (offer.closes_at is not None and offer.closes_at <= by.at)
    if over and not by.late:
        return Refused(item, edit, Reason.AFTER_CLOSING)
    if after <= before:
        return None
    lefts = [one for one in (item.left, products.get(item.product_id or 0)) if one is not None]
    left = max(_ZERO, min(lefts)) if lefts else after
    limit = item.limit_per_member
    faults = (
        (not item.active, Reason.UNCLEAR_ITEM, None),
        (after > MOST, Reason.OVER_LIMIT, MOST),
        (
            item.minimum_quantity > 1 and after < item.minimum_quantity,
            Reason.BELOW_MINIMUM,
            Decimal(item.minimum_quantity),
        ),
        (limit is not None and after > limit, Reason.OVER_LIMIT, max(_ZERO, Decimal(limit or 0) - before)),
        (after - before > left, Reason.OVER_STOCK, left),
    )
    return next((Refused(item, edit, reason, rest) for wrong, reason, rest in faults if wrong), None)


def _write(
    offer: Offer,
    key: LineKey,
    edit: Edit,
    after: Decimal,
    by: By,
    make_code: Callable[[frozenset[str]], str],
) -> None:
    old = offer.lines.get(key)
    if old is None:
        offer.lines[key] = Line(after, by.name, by.said_by, by.group_id, edit.note, by.at)
    else:
        offer.lines[key] = replace(old, quantity=after, note=edit.note or old.note, at=by.at)
    if key.member not in offer.buyers:
        code = make_code(frozenset(buyer.code for buyer in offer.buyers.values()))
        offer.buyers[key.member] = Buyer(by.name, code, by.group_id)


def _ledger_row(
    offer: Offer, edit: Edit, key: LineKey, delta: Decimal, after: Decimal, by: By, undoes: int | None
) -> dict[str, Any]:
    return {
        "offer_id": offer.id,
        "item_id": key.item,
        "group_id": by.group_id,
        "member": key.member,
        "for_whom": key.for_whom,
        "change": edit.change.value,
        "source": by.source,
        "quantity": edit.quantity,
        "delta": delta,
        "total": after,
        "said_by": by.said_by,
        "inbox_id": by.inbox_id,
        "place": 0,  # the desk numbers the edits of a message
        "evidence": " ".join(by.text[span.start : span.end] for span in edit.spans)[:500],
        "spans": [list(span) for span in edit.spans],
        "undoes": undoes,
        "at": by.at,
    }
