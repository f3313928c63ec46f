"""What happens to an offer by itself: it opens and closes at its times, and the group hears what came of it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from zoneinfo import ZoneInfo

from orders import lists, repository
from orders.desk import OrderDesk
from orders.offers import LET_GO, become, is_silent, verdict
from orders.serving import Say
from orders.state import Offer, OfferState


async def turn_due(desk: OrderDesk, offer_ids: Collection[int], now: datetime, zone: ZoneInfo) -> list[Say]:
    """Open and close the offers whose time has come, of these ids; return what their groups are told.

    An offer whose times have been changed since, or that is in another state by now, is left alone.
    """
    says: list[Say] = []
    for offer_id in sorted(offer_ids):
        await desk.lock([offer_id])
        offer = desk.offers.get(offer_id)
        if offer is None:
            continue
        over = offer.closes_at is not None and offer.closes_at <= now
        if offer.state is OfferState.DRAFT and over:
            await move(desk, offer, OfferState.CANCELLED)  # a suggestion that nobody agreed to
        elif offer.state is OfferState.DRAFT and offer.opens_at is not None and offer.opens_at <= now:
            says += start(desk, offer, now, zone)
        if offer.state is OfferState.OPEN and offer.closes_at is not None and offer.closes_at <= now:
            says += await close(desk, offer, offer.closes_at, zone)
    await desk.flush()
    return says


async def due(desk: OrderDesk, now: datetime) -> list[int]:
    """Return the ids of offers whose opening or closing time has passed."""
    return await repository.due(desk.session, now)


def start(
    desk: OrderDesk,
    offer: Offer,
    now: datetime,
    zone: ZoneInfo,
    said_by: str = "",
    inbox_id: int | None = None,
    leader: str = "",
) -> list[Say]:
    """Open a draft and tell its groups; ``leader`` is what the leader is called there."""
    become(offer, OfferState.OPEN, now)
    desk.note(offer)
    desk.happened(offer, OfferState.OPEN, said_by, inbox_id)
    text = lists.offer_text(offer, now, zone, leader)
    return [to_group(offer, group_id, "offer", text) for group_id in offer.group_ids]


async def close(
    desk: OrderDesk, offer: Offer, at: datetime, zone: ZoneInfo, said_by: str = "", inbox_id: int | None = None
) -> list[Say]:
    """Close a locked offer at an instant, settle whether it succeeds, and tell its groups; totals go with it."""
    become(offer, OfferState.CLOSED, at)
    desk.happened(offer, OfferState.CLOSED, said_by, inbox_id)
    await move(desk, offer, verdict(offer), said_by, inbox_id)
    if is_silent(offer):
        return []
    text = lists.closed_text(offer, desk.now, zone)
    return [to_group(offer, group_id, "closed", text) for group_id in offer.group_ids]


async def move(
    desk: OrderDesk, offer: Offer, target: OfferState, said_by: str = "", inbox_id: int | None = None
) -> None:
    """Take a locked offer to its next state, and let go of suppliers' products where it holds them no longer."""
    held = offer.state not in LET_GO
    become(offer, target, desk.now)
    if target in LET_GO and held:
        await desk.release(offer)
    desk.note(offer)
    desk.happened(offer, target, said_by, inbox_id)


def to_group(offer: Offer, group_id: int, kind: str, text: str) -> Say:
    """Return a text about an offer for one of its groups."""
    return Say(kind, text, group_id=group_id)
