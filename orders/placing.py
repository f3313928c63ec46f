"""A leader places, changes and cancels for a member, and takes the newest order back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from core.outcomes import Outcome, Reason
from core.templates import render
from core.text import NormalText
from orders import receipts, repository
from orders.book import By
from orders.choosing import split_member
from orders.desk import OrderDesk
from orders.edits import Change, Edit
from orders.leading import not_understood
from orders.serving import Effect, Heard, Say, Served, effect_of
from orders.state import Line, LineKey, Offer, OfferState
from orders.taking import OrderTaker

_CHANGEABLE = (OfferState.OPEN, OfferState.CLOSED, OfferState.SUCCEEDED, OfferState.ARRIVED)
"""A leader may still put an order right after the closing."""


async def place(desk: OrderDesk, heard: Heard, taker: OrderTaker, said: str, text: NormalText) -> Served:
    """Read ``小美 草莓两盒`` as if that member had typed it; the book keeps who did.

    ``text`` is the order alone, uniform; ``said`` begins with the name.
    """
    contact, name, order = split_member(said, heard.members)
    if not order:
        return not_understood(render("orders", "place_how"))
    member = contact or f"~{name}"
    shown = next(iter(heard.members[contact]), name) if contact and name not in heard.members[contact] else name
    acting = replace(heard, member=member, name=shown, text=text, quote=None)
    table = taker.table(desk, acting, (), None)
    reading = taker.reader.read(text, table)
    if reading.outcome is not Outcome.ORDER or not reading.edits:
        doubt = reading.doubt
        known = "、".join(dict.fromkeys(item.title for item in table.items()))
        said_back = (
            receipts.question(doubt, table.offers, shown) if doubt else render("orders", "place_unread", known=known)
        )
        return Served(Outcome.COMMAND, Reason.UNKNOWN_WORD, (Say("answer", said_back),))
    await desk.lock({offer.id for offer in table.offers if any(edit.item in offer.items for edit in reading.edits)})
    by = By(
        member=member,
        name=shown,
        said_by=heard.member,
        group_id=heard.group_id,
        at=heard.at,
        inbox_id=heard.inbox_id,
        source="leader",
        text=text.raw,
        late=True,
    )
    return await ring(desk, heard, reading.edits, by)


async def ring(desk: OrderDesk, heard: Heard, edits: Sequence[Edit], by: By) -> Served:
    """Apply edits on a leader's word and show the group what changed."""
    says: list[Say] = []
    effects: list[Effect] = []
    for offer in [one for one in desk.offers.values() if any(edit.item in one.items for edit in edits)]:
        rung = await desk.ring_up(offer, [edit for edit in edits if edit.item in offer.items], by)
        if rung.applied:
            says.append(receipts.receipt(offer, rung.applied, sender=heard.name, group_id=heard.group_id))
            effects += [effect_of(offer, one) for one in rung.applied]
        says += [Say("answer", receipts.refusal(one, by.name)) for one in rung.refused]
    reason = Reason.DONE if effects else Reason.OVER_STOCK
    return Served(Outcome.COMMAND, reason, tuple(says), tuple(effects))


async def undo(desk: OrderDesk, heard: Heard, whom: str) -> Served:
    """Take back what the newest order changed, of everybody or of one member; the ledger keeps both."""
    ids = await repository.offers_of(desk.session, list(heard.groups), _CHANGEABLE)
    await desk.flush()
    member = ""
    if whom:
        contact, name, _ = split_member(whom, heard.members)
        member = contact or f"~{name}"
    rows = await repository.newest_edits(desk.session, ids, member=member) if ids else []
    if not rows:
        return not_understood(render("orders", "nothing_to_undo", whom=whom))
    await desk.lock({row.offer_id for row in rows})
    says: list[Say] = []
    effects: list[Effect] = []
    for row in reversed(rows):
        offer = desk.offers[row.offer_id]
        rung = await desk.ring_up(offer, [_back(offer, row)], _by(heard, offer, row), undoes=[int(row.id)])
        if rung.applied:
            says.append(receipts.undone(offer, rung.applied, group_id=heard.group_id))
            effects += [effect_of(offer, one) for one in rung.applied]
        says += [Say("answer", receipts.refusal(one, _line(offer, row).name)) for one in rung.refused]
    return Served(Outcome.COMMAND, Reason.DONE, tuple(says), tuple(effects))


def _line(offer: Offer, row: Any) -> Line:
    return offer.lines[LineKey(row.item_id, row.member, row.for_whom)]


def _back(offer: Offer, row: Any) -> Edit:
    """Return the edit that takes one row of the ledger back, from what stands now."""
    before = max(Decimal(0), _line(offer, row).quantity - row.delta)
    return Edit(row.item_id, Change.SET if before else Change.CANCEL, before or None, row.for_whom)


def _by(heard: Heard, offer: Offer, row: Any) -> By:
    line = _line(offer, row)
    return By(
        member=row.member,
        name=line.name,
        said_by=heard.member,
        group_id=line.group_id,
        at=heard.at,
        inbox_id=heard.inbox_id,
        source="undo",
        late=True,
    )
