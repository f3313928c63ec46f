"""A recalled message that had ordered something: its author is asked, nothing goes silently."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from core.outcomes import Reason
from orders import repository
from orders.desk import OrderDesk
from orders.edits import Change, Doubt, Edit, Missing
from orders.state import LineKey, OfferState


async def recalled_order(desk: OrderDesk, member: str, inbox_id: int) -> Doubt | None:
    """Return what taking a message back would change of its author's open orders; None when it ordered nothing."""
    rows = await repository.edits_of_message(desk.session, inbox_id)
    own = [row for row in rows if row.said_by == member]
    offers = {offer.id: offer for offer in await desk.read(sorted({row.offer_id for row in own}))}
    open_rows = [row for row in own if row.offer_id in offers and offers[row.offer_id].state is OfferState.OPEN]
    edits = []
    for row in open_rows:
        line = offers[row.offer_id].lines.get(LineKey(row.item_id, row.member, row.for_whom))
        edits += reversed_edits([row], line.quantity if line is not None else Decimal(0))
    if not edits:
        return None
    said = "、".join(dict.fromkeys(row.evidence for row in open_rows if row.evidence))
    return Doubt(Reason.CONFIRM_ALL, Missing.CONFIRMATION, (tuple(edits),), said)


def reversed_edits(rows: Sequence[Any], standing: Decimal) -> list[Edit]:
    """Return the edits that take ledger rows of one line back, from what stands in the book now."""
    edits = []
    for row in reversed(rows):
        before = max(Decimal(0), standing - row.delta)
        if before != standing:
            change, quantity = (Change.SET, before) if before else (Change.CANCEL, None)
            edits.append(Edit(row.item_id, change, quantity, row.for_whom))
        standing = before
    return edits
