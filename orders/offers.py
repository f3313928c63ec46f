"""The states of an offer, and what may follow what. Pure."""

from __future__ import annotations

from datetime import datetime

from orders.state import Offer, OfferKind, OfferState
from orders.totals import progress

_NEXT: dict[OfferState, tuple[OfferState, ...]] = {
    OfferState.DRAFT: (OfferState.OPEN, OfferState.CANCELLED),
    OfferState.OPEN: (OfferState.CLOSED, OfferState.CANCELLED),
    OfferState.CLOSED: (OfferState.SUCCEEDED, OfferState.FAILED, OfferState.CANCELLED),
    OfferState.SUCCEEDED: (OfferState.ARRIVED, OfferState.CANCELLED),
    OfferState.FAILED: (OfferState.CANCELLED,),
    OfferState.ARRIVED: (OfferState.COMPLETED, OfferState.CANCELLED),
    OfferState.COMPLETED: (),
    OfferState.CANCELLED: (),
}
LET_GO = frozenset({OfferState.FAILED, OfferState.ARRIVED, OfferState.COMPLETED, OfferState.CANCELLED})
"""An offer holds nothing of suppliers' products here: they have come, or are not wanted any more."""


class TransitionError(Exception):
    """An offer cannot go from its state to this one."""

    def __init__(self, offer: Offer, target: OfferState) -> None:
        self.offer_id = offer.id
        self.target = target
        super().__init__(f"offer {offer.id} is {offer.state} and cannot become {target}")


def may_become(offer: Offer, target: OfferState) -> bool:
    """Tell whether an offer may go to a state."""
    return target in _NEXT[offer.state]


def become(offer: Offer, target: OfferState, at: datetime) -> None:
    """Move a working copy to a state; raise ``TransitionError`` where that cannot be."""
    if not may_become(offer, target):
        raise TransitionError(offer, target)
    offer.state = target
    if target is OfferState.CLOSED or (target is OfferState.CANCELLED and offer.closed_at is None):
        offer.closed_at = at


def verdict(offer: Offer) -> OfferState:
    """Return what a closed offer comes to: it succeeds when somebody ordered and its minimum is reached."""
    reached = progress(offer)
    return OfferState.SUCCEEDED if reached.reached and reached.people else OfferState.FAILED


def is_silent(offer: Offer) -> bool:
    """Tell whether nobody needs to hear of an offer's end: a push that nobody ordered from."""
    return offer.kind is OfferKind.PUSH and not any(line.quantity > 0 for line in offer.lines.values())
