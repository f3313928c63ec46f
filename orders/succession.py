"""What becomes of a group's offers when another group goes on in its place."""

from __future__ import annotations

from orders import repository
from orders.desk import OrderDesk
from orders.state import OfferKind, OfferState

_RUNNING = (OfferState.DRAFT, OfferState.OPEN)


async def run_on(desk: OrderDesk, source_id: int, target_id: int) -> int:
    """Let what can still be ordered in one group be ordered in another too, with one book and one stock.

    Returns how many offers of the leader run on; pushed products go along uncounted.
    """
    await desk.settle()
    ids = await repository.offers_of(desk.session, [source_id], _RUNNING)
    await desk.lock(ids)
    offers = await desk.read(ids)
    for offer in offers:
        await desk.run_in(offer, target_id)
    return sum(offer.kind is not OfferKind.PUSH for offer in offers)
